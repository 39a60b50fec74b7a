/* SPDX-License-Identifier: BSD-2-Clause */
/* Level-triggered pushes.
 *
 * When an alert comes, the sessions of its audience are to have a turn
 * (push_queue.h); some hundred have theirs in a turn of the loop.  A session's
 * turn sends everything beyond its cursor in one write, or nothing if its output
 * still waits: then on_drained comes back here.  So no alert is ever queued for a
 * session, a slow reader costs its cursor and nothing else, and a burst leaves in
 * as few writes as the sockets allow. */
#include "config.h"

#include "ximss/server/live/push.h"

#include "util/clock.h"
#include "ximss/server/base/stat.h"
#include "ximss/server/live/account.h"
#include "ximss/server/live/alert.h"
#include "ximss/server/live/board.h"
#include "ximss/server/live/delivery.h"
#include "ximss/server/live/push_gather.h"
#include "ximss/server/live/push_queue.h"
#include "ximss/server/live/quota_shown.h"
#include "ximss/server/live/session_private.h"

#define SESSIONS_PER_TURN 256
#define STEPS_PER_TURN    1024
/* A turn ends after so long, which is looked at after so many sessions. */
#define TURN_US         1000
#define SESSIONS_A_LOOK 16
/* One session is sent so much before others have their turn, however fast it
 * reads; and a turn of the loop sends so much.  To look at an alert costs as much
 * as to send LOOK_BYTES. */
#define SESSION_BYTES (4 * GATHER_BYTES)
#define TURN_BYTES    (8 * GATHER_BYTES)
#define LOOK_BYTES    64

/* --- removals --- */

/* Those that the session is told, i: of alerts to all, of its domain's. */
static const struct removals *
removals_of(const struct worker *w, const struct session *s, int i)
{
    const struct domain *d = s->account->domain;

    return i == 0 ? &w->board.removals[d->shared] : &d->removals;
}

void
push_skip_removals(struct worker *w, struct session *s)
{
    for (int i = 0; i < 2; i++)
        s->removal[i] =
            s->account != NULL ? removals_next(removals_of(w, s, i)) : 0;
}

/* The next removal for the session, in the order in which they came, which it is
 * told then; NULL: it knows all. */
static const struct removal *
next_removal(const struct worker *w, struct session *s)
{
    const struct removal *next[2];
    int i;

    for (i = 0; i < 2; i++)
        next[i] = removals_at(removals_of(w, s, i), s->removal[i]);
    if (next[0] == NULL && next[1] == NULL)
        return NULL;
    i = next[0] == NULL || (next[1] != NULL && next[1]->order < next[0]->order);
    s->removal[i]++;
    return next[i];
}

/* Tells of removals, one after the other; *more_r: perhaps not yet of all.
 * False: it is too far behind. */
static bool
push_removals(struct worker *w, struct session *s, bool *more_r)
{
    const struct removal *r = NULL;
    struct buf b = {0};

    for (int i = 0; i < 2; i++)
        if (s->removal[i] < removals_of(w, s, i)->first)
            return false;
    while (b.len < GATHER_BYTES && (r = next_removal(w, s)) != NULL)
        alert_removed(&b, r->id);
    *more_r = r != NULL;
    if (b.len > 0)
        conn_send(&s->conn, b.data, b.len);
    buf_clear(&b);
    return true;
}

/* --- a session's turn --- */

/* Output that is corked leaves in the same write; output that the socket did
 * not take comes first, and so does the rest of a message. */
static bool
has_room(const struct worker *w, const struct session *s)
{
    return s->state == SESSION_OPEN && !s->mid_message && s->conn.out == NULL &&
           conn_pending(&s->conn) < w->cfg->output_soft;
}

static void
check_behind(struct worker *w, struct session *s)
{
    if (s->state == SESSION_OPEN && s->conn.out != NULL &&
        push_bytes_behind(w, s, w->cfg->output_hard) > w->cfg->output_hard)
        session_cut(s, "the client does not read: output limit");
}

