/* SPDX-License-Identifier: BSD-2-Clause */
/* A body's life once it is taken: its requests are sent to ximssd (or held until
 * that is back), and answered.  Those of a session go in the order in which
 * they came, and only so many at a time: when the data of a reply has become
 * too much, what is left of its body is refused, and was not carried out. */
#include "config.h"

#include "clients/bridge/exec.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "clients/bridge/exec_private.h"
#include "clients/bridge/reply.h"
#include "clients/bridge/web_option.h"
#include "util/arena.h"
#include "util/clock.h"
#include "util/xmalloc.h"
#include "ximss/proto/answer.h"
#include "ximss/proto/xml_parse.h"
#include "ximss/proto/xml_write.h"

/* Requests of a session that ximssd has to answer before more are sent. */
#define IN_WORK_MOST 16
/* Data of one request that is taken in any case: what was carried out must not
 * look refused because of others. */
#define SMALL 4096

/* --- life --- */

void
exec_free(struct exec *e)
{
    TAILQ_REMOVE(&e->session->execs, e, link);
    if (e->session->numbered == e)
        e->session->numbered = NULL;
    memory_release(e->session, &e->share);
    for (size_t i = 0; i < e->n; i++) {
        free(e->items[i].id);
        buf_clear(&e->items[i].out);
    }
    free(e->items);
    free(e->headers);
    buf_clear(&e->pushed);
    event_del(&e->timer);
    arena_free(&e->arena);
    free(e);
}

static void
on_gone(struct http_waiter *w)
{
    ((struct exec *)(void *)w)->http = NULL;
}

void
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

void
exec_fail(struct exec *e, unsigned status, const char *reason)
{
    struct http_conn *h = e->http;

    e->http = NULL;
    if (h != NULL)
        reply_fail(e->session->bridge, h, status, reason, NULL);
}

size_t
exec_bytes(const struct web_session *s)
{
    const struct exec *e;
    size_t n = 0;

    TAILQ_FOREACH(e, &s->execs, link)
        n += e->share.bytes;
    return n;
}

/* Takes the text; keeps it as the reply of a numbered body.  A later one may
 * have come meanwhile: then it is its reply that is kept. */
static void
keep(struct exec *e, char *text, size_t len)
{
    struct web_session *s = e->session;

    if (s->numbered != e) {
        free(text);
        return;
    }
    s->numbered = NULL;
    memory_keep(s, text, len);
}

static void
reply_sync(struct exec *e)
{
    struct buf out = {0};
    size_t len;
    char *text;

    buf_append_str(&out, "<XIMSS>");
    if (e->pushed.len > 0)
        buf_append(&out, e->pushed.data, e->pushed.len);
    for (size_t i = 0; i < e->n; i++) {
        buf_append(&out, e->items[i].out.data, e->items[i].out.len);
        buf_clear(&e->items[i].out);
    }
    buf_append_str(&out, "</XIMSS>");
    len = out.len;
    text = buf_take(&out);
    exec_reply(e, text, len);
    memory_release(e->session, &e->share);
    keep(e, text, len);
}

/* All is answered. */
static void
finish(struct exec *e)
{
    struct web_session *s = e->session;
    bool bye = e->has_bye;

    if (!e->async)
        reply_sync(e);
    exec_free(e);
    if (bye)
        web_session_end(s, false);
}

static void
finish_done(struct web_session *s)
{
    struct exec *e, *next;

    for (e = TAILQ_FIRST(&s->execs); e != NULL && !s->ended; e = next) {
        next = TAILQ_NEXT(e, link);
        if (e->begun && e->next == NULL && e->in_work == 0)
            finish(e);
    }
}

/* --- answers --- */

/* Room for so much more data of the body.  What async requests are answered
 * must not end the session for being too much to be fetched. */
static bool
has_room(struct exec *e, size_t len)
{
    struct web_session *s = e->session;
    size_t all = e->bytes + len;

    if (e->async)
        return s->log.bytes + len <= s->bridge->cfg->unfetched_bytes / 2;
    return all <= s->bridge->cfg->reply_bytes &&
           memory_hold(s, &e->share, e->base + all);
}

