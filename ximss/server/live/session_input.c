/* SPDX-License-Identifier: BSD-2-Clause */
/* What comes from the client.  Messages are taken off the wire one by one while
 * nothing forbids it; what forbids it is a bit of conn's pause mask, and
 * session_update_pauses is the one place that clears those. */
#include "config.h"

#include "ximss/server/live/session_private.h"

#include <stdlib.h>

#include "ximss/server/live/admission.h"
#include "ximss/server/live/delivery.h"
#include "ximss/server/live/dialect.h"
#include "ximss/server/live/door_wake.h"
#include "ximss/server/live/proxy_door.h"
#include "ximss/server/live/push.h"
#include "ximss/server/live/request.h"

/* Of a message that has not come whole, or waits: from here on it is looked at
 * what others of the account keep of theirs. */
#define LONG_INPUT 65536

static bool
may_go_on(const struct session *s)
{
    return s->state < SESSION_ENDING && s->conn.paused == 0 && !s->tls_started;
}

/* Behind the answer to starttls; what the client sent behind its request is
 * dropped, and what it said before is forgotten, so that nobody can slip
 * anything in before the encryption. */
static void
start_tls(struct session *s)
{
    const struct dialect *d = session_dialect(s);

    s->tls_started = false;
    session_free_login(s);
    if (d->reset != NULL)
        d->reset(s);
    free(s->client);
    s->client = NULL;
    conn_uncork(&s->conn);
    if (s->state >= SESSION_ENDING)
        return;
    if (s->conn.out != NULL ||
        conn_start_tls(&s->conn, session_worker(s)->tls,
                       admission_crowd(session_worker(s), s)) < 0)
        session_close(s, "TLS could not be started");
}

/* What is kept of messages that have not come whole, or wait, together. */
static void
check_input(struct session *s, size_t kept)
{
    const struct session *o;
    size_t sum = kept;

    if (s->account == NULL || s->state >= SESSION_ENDING)
        return;
    TAILQ_FOREACH(o, &s->account->sessions, of_account)
        sum += o != s ? o->conn.in_len + req_parked_bytes(o) : 0;
    if (sum > session_worker(s)->cfg->account_input)
        session_close(s, "account-input: too many unfinished messages");
}

bool
session_push_first(struct session *s)
{
    push_before_answer(session_worker(s), s);
    return s->state < SESSION_ENDING;
}

/* False: it ends the session, or waits and comes again. */
static bool
take_message(struct session *s, const char *msg, size_t len)
{
    struct worker *w = session_worker(s);

    s->last_input = session_seconds();
    admission_spoke(w, s);
    delivery_on_input(w, s);
    if (!session_push_first(s))
        return false;
    if (session_dialect(s)->dispatch(s, msg, len))
        return true;
    conn_pause(&s->conn, PAUSE_BUSY);
    return false;
}

/* What is left over stays with the connection. */
static void
end_input(struct session *s, size_t left, uint64_t acked)
{
    size_t kept = left + req_parked_bytes(s);

    if (left == 0)
        delivery_after_input(s, acked);
    if (kept > LONG_INPUT)
        check_input(s, kept);
}

/* The beginning of a message is kept, unless it is too long already.  Returns how
 * many bytes are done with. */
static size_t
keep_part(struct session *s, size_t used, size_t len)
{
    const struct dialect *d = session_dialect(s);

    if (len - used > d->limit(s) && d->too_big(s, false))
        used = len;
    s->conn.scanned = (uint32_t)(len - used);
    return used;
}

/* One message after the other, until there is none, or something forbids it. */
static size_t
take_messages(struct session *s, const char *data, size_t len, size_t scanned)
{
    const struct dialect *d = session_dialect(s);
    const struct config *cfg = session_worker(s)->cfg;
    size_t used = 0, n;
    const char *msg;

    for (unsigned turn = 0; may_go_on(s); turn++) {
        size_t step = d->next(s, data + used, len - used, scanned, &msg, &n);

        scanned = 0;
        if (msg == NULL)
            return keep_part(s, used + step, len);
        if (n > d->limit(s)) {
            if (!d->too_big(s, true))
                break;
        } else if (turn >= cfg->requests_per_turn || s->turn_over) {
            conn_continue(&s->conn);
            break;
        } else if (!take_message(s, msg, n)) {
            break;
        }
        used += step;
    }
    return used;
}

