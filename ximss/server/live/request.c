/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests and their answers, for any dialect.  Answers leave in the order of
 * the requests: each request has a place in the session's queue, and only the
 * answer of the first may leave.  Requests that change the store can overlap,
 * because the store keeps their order, too.  Any other request waits until
 * those before it are answered. */
#include "config.h"

#include "ximss/server/live/request.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/log.h"
#include "util/xmalloc.h"
#include "ximss/server/live/dialect.h"
#include "ximss/server/live/session_private.h"

/* --- answers --- */

void
req_ok(struct req *r)
{
    r->dialect->ok(r);
}

void
req_fail(struct req *r, unsigned code, const char *text)
{
    /* No error without words, wherever its text came from. */
    if (text == NULL || text[0] == '\0')
        text = answer_text((int)code);
    r->dialect->fail(r, code, text);
}

void
req_failf(struct req *r, unsigned code, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    req_fail(r, code, text);
}

void
req_fail_store(struct req *r, enum store_result result,
               const struct errbuf *err)
{
    switch (result) {
    case STORE_FULL:
        req_fail(r, ANSWER(STORE_FULL));
        return;
    case STORE_NOTFOUND:
        /* One's own account: deleted, and the session is about to end. */
        req_fail(r, ANSWER(NO_ACCOUNT));
        return;
    case STORE_OK:
    case STORE_AGAIN: /* never the last word */
    case STORE_EXISTS:
    case STORE_REFUSED:
    case STORE_ERROR:
        break;
    }
    log_error("request failed in the store: %s", err->text);
    req_fail(r, ANSWER(STORE_FAILED));
}

static void
req_free(struct req *r)
{
    buf_clear(&r->out);
    if (r->free_state != NULL)
        r->free_state(r->state);
    free(r);
}

/* --- turns --- */

static bool has_room(const struct session *s);

static bool
may_begin(const struct req *r)
{
    const struct req *before = TAILQ_PREV(r, req_queue, link);

    /* One that is alone may have a long answer: not beside another. */
    if (before == NULL)
        return !r->alone || has_room(r->session);
    return !r->alone && before->begun && !before->alone;
}

static struct req *
first_waiting(const struct session *s)
{
    struct req *r;

    TAILQ_FOREACH(r, &s->reqs, link)
        if (!r->begun)
            return r->ready && may_begin(r) ? r : NULL;
    return NULL;
}

static void
begin_waiting(struct session *s)
{
    struct req *r;

    while ((r = first_waiting(s)) != NULL) {
        r->ready = false;
        if (r->parked) {
            r->parked = r->alone = false;
            r->bytes = 0;
        } else {
            r->begun = true;
        }
        r->begin(r); /* may have answered it, and others */
    }
}

void
req_take_turn(struct req *r, void (*begin)(struct req *r), void *state,
              void (*free_state)(void *state))
{
    r->begin = begin;
    r->state = state;
    r->free_state = free_state;
    r->ready = true;
    begin_waiting(r->session);
}

void
req_park(struct req *r, void (*begin)(struct req *r), void *state,
         void (*free_state)(void *state), size_t bytes)
{
    r->alone = r->parked = true;
    r->bytes = bytes;
    req_take_turn(r, begin, state, free_state);
}

size_t
req_parked_bytes(const struct session *s)
{
    const struct req *last = TAILQ_LAST(&s->reqs, req_queue);

    return last != NULL && last->parked ? last->bytes : 0;
}

/* --- the queue of answers --- */

/* Answers of a client that does not read stay here, and keep others from coming
 * in, rather than grow its output until it is cut off. */
static bool
has_room(const struct session *s)
{
    return s->state >= SESSION_ENDING ||
           conn_pending(&s->conn) < session_worker(s)->cfg->output_soft;
}

static void
send_answers(struct session *s)
{
    struct req *r;
    bool close = false, in_pieces;

    while ((r = TAILQ_FIRST(&s->reqs)) != NULL && r->done && has_room(s)) {
        TAILQ_REMOVE(&s->reqs, r, link);
        s->n_reqs--;
        close = r->close;
        in_pieces = r->step != NULL;
        if (s->state < SESSION_ENDING)
            conn_send(&s->conn, r->out.data, r->out.len);
        req_free(r);
        if (in_pieces)
            session_tell_held(s);
        if (close)
            break;
    }
    if (close) {
        session_finish(s, "asked to");
        return;
    }
    begin_waiting(s);
    session_update_pauses(s);
}