static bool
has_place(struct exec_item *item, size_t len)
{
    return item->bytes + len <= SMALL || has_room(item->exec, len);
}

static void
on_data(struct ximss *x, const struct ximss_message *m, void *arg)
{
    struct exec_item *item = arg;
    struct exec *e = item->exec;
    struct web_session *s = e->session;
    struct buf xml = {0};

    (void)x;
    if (e->orphan || item->cut)
        return;
    upstream_write(&xml, m, item->id, s->id);
    item->cut = !has_place(item, xml.len);
    e->cut = e->cut || item->cut;
    if (!item->cut) {
        e->bytes += xml.len;
        item->bytes += xml.len;
        if (e->async)
            web_session_push(s, ximss_message_name(m), xml.data, xml.len, NULL,
                             false);
        else
            buf_append(&item->out, xml.data, xml.len);
    }
    buf_clear(&xml);
}

void
exec_write_response(struct buf *out, const char *id, int number,
                    const char *text)
{
    buf_append_str(out, "<response");
    xml_write_attr(out, "id", id);
    if (text != NULL) {
        xml_write_attr(out, "errorText", text);
        xml_write_attr_u64(out, "errorNum", (unsigned long long)number);
    }
    buf_append_str(out, "/>");
}

static void
answer(struct exec_item *item, int number, const char *text)
{
    struct exec *e = item->exec;
    struct buf xml = {0};

    if (e->orphan)
        return;
    exec_write_response(&xml, item->id, number, text);
    if (e->async)
        web_session_push(e->session, "response", xml.data, xml.len, NULL,
                         false);
    else
        buf_append(&item->out, xml.data, xml.len);
    buf_clear(&xml);
}

/* The item of the next request, which is taken. */
static struct exec_item *
next_item(struct exec *e)
{
    struct exec_item *item = &e->items[e->n_sent++];
    const char *id = xml_attr(e->next, "id");
    bool is_rest = e->too_many && e->n_sent == e->n;

    item->exec = e;
    item->id = xstrdup(id != NULL && !is_rest ? id : "");
    e->next = is_rest ? NULL : e->next->next;
    return item;
}

/* What was not sent yet will not be. */
static void
refuse_rest(struct exec *e, int number, const char *text)
{
    struct web_session *s = e->session;

    /* An async answer may be one too many for the session. */
    while (!s->ended && e->next != NULL)
        answer(next_item(e), number, text);
}

static void
on_done(struct ximss *x, const struct ximss_result *result, void *arg)
{
    struct exec_item *item = arg;
    struct exec *e = item->exec;
    struct web_session *s = e->session;

    (void)x;
    e->in_work--;
    web_session_answered(s);
    switch (result->status) {
    case XIMSS_OK:
        if (item->cut) {
            e->bytes -= item->out.len;
            buf_clear(&item->out);
            answer(item, ANSWER(REPLY_TOO_LONG));
        } else {
            answer(item, 0, NULL);
        }
        break;
    case XIMSS_REFUSED:
        answer(item, result->error_num, result->error_text);
        break;
    case XIMSS_LOST:
        answer(item, ANSWER(SERVER_LOST));
        if (!s->ended)
            refuse_rest(e, ANSWER(LOST_BEFORE));
        break;
    case XIMSS_UNREACHABLE:
    case XIMSS_NO_LOGIN:
    case XIMSS_BAD_SERVER:
    case XIMSS_MISUSE:
        answer(item, ANSWER(SERVER_FAILED));
        break;
    }
    if (!s->ended)
        exec_pump(s);
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
        answer(item, ANSWER(UNKNOWN_COMMAND));
        return true;
    }
    if (strcmp(e->name, "setSessionOption") != 0 ||
        !web_option_set(item->exec->session, e, &err))
        return false;
    answer(item, ANSWER_ARGUMENTS, err.text[0] != '\0' ? err.text : NULL);
    return true;
}

