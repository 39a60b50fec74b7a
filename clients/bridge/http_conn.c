/* SPDX-License-Identifier: BSD-2-Clause */
/* One connection, between the bytes of util/conn and whole requests.
 *
 * Bytes go through http-parser, which stands still at the end of each request
 * until its reply has left, so that replies keep the order of requests.  One
 * timer serves the three things that can take too long: a request that comes
 * slowly, silence between requests, and a peer that does not close.  The memory of
 * a request is given back before a stream or a silence begins. */
#include "config.h"

#include "clients/bridge/http_conn.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "clients/bridge/http_message.h"
#include "clients/bridge/http_reply.h"
#include "clients/bridge/relay.h"
#include "util/clock.h"
#include "util/text.h"
#include "util/xmalloc.h"

#define BUSY      1          /* why input waits */
#define PIPELINED (64 << 10) /* bytes of further requests that are kept */
#define LINGER    (2 * CLOCK_SECOND)

static struct http_conn *
of_conn(struct conn *c)
{
    return (struct http_conn *)(void *)c; /* its first member */
}

static void
arm(struct http_conn *h, int64_t us)
{
    struct timeval tv = {us / CLOCK_SECOND, us % CLOCK_SECOND};

    if (h->broken)
        tv = (struct timeval){0, 0};
    event_add(&h->timer, &tv);
}

/* Whoever sends is in the middle of something, and hears of a broken
 * connection later (on_closed). */
static void
send_bytes(struct http_conn *h, const void *data, size_t len)
{
    h->sending = true;
    conn_send(&h->conn, data, len);
    h->sending = false;
}

/* --- parsing --- */

static int
on_url(http_parser *p, const char *s, size_t len)
{
    struct http_conn *h = p->data;

    return http_message_url(h->message, s, len, h->owner->head_bytes);
}

static int
on_header_field(http_parser *p, const char *s, size_t len)
{
    struct http_conn *h = p->data;

    return http_message_name(h->message, s, len, h->owner->head_bytes);
}

static int
on_header_value(http_parser *p, const char *s, size_t len)
{
    struct http_conn *h = p->data;

    return http_message_value(h->message, s, len, h->owner->head_bytes);
}

static int
on_headers_complete(http_parser *p)
{
    struct http_conn *h = p->data;
    const char *expect;

    /* Nothing is spoken here but HTTP: `Upgrade` is ignored. */
    p->upgrade = 0;
    http_message_head_done(h->message);
    if (p->content_length != UINT64_MAX &&
        p->content_length > h->owner->body_bytes) {
        h->message->refused = 413;
        return -1;
    }
    expect = http_header(h, "Expect");
    if (expect != NULL && text_equal_nocase(expect, "100-continue"))
        send_bytes(h, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    return 0;
}

static int
on_body(http_parser *p, const char *s, size_t len)
{
    struct http_conn *h = p->data;

    return http_message_body(h->message, s, len, h->owner->body_bytes);
}

static int
on_message_complete(http_parser *p)
{
    struct http_conn *h = p->data;

    h->keep = http_should_keep_alive(p);
    h->is_head = p->method == HTTP_HEAD;
    h->busy = true;
    http_parser_pause(p, 1);
    return 0;
}

static const http_parser_settings settings = {
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

static void
hand_over(struct http_conn *h)
{
    struct http_message *m = h->message;
    char *url = m->head.data;
    char *mark = strchr(url, '?');
    struct http_request q = {.method = h->parser.method, .path = url};

    if (!h->broken)
        event_del(&h->timer);
    q.query = "";
    if (mark != NULL) {
        *mark = '\0';
        q.query = mark + 1;
    }
    q.body = buf_cstr(&m->body);
    q.body_len = m->body.len;
    h->owner->on_request(h, &q);
}

/* The request cannot be answered in its own terms. */
static void
give_up(struct http_conn *h, unsigned status)
{
    struct http_reply r = {.status = status};

    h->busy = true;
    h->keep = false;
    http_reply(h, &r);
}

static void
begin_message(struct http_conn *h)
{
    if (h->message == NULL) {
        h->message = xcalloc(1, sizeof *h->message);
        arm(h, h->owner->request_timeout);
    }
}

static size_t
on_data(struct conn *c, const char *data, size_t len)
{
    struct http_conn *h = of_conn(c);
    size_t n;

    if (h->streaming || h->ended)
        return len;
    if (h->relay != NULL) {
        relay_on_data(h->relay, data, len);
        return len;
    }
    if (h->busy) { /* further requests wait for their turn */
        if (len > PIPELINED)
            conn_pause(c, BUSY);
        return 0;
    }
    if (!h->begun && len > 0 && data[0] == '<') {
        /* The timer goes on until ximssd has answered: relay.c. */
        if (!h->owner->on_xml(h, data, len))
            http_conn_end(h);
        return len;
    }
    h->begun = true;
    begin_message(h);
    n = http_parser_execute(&h->parser, &settings, data, len);
    if (h->busy) {
        http_parser_pause(&h->parser, 0);
        hand_over(h);
    } else if (HTTP_PARSER_ERRNO(&h->parser) != HPE_OK) {
        give_up(h, h->message->refused != 0 ? h->message->refused : 400);
        return len;
    }
    return n;
}

static void
on_drained(struct conn *c)
{
    struct http_conn *h = of_conn(c);

    if (h->relay != NULL)
        relay_on_drained(h->relay);
    else if (h->streaming && h->waiter != NULL && h->waiter->on_drained != NULL)
        h->waiter->on_drained(h->waiter);
}

static void
on_closed(struct conn *c, enum conn_close_reason reason)
{
    struct http_conn *h = of_conn(c);

    (void)reason;
    if (!h->sending) {
        http_conn_end(h);
        return;
    }
    h->broken = true;
    conn_close(c);
    arm(h, 0);
}

static const struct conn_ops ops = {on_data, on_drained, on_closed};

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct http_conn *h = arg;
    size_t unsent = conn_pending(&h->conn);

    (void)fd;
    (void)what;
    /* A slow network is no silence, as long as something moves. */
    if (unsent > 0 && unsent != h->unsent) {
        h->unsent = unsent;
        arm(h, h->owner->request_timeout);
        return;
    }
    if (!h->busy && !h->broken && h->message != NULL &&
        h->message->head.len > 0)
        give_up(h, 408);
    else
        http_conn_end(h);
}

/* --- the connection --- */

static bool
is_loopback(const struct sockaddr *sa)
{
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;
    const uint8_t *a = in6->sin6_addr.s6_addr;

    if (sa->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)sa)->sin_addr.s_addr) >> 24 ==
               127;
    if (sa->sa_family != AF_INET6)
        return false;
    return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr) ||
           (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr) && a[12] == 127);
}

