/* SPDX-License-Identifier: BSD-2-Clause */
/* From method and path to what answers.  Paths of the family are matched
 * without regard to case (protocol.md B.1), those of the pages exactly. */
#include "config.h"

#include "clients/bridge/route.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clients/bridge/cli_door.h"
#include "clients/bridge/comeback.h"
#include "clients/bridge/mail_auth.h"
#include "clients/bridge/metrics.h"
#include "clients/bridge/reply.h"
#include "clients/bridge/room.h"
#include "clients/bridge/stream.h"
#include "clients/bridge/web_login.h"
#include "clients/bridge/web_session.h"
#include "util/clock.h"
#include "util/text.h"
#include "util/xmalloc.h"

/* --- requests of a session --- */

static bool
is_xml(const struct call *c)
{
    return c->q->body[strspn(c->q->body, " \t\r\n")] == '<';
}

static void
do_sync(struct call *c, struct web_session *s)
{
    exec_call(c, s, false);
}

static void
do_async(struct call *c, struct web_session *s)
{
    exec_call(c, s, true);
}

static void
do_poll(struct call *c, struct web_session *s)
{
    int64_t most = s->bridge->cfg->max_wait, wait;

    wait = (int64_t)form_number(&c->form, "maxWait", 0, 1000000) * CLOCK_SECOND;
    web_session_poll(s, c->http, form_number(&c->form, "ackSeq", 0, UINT64_MAX),
                     wait < most ? wait : most);
}

/* Without an element after the id, a body makes it a sync. */
static void
do_plain(struct call *c, struct web_session *s)
{
    if (is_xml(c))
        do_sync(c, s);
    else
        do_poll(c, s);
}

static void
do_kill(struct call *c, struct web_session *s)
{
    web_session_end(s, true);
    call_xml(c, "<XIMSS/>", 8, NULL);
}

static void
do_ack(struct call *c, struct web_session *s)
{
    (void)s; /* session_call took ackEvent */
    call_xml(c, "<XIMSS/>", 8, NULL);
}

static void
do_events(struct call *c, struct web_session *s)
{
    const char *id = form_get(&c->form, "lastEventID");
    const char *header = http_header(c->http, "Last-Event-ID");

    if (s->lists_asked - s->lists_answered >= STREAMS_MOST) {
        /* ximssd has yet to answer as many as may be open. */
        call_fail(c, 503, "too many streams at once, try again");
        return;
    }
    /* Some clients send an empty one before the first event. */
    if (header != NULL && *header != '\0')
        id = header;
    stream_begin(s, c->http, id != NULL && *id != '\0' ? id : NULL);
}

static void
refuse_method(struct call *c, const char *allowed)
{
    char *header = xasprintf("Allow: %s\r\n", allowed);

    reply_fail(c->bridge, c->http, 405, "Method Not Allowed", header);
    free(header);
}

#define GET  1
#define POST 2

static const struct {
    const char *name; /* the last element of the path */
    unsigned methods;
    bool only_asks; /* see web_cookie.h */
    void (*run)(struct call *c, struct web_session *s);
} session_routes[] = {
    {"sync", GET | POST, true, do_sync}, {"async", GET | POST, true, do_async},
    {"", GET | POST, true, do_plain},    {"get", GET | POST, true, do_poll},
    {"kill", POST, false, do_kill},      {"events", GET, true, do_events},
    {"ack", POST, false, do_ack},
};

/* Whether it is the caller's. */
static enum web_cookie_right
right_to(const struct web_session *s, const struct http_conn *h,
         const struct client *client)
{
    if (s->watches_address && strcmp(s->address, client->address) != 0)
        return WEB_COOKIE_NO;
    return web_cookie_check(&s->cookie, h, client);
}

#define SESSION_PREFIX "/session/"

/* The session that a URL belongs to; NULL: none, or not the client's. */
static struct web_session *
session_of(struct bridge *b, const struct http_conn *h,
           const struct client *client, const char *url)
{
    const size_t len = sizeof SESSION_PREFIX - 1;
    struct web_session *s;
    char *id;

    if (strncasecmp(url, SESSION_PREFIX, len) != 0)
        return NULL;
    id = xstrndup(url + len, strcspn(url + len, "/?"));
    s = web_session_find(b, id);
    free(id);
    return s != NULL && right_to(s, h, client) != WEB_COOKIE_NO ? s : NULL;
}

static size_t
smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t
route_on_head(struct http_conn *h, const char *url)
{
    struct bridge *b = h->owner->arg;
    const struct bridge_config *cfg = b->cfg;
    struct web_session *s;
    struct client client;

    client_read(cfg, h, &client);
    s = session_of(b, h, &client, url);
    if (s != NULL) {
        room_of_account(h, s->account);
        return cfg->body_bytes;
    }
    mail_auth_is(cfg, h, url, &client);
    room_of_stranger(h, &client);
    if (cli_door_is(cfg, url))
        return cfg->cli_body_bytes;
    return smaller(cfg->stranger_body_bytes, cfg->body_bytes);
}

