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

/* The object: what is set, what can be asked, and the entry points, which
 * bracket everything that may call back. */

#define DEFAULT_LIMIT ((size_t)64 << 20)

static void
set_limits(struct ximss *x, size_t bytes)
{
    struct xml_limits limits = {.bytes = bytes,
                                .depth = 64,
                                .attrs = 256,
                                .attr_bytes = bytes,
                                .text_bytes = bytes};

    x->set.limit = bytes;
    if (x->parser == NULL)
        x->parser = xml_parser_new(&limits);
    else
        xml_parser_set_limits(x->parser, &limits);
}

struct ximss *
ximss_new(void)
{
    struct ximss *x = xcalloc(1, sizeof *x);

    x->set.port = XIMSS_DEFAULT_PORT;
    x->phase = PHASE_OFF;
    x->told_fd = -1;
    x->arena = arena_new();
    wire_init(&x->wire);
    request_init(&x->requests);
    set_limits(x, DEFAULT_LIMIT);
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
    xml_parser_free(&x->parser);
    arena_free(&x->arena);
    free(x);
}

const char *
ximss_version(void)
{
    return PACKAGE_VERSION;
}

/* --- settings --- */

static void
set_text(char **to, const char *from)
{
    char *copy = from != NULL ? xstrdup(from) : NULL;

    sasl_wipe(to);
    *to = copy;
}

void
ximss_set_server(struct ximss *x, const char *host, unsigned port)
{
    set_text(&x->set.host, host);
    x->set.port = port != 0 ? port : XIMSS_DEFAULT_PORT;
}

void
ximss_set_socket(struct ximss *x, const char *path)
{
    set_text(&x->set.socket, path);
}

void
ximss_set_user(struct ximss *x, const char *user)
{
    set_text(&x->set.user, user);
}

void
ximss_set_password(struct ximss *x, const char *password)
{
    set_text(&x->set.password, password);
}

void
ximss_set_domain(struct ximss *x, const char *domain)
{
    set_text(&x->set.domain, domain);
}

void
ximss_set_tls(struct ximss *x, enum ximss_tls tls)
{
    x->set.tls = tls;
}

void
ximss_set_tls_name(struct ximss *x, const char *name)
{
    set_text(&x->set.tls_name, name);
}

void
ximss_set_ca_file(struct ximss *x, const char *path)
{
    set_text(&x->set.ca_file, path);
}

void
ximss_set_method(struct ximss *x, enum ximss_method method)
{
    x->set.method = method;
}

void
ximss_set_options(struct ximss *x, unsigned options)
{
    x->set.options = options;
}

void
ximss_set_ticket(struct ximss *x, const char *ticket)
{
    set_text(&x->set.ticket, ticket);
}

const char *
ximss_ticket(const struct ximss *x)
{
    return x->set.ticket;
}

void
ximss_set_client_address(struct ximss *x, const char *address)
{
    set_text(&x->set.client_address, address);
}

void
ximss_set_reconnect(struct ximss *x, enum ximss_reconnect how)
{
    x->set.reconnect = how;
}

void
ximss_set_limit(struct ximss *x, size_t bytes)
{
    set_limits(x, bytes);
}

/* --- callbacks --- */

void
ximss_on_state(struct ximss *x, ximss_state_cb *cb, void *arg)
{
    x->on.state = cb;
    x->on.state_arg = arg;
}

void
ximss_on_alert(struct ximss *x, ximss_alert_cb *cb, void *arg)
{
    x->on.alert = cb;
    x->on.alert_arg = arg;
}

void
ximss_on_removed(struct ximss *x, ximss_removed_cb *cb, void *arg)
{
    x->on.removed = cb;
    x->on.removed_arg = arg;
}

void
ximss_on_report(struct ximss *x, ximss_alert_cb *cb, void *arg)
{
    x->on.report = cb;
    x->on.report_arg = arg;
}

void
ximss_on_bye(struct ximss *x, ximss_bye_cb *cb, void *arg)
{
    x->on.bye = cb;
    x->on.bye_arg = arg;
}

void
ximss_on_message(struct ximss *x, ximss_message_cb *cb, void *arg)
{
    x->on.message = cb;
    x->on.message_arg = arg;
}

void
ximss_on_watch_fd(struct ximss *x, ximss_watch_fd_cb *cb, void *arg)
{
    x->on.watch_fd = cb;
    x->on.watch_fd_arg = arg;
}

/* --- messages: an XML element under another name --- */

static const struct xml_elem *
elem(const struct ximss_message *m)
{
    return (const struct xml_elem *)m;
}

