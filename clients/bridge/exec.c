/* SPDX-License-Identifier: BSD-2-Clause */
/* A body's life: parsed, numbered, sent to ximssd (or held until it is back),
 * answered.  The reply to the last numbered body is kept, so that a client
 * that lost it gets it again and nothing is done twice. */
#include "config.h"

#include "clients/bridge/exec.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "clients/bridge/web_option.h"
#include "clients/bridge/web_session.h"
#include "util/arena.h"
#include "util/clock.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/proto/xml_parse.h"
#include "ximss/proto/xml_write.h"

#define DATA_MOST (16 << 20) /* bytes that one body may bring, about */

struct exec_item {
    struct exec *exec;
    char *id;       /* owned; the browser's */
    struct buf out; /* data and response */
    bool done;
    bool cut; /* its data was too much */
};

struct exec {
    struct http_waiter waiter; /* first */
    LIST_ENTRY(exec) link;
    struct web_session *session;
    struct http_conn *http; /* NULL: nobody waits for the reply */
    struct arena *arena;    /* owned; NULL once it was sent */
    struct xml_elem *root;  /* in the arena */
    struct exec_item *items;
    size_t n, left;
    size_t bytes; /* of data */
    uint64_t seq;
    struct buf pushed; /* what syncAsync asked for */
    char *headers;     /* owned; of the reply */
    struct event timer;
    bool async, numbered, has_bye;
    bool orphan; /* its session has another id now: nobody is told */
};

/* --- life --- */

static void
exec_free(struct exec *e)
{
    LIST_REMOVE(e, link);
    if (e->session->numbered == e)
        e->session->numbered = NULL;
    for (size_t i = 0; i < e->n; i++) {
        free(e->items[i].id);
        buf_clear(&e->items[i].out);
    }
    free(e->items);
    free(e->headers);
    buf_clear(&e->pushed);
    event_del(&e->timer);
    if (e->arena != NULL)
        arena_free(&e->arena);
    free(e);
}

static void
on_gone(struct http_waiter *w)
{
    ((struct exec *)(void *)w)->http = NULL;
}

static void
exec_wait(struct exec *e, struct http_conn *h)
{
    e->http = h;
    e->waiter.on_gone = on_gone;
    http_wait(h, &e->waiter);
}

static void
exec_reply(struct exec *e, const char *xml, size_t len)
{
    struct http_conn *h = e->http;

    e->http = NULL;
    if (h != NULL)
        reply_xml(e->session->bridge, h, xml, len, e->headers);
}

static void
exec_fail(struct exec *e, unsigned status, const char *reason)
{
    struct http_conn *h = e->http;

    e->http = NULL;
    if (h != NULL)
        reply_fail(e->session->bridge, h, status, reason, NULL);
}

/* Keeps the reply of a numbered body. */
static void
keep(struct exec *e, const char *xml, size_t len)
{
    struct web_session *s = e->session;

    /* A later one may have come meanwhile: it is its reply that is kept. */
    if (s->numbered != e)
        return;
    free(s->last_reply);
    s->last_reply = xmemdup(xml, len + 1);
    s->last_reply_len = len;
    s->numbered = NULL;
}

/* All is answered. */
static void
finish(struct exec *e)
{
    struct web_session *s = e->session;
    bool bye = e->has_bye;
    struct buf out = {0};

    if (!e->async) {
        buf_append_str(&out, "<XIMSS>");
        if (e->pushed.len > 0)
            buf_append(&out, e->pushed.data, e->pushed.len);
        for (size_t i = 0; i < e->n; i++)
            buf_append(&out, e->items[i].out.data, e->items[i].out.len);
        buf_append_str(&out, "</XIMSS>");
        buf_cstr(&out);
        keep(e, out.data, out.len);
        exec_reply(e, out.data, out.len);
        buf_clear(&out);
    }
    exec_free(e);
    if (bye)
        web_session_end(s, false);
}

/* --- answers --- */

static void
on_data(struct ximss *x, const struct ximss_message *m, void *arg)
{
    struct exec_item *item = arg;
    struct exec *e = item->exec;
    struct web_session *s = e->session;
    struct buf xml = {0};

    (void)x;
    item->cut = item->cut || e->bytes > DATA_MOST;
    if (e->orphan || item->cut)
        return;
    upstream_write(&xml, m, item->id, s->id);
    e->bytes += xml.len;
    if (e->async)
        web_session_push(s, ximss_message_name(m), xml.data, xml.len, NULL,
                         false);
    else
        buf_append(&item->out, xml.data, xml.len);
    buf_clear(&xml);
}

