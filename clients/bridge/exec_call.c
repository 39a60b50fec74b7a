/* SPDX-License-Identifier: BSD-2-Clause */
/* Bodies of requests as they come in: parsed, numbered, and weighed before
 * anything is done.  The reply to the last numbered one is kept, so that a
 * client that lost it gets it again and nothing is done twice. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "clients/bridge/bridge.h"
#include "clients/bridge/exec_private.h"
#include "clients/bridge/reply.h"
#include "util/arena.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/proto/answer.h"
#include "ximss/proto/xml_parse.h"
#include "ximss/proto/xml_write.h"

/* --- numbers --- */

/* The reply to a body that comes again is not kept any more. */
static void
tell_gone(struct call *c, const struct exec *e)
{
    size_t left = c->bridge->cfg->max_requests;
    const struct xml_elem *r = e->root->first;
    struct buf xml = {0};

    buf_append_str(&xml, "<XIMSS>");
    for (; r != NULL && left > 0; r = r->next, left--) {
        const char *id = xml_attr(r, "id");

        exec_write_response(&xml, id != NULL ? id : "", ANSWER(REPLY_GONE));
    }
    buf_append_str(&xml, "</XIMSS>");
    call_xml(c, xml.data, xml.len, e->headers);
    buf_clear(&xml);
}

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
    } else if (s->kept.text == NULL) {
        tell_gone(c, e);
    } else {
        call_xml(c, s->kept.text, s->kept.len, e->headers);
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

/* Behind a bye nothing confirms an alert: one in its reply would be shown, and
 * again after the next log-in. */
static bool
says_bye(const struct exec *e)
{
    const struct xml_elem *r = e->root->first;

    while (r != NULL && strcmp(r->name, "bye") != 0)
        r = r->next;
    return r != NULL;
}

static void
begin(struct call *c, struct web_session *s, struct exec *e)
{
    exec_wait(e, c->http);
    if (e->numbered) {
        e->is_first = !s->has_seq;
        s->has_seq = true;
        s->seq = e->seq;
        s->numbered = e;
        memory_drop_kept(s); /* the client has the one before */
    }
    /* The next number: the reply to the one before has arrived.  Without
     * numbers it may be the same body again, because the reply was lost. */
    if (e->numbered)
        push_log_sync_done(&s->log);
    if (form_is_on(&c->form, "syncAsync") && !e->async && !says_bye(e))
        push_log_sync(&s->log, &e->pushed);
    memory_weigh_log(s);
    if (!s->ended)
        exec_queue(e);
}

/* Counts the requests, and takes the memory for them and their answers.  False:
 * there is no room. */
static bool
weigh(struct web_session *s, struct exec *e)
{
    size_t most = s->bridge->cfg->max_requests, n = 0;

    for (e->next = e->root->first; e->next != NULL && n <= most;
         e->next = e->next->next)
        n++;
    e->too_many = n > most;
    e->next = e->root->first;
    e->base = sizeof *e + n * sizeof *e->items + arena_bytes(e->arena);
    if (!memory_hold(s, &e->share, e->base))
        return false;
    e->items = xcalloc(n + 1, sizeof *e->items);
    e->n = n; /* never without its items: exec_free */
    return true;
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

    buf_append_str(&xml, "<XIMSS>");
    exec_write_response(&xml, "", number, text);
    buf_append_str(&xml, "</XIMSS>");
    call_xml(c, xml.data, xml.len, NULL);
    buf_clear(&xml);
}

static struct exec *
exec_new(struct web_session *s, bool async)
{
    struct exec *e = xcalloc(1, sizeof *e);

    e->session = s;
    e->async = async;
    e->arena = arena_new();
    evtimer_assign(&e->timer, s->bridge->base, exec_on_timer, e);
    TAILQ_INSERT_TAIL(&s->execs, e, link);
    return e;
}

void
exec_call(struct call *c, struct web_session *s, bool async)
{
    struct exec *e = exec_new(s, async);
    struct errbuf err;
    const char *id;
    enum xml_result r;

    r = xml_parse(s->bridge->parser, c->q->body, c->q->body_len, e->arena,
                  &e->root, &id, &err);
    if (r != XML_PARSED || strcmp(e->root->name, "XIMSS") != 0) {
        refuse_body(c, r == XML_FORBIDDEN ? ANSWER_FORBIDDEN : ANSWER_MALFORMED,
                    answer_text_MALFORMED);
    } else {
        e->numbered = number_of(c, e->root, &e->seq);
        if (!add_cookie(c, s, e)) {
            call_fail(c, 550, "Session not found");
        } else if (e->numbered && is_repeated(c, s, e)) {
            /* answered */
        } else if (!weigh(s, e)) {
            call_fail(c, 503, "too many requests at once, try again");
        } else {
            begin(c, s, e);
            return;
        }
    }
    exec_free(e);
}