static void
go_on_later(struct worker *w, struct session *s)
{
    push_queue_add(w, s);
    s->push_more = true;
}

static void
count_sent(const struct gathered *g)
{
    for (unsigned i = 0; i < GATHER_SCOPES; i++)
        if (g->n[i] > 0)
            stat_add(STAT_ALERTS_SENT_TO + i, g->n[i]);
}

/* Returns the bytes sent, or what was as much work.  The session may have
 * ended. */
static size_t
push_alerts(struct worker *w, struct session *s)
{
    struct gathered g;
    size_t cost = 0;

    while (!push_has_everything(w, s) && has_room(w, s)) {
        if (cost >= SESSION_BYTES) {
            go_on_later(w, s);
            break;
        }
        push_gather(w, s, &g);
        s->cursor = g.to;
        cost += g.looked * LOOK_BYTES;
        if (g.bytes == NULL)
            continue;
        cost += g.bytes->len;
        conn_send_shared(&s->conn, g.bytes);
        count_sent(&g);
        shared_buf_unref(&g.bytes);
        if (s->state != SESSION_OPEN)
            break;
        if (!s->opt_confirm) {
            delivery_add(w, s);
            quota_shown(w, s->account, s->cursor);
        }
    }
    return cost;
}

static size_t
push_some(struct worker *w, struct session *s)
{
    bool more = false;
    size_t cost;

    if (s->account == NULL || !s->opt_alerts || s->state != SESSION_OPEN)
        return 0;
    if (s->opt_changes && has_room(w, s) && !push_removals(w, s, &more)) {
        session_cut(s, "the client does not read: removals");
        return 0;
    }
    if (s->state != SESSION_OPEN) /* its connection turned out to be broken */
        return 0;
    if (more)
        go_on_later(w, s);
    cost = push_alerts(w, s);
    if (s->state == SESSION_OPEN && s->account->alerts.n > 0)
        account_drop_delivered(w, s->account);
    return cost;
}

void
push_session(struct worker *w, struct session *s)
{
    push_some(w, s);
}

void
push_before_answer(struct worker *w, struct session *s)
{
    if (push_queue_may_hold(w, s))
        push_some(w, s);
}

/* --- turns of the loop --- */

static size_t
take_turn(struct worker *w, struct session *s)
{
    bool more = s->push_more;
    size_t cost;

    if (!s->push_queued)
        s->push_more = false;
    cost = push_some(w, s);
    if (!more)
        check_behind(w, s);
    if (s->state == SESSION_OPEN) /* perhaps its input waited for this */
        session_update_pauses(s);
    return cost;
}

/* Who does not read is sent it later, and is not waited for. */
static void
all_sent(struct worker *w)
{
    if (w->push_since != 0)
        stat_time_add(STAT_TIME_PUSH, clock_now() - w->push_since);
    w->push_since = 0;
}

static void
on_turn(struct worker *w)
{
    int64_t end = clock_mono() + TURN_US;
    struct session *s;
    unsigned sessions = 0;
    size_t cost = 0;

    for (unsigned i = 0; i < STEPS_PER_TURN && sessions < SESSIONS_PER_TURN &&
                         cost < TURN_BYTES;
         i++) {
        if (!push_queue_step(w, &s)) {
            all_sent(w);
            return;
        }
        if (s == NULL)
            continue;
        cost += take_turn(w, s);
        if (++sessions % SESSIONS_A_LOOK == 0 && clock_mono() >= end)
            break;
    }
    push_queue_go_on(w);
}

void
push_init(struct worker *w)
{
    push_queue_init(w, on_turn);
}

void
push_clear(struct worker *w)
{
    shared_buf_unref(&w->last_gather.bytes);
    push_queue_clear(w);
}

void
push_forget(struct worker *w, struct session *s)
{
    push_queue_forget(w, s);
}
