/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/lib/ximss.h"

#include <stdlib.h>
#include <string.h>

#include "clients/lib/link.h"
#include "clients/lib/login.h"
#include "clients/lib/sasl.h"
#include "clients/lib/ximss_private.h"
#include "util/clock.h"
#include "util/xmalloc.h"

/* The object: its life, what can be asked of it, and the entry points, which
 * bracket everything that may call back.  What is set is in ximss_set.c,
 * requests are in ximss_request.c. */

#define DEFAULT_LIMIT ((size_t)64 << 20)

struct ximss *
ximss_new(void)
{
    struct ximss *x = xcalloc(1, sizeof *x);

    x->set.port = XIMSS_DEFAULT_PORT;
    x->phase = PHASE_OFF;
    x->told_fd = -1;
    wire_init(&x->wire);
    request_init(&x->requests);
    ximss_set_limit(x, DEFAULT_LIMIT);
    return x;
}

static void
free_settings(struct settings *s)
{
    free(s->host);
    free(s->socket);
    free(s->user);
    free(s->domain);
    free(s->tls_name);
    free(s->ca_file);
    free(s->client_address);
    sasl_wipe(&s->password);
    sasl_wipe(&s->ticket);
    sasl_wipe(&s->session);
    sasl_wipe(&s->session_keys);
    sasl_wipe(&s->new_key);
    free(s->session_note);
    sasl_wipe(&s->device);
    free(s->device_name);
    free(s->cram_challenge);
    sasl_wipe(&s->cram_answer);
}

void
ximss_free(struct ximss **xp)
{
    struct ximss *x = xp != NULL ? *xp : NULL;

    if (x == NULL)
        return;
    *xp = NULL;
    link_hang_up(x);
    if (x->depth > 0) {
        x->doomed = true;
        return;
    }
    request_clear(&x->requests);
    login_forget_session(x);
    free_settings(&x->set);
    free(x->refusal);
    xml_parser_free(&x->parser);
    arena_free(&x->arena);
    free(x);
}

const char *
ximss_version(void)
{
    return PACKAGE_VERSION;
}

/* --- connecting --- */

static int
misuse(struct ximss *x, const char *text)
{
    x->failure = XIMSS_MISUSE;
    x->error_num = 0;
    return err_set(&x->err, "%s", text);
}

static bool
needs_password(const struct settings *s)
{
    if (s->cram_answer != NULL)
        return false;
    if (s->method == XIMSS_METHOD_AUTO)
        return s->ticket == NULL && s->session == NULL && s->device == NULL &&
               s->socket == NULL;
    return s->method != XIMSS_METHOD_EXTERNAL;
}

/* What cannot work is said before anything is tried. */
static int
check_settings(struct ximss *x)
{
    const struct settings *s = &x->set;
    bool has_domain = s->user != NULL && strrchr(s->user, '@') != NULL;

    if (s->bad_host && s->socket == NULL)
        return misuse(x, "no such host: give a name or an address, and at "
                         "most one port; an IPv6 address with a port needs "
                         "brackets");
    if (s->host == NULL && s->socket == NULL && !has_domain &&
        s->domain == NULL)
        return misuse(x, "no server: give a host, a socket, or a user name "
                         "with a domain");
    if (s->port > 65535)
        return misuse(x, "a port is a number from 1 to 65535");
    if (needs_password(s) && s->password == NULL)
        return misuse(x, "no password");
    if (s->password != NULL && s->user == NULL)
        return misuse(x, "there is a password, but no user name");
    return 0;
}

int
ximss_start(struct ximss *x)
{
    int r;

    if (x->depth > 0 || (x->phase != PHASE_OFF && x->phase != PHASE_FAILED))
        return misuse(x, "already started");
    if (check_settings(x) < 0)
        return -1;
    x->failure = XIMSS_OK;
    x->error_num = 0;
    free(x->refusal);
    x->refusal = NULL;
    x->err.text[0] = '\0';
    x->was_ready = false;
    x->attempts = 0;
    link_enter(x);
    link_connect(x);
    r = x->doomed || x->phase == PHASE_FAILED ? -1 : 0;
    link_leave(x);
    return r;
}

void
ximss_close(struct ximss *x)
{
    link_enter(x);
    link_close(x);
    link_leave(x);
}

enum ximss_state
ximss_state(const struct ximss *x)
{
    switch (x->phase) {
    case PHASE_OFF:
        break;
    case PHASE_CONNECTING:
    case PHASE_HANDSHAKE:
    case PHASE_STARTTLS:
        return XIMSS_CONNECTING;
    case PHASE_FEATURES:
    case PHASE_LOGIN:
        return XIMSS_LOGGING_IN;
    case PHASE_READY:
        return XIMSS_READY;
    case PHASE_BYE:
        return XIMSS_CLOSING;
    case PHASE_WAITING:
        return XIMSS_WAITING;
    case PHASE_FAILED:
        return XIMSS_FAILED;
    }
    return XIMSS_OFF;
}

enum ximss_status
ximss_failure(const struct ximss *x)
{
    return x->failure;
}

const char *
ximss_error(const struct ximss *x)
{
    return x->failure != XIMSS_OK ? x->err.text : "";
}

int
ximss_error_num(const struct ximss *x)
{
    return x->error_num;
}

const char *
ximss_refusal(const struct ximss *x)
{
    return x->refusal != NULL ? x->refusal : "";
}

const char *
ximss_session(const struct ximss *x, const char *name)
{
    for (size_t i = 0; i + 1 < x->n_session; i += 2)
        if (strcmp(x->session[i], name) == 0)
            return x->session[i + 1];
    return NULL;
}

const char *
ximss_tls_version(const struct ximss *x)
{
    if (x->wire.ssl == NULL || !SSL_is_init_finished(x->wire.ssl))
        return NULL;
    return SSL_get_version(x->wire.ssl);
}

/* --- event loops --- */

int
ximss_fd(const struct ximss *x)
{
    return x->wire.fd;
}

unsigned
ximss_wants(const struct ximss *x)
{
    const struct wire *w = &x->wire;
    bool writes = wire_has_out(w) && !w->write_wants_read;

    if (w->fd < 0)
        return 0;
    if (x->phase == PHASE_CONNECTING)
        return XIMSS_WANT_WRITE;
    if (x->phase == PHASE_HANDSHAKE)
        writes = false;
    return XIMSS_WANT_READ |
           (writes || w->read_wants_write ? XIMSS_WANT_WRITE : 0U);
}

int
ximss_timeout(const struct ximss *x)
{
    int64_t next = x->deadline, left;

    if (x->phase == PHASE_READY && (next == 0 || x->keep_alive < next))
        next = x->keep_alive;
    if (next == 0)
        return -1;
    left = next - clock_mono();
    return left > 0 ? (int)((left + 999) / 1000) : 0;
}

void
ximss_on_readable(struct ximss *x)
{
    if (x->depth > 0)
        return;
    link_enter(x);
    link_io(x);
    link_leave(x);
}

void
ximss_on_writable(struct ximss *x)
{
    ximss_on_readable(x);
}

void
ximss_on_timer(struct ximss *x)
{
    if (x->depth > 0)
        return;
    link_enter(x);
    link_tick(x);
    link_leave(x);
}
