/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "clients/ctl/ctl.h"
#include "clients/sample/secret.h"
#include "ximss/proto/answer.h"

/* The session of ximssctl: by default the server's UNIX socket, where root and
 * the server's own user need no password; else a host with user and password.
 * It gets no alerts, so that it uses up none of its administrator's. */

#define CTL_SOCKET LOCALSTATEDIR "/lib/ximssd/control.sock"

static const char *
socket_path(const struct ctl *c)
{
    const char *env = getenv("XIMSS_SOCKET");

    if (c->socket != NULL)
        return c->socket;
    return env != NULL && env[0] != '\0' ? env : CTL_SOCKET;
}

static int
set_password(struct ctl *c)
{
    const char *why;
    char *password =
        secret_get(c->password_fd, "XIMSS_PASSWORD", "Password: ", &why);

    if (password == NULL)
        return ctl_error(CTL_USAGE,
                         "%s; give it by --password-fd or the environment "
                         "variable XIMSS_PASSWORD",
                         why);
    ximss_set_password(c->x, password);
    secret_free(&password);
    return CTL_OK;
}

static int
failure_code(const struct ximss *x)
{
    switch (ximss_failure(x)) {
    case XIMSS_NO_LOGIN:
    case XIMSS_BAD_SERVER:
        return CTL_NO_LOGIN;
    case XIMSS_MISUSE:
        return CTL_USAGE;
    case XIMSS_OK:
    case XIMSS_REFUSED:
    case XIMSS_UNREACHABLE:
    case XIMSS_LOST:
        break;
    }
    return CTL_UNREACHABLE;
}

static int
connect_once(struct ctl *c, bool tell)
{
    c->x = ximss_new();
    ximss_set_limit(c->x, CTL_LIMIT);
    if (c->host != NULL)
        ximss_set_server(c->x, c->host, c->port);
    else if (c->user == NULL || c->socket != NULL)
        ximss_set_socket(c->x, socket_path(c));
    else
        ximss_set_server(c->x, NULL, c->port);
    ximss_set_user(c->x, c->user);
    ximss_set_tls(c->x, c->tls);
    ximss_set_ca_file(c->x, c->ca_file);
    ximss_set_options(c->x, XIMSS_NO_ALERTS);
    if (c->host != NULL && c->user == NULL)
        return ctl_error(CTL_USAGE, "--host needs --user");
    if (c->user != NULL && set_password(c) != CTL_OK)
        return CTL_USAGE;
    if (ximss_start(c->x) == 0)
        while (ximss_state(c->x) != XIMSS_READY &&
               ximss_run_once(c->x, -1) == 0)
            ;
    if (ximss_state(c->x) == XIMSS_READY)
        return CTL_OK;
    if (tell)
        ctl_error(failure_code(c->x), "%s", ximss_error(c->x));
    return failure_code(c->x);
}

int
ctl_connect(struct ctl *c)
{
    return c->x != NULL ? CTL_OK : connect_once(c, true);
}

void
ctl_disconnect(struct ctl *c)
{
    if (c->x != NULL && ximss_state(c->x) == XIMSS_READY) {
        ximss_close(c->x);
        (void)ximss_run(c->x);
    }
    ximss_free(&c->x);
}

int
ctl_reconnect(struct ctl *c, unsigned seconds)
{
    int r = CTL_UNREACHABLE;

    for (unsigned i = 0; r == CTL_UNREACHABLE && i < seconds; i++) {
        ximss_free(&c->x);
        poll(NULL, 0, 1000);
        r = connect_once(c, i + 1 == seconds);
    }
    return r;
}

void
ctl_wait(struct ctl *c, const bool *done)
{
    while (!*done && ximss_run_once(c->x, -1) == 0)
        ;
}

/* Several things that are not there, or are, share the number of all that is wrong
 * with arguments: their texts tell them apart. */
static int
code_of_text(const char *text)
{
    static const char *const gone[] = {answer_text_NO_SESSION,
                                       answer_text_DEVICE_UNKNOWN,
                                       answer_text_NO_TOKEN};

    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++)
        if (strcmp(text, gone[i]) == 0)
            return CTL_NOT_FOUND;
    if (strcmp(text, "trigger is not found") == 0 ||
        strcmp(text, "handler is not found") == 0)
        return CTL_NOT_FOUND;
    return strcmp(text, answer_text_TOKEN_EXISTS) == 0 ? CTL_EXISTS
                                                       : CTL_REFUSED;
}

static int
code_of_refusal(int num, const char *text)
{
    switch (num) {
    case ANSWER_ARGUMENTS:
        return code_of_text(text);
    case ANSWER_NO_RIGHTS:
        return CTL_NO_RIGHTS;
    case ANSWER_NO_DOMAIN:
    case ANSWER_NO_ACCOUNT:
    case ANSWER_NO_ALERT:
    case ANSWER_NO_GROUP:
    case ANSWER_NO_FORWARDER:
    case ANSWER_NO_LIST:
        return CTL_NOT_FOUND;
    case ANSWER_ACCOUNT_EXISTS:
    case ANSWER_DOMAIN_EXISTS:
    case ANSWER_GROUP_EXISTS:
    case ANSWER_FORWARDER_EXISTS:
        return CTL_EXISTS;
    default:
        return CTL_REFUSED;
    }
}

int
ctl_result_code(const struct ximss_result *result)
{
    if (result->status == XIMSS_OK)
        return CTL_OK;
    if (result->status == XIMSS_REFUSED)
        return code_of_refusal(result->error_num, result->error_text);
    return CTL_UNREACHABLE;
}

int
ctl_result(const struct ximss_result *result)
{
    int code = ctl_result_code(result);

    if (result->status == XIMSS_REFUSED)
        return ctl_refused(code, result->error_num, NULL, result->error_text);
    if (result->status == XIMSS_OK)
        return code;
    return ctl_error(code, "%s; it may have been carried out",
                     result->error_text);
}
