/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "clients/ctl/ctl.h"
#include "clients/sample/secret.h"
#include "util/text.h"

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

int
ctl_connect(struct ctl *c)
{
    if (c->x != NULL)
        return CTL_OK;
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
    if (ximss_state(c->x) != XIMSS_READY)
        return ctl_error(failure_code(c->x), "%s", ximss_error(c->x));
    return CTL_OK;
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

void
ctl_wait(struct ctl *c, const bool *done)
{
    while (!*done && ximss_run_once(c->x, -1) == 0)
        ;
}

int
ctl_result(const struct ximss_result *result)
{
    if (result->status == XIMSS_OK)
        return CTL_OK;
    if (result->status == XIMSS_REFUSED)
        return ctl_error(CTL_REFUSED, "%s (%d)", result->error_text,
                         result->error_num);
    return ctl_error(CTL_UNREACHABLE, "%s; it may have been carried out",
                     result->error_text);
}

/* --- CLI commands --- */

struct cli_call {
    struct ctl *c;
    const struct cli_value *value;
    int code;
    bool done;
};

static void
on_cli(struct ximss *x, const struct ximss_result *result, const char *data,
       size_t len, void *arg)
{
    struct cli_limits limits = {.bytes = CTL_LIMIT};
    struct cli_call *call = arg;
    struct cli_value *value = NULL;
    struct errbuf err;

    (void)x;
    call->done = true;
    call->code = ctl_result(result);
    if (call->code != CTL_OK || len == 0)
        return;
    if (cli_data_parse(data, len, &limits, call->c->arena, &value, &err) < 0)
        call->code = ctl_error(CTL_REFUSED,
                               "the server's answer is not in the data "
                               "format: %s",
                               err.text);
    call->value = value;
}

int
ctl_cli(struct ctl *c, struct buf *command, const struct cli_value **value_r)
{
    struct cli_call call = {.c = c};

    *value_r = NULL;
    call.code = ctl_connect(c);
    if (call.code == CTL_OK &&
        ximss_cli_execute(c->x, buf_cstr(command), on_cli, &call) < 0) {
        call.code = ctl_error(CTL_USAGE, "%s", ximss_error(c->x));
        call.done = true;
    }
    if (call.code == CTL_OK)
        ctl_wait(c, &call.done);
    explicit_bzero(command->data, command->cap);
    buf_clear(command);
    *value_r = call.value;
    return call.code;
}

int
ctl_cli_quiet(struct ctl *c, struct buf *command)
{
    const struct cli_value *value;

    return ctl_cli(c, command, &value);
}

void
ctl_arg(struct buf *command, const char *name)
{
    buf_append_char(command, ' ');
    cli_data_write_string(command, name, strlen(name));
}

int
ctl_settings(struct buf *command, int argc, char **argv)
{
    buf_append_str(command, " {");
    for (int i = 0; i < argc; i++) {
        const char *eq = strchr(argv[i], '=');

        if (eq == NULL || eq == argv[i])
            return ctl_error(-1, "a setting is written KEY=VALUE, not %s",
                             argv[i]);
        cli_data_write_string(command, argv[i], (size_t)(eq - argv[i]));
        buf_append_char(command, '=');
        cli_data_write_string(command, eq + 1, strlen(eq + 1));
        buf_append_char(command, ';');
    }
    buf_append_char(command, '}');
    return 0;
}

char *
ctl_new_password(struct ctl *c, const char *prompt, bool twice)
{
    const char *fd = ctl_option(c, "new-password-fd"), *why;
    bool asked = fd == NULL && getenv("XIMSS_NEW_PASSWORD") == NULL;
    unsigned long long n = 0;
    char *password, *again;

    if (fd != NULL && text_parse_u64(fd, 65535, &n) < 0) {
        ctl_error(0, "--new-password-fd takes a number, not %s", fd);
        return NULL;
    }
    password = secret_get(fd != NULL ? (int)n : -1, "XIMSS_NEW_PASSWORD",
                          prompt, &why);
    if (password == NULL)
        ctl_error(0,
                  "%s; give it by --new-password-fd or the environment "
                  "variable XIMSS_NEW_PASSWORD",
                  why);
    if (password == NULL || !asked || !twice)
        return password;
    again = secret_get(-1, "XIMSS_NEW_PASSWORD", "The same again: ", &why);
    if (again == NULL || strcmp(again, password) != 0) {
        ctl_error(0, "these were two different passwords");
        secret_free(&password);
    }
    secret_free(&again);
    return password;
}
