/* SPDX-License-Identifier: BSD-2-Clause */
/* One connection, between the bytes of util/conn and whole requests.
 *
 * Bytes go by http_strict to http_parse, which stands still at the end of each
 * request until its reply has left, so that replies keep the order of requests.
 * What a request takes is made known before it is taken (on_held).  One
 * timer serves the three things that can take too long: a request that comes
 * slowly, silence between requests, and a peer that does not close.  The memory of
 * a request is given back before a stream or a silence begins. */
#include "config.h"

#include "clients/bridge/http_conn.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "clients/bridge/http_message.h"
#include "clients/bridge/http_parse.h"
#include "clients/bridge/http_reply.h"
#include "clients/bridge/http_rules.h"
#include "util/address.h"
#include "util/clock.h"
#include "util/lobby.h"
#include "util/log_budget.h"
#include "util/log_event.h"
#include "util/text.h"
#include "util/xmalloc.h"

#define UNREAD_LINES 60 /* a minute */

#define BUSY      1          /* why input waits */
#define UNREAD    8          /* ... the peer does not read replies */
#define PIPELINED (16 << 10) /* bytes of further requests that are kept */
#define UNSENT    (16 << 10) /* bytes of replies before the next request */
#define LINGER    (2 * CLOCK_SECOND)
#define LOOK      CLOCK_SECOND /* how often: has it arrived? */

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

/* Between requests, it may have to give way. */
static void
set_busy(struct http_conn *h, bool busy)
{
    h->busy = busy;
    if (h->guest != NULL && busy)
        lobby_busy(h->owner->lobby, h->guest);
    else if (h->guest != NULL)
        lobby_idle(h->owner->lobby, h->guest, clock_mono());
}

static void
note_begin(struct http_conn *h)
{
    if (!h->begun && h->guest != NULL)
        lobby_spoke(h->owner->lobby, h->guest);
    h->begun = true;
}

/* --- what it takes --- */

/* kept: bytes of further requests. */
static bool
hold(struct http_conn *h, size_t kept)
{
    size_t n = h->more + kept;

    if (h->message != NULL)
        n += http_message_size(h->message);
    return h->owner->on_held(h, n);
}

bool
http_hold_more(struct http_conn *h, size_t bytes)
{
    h->more = bytes;
    return hold(h, 0);
}

/* The request is over. */
static void
let_go(struct http_conn *h)
{
    h->more = 0;
    http_message_free(&h->message);
    h->owner->on_held(h, 0);
}

/* --- parsing --- */

static int
on_url(void *arg, const char *s, size_t len)
{
    struct http_conn *h = arg;

    return http_message_url(h->message, s, len, h->owner->head_bytes);
}

static int
on_name(void *arg, const char *s, size_t len)
{
    struct http_conn *h = arg;

    return http_message_name(h->message, s, len, h->owner->head_bytes);
}

static int
on_value(void *arg, const char *s, size_t len)
{
    struct http_conn *h = arg;

    return http_message_value(h->message, s, len, h->owner->head_bytes);
}

/* Before a byte of the body is read.  0, or the status to refuse it with. */
static unsigned
check_body(struct http_conn *h, const struct http_parse_head *head)
{
    struct http_message *m = h->message;

    h->body_most = h->owner->on_head(h, http_message_url_text(m));
    if (head->length > h->body_most)
        return 413;
    m->expected = head->is_chunked ? h->body_most : (size_t)head->length;
    if (!hold(h, 0)) {
        m->why = "too many requests at once, try again";
        return 503;
    }
    if (head->is_chunked)
        http_strict_chunks(&m->strict);
    else
        http_strict_body(&m->strict, head->length);
    return 0;
}