static size_t
on_data(struct conn *c, const char *data, size_t len)
{
    struct session *s = (struct session *)c;
    size_t used = 0, scanned = c->scanned;
    uint64_t acked;

    if (s->proxy != SESSION_PROXY_OVER) {
        used = proxy_door_take(s, data, len);
        if (s->proxy != SESSION_PROXY_OVER || s->conn.exact ||
            s->state == SESSION_CLOSED)
            return used;
    }
    acked = delivery_before_input(s);
    c->scanned = 0;
    s->turn_over = false;
    used += take_messages(s, data + used, len - used, scanned);
    if (s->tls_started) {
        start_tls(s);
        return len;
    }
    end_input(s, len - used, acked);
    return used;
}

/* Alerts that go before all that it says. */
static bool
has_pending(const struct session *s)
{
    return s->state == SESSION_OPEN &&
           (s->cursor < s->login_id || s->quota_wait);
}

void
session_update_pauses(struct session *s)
{
    const struct config *cfg;
    struct worker *w;

    if (s->state >= SESSION_ENDING)
        return;
    w = session_worker(s);
    cfg = w->cfg;
    if (s->n_reqs == 0 && (s->conn.paused & PAUSE_EOF) != 0) {
        if (s->state == SESSION_OPEN)
            door_wake_sleep(w, s);
        session_finish(s, "closed by the client");
        return;
    }
    if (s->n_reqs == 0 && (s->conn.paused & PAUSE_DRAIN) != 0) {
        session_dialect(s)->bye(s);
        session_finish(s, "the server ends");
        return;
    }
    if ((s->conn.paused & PAUSE_PENDING) != 0 && !has_pending(s)) {
        conn_resume(&s->conn, PAUSE_PENDING);
        req_run_steps(s);
        if (s->state >= SESSION_ENDING)
            return;
    }
    if (conn_pending(&s->conn) < cfg->output_soft)
        conn_resume(&s->conn, PAUSE_OUTPUT);
    else
        conn_pause(&s->conn, PAUSE_OUTPUT);
    if (s->n_reqs == 0)
        conn_resume(&s->conn, PAUSE_BUSY);
}

static void
on_drained(struct conn *c)
{
    struct session *s = (struct session *)c;

    if (s->state == SESSION_ENDING) {
        session_said_all(s);
        return;
    }
    if (s->n_reqs > 0)
        s->last_input = session_seconds(); /* it reads a long answer */
    if (s->state == SESSION_OPEN)
        push_session(session_worker(s), s);
    if (s->state < SESSION_ENDING)
        req_go_on(s);
    session_update_pauses(s);
}

static void
on_closed(struct conn *c, enum conn_close_reason reason)
{
    static const char *const texts[] = {
        [CONN_EOF] = "closed by the client",
        [CONN_RESET] = "connection broken off",
        [CONN_TLS_ERROR] = "TLS error",
        [CONN_OUTPUT_LIMIT] = "the client does not read: output limit",
        [CONN_BUDGET] = ("the client does not read: account-output or "
                         "output-total"),
    };
    struct session *s = (struct session *)c;

    if (s->state == SESSION_CLOSED)
        return;
    if (reason == CONN_EOF) {
        delivery_on_eof(session_worker(s), s);
        if (s->state < SESSION_ENDING && !TAILQ_EMPTY(&s->reqs)) {
            /* It has asked and closed its side: it still wants the answers. */
            conn_pause(c, PAUSE_EOF);
            return;
        }
    }
    /* That the client closes what we end is no reason. */
    if (s->end_reason != NULL && (reason == CONN_EOF || reason == CONN_RESET))
        session_close(s, s->end_reason);
    else if (reason == CONN_OUTPUT_LIMIT || reason == CONN_BUDGET)
        session_cut(s, texts[reason]);
    else
        session_close(s, texts[reason]);
}

const struct conn_ops session_conn_ops = {
    .on_data = on_data,
    .on_drained = on_drained,
    .on_closed = on_closed,
};
