/* SPDX-License-Identifier: BSD-2-Clause */
/* A stream pulls from the session's log while its socket takes what it is
 * given: a slow browser costs a number, not a buffer. */
#include "config.h"

#include "clients/bridge/stream.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "clients/bridge/random_text.h"
#include "clients/bridge/web_session.h"
#include "util/clock.h"
#include "util/text.h"
#include "util/xmalloc.h"

static void
arm(struct stream *st)
{
    int64_t us = st->session->bridge->cfg->heartbeat;
    const struct timeval tv = {us / CLOCK_SECOND, us % CLOCK_SECOND};

    evtimer_add(&st->timer, &tv);
}

static bool
has_room(const struct stream *st, size_t more)
{
    return !st->http->broken &&
           http_pending(st->http) + more < STREAM_PULL_BELOW;
}

/* A piece from there on.  Returns what is behind it. */
static const struct push *
send_piece(struct stream *st, const struct push *p)
{
    struct push_log *log = &st->session->log;
    struct buf out = {0};

    for (; p != NULL && has_room(st, out.len); p = push_log_behind(p)) {
        push_log_frame(&out, p->id, p->name, p->xml, p->len);
        st->sent = p->id;
    }
    if (st->sent > log->streamed)
        log->streamed = st->sent;
    http_send(st->http, out.data, out.len);
    buf_clear(&out);
    return p;
}

static void list(struct stream *st);

/* As much as the socket takes: nobody else would go on when that was all of
 * it.  (It is on_drained that does when it was not.) */
static void
pull(struct stream *st)
{
    const struct push *p;

    if (!has_room(st, 0))
        return;
    if (st->list_more)
        list(st);
    p = push_log_next(&st->session->log, st->sent);
    if (p == NULL)
        return;
    arm(st);
    while (p != NULL && has_room(st, 0))
        p = send_piece(st, p);
}

static void
stream_free(struct stream *st)
{
    LIST_REMOVE(st, link);
    st->session->bridge->n_streams--;
    event_del(&st->timer);
    free(st);
}

static void
on_gone(struct http_waiter *w)
{
    struct stream *st = (struct stream *)(void *)w;

    web_session_touch(st->session);
    stream_free(st);
}

static void
on_drained(struct http_waiter *w)
{
    pull((struct stream *)(void *)w);
}

static void
on_heartbeat(evutil_socket_t fd, short what, void *arg)
{
    struct stream *st = arg;

    (void)fd;
    (void)what;
    arm(st);
    if (http_pending(st->http) == 0)
        http_send(st->http, ": heartbeat\n\n", 13);
}

/* --- what a new stream is told --- */

/* Browsers come back after a time of their own: ten thousand that lost a
 * server together do not come in the same second. */
static void
greet(struct stream *st)
{
    struct buf out = {0};
    uint16_t random;

    random_bytes(&random, sizeof random);
    buf_appendf(&out, "retry: %u\n: hello\n\n", 2000 + random % 8001U);
    if (st->session->away)
        push_log_frame(&out, 0, "away", "<away/>", 7);
    http_send(st->http, out.data, out.len);
    buf_clear(&out);
}

/* The stream that asked for the page which is being answered: pages come in the
 * order in which they were asked for.  NULL: it is gone. */
static struct stream *
who_asked(const struct web_session *s)
{
    struct stream *st;

    LIST_FOREACH(st, &s->streams, link)
        if (st->list == s->lists_answered + 1)
            return st;
    return NULL;
}

static void
go_on_behind(struct stream *st, const char *id)
{
    if (id != NULL && strlen(id) < sizeof st->list_after)
        strcpy(st->list_after, id);
}

/* An alert of the page, as an event without id.  What the socket has no room for
 * is asked for again when it has: a list may be longer than what a slow browser
 * may leave unread. */
static void
on_report(struct stream *st, const struct ximss_message *m)
{
    struct buf xml = {0}, out = {0};

    if (st->list_cut || !has_room(st, 0)) {
        st->list_cut = true;
        return;
    }
    upstream_write(&xml, m, NULL, st->session->id);
    push_log_frame(&out, 0, ximss_message_name(m), xml.data, xml.len);
    go_on_behind(st, ximss_message_attr(m, "alertID"));
    http_send(st->http, out.data, out.len); /* may be the end of it */
    buf_clear(&xml);
    buf_clear(&out);
}