static void
answer(struct exec_item *item, int number, const char *text)
{
    struct exec *e = item->exec;
    struct web_session *s = e->session;
    struct buf xml = {0};

    item->done = true;
    e->left--;
    if (e->orphan)
        return;
    buf_append_str(&xml, "<response");
    xml_write_attr(&xml, "id", item->id);
    if (text != NULL) {
        xml_write_attr(&xml, "errorText", text);
        xml_write_attr_u64(&xml, "errorNum", (unsigned long long)number);
    }
    buf_append_str(&xml, "/>");
    if (e->async)
        web_session_push(s, "response", xml.data, xml.len, NULL, false);
    else
        buf_append(&item->out, xml.data, xml.len);
    buf_clear(&xml);
}

static void
on_done(struct ximss *x, const struct ximss_result *result, void *arg)
{
    struct exec_item *item = arg;
    struct exec *e = item->exec;
    struct web_session *s = e->session;

    (void)x;
    switch (result->status) {
    case XIMSS_OK:
        if (item->cut) {
            buf_clear(&item->out);
            answer(item, 531, "too much for one reply, ask for less at once");
        } else {
            answer(item, 0, NULL);
        }
        break;
    case XIMSS_REFUSED:
        answer(item, result->error_num, result->error_text);
        break;
    case XIMSS_LOST:
        answer(item, 531, "the server was lost before it answered");
        break;
    case XIMSS_UNREACHABLE:
    case XIMSS_NO_LOGIN:
    case XIMSS_BAD_SERVER:
    case XIMSS_MISUSE:
        answer(item, 531, "the server failed");
        break;
    }
    /* An async answer may have been one too many for the session. */
    if (!s->ended && e->left == 0)
        finish(e);
}

/* --- what the bridge answers itself --- */

/* True: answered. */
static bool
answer_here(struct exec_item *item, const struct xml_elem *e)
{
    struct errbuf err;

    if (strcmp(e->name, "bye") == 0) {
        item->exec->has_bye = true;
        answer(item, 0, NULL);
        return true;
    }
    if (strcmp(e->name, "starttls") == 0) {
        answer(item, 500, "unknown command");
        return true;
    }
    if (strcmp(e->name, "setSessionOption") != 0 ||
        !web_option_set(item->exec->session, e, &err))
        return false;
    answer(item, 501, err.text[0] != '\0' ? err.text : NULL);
    return true;
}

/* --- sending --- */

static void
send_item(struct exec_item *item, const struct xml_elem *e)
{
    struct web_session *s = item->exec->session;

    if (!answer_here(item, e) &&
        upstream_request(&s->up, e, on_data, on_done, item) < 0)
        answer(item, 501, ximss_error(s->up.x));
}

static void
send_all(struct exec *e)
{
    const struct xml_elem *c = e->root->first, *next;
    struct web_session *s = e->session;

    event_del(&e->timer);
    for (; c != NULL; c = c->next)
        e->n++;
    e->items = xcalloc(e->n + 1, sizeof *e->items);
    e->left = e->n;
    c = e->root->first;
    for (size_t i = 0; !s->ended && i < e->n; i++, c = next) {
        const char *id = xml_attr(c, "id");

        next = c->next; /* the session may end, and the arena with it */
        e->items[i].exec = e;
        e->items[i].id = xstrdup(id != NULL ? id : "");
        send_item(&e->items[i], c);
    }
    if (s->ended) /* by what was pushed; and all of it was freed */
        return;
    arena_free(&e->arena);
    if (e->async) {
        keep(e, "", 0);
        exec_reply(e, "", 0);
    }
    if (e->left == 0)
        finish(e);
}

static bool
is_ready(const struct web_session *s)
{
    return ximss_state(s->up.x) == XIMSS_READY;
}

/* Nothing was done: the client may try the same again. */
static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct exec *e = arg;
    struct web_session *s = e->session;

    (void)fd;
    (void)what;
    if (s->numbered == e)
        s->has_seq = false;
    exec_fail(e, 503, "the server is not there, try again");
    exec_free(e);
}

static void
hold(struct exec *e)
{
    int64_t us = e->session->bridge->cfg->answer_timeout;
    const struct timeval tv = {us / CLOCK_SECOND, us % CLOCK_SECOND};

    evtimer_add(&e->timer, &tv);
}

void
exec_resume_all(struct web_session *s)
{
    struct exec *e, *last = NULL;

    /* In the order in which they came: the list has the newest first. */
    for (;;) {
        last = NULL;
        LIST_FOREACH(e, &s->execs, link)
            if (e->arena != NULL)
                last = e;
        if (last == NULL || s->ended || !is_ready(s))
            return;
        send_all(last);
    }
}

