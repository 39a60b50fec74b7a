/* SPDX-License-Identifier: BSD-2-Clause */
/* Level-triggered pushes.
 *
 * When an alert comes, the sessions of its audience are put on a queue, each at
 * most once; the queue is worked off some hundred sessions a turn.  A session's
 * turn sends everything beyond its cursor in one write, or nothing if its
 * output still waits: then on_drained comes back here.  So no alert is ever
 * queued for a session, a slow reader costs its cursor and nothing else, and a
 * burst leaves in as few writes as the sockets allow.
 *
 * Sessions that stand at the same place, in the same domain and time zone, get
 * the same bytes: the last gathering is kept and shared. */
#include "config.h"

#include "ximss/server/live/push.h"

#include <event2/event.h>

#include "util/clock.h"
#include "util/log.h"
#include "ximss/server/base/counters.h"
#include "ximss/server/live/account.h"
#include "ximss/server/live/alert.h"
#include "ximss/server/live/alert_cache.h"
#include "ximss/server/live/board.h"
#include "ximss/server/live/delivery.h"
#include "ximss/server/live/session_private.h"

#define SESSIONS_PER_TURN 256
#define GATHER_BYTES      65536
/* One session is sent so much before others have their turn, however fast it
 * reads; and a turn of the queue sends so much. */
#define SESSION_BYTES (4 * GATHER_BYTES)
#define TURN_BYTES    (8 * GATHER_BYTES)

/* --- what to send --- */

static bool
is_wanted(const struct session *s, const struct alert *a, int64_t now)
{
    if (alert_is_over(a, now))
        return false;
    if (account_has_dismissed(s->account, a->rec.id))
        return false;
    /* What was posted since the log-in goes to every session that is open,
     * whatever the account's other sessions have seen. */
    return a->rec.id > s->login_id || !account_was_shown(s->account, a->rec.id);
}

/* Collects messages up to GATHER_BYTES; returns the last id looked at.
 * *single_r: a reference to the only one, NULL if there are more or none. */
static uint64_t
gather(struct worker *w, struct session *s, struct buf *b,
       struct shared_buf **single_r, unsigned *n_r, bool *timeless_r)
{
    uint64_t at = s->cursor;
    int64_t now = clock_now();
    struct alert *a;

    *n_r = 0;
    *single_r = NULL;
    *timeless_r = true;
    while ((a = account_next_alert(w, s->account, at)) != NULL) {
        struct shared_buf *msg;

        if (b->len >= GATHER_BYTES)
            return at;
        at = a->rec.id;
        *timeless_r = *timeless_r && a->rec.until == 0;
        if (!is_wanted(s, a, now))
            continue;
        msg = alert_cache_get(w->alert_cache, a, s->account->zone);
        if ((*n_r)++ == 0) {
            *single_r = msg;
            continue;
        }
        if (*single_r != NULL)
            buf_append(b, (*single_r)->bytes, (*single_r)->len);
        shared_buf_unref(single_r);
        buf_append(b, msg->bytes, msg->len);
        shared_buf_unref(&msg);
    }
    /* Nothing is left: what is known to the worker is dealt with. */
    return at > w->board.last_id ? at : w->board.last_id;
}

/* True if what the session lacks depends on nothing of its own. */
static bool
is_ordinary(const struct session *s)
{
    const struct account *a = s->account;

    return s->cursor >= s->login_id && a->n_dismissed == 0 &&
           alert_array_after(&a->alerts, s->cursor) == a->alerts.n;
}

/* True if there is nothing beyond its cursor: no need to gather. */
static bool
has_everything(const struct worker *w, const struct session *s)
{
    return s->cursor >= w->board.last_id &&
           alert_array_after(&s->account->alerts, s->cursor) ==
               s->account->alerts.n;
}

static void
remember(struct worker *w, const struct session *s, uint64_t to, unsigned n,
         struct shared_buf *bytes)
{
    shared_buf_unref(&w->last_gather.bytes);
    w->last_gather.from = s->cursor;
    w->last_gather.to = to;
    w->last_gather.n = n;
    w->last_gather.version = w->board.version;
    w->last_gather.zone = s->account->zone;
    w->last_gather.domain = s->account->domain->number;
    w->last_gather.bytes = shared_buf_ref(bytes);
}

static bool
is_remembered(const struct worker *w, const struct session *s)
{
    return w->last_gather.bytes != NULL && w->last_gather.from == s->cursor &&
           w->last_gather.version == w->board.version &&
           w->last_gather.zone == s->account->zone &&
           w->last_gather.domain == s->account->domain->number;
}

/* The next bytes for the session (a reference), NULL if it has everything;
 * *n_r: how many alerts they are; *to_r: its cursor when they are sent. */