void
req_finish(struct req *r)
{
    struct session *s = r->session;

    r->done = true;
    if (s == NULL)
        req_free(r);
    else
        send_answers(s);
}

void
req_stream(struct req *r, enum req_step (*step)(struct req *r), void *state,
           void (*free_state)(void *state))
{
    r->step = step;
    r->state = state;
    r->free_state = free_state;
    if (r->session != NULL)
        req_run_steps(r->session);
    else
        req_finish(r);
}

/* Sends what the step has made.  False: the session has ended over it, and the
 * request is gone. */
static bool
send_piece(struct session *s, struct req *r)
{
    struct buf piece = r->out;
    bool there;

    r->out = (struct buf){0};
    conn_send(&s->conn, piece.data, piece.len);
    there = TAILQ_FIRST(&s->reqs) == r;
    if (there) {
        r->out = piece;
        r->out.len = 0;
    } else {
        buf_clear(&piece);
    }
    return there;
}

void
req_run_steps(struct session *s)
{
    struct req *r = TAILQ_FIRST(&s->reqs);

    if (r == NULL || r->step == NULL || r->done || r->stepping)
        return;
    r->stepping = true;
    while (s->state < SESSION_ENDING && s->conn.out == NULL && has_room(s)) {
        switch (r->step(r)) {
        case STEP_MORE:
            if (!send_piece(s, r))
                return;
            continue;
        case STEP_WAIT:
            break;
        case STEP_LAST:
            req_finish(r);
            return;
        case STEP_FAIL:
            session_close(s, "an answer could not be finished");
            return;
        }
        break;
    }
    r->stepping = false;
}

void
req_go_on(struct session *s)
{
    const struct req *r = TAILQ_FIRST(&s->reqs);

    if (r != NULL && r->done)
        send_answers(s);
    else
        begin_waiting(s);
    if (s->state < SESSION_ENDING)
        req_run_steps(s);
}

void
req_abandon_all(struct session *s)
{
    struct req *r;

    while ((r = TAILQ_FIRST(&s->reqs)) != NULL) {
        TAILQ_REMOVE(&s->reqs, r, link);
        r->session = NULL;
        if (r->done || r->step != NULL || r->ready)
            req_free(r);
    }
    s->n_reqs = 0;
}

/* --- coming in --- */

struct req *
req_new(struct session *s, const char *id)
{
    size_t len = strlen(id);
    struct req *r = xcalloc(1, sizeof *r + len + 1);

    memcpy(r->id, id, len + 1);
    r->session = s;
    r->worker = session_worker(s);
    r->dialect = session_dialect(s);
    TAILQ_INSERT_TAIL(&s->reqs, r, link);
    s->n_reqs++;
    return r;
}

void
req_handled(struct req *r, enum req_result result)
{
    switch (result) {
    case REQ_CLOSE:
        r->close = true;
        req_finish(r);
        break;
    case REQ_DONE:
        req_finish(r);
        break;
    case REQ_PENDING:
        /* The handler may have finished it already, and the session with it. */
        break;
    }
}

static size_t
bytes_in_work(const struct session *s)
{
    const struct req *r;
    size_t sum = 0;

    TAILQ_FOREACH(r, &s->reqs, link)
        sum += r->bytes + r->out.len;
    return sum;
}

bool
req_must_wait(const struct session *s, unsigned flags)
{
    const unsigned kinds = REQ_OVERLAP | REQ_TURNS;
    const struct req *last = TAILQ_LAST(&s->reqs, req_queue);

    if (last == NULL)
        return false;
    if (last->desc == NULL || last->parked ||
        (flags & last->desc->flags & kinds) == 0)
        return true;
    if (s->n_reqs >= session_worker(s)->cfg->pipeline || !has_room(s))
        return true;
    return bytes_in_work(s) >= session_worker(s)->cfg->output_soft;
}