const char *
ximss_message_name(const struct ximss_message *m)
{
    return elem(m)->name;
}

const char *
ximss_message_attr(const struct ximss_message *m, const char *name)
{
    return xml_attr(elem(m), name);
}

const char *
ximss_message_text(const struct ximss_message *m, size_t *len_r)
{
    if (len_r != NULL)
        *len_r = elem(m)->text_len;
    return elem(m)->text;
}

const struct ximss_message *
ximss_message_first(const struct ximss_message *m)
{
    return (const struct ximss_message *)elem(m)->first;
}

const struct ximss_message *
ximss_message_next(const struct ximss_message *m)
{
    return (const struct ximss_message *)elem(m)->next;
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
    if (s->method == XIMSS_METHOD_AUTO)
        return s->ticket == NULL && s->socket == NULL;
    return s->method != XIMSS_METHOD_EXTERNAL;
}

/* What cannot work is said before anything is tried. */
static int
check_settings(struct ximss *x)
{
    const struct settings *s = &x->set;
    bool has_domain = s->user != NULL && strrchr(s->user, '@') != NULL;

    if (s->host == NULL && s->socket == NULL && !has_domain &&
        s->domain == NULL)
        return misuse(x, "no server: give a host, a socket, or a user name "
                         "with a domain");
    if (s->port > 65535)
        return misuse(x, "a port is a number from 1 to 65535");
    if (needs_password(s) && s->password == NULL)
        return misuse(x, "no password");
    if (s->password != NULL && s->user == NULL)
        return misuse(x, "a password, but no user name");
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

/* --- requests --- */

static void
on_plain_data(struct ximss *x, struct request *r, const struct xml_elem *e)
{
    if (r->u.plain.data != NULL)
        r->u.plain.data(x, (const struct ximss_message *)e, r->arg);
}

static void
on_plain_done(struct ximss *x, struct request *r,
              const struct ximss_result *result)
{
    if (r->u.plain.done != NULL)
        r->u.plain.done(x, result, r->arg);
}

static const struct request_handler plain_handler = {.on_data = on_plain_data,
                                                     .on_done = on_plain_done};

static int
request_plain(struct ximss *x, const struct request_text *text,
              ximss_message_cb *data, ximss_done_cb *done, void *arg)
{
    struct request *r = request_new(x, text, &plain_handler);

    if (r == NULL)
        return -1;
    r->u.plain.data = data;
    r->u.plain.done = done;
    r->arg = arg;
    return 0;
}

int
ximss_request(struct ximss *x, const char *name, const char *const *attrs,
              const char *body, size_t body_len, ximss_message_cb *data,
              ximss_done_cb *done, void *arg)
{
    struct request_text text = {.name = name,
                                .attrs = attrs,
                                .body = body,
                                .body_len = body != NULL ? body_len : 0};

    return request_plain(x, &text, data, done, arg);
}

int
ximss_request_xml(struct ximss *x, const char *name, const char *const *attrs,
                  const char *xml, ximss_message_cb *data, ximss_done_cb *done,
                  void *arg)
{
    struct request_text text = {.name = name,
                                .attrs = attrs,
                                .body = xml,
                                .body_len = strlen(xml),
                                .is_xml = true};

    return request_plain(x, &text, data, done, arg);
}

size_t
ximss_pending(const struct ximss *x)
{
    return x->requests.n;
}

/* --- CLI commands --- */

static void
on_cli_data(struct ximss *x, struct request *r, const struct xml_elem *e)
{
    (void)x;
    if (strcmp(e->name, "cliResult") == 0)
        buf_append(&r->u.cli.data, e->text, e->text_len);
}

static void
drop_cli(struct request *r)
{
    buf_clear(&r->u.cli.data);
}

static void
on_cli_done(struct ximss *x, struct request *r,
            const struct ximss_result *result)
{
    bool ok = result->status == XIMSS_OK;

    if (r->u.cli.done != NULL)
        r->u.cli.done(x, result, ok ? buf_cstr(&r->u.cli.data) : "",
                      ok ? r->u.cli.data.len : 0, r->arg);
    drop_cli(r);
}

static const struct request_handler cli_handler = {
    .on_data = on_cli_data, .on_done = on_cli_done, .on_drop = drop_cli};

int
ximss_cli_execute(struct ximss *x, const char *command, ximss_cli_cb *done,
                  void *arg)
{
    struct request_text text = {
        .name = "cliExecute", .body = command, .body_len = strlen(command)};
    struct request *r = request_new(x, &text, &cli_handler);

    if (r == NULL)
        return -1;
    r->u.cli.done = done;
    r->arg = arg;
    return 0;
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