static struct shared_buf *
next_bytes(struct worker *w, struct session *s, unsigned *n_r, uint64_t *to_r)
{
    bool ordinary = is_ordinary(s), timeless;
    struct shared_buf *single, *bytes;
    struct buf b = {0};

    if (ordinary && is_remembered(w, s)) {
        *to_r = w->last_gather.to;
        *n_r = w->last_gather.n;
        return shared_buf_ref(w->last_gather.bytes);
    }
    *to_r = gather(w, s, &b, &single, n_r, &timeless);
    if (single != NULL)
        bytes = single;
    else if (b.len > 0)
        bytes = shared_buf_new(b.data, b.len);
    else
        bytes = NULL;
    buf_clear(&b);
    if (bytes != NULL && ordinary && timeless)
        remember(w, s, *to_r, *n_r, bytes);
    return bytes;
}

bool
push_is_audience(const struct session *s, enum alert_scope scope,
                 uint64_t target)
{
    const struct account *a = s->account;

    if (a == NULL || !s->opt_alerts)
        return false;
    switch (scope) {
    case ALERT_SERVER:
        return !a->domain->shared;
    case ALERT_CLUSTER:
        return a->domain->shared;
    case ALERT_DOMAIN:
        return a->domain->number == target;
    case ALERT_ACCOUNT:
        return a->number == target;
    }
    return false;
}

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

/* Output that is corked leaves in the same write; output that the socket did
 * not take comes first, and so does the rest of a message. */
static bool
has_room(const struct worker *w, const struct session *s)
{
    return s->state == SESSION_OPEN && !s->mid_message && s->conn.out == NULL &&
           conn_pending(&s->conn) < w->cfg->output_soft;
}

/* Bytes of alerts that wait for a session whose output is blocked. */
static size_t
bytes_behind(struct worker *w, const struct session *s, size_t enough)
{
    size_t n = 0;
    uint64_t at = s->cursor;
    struct alert *a;

    while (n <= enough && (a = account_next_alert(w, s->account, at)) != NULL) {
        at = a->rec.id;
        n += a->rec.text_len + 150; /* about what the markup takes */
    }
    return n;
}

static void
check_behind(struct worker *w, struct session *s)
{
    if (s->state == SESSION_OPEN && s->conn.out != NULL &&
        bytes_behind(w, s, w->cfg->output_hard) > w->cfg->output_hard)
        session_close(s, "the client does not read: output limit");
}

static void
enqueue(struct worker *w, struct session *s)
{
    if (s->push_queued)
        return;
    TAILQ_INSERT_TAIL(&w->push_queue, s, push);
    s->push_queued = true;
}

static void
arm(struct worker *w)
{
    static const struct timeval now = {0, 0};

    if (!TAILQ_EMPTY(&w->push_queue) && !evtimer_pending(w->push_ev, NULL))
        event_add(w->push_ev, &now);
}

static void
go_on_later(struct worker *w, struct session *s)
{
    enqueue(w, s);
    s->push_more = true;
}

/* Returns the bytes sent.  The session may have ended. */
static size_t
push_some(struct worker *w, struct session *s)
{
    struct shared_buf *bytes;
    bool more = false;
    size_t sent = 0;
    unsigned n;
    uint64_t to;

    if (s->account == NULL || !s->opt_alerts || s->state != SESSION_OPEN)
        return 0;
    if (s->opt_changes && has_room(w, s) && !push_removals(w, s, &more)) {
        session_close(s, "the client does not read: removals");
        return 0;
    }
    if (more && s->state == SESSION_OPEN)
        go_on_later(w, s);
    while (!has_everything(w, s) && has_room(w, s)) {
        if (sent >= SESSION_BYTES) {
            go_on_later(w, s);
            break;
        }
        bytes = next_bytes(w, s, &n, &to);
        s->cursor = to;
        if (bytes == NULL)
            break;
        sent += bytes->len;
        conn_send_shared(&s->conn, bytes);
        counter_add(COUNTER_ALERTS_SENT, n);
        shared_buf_unref(&bytes);
        if (s->state != SESSION_OPEN)
            return sent;
        if (!s->opt_confirm)
            delivery_add(w, s);
    }
    if (s->state == SESSION_OPEN && s->account->alerts.n > 0)
        account_drop_delivered(w, s->account);
    return sent;
}

void
push_session(struct worker *w, struct session *s)
{
    push_some(w, s);
    arm(w);
}

/* --- whom to send --- */

#define CACHE_LINE 64

static void
fetch_lines(const void *p, size_t size)
{
    for (size_t i = 0; i < size; i += CACHE_LINE)
        __builtin_prefetch((const char *)p + i, 1);
}

/* With many sessions none of them is in the processor's cache when its turn
 * comes; asked for while others are served, they are. */