/* --- sending --- */

static void
send_item(struct exec_item *item, const struct xml_elem *c)
{
    struct exec *e = item->exec;
    struct web_session *s = e->session;

    if (answer_here(item, c))
        return;
    e->in_work++;
    web_session_asked(s);
    if (upstream_request(&s->up, c, on_data, on_done, item) == 0)
        return;
    e->in_work--;
    web_session_answered(s);
    answer(item, ANSWER_ARGUMENTS, ximss_error(s->up.x));
}

/* The session may be over behind it, and the body with it. */
static void
begin(struct exec *e)
{
    struct web_session *s = e->session;

    event_del(&e->timer);
    e->begun = true;
    if (e->too_many)
        refuse_rest(e, ANSWER(TOO_MANY_REQUESTS));
    if (s->ended || !e->async)
        return;
    keep(e, xstrdup(""), 0);
    exec_reply(e, "", 0);
}

static void
send_next(struct exec *e)
{
    struct web_session *s = e->session;
    const struct xml_elem *c = e->next;

    if (e->cut || !has_room(e, 1))
        refuse_rest(e, ANSWER(REPLY_FULL));
    else
        send_item(next_item(e), c);
    if (!s->ended && e->next == NULL)
        arena_free(&e->arena);
}

static struct exec *
first_unsent(const struct web_session *s)
{
    struct exec *e;

    TAILQ_FOREACH(e, &s->execs, link)
        if (!e->begun || e->next != NULL)
            return e;
    return NULL;
}

static bool
is_ready(const struct web_session *s)
{
    return ximss_state(s->up.x) == XIMSS_READY;
}

void
exec_pump(struct web_session *s)
{
    struct exec *e;

    if (s->pumping)
        return; /* whoever is at it goes on */
    s->pumping = true;
    while (!s->ended && is_ready(s) && s->in_work < IN_WORK_MOST &&
           (e = first_unsent(s)) != NULL) {
        if (!e->begun)
            begin(e);
        if (!s->ended && e->next != NULL)
            send_next(e);
        /* It is over: what is behind a bye must not be sent. */
        if (!s->ended && e->next == NULL && e->in_work == 0)
            finish(e);
    }
    s->pumping = false;
    finish_done(s);
}

/* Its number was never used; those before it were, whoever repeats them. */
static void
give_number_back(const struct exec *e)
{
    struct web_session *s = e->session;

    if (s->numbered != e)
        return;
    s->has_seq = !e->is_first;
    s->seq = e->seq - 1;
}

/* Nothing was done: the client may try the same again. */
void
exec_on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct exec *e = arg;

    (void)fd;
    (void)what;
    give_number_back(e);
    exec_fail(e, 503, "the server is not there, try again");
    exec_free(e);
}

void
exec_queue(struct exec *e)
{
    struct web_session *s = e->session;
    int64_t us = s->bridge->cfg->answer_timeout;
    const struct timeval tv = {us / CLOCK_SECOND, us % CLOCK_SECOND};

    if (!is_ready(s))
        evtimer_add(&e->timer, &tv);
    exec_pump(s);
}

/* The answers to what was sent still come while the session says its farewell:
 * it is freed with that. */
static void
orphan(struct exec *e)
{
    event_del(&e->timer);
    if (e->session->numbered == e)
        e->session->numbered = NULL;
    e->orphan = true;
    e->numbered = e->has_bye = false;
    e->next = NULL;
    arena_free(&e->arena);
}

void
exec_end_all(struct web_session *s)
{
    struct exec *e, *next;

    for (e = TAILQ_FIRST(&s->execs); e != NULL; e = next) {
        next = TAILQ_NEXT(e, link);
        exec_fail(e, 550, "Session not found");
        orphan(e);
    }
}

void
exec_drop_all(struct web_session *s)
{
    struct exec *e;

    while ((e = TAILQ_FIRST(&s->execs)) != NULL)
        exec_free(e);
}