/* The answers to what was sent still come if the session goes on under another
 * id. */
static void
orphan(struct exec *e)
{
    if (e->session->numbered == e)
        e->session->numbered = NULL;
    e->orphan = true;
    e->numbered = e->has_bye = false;
}

void
exec_end_all(struct web_session *s)
{
    struct exec *e, *next;

    for (e = LIST_FIRST(&s->execs); e != NULL; e = next) {
        next = LIST_NEXT(e, link);
        exec_fail(e, 550, "Session not found");
        if (s->ended || e->arena != NULL)
            exec_free(e);
        else
            orphan(e);
    }
}

/* --- numbers --- */

/* True: answered, or taken over; else the body is new. */
static bool
is_repeated(struct call *c, struct web_session *s, const struct exec *e)
{
    if (!s->has_seq || e->seq == s->seq + 1)
        return false;
    if (e->seq != s->seq) {
        call_fail(c, 400, "XIMSS request sequence error");
    } else if (s->numbered != NULL) {
        exec_fail(s->numbered, 503, "the request was sent again");
        exec_wait(s->numbered, c->http);
    } else {
        call_xml(c, s->last_reply, s->last_reply_len, e->headers);
    }
    return true;
}

/* The number of a body, in the query or at its root; false: none. */
static bool
number_of(const struct call *c, const struct xml_elem *root, uint64_t *seq_r)
{
    const char *text = form_get(&c->form, "reqSeq");
    unsigned long long n;

    if (text == NULL)
        text = xml_attr(root, "reqSeq");
    if (text == NULL || text_parse_u64(text, UINT64_MAX - 1, &n) < 0)
        return false;
    *seq_r = n;
    return true;
}

/* --- the call --- */

static void
begin(struct call *c, struct web_session *s, struct exec *e)
{
    e->session = s;
    evtimer_assign(&e->timer, s->bridge->base, on_timer, e);
    LIST_INSERT_HEAD(&s->execs, e, link);
    exec_wait(e, c->http);
    if (e->numbered) {
        s->has_seq = true;
        s->seq = e->seq;
        s->numbered = e;
    }
    /* The next number: the reply to the one before has arrived.  Without
     * numbers it may be the same body again, because the reply was lost. */
    if (e->numbered)
        push_log_sync_done(&s->log);
    if (form_is_on(&c->form, "syncAsync") && !e->async)
        push_log_sync(&s->log, &e->pushed);
    if (is_ready(s))
        send_all(e);
    else
        hold(e);
}

/* The reply has the session's cookie, until that has come back.  False: the
 * request lacks it, and is not the one that it was sent in answer to. */
static bool
add_cookie(struct call *c, struct web_session *s, struct exec *e)
{
    uint8_t hash[WEB_COOKIE_HASH];

    if (!web_cookie_is_open(&s->cookie))
        return true;
    web_cookie_hash(e->numbered ? &e->seq : NULL, c->q->body, c->q->body_len,
                    hash);
    if (c->lacks_cookie && memcmp(hash, s->cookie.hash, sizeof hash) != 0)
        return false;
    web_cookie_sent(&s->cookie, c->client.address, hash);
    e->headers = web_cookie_header(
        &s->cookie, s->id, "Version=1;Max-Age=11100;", c->client.secure);
    return true;
}

static void
refuse_body(struct call *c, int number, const char *text)
{
    struct buf xml = {0};

    buf_append_str(&xml, "<XIMSS><response id=\"\"");
    xml_write_attr(&xml, "errorText", text);
    xml_write_attr_u64(&xml, "errorNum", (unsigned long long)number);
    buf_append_str(&xml, "/></XIMSS>");
    call_xml(c, xml.data, xml.len, NULL);
    buf_clear(&xml);
}

void
exec_call(struct call *c, struct web_session *s, bool async)
{
    struct exec *e = xcalloc(1, sizeof *e);
    struct errbuf err;
    const char *id;
    enum xml_result r;

    e->async = async;
    e->arena = arena_new();
    r = xml_parse(s->bridge->parser, c->q->body, c->q->body_len, e->arena,
                  &e->root, &id, &err);
    if (r != XML_PARSED || strcmp(e->root->name, "XIMSS") != 0) {
        refuse_body(c, r == XML_FORBIDDEN ? 542 : 540, "malformed message");
    } else {
        e->numbered = number_of(c, e->root, &e->seq);
        if (!add_cookie(c, s, e)) {
            call_fail(c, 550, "Session not found");
        } else if (!e->numbered || !is_repeated(c, s, e)) {
            begin(c, s, e);
            return;
        }
    }
    arena_free(&e->arena);
    free(e->headers);
    free(e);
}