static void
fetch(const struct session *s, const struct session *then)
{
    if (s != NULL && s->account != NULL)
        fetch_lines(s->account, sizeof *s->account);
    if (then != NULL)
        fetch_lines(then, sizeof *then);
}

static void
on_push(evutil_socket_t fd, short what, void *arg)
{
    struct worker *w = arg;
    struct session *s, *next;
    size_t sent = 0;
    bool more;

    (void)fd;
    (void)what;
    push_audience_changed(w); /* who has been sent something is to be marked */
    for (int i = 0; i < SESSIONS_PER_TURN && sent < TURN_BYTES; i++) {
        s = TAILQ_FIRST(&w->push_queue);
        if (s == NULL)
            return;
        TAILQ_REMOVE(&w->push_queue, s, push);
        s->push_queued = false;
        next = TAILQ_FIRST(&w->push_queue);
        fetch(next, next != NULL ? TAILQ_NEXT(next, push) : NULL);
        more = s->push_more;
        s->push_more = false;
        sent += push_some(w, s);
        if (!more)
            check_behind(w, s);
        if (s->state == SESSION_OPEN) /* perhaps its input waited for this */
            session_update_pauses(s);
    }
    arm(w);
}

void
push_init(struct worker *w)
{
    TAILQ_INIT(&w->push_queue);
    w->audience_version = 1;
    w->push_ev = evtimer_new(w->base, on_push, w);
    if (w->push_ev == NULL)
        log_fatal("making a worker: out of memory");
}

void
push_clear(struct worker *w)
{
    shared_buf_unref(&w->last_gather.bytes);
    event_free(w->push_ev);
}

void
push_forget(struct worker *w, struct session *s)
{
    push_audience_changed(w);
    if (s->push_queued)
        TAILQ_REMOVE(&w->push_queue, s, push);
    s->push_queued = false;
}

/* Returns 1 if the session gets alerts (PUSH_CHANGES: and changes). */
static unsigned
mark(struct worker *w, struct session *s, enum push_mode mode)
{
    if (s->state != SESSION_OPEN || !s->opt_alerts || s->account == NULL ||
        (mode == PUSH_CHANGES && !s->opt_changes))
        return 0;
    if (mode != PUSH_COUNT)
        enqueue(w, s);
    return 1;
}

static unsigned
mark_account(struct worker *w, struct account *a, enum push_mode mode)
{
    struct session *s;
    unsigned n = 0;

    if (a != NULL)
        TAILQ_FOREACH(s, &a->sessions, of_account)
            n += mark(w, s, mode);
    return n;
}

static unsigned
mark_domain(struct worker *w, const struct domain *d, enum push_mode mode)
{
    struct account *a;
    unsigned n = 0;

    if (d == NULL)
        return 0;
    TAILQ_FOREACH(a, &d->online, link) {
        w->audience_looked++;
        n += mark_account(w, a, mode);
    }
    return n;
}

static unsigned
mark_all(struct worker *w, bool shared, enum push_mode mode)
{
    struct session *s, *next;
    unsigned n = 0;

    TAILQ_FOREACH(s, &w->sessions, all) {
        next = TAILQ_NEXT(s, all);
        fetch(next, next != NULL ? TAILQ_NEXT(next, all) : NULL);
        w->audience_looked++;
        if (s->account != NULL && s->account->domain->shared == shared)
            n += mark(w, s, mode);
    }
    return n;
}

void
push_audience_changed(struct worker *w)
{
    w->audience_version++;
}

/* What was found before, if nobody has come, gone, or been sent anything. */
static bool
is_known(const struct worker *w, const struct audience *a, enum push_mode mode,
         unsigned *n_r)
{
    *n_r = a->found[mode].n;
    return a->found[mode].version == w->audience_version;
}

static unsigned
note(const struct worker *w, struct audience *a, enum push_mode mode,
     unsigned n)
{
    a->found[mode].version = w->audience_version;
    a->found[mode].n = n;
    return n;
}

unsigned
push_audience(struct worker *w, enum alert_scope scope, uint64_t target,
              enum push_mode mode)
{
    struct domain *d;
    unsigned n = 0;
    bool shared;

    switch (scope) {
    case ALERT_SERVER:
    case ALERT_CLUSTER:
        shared = scope == ALERT_CLUSTER;
        if (!is_known(w, &w->audience[shared], mode, &n))
            n = note(w, &w->audience[shared], mode, mark_all(w, shared, mode));
        break;
    case ALERT_DOMAIN:
        d = board_find_domain(&w->board, target);
        if (d != NULL && !is_known(w, &d->audience, mode, &n))
            n = note(w, &d->audience, mode, mark_domain(w, d, mode));
        break;
    case ALERT_ACCOUNT:
        n = mark_account(w, account_lookup(w, target), mode);
        break;
    }
    arm(w);
    return n;
}