static void
on_list_data(struct ximss *x, const struct ximss_message *m, void *arg)
{
    struct stream *st = who_asked(arg);
    const char *next = ximss_message_attr(m, "next");

    (void)x;
    if (st == NULL)
        return;
    if (strcmp(ximss_message_name(m), "alertReport") == 0) {
        on_report(st, m);
        return;
    }
    st->list_more = st->list_cut || next != NULL;
    if (!st->list_cut)
        go_on_behind(st, next);
}

static void
on_listed(struct ximss *x, const struct ximss_result *result, void *arg)
{
    struct web_session *s = arg;
    struct stream *st = who_asked(s);

    (void)x;
    (void)result;
    s->lists_answered++;
    if (st == NULL)
        return;
    st->list = 0;
    pull(st);
}

/* The stream's browser may lack anything: all that is active, a page at a time. */
static void
list(struct stream *st)
{
    struct web_session *s = st->session;
    const char *attrs[] = {"after", st->list_after, NULL};

    st->list_cut = st->list_more = false;
    /* If ximssd is away, `resumed` will tell the browser to ask. */
    if (ximss_request(s->up.x, "alertList", attrs, NULL, 0, on_list_data,
                      on_listed, s) == 0)
        st->list = ++s->lists_asked;
    upstream_look(&s->up);
}

/* The first event to send, from what the browser says that it has. */
static void
position(struct stream *st, const char *last_id)
{
    struct push_log *log = &st->session->log;
    unsigned long long id;

    if (last_id == NULL)
        return;
    if (text_parse_u64(last_id, UINT64_MAX, &id) < 0 ||
        !push_log_knows(log, id)) {
        go_on_behind(st, "0");
        list(st);
        return;
    }
    push_log_ack(log, id);
    st->sent = id;
}

/* Behind the list, if it gets one: that is older. */
static void
tell_came_back(struct stream *st)
{
    static const char resumed[] = "<resumed/>";
    struct buf out = {0};

    if (!st->session->came_back)
        return;
    st->session->came_back = false;
    push_log_frame(&out, 0, "resumed", resumed, sizeof resumed - 1);
    http_send(st->http, out.data, out.len);
    buf_clear(&out);
}

void
stream_begin(struct web_session *s, struct http_conn *h, const char *last_id)
{
    struct http_reply r = {.status = 200, .type = "text/event-stream"};
    struct stream *st = xcalloc(1, sizeof *st), *other;
    /* The request's memory ends where the stream begins. */
    char *last = last_id != NULL ? xstrdup(last_id) : NULL;
    struct buf headers = {0};
    unsigned n = 0;

    st->waiter.on_gone = on_gone;
    st->waiter.on_drained = on_drained;
    st->session = s;
    st->http = h;
    evtimer_assign(&st->timer, s->bridge->base, on_heartbeat, st);
    client_cors(s->bridge->cfg, h, &headers);
    buf_append_str(&headers, "X-Accel-Buffering: no\r\n");
    r.headers = buf_cstr(&headers);
    http_stream(h, &r, &st->waiter);
    buf_clear(&headers);
    LIST_INSERT_HEAD(&s->streams, st, link);
    s->bridge->n_streams++;
    arm(st);
    greet(st);
    position(st, last);
    free(last);
    tell_came_back(st);
    pull(st);
    LIST_FOREACH(other, &s->streams, link)
        if (++n > STREAMS_MOST) {
            http_conn_end(other->http); /* which tells on_gone */
            break;
        }
}

void
stream_wake_all(struct web_session *s)
{
    struct stream *st, *next;

    for (st = LIST_FIRST(&s->streams); st != NULL; st = next) {
        next = LIST_NEXT(st, link); /* a stream may be cut off by this */
        pull(st);
    }
}

void
stream_tell_all(struct web_session *s, const char *name, const char *xml)
{
    struct stream *st, *next;
    struct buf out = {0};

    push_log_frame(&out, 0, name, xml, strlen(xml));
    for (st = LIST_FIRST(&s->streams); st != NULL; st = next) {
        next = LIST_NEXT(st, link);
        http_send(st->http, out.data, out.len);
    }
    buf_clear(&out);
}

void
stream_end_all(struct web_session *s)
{
    struct stream *st;

    while ((st = LIST_FIRST(&s->streams)) != NULL) {
        struct http_conn *h = st->http;

        stream_free(st);
        http_finish(h);
    }
}