static void
session_call(struct call *c, const char *id, const char *rest)
{
    unsigned method = c->q->method == HTTP_GET    ? GET
                      : c->q->method == HTTP_POST ? POST
                                                  : 0;
    const size_t n = sizeof session_routes / sizeof session_routes[0];
    struct web_session *s = web_session_find(c->bridge, id);
    enum web_cookie_right right;
    size_t i = 0;

    if (s == NULL) {
        comeback_begin(c, id);
        return;
    }
    right = right_to(s, c->http, &c->client);
    while (i < n && !text_equal_nocase(session_routes[i].name, rest))
        i++;
    c->lacks_cookie = right == WEB_COOKIE_LATER;
    if (right == WEB_COOKIE_NO ||
        (c->lacks_cookie && (i == n || !session_routes[i].only_asks))) {
        call_fail(c, 550, "Session not found");
    } else if (i == n) {
        call_fail(c, 404, "Not Found");
    } else if ((session_routes[i].methods & method) == 0) {
        refuse_method(c, session_routes[i].methods == GET    ? "GET"
                         : session_routes[i].methods == POST ? "POST"
                                                             : "GET, POST");
    } else {
        web_session_touch(s);
        if (!c->lacks_cookie)
            web_cookie_arrived(&s->cookie);
        if (form_get(&c->form, "ackEvent") != NULL)
            push_log_ack(&s->log,
                         form_number(&c->form, "ackEvent", 0, UINT64_MAX));
        web_account_take(s, c->http);
        session_routes[i].run(c, s);
    }
}

/* /Session/ID/REST; without an id there is no such session. */
static void
do_session(struct call *c, const char *path)
{
    size_t len = strcspn(path, "/");
    char *id = xstrndup(path, len);

    session_call(c, id, path[len] == '/' ? path + len + 1 : "");
    free(id);
}

/* --- the rest --- */

static void
do_login(struct call *c, const char *path)
{
    if (*path != '\0')
        call_fail(c, 404, "Not Found");
    else
        web_login(c);
}

static void
do_health(struct call *c, const char *path)
{
    struct http_reply r = {
        .status = 200, .type = "text/plain", .body = "ok\r\n", .len = 4};

    (void)path;
    http_reply(c->http, &r);
}

static void
do_metrics(struct call *c, const char *path)
{
    struct http_reply r = {.status = 200, .type = "text/plain; version=0.0.4"};
    struct buf out = {0};

    (void)path;
    if (!c->client.loopback) {
        call_fail(c, 404, "Not Found");
        return;
    }
    metrics_write(c->bridge, &out);
    r.body = out.data;
    r.len = out.len;
    http_reply(c->http, &r);
    buf_clear(&out);
}

static void do_file(struct call *c);

/* Where it is off, there is nothing. */
static void
do_cli(struct call *c, const char *path)
{
    (void)path;
    if (c->bridge->cfg->cli)
        cli_door(c);
    else
        do_file(c);
}

static void
do_mail_auth(struct call *c, const char *path)
{
    (void)path;
    if (*c->bridge->cfg->mail_auth_key != '\0')
        mail_auth(c);
    else
        do_file(c);
}

static const struct {
    const char *prefix;
    bool whole; /* nothing may follow */
    void (*run)(struct call *c, const char *rest);
} routes[] = {
    {"/ximsslogin/", true, do_login},    {"/ximsslogin", true, do_login},
    {SESSION_PREFIX, false, do_session}, {"/healthz", true, do_health},
    {"/metrics", true, do_metrics},      {CLI_DOOR_PATH "/", true, do_cli},
    {CLI_DOOR_PATH, true, do_cli},       {MAIL_AUTH_PATH, true, do_mail_auth},
};

static void
do_file(struct call *c)
{
    const struct file *f = files_find(c->bridge->files, c->q->path);
    const char *known = http_header(c->http, "If-None-Match");
    struct http_reply r = {.status = 200, .cache = "no-cache"};
    char *headers;

    if (f == NULL && strcmp(c->q->path, "/admin") == 0 &&
        files_find(c->bridge->files, "/admin/") != NULL) {
        r.status = 301;
        r.headers = "Location: /admin/\r\n";
        http_reply(c->http, &r);
        return;
    }
    if (f == NULL) {
        call_fail(c, 404, "Not Found");
        return;
    }
    if (c->q->method != HTTP_GET && c->q->method != HTTP_HEAD) {
        refuse_method(c, "GET, HEAD");
        return;
    }
    headers = xasprintf("ETag: %s\r\n%s", f->etag, files_headers);
    r.headers = headers;
    if (known != NULL && strstr(known, f->etag) != NULL) {
        r.status = 304;
    } else {
        r.type = f->type;
        r.body = f->data;
        r.len = f->len;
    }
    http_reply(c->http, &r);
    free(headers);
}

/* The question before a request from another site (B.12). */
static void
do_preflight(struct call *c)
{
    struct http_reply r = {.status = 204};
    struct buf headers = {0};

    client_cors(c->bridge->cfg, c->http, &headers);
    buf_append_str(&headers,
                   "Access-Control-Allow-Methods: GET, POST, OPTIONS\r\n"
                   "Access-Control-Allow-Headers: Content-Type, "
                   "Authorization\r\n"
                   "Access-Control-Max-Age: 86400\r\n");
    r.headers = buf_cstr(&headers);
    http_reply(c->http, &r);
    buf_clear(&headers);
}

void
route(struct call *c)
{
    const char *path = c->q->path;

    if (c->q->method == HTTP_OPTIONS) {
        do_preflight(c);
        return;
    }
    if (c->q->method == HTTP_POST && !c->client.allowed_origin) {
        call_fail(c, 403, "not from this site");
        return;
    }
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        size_t len = strlen(routes[i].prefix);

        if (strncasecmp(path, routes[i].prefix, len) == 0 &&
            (!routes[i].whole || path[len] == '\0')) {
            routes[i].run(c, path + len);
            return;
        }
    }
    do_file(c);
}