struct http_conn *
http_conn_new(struct http_owner *owner, struct conn_loop *loop, int fd,
              const struct sockaddr *peer, struct ssl_ctx_st *ctx)
{
    struct http_conn *h = xcalloc(1, sizeof *h);

    conn_init(&h->conn, fd, &ops);
    conn_attach(&h->conn, loop);
    h->owner = owner;
    h->peer = xmemdup(peer, sizeof *h->peer);
    h->loopback = is_loopback(peer);
    http_parser_init(&h->parser, HTTP_REQUEST);
    h->parser.data = h;
    evtimer_assign(&h->timer, event_get_base(&h->conn.ev), on_timer, h);
    arm(h, owner->request_timeout);
    owner->open++;
    if (ctx != NULL && conn_start_tls(&h->conn, ctx) < 0)
        http_conn_end(h);
    return h;
}

static void
run_end(struct conn_deferred *d)
{
    struct http_conn *h =
        (struct http_conn *)(void *)((char *)d -
                                     offsetof(struct http_conn, end));

    h->owner->on_closed(h);
    http_message_free(&h->message);
    free(h->peer);
    free(h);
}

void
http_conn_end(struct http_conn *h)
{
    struct http_waiter *w = h->waiter;

    if (h->ended)
        return;
    h->ended = true;
    h->waiter = NULL;
    event_del(&h->timer);
    if (h->relay != NULL)
        relay_on_end(h->relay);
    conn_close(&h->conn);
    h->owner->open--;
    h->end.run = run_end;
    conn_loop_defer(h->conn.loop, &h->end);
    if (w != NULL)
        w->on_gone(w);
}

bool
http_is_encrypted(const struct http_conn *h)
{
    return conn_is_encrypted(&h->conn);
}

const char *
http_header(const struct http_conn *h, const char *name)
{
    return http_message_header(h->message, name);
}

/* --- replies --- */

static void
after_reply(struct http_conn *h)
{
    h->busy = false;
    h->unsent = 0;
    http_message_free(&h->message);
    if (h->ended)
        return;
    if (!h->keep) {
        h->streaming = true; /* what still comes is thrown away */
        arm(h, LINGER);
        conn_finish(&h->conn);
        return;
    }
    arm(h, h->owner->keep_alive);
    conn_resume(&h->conn, BUSY);
    conn_continue(&h->conn);
}

void
http_reply(struct http_conn *h, const struct http_reply *r)
{
    struct buf out = {0};

    if (h->ended || !h->busy)
        return;
    h->waiter = NULL; /* who answers is not told that the peer is gone */
    http_reply_write(&out, r, h->keep, h->is_head, clock_now());
    send_bytes(h, out.data, out.len);
    explicit_bzero(out.data, out.len); /* session ids, cookies */
    buf_clear(&out);
    after_reply(h);
}

void
http_wait(struct http_conn *h, struct http_waiter *w)
{
    h->waiter = w;
}

void
http_stream(struct http_conn *h, const struct http_reply *r,
            struct http_waiter *w)
{
    struct buf out = {0};

    http_reply_write_open(&out, r, clock_now());
    h->streaming = true;
    h->waiter = w;
    http_message_free(&h->message);
    send_bytes(h, out.data, out.len);
    buf_clear(&out);
}

void
http_send(struct http_conn *h, const void *data, size_t len)
{
    if (!h->ended)
        send_bytes(h, data, len);
}

size_t
http_pending(const struct http_conn *h)
{
    return h->ended ? 0 : conn_pending(&h->conn);
}

void
http_finish(struct http_conn *h)
{
    if (h->ended)
        return;
    h->waiter = NULL;
    arm(h, LINGER);
    conn_finish(&h->conn);
}