static int
on_head(void *arg, const struct http_parse_head *head)
{
    struct http_conn *h = arg;
    struct http_message *m = h->message;
    const char *expect;

    http_message_head_done(m);
    h->is_http_1_0 = head->is_http_1_0;
    m->refused = http_rules_check(m, head);
    if (m->refused == 0)
        m->refused = check_body(h, head);
    if (m->refused != 0)
        return -1;
    /* Who speaks HTTP/1.0 would take it for the reply. */
    expect = head->is_http_1_0 ? NULL : http_header(h, "Expect");
    if (expect != NULL && text_equal_nocase(expect, "100-continue"))
        send_bytes(h, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    return 0;
}

static void
on_chunk(void *arg, uint64_t length)
{
    struct http_conn *h = arg;

    http_strict_chunk(&h->message->strict, length);
}

static int
on_body(void *arg, const char *s, size_t len)
{
    struct http_conn *h = arg;

    return http_message_body(h->message, s, len, h->body_most);
}

static enum http_method
method_of(const char *name)
{
    static const char *const names[] = {[HTTP_GET] = "GET",
                                        [HTTP_HEAD] = "HEAD",
                                        [HTTP_POST] = "POST",
                                        [HTTP_OPTIONS] = "OPTIONS"};

    for (size_t i = HTTP_GET; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return (enum http_method)i;
    return HTTP_OTHER;
}

static void
on_end(void *arg)
{
    struct http_conn *h = arg;

    h->keep = http_parse_is_kept(h->parse);
    h->method = method_of(http_parse_method(h->parse));
    h->is_head = h->method == HTTP_HEAD;
    set_busy(h, true);
}

static const struct http_parse_events events = {
    on_url, on_name, on_value, on_head, on_chunk, on_body, on_end,
};

static void
hand_over(struct http_conn *h)
{
    struct http_message *m = h->message;
    char *url = http_message_url_text(m);
    char *mark = strchr(url, '?');
    struct http_request q = {.method = h->method, .path = url};

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

bool
http_is_half(const struct http_conn *h)
{
    return h->message != NULL && !h->busy && !h->ended;
}

/* The request cannot be answered in its own terms. */
void
http_give_up(struct http_conn *h, unsigned status, const char *why)
{
    struct http_reply r = {.status = status, .reason = why};

    set_busy(h, true);
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

/* Tabs in values are blanks to the parser. */
static size_t
parse_tabs(struct http_conn *h, size_t n)
{
    static const char blanks[] = "                ";

    for (size_t at = 0, step; at < n; at += step) {
        step = n - at < sizeof blanks - 1 ? n - at : sizeof blanks - 1;
        if (http_parse_run(h->parse, blanks, step) < step)
            return at;
    }
    return n;
}

/* Gives the parser what is right of the next bytes; the rest of them is looked
 * at when it has said what they are.  False: the request was given up. */
static bool
parse_some(struct http_conn *h, const char *data, size_t len, size_t *used_r)
{
    struct http_message *m = h->message;
    size_t n = http_strict_scan(&m->strict, data, len, h->owner->head_bytes);

    if (n > 0 && m->strict.is_tabs)
        n = parse_tabs(h, n);
    else if (n > 0)
        n = http_parse_run(h->parse, data, n);
    *used_r = n;
    if (h->busy)
        return true;
    /* What the parser was given came before what is not right. */
    if (m->refused == 0 && http_parse_is_wrong(h->parse))
        m->refused = 400;
    if (m->refused == 0)
        m->refused = m->strict.refused;
    if (m->refused == 0)
        return true;
    http_give_up(h, m->refused, m->why);
    return false;
}

/* How many bytes are done with. */
static size_t
parse(struct http_conn *h, const char *data, size_t len)
{
    size_t at = 0, n;

    while (at < len && !h->busy) {
        if (!parse_some(h, data + at, len - at, &n))
            return len;
        at += n;
    }
    if (h->busy) {
        http_parse_next(h->parse);
        hand_over(h);
    } else if (!hold(h, 0)) {
        http_give_up(h, 503, "too many requests at once, try again");
        return len;
    }
    return at;
}

/* Further requests wait for their turn. */
static void
wait_for_turn(struct http_conn *h, size_t len)
{
    if (!hold(h, len))
        http_conn_end(h);
    else if (!h->busy)
        conn_pause(&h->conn, UNREAD);
    else if (len > PIPELINED)
        conn_pause(&h->conn, BUSY);
}

static size_t on_request_data(struct conn *c, const char *data, size_t len);

static size_t
on_data(struct conn *c, const char *data, size_t len)
{
    struct http_conn *h = of_conn(c);
    size_t used = 0;

    if (h->awaits_header && !h->ended) {
        used = h->owner->on_header(h, data, len);
        if (h->ended || h->awaits_header || h->header_then_tls || used == len)
            return used;
    }
    return used + on_request_data(c, data + used, len - used);
}

static size_t
on_request_data(struct conn *c, const char *data, size_t len)
{
    struct http_conn *h = of_conn(c);

    if (h->streaming || h->ended)
        return len;
    if (h->taker != NULL) {
        h->taker->on_data(h->taker, data, len);
        return len;
    }
    if (h->busy || conn_pending(c) > UNSENT) {
        wait_for_turn(h, len);
        return 0;
    }
    if (!h->begun && len > 0 && data[0] == '<') {
        /* The timer goes on until ximssd has answered: relay.c, and from now on
         * the relays' lobby is its own. */
        if (h->guest != NULL)
            lobby_busy(h->owner->lobby, h->guest);
        if (!h->owner->on_xml(h, data, len))
            http_conn_end(h);
        return len;
    }
    note_begin(h);
    begin_message(h);
    return parse(h, data, len);
}

/* How long the peer may be silent now. */
static int64_t
silence_most(const struct http_conn *h)
{
    if (h->message != NULL)
        return h->owner->request_timeout;
    return h->keep ? h->owner->keep_alive : LINGER;
}

/* Silence counts from when the peer's kernel had the last byte of the reply,
 * not from when we had it. */
static void
await_silence(struct http_conn *h)
{
    int64_t most = silence_most(h);
    size_t unsent = conn_unacknowledged(&h->conn);

    if (unsent != h->unsent) {
        h->unsent = unsent;
        h->moved = clock_mono();
    }
    arm(h, unsent > 0 && most > LOOK ? LOOK : most);
}

static void
on_drained(struct conn *c)
{
    struct http_conn *h = of_conn(c);

    if (h->taker != NULL)
        h->taker->on_drained(h->taker);
    else if (h->streaming && h->waiter != NULL && h->waiter->on_drained != NULL)
        h->waiter->on_drained(h->waiter);
    else
        conn_resume(c, UNREAD);
    if (h->taker == NULL && !h->busy && !h->streaming && !h->ended &&
        h->message == NULL)
        await_silence(h);
}

/* Strangers cause these lines. */
static void
log_unread(enum conn_close_reason reason)
{
    static struct log_budget budget = LOG_BUDGET_INIT;
    unsigned left_out;
    bool may = log_budget_take(&budget, UNREAD_LINES, &left_out);

    if (left_out > 0)
        log_event(LOG_WARN_, "connections whose client does not read left out",
                  LOG_NUMBER("count", left_out));
    if (may)
        log_warn("a connection ends: the client does not read (%s)",
                 reason == CONN_BUDGET ? "account-output or output-total"
                                       : "output-hard");
}

static void
on_closed(struct conn *c, enum conn_close_reason reason)
{
    struct http_conn *h = of_conn(c);

    if (reason == CONN_OUTPUT_LIMIT || reason == CONN_BUDGET)
        log_unread(reason);
    if (!h->sending) {
        http_conn_end(h);
        return;
    }
    h->broken = true;
    conn_close(c);
    arm(h, 0);
}

static const struct conn_ops ops = {on_data, on_drained, on_closed};

/* A slow network is no silence, as long as something moves. */
static bool
still_leaves(const struct http_conn *h)
{
    size_t unsent = conn_unacknowledged(&h->conn);

    return unsent != h->unsent ||
           (unsent > 0 && clock_mono() - h->moved < h->owner->request_timeout);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct http_conn *h = arg;

    (void)fd;
    (void)what;
    if (!h->broken && still_leaves(h)) {
        await_silence(h);
        return;
    }
    if (!h->busy && !h->broken && h->message != NULL &&
        h->message->head.len > 0)
        http_give_up(h, 408, NULL);
    else
        http_conn_end(h);
}

/* --- the connection --- */

struct http_conn *
http_conn_new(struct http_owner *owner, struct conn_loop *loop, int fd,
              const struct sockaddr *peer, struct ssl_ctx_st *ctx,
              uint64_t crowd)
{
    struct http_conn *h = xcalloc(1, sizeof *h);
    uint8_t address[ADDRESS_BYTES];

    conn_init(&h->conn, fd, &ops);
    conn_attach(&h->conn, loop);
    h->owner = owner;
    h->peer = xmemdup(peer, sizeof *h->peer);
    h->loopback =
        address_from_sockaddr(peer, address) && address_is_loopback(address);
    h->parse = http_parse_new(&events, h);
    evtimer_assign(&h->timer, event_get_base(&h->conn.ev), on_timer, h);
    arm(h, owner->request_timeout);
    owner->open++;
    if (ctx != NULL && conn_start_tls(&h->conn, ctx, crowd) < 0)
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
    http_parse_free(&h->parse);
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
    if (h->taker != NULL)
        h->taker->on_end(h->taker);
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
    return conn_is_encrypted(&h->conn) || h->proxy_tls;
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
    set_busy(h, false);
    h->unsent = 0;
    h->moved = clock_mono();
    let_go(h);
    if (h->ended)
        return;
    if (!h->keep) {
        h->streaming = true; /* what still comes is thrown away */
        conn_finish(&h->conn);
        await_silence(h);
        return;
    }
    await_silence(h);
    conn_resume(&h->conn, BUSY);
    conn_continue(&h->conn);
}

/* Only over TLS: elsewhere anybody could have written it. */
static int64_t
hsts(const struct http_conn *h)
{
    return http_is_encrypted(h) ? h->owner->hsts : 0;
}

void
http_reply(struct http_conn *h, const struct http_reply *r)
{
    struct http_reply full = *r;
    struct buf out = {0};

    if (h->ended || !h->busy)
        return;
    h->waiter = NULL; /* who answers is not told that the peer is gone */
    full.hsts = hsts(h);
    http_reply_write(&out, &full, h->keep, h->is_head, clock_now());
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
    struct http_reply full = *r;
    struct buf out = {0};

    full.hsts = hsts(h);
    http_reply_write_open(&out, &full, clock_now());
    h->streaming = true;
    h->waiter = w;
    let_go(h);
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
    h->keep = false;
    conn_finish(&h->conn);
    await_silence(h);
}
