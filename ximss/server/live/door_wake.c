/* SPDX-License-Identifier: BSD-2-Clause */
/* An account that sleeps is in a list until it is woken.  An alert to many begins a
 * walk through that list.  Whoever has something unconfirmed when it is looked at
 * is woken, so an alert that was withdrawn meanwhile wakes nobody.
 *
 * A session that never confirms what it was woken for, and goes to sleep again,
 * would be woken again at once, for ever.  So nobody is woken for the same alerts
 * twice in a minute; a walk once a minute finds them. */
#include "config.h"

#include "ximss/server/live/door_wake.h"

#include <limits.h>
#include <stdlib.h>

#include <event2/event.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/queue_safe.h"
#include "util/xmalloc.h"
#include "ximss/server/live/account.h"
#include "ximss/server/live/board.h"
#include "ximss/server/live/door_told.h"
#include "ximss/server/live/quota_presence.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/wake_files.h"

/* In a turn of the loop: those who sleep and are looked at; in a second: files
 * whose time may be over, and old ones of a former life. */
#define WAKES_PER_TURN  32
#define CHECKS_PER_TICK 64
#define OLD_PER_TICK    16
/* Alerts that are looked at to know whether one waits. */
#define LOOKS_MOST 256
/* Seconds.  A mail program has to say something every 30 minutes, so nobody sleeps
 * longer than that under one file.  If nobody sleeps, it is kept for those who come
 * again soon. */
#define KEPT       3600
#define KEPT_AWAKE 60
#define AGAIN      60

struct door_wake {
    TAILQ_ENTRY(door_wake) all;
    TAILQ_ENTRY(door_wake) sleeping; /* if asleep */
    struct account *account;         /* borrowed: its owner */
    unsigned sessions;               /* that may want to sleep */
    uint32_t since;                  /* seconds: it was needed last */
    uint32_t woken_at;               /* seconds; 0: never */
    uint64_t woken_for;              /* no alert above that id has woken it */
    bool asleep;
    bool attended; /* by one of those who sleep */
    char name[WAKE_NAME_SIZE];
};

TAILQ_HEAD(wakes, door_wake);

struct door_wakes { /* of a worker */
    struct wakes all;
    struct wakes asleep; /* those that a walk still has to meet come first */
    unsigned n_asleep, left;
    uint32_t next_round; /* seconds: of those who may be woken again */
    struct event *go_on; /* owned */
};

/* --- what waits --- */

static bool
is_waiting(struct worker *w, const struct door_wake *k, const struct alert *al,
           int64_t now)
{
    const struct account *a = k->account;

    return !alert_is_over(al, now) && !account_was_shown(a, al->rec.id) &&
           !account_has_dismissed(a, al->rec.id) &&
           (k->attended || !door_told_lately(w, a->number, al));
}

/* An alert above that id waits for the account, or so many are to be looked at
 * that it may be so. */
static bool
has_waiting(struct worker *w, const struct door_wake *k, uint64_t above)
{
    const struct account *a = k->account;
    int64_t now = clock_now();
    uint64_t at = above > a->position ? above : a->position;
    const struct alert *al;

    for (int i = 0; i < LOOKS_MOST; i++) {
        al = account_next_alert(w, a, at);
        if (al == NULL)
            return false;
        if (is_waiting(w, k, al, now))
            return true;
        at = al->rec.id;
    }
    return true;
}

static bool
is_due(struct worker *w, const struct door_wake *k, uint32_t now)
{
    uint64_t above =
        k->woken_at != 0 && now - k->woken_at < AGAIN ? k->woken_for : 0;

    return has_waiting(w, k, above);
}

/* --- sleeping, and waking --- */

static void
wake_up(struct worker *w, struct door_wake *k)
{
    struct door_wakes *x = w->wakes;

    if (!k->asleep)
        return;
    k->asleep = k->attended = false;
    TAILQ_REMOVE(&x->asleep, k, sleeping);
    x->n_asleep--;
    if (k->account->n_sessions == 0)
        quota_presence_end(w, k->account);
}

/* If that fails, they sleep on, and the walk of the next minute tries again. */
static void
wake(struct worker *w, struct door_wake *k, uint32_t now)
{
    k->woken_at = now;
    k->woken_for = w->board.last_id;
    if (!wake_files_touch(w->server->wake_files, k->name))
        return;
    k->since = now;
    wake_up(w, k);
}

static void
wake_if_due(struct worker *w, struct door_wake *k)
{
    uint32_t now = session_seconds();

    if (is_due(w, k, now))
        wake(w, k, now);
}

/* Behind those that a walk has to meet. */
static void
fall_asleep(struct worker *w, struct door_wake *k)
{
    struct door_wakes *x = w->wakes;

    if (k->asleep)
        return;
    k->asleep = true;
    TAILQ_INSERT_TAIL(&x->asleep, k, sleeping);
    x->n_asleep++;
}

void
door_wake_sleep(struct worker *w, struct session *s)
{
    struct door_wake *k = s->account != NULL ? s->account->wake : NULL;

    if (!s->may_sleep || k == NULL)
        return;
    k->since = session_seconds();
    fall_asleep(w, k);
    k->attended = k->attended || !s->unattended;
    wake_if_due(w, k);
}

bool
door_wake_is_asleep(const struct account *a)
{
    return a->wake != NULL && a->wake->asleep;
}

/* --- walks --- */

static void
go_on(struct worker *w)
{
    static const struct timeval soon = {0, 0};
    struct door_wakes *x = w->wakes;
    struct door_wake *k;

    for (int i = 0; i < WAKES_PER_TURN && x->left > 0; i++, x->left--) {
        k = TAILQ_FIRST(&x->asleep);
        if (k == NULL) {
            x->left = 0;
            return;
        }
        TAILQ_REMOVE(&x->asleep, k, sleeping);
        TAILQ_INSERT_TAIL(&x->asleep, k, sleeping);
        wake_if_due(w, k);
    }
    if (x->left > 0)
        event_add(x->go_on, &soon);
}

static void
on_go_on(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    go_on(arg);
}

/* From the next turn on. */
static void
walk(struct worker *w)
{
    static const struct timeval soon = {0, 0};
    struct door_wakes *x = w->wakes;

    x->left = x->n_asleep;
    if (x->left > 0 && !evtimer_pending(x->go_on, NULL))
        event_add(x->go_on, &soon);
}

void
door_wake_alert(struct worker *w, enum alert_scope scope, uint64_t target)
{
    const struct account *a;

    if (w->wakes->n_asleep == 0)
        return;
    if (scope != ALERT_ACCOUNT) {
        walk(w);
        return;
    }
    a = account_lookup(w, target);
    if (a != NULL && door_wake_is_asleep(a))
        wake_if_due(w, a->wake);
}

/* --- files --- */

static void
make(struct worker *w, struct account *a)
{
    struct door_wake *k = xcalloc(1, sizeof *k);

    if (!wake_files_make(w->server->wake_files, k->name)) {
        free(k);
        return;
    }
    k->account = a;
    k->since = session_seconds();
    TAILQ_INSERT_TAIL(&w->wakes->all, k, all);
    a->wake = k;
}

static void
drop(struct worker *w, struct door_wake *k)
{
    wake_up(w, k);
    TAILQ_REMOVE(&w->wakes->all, k, all);
    k->account->wake = NULL;
    free(k);
}

void
door_wake_forget(struct worker *w, struct account *a)
{
    if (a->wake == NULL)
        return;
    /* At the end of the server they stay (wake_files_close). */
    if (!w->draining)
        wake_files_remove(w->server->wake_files, a->wake->name);
    drop(w, a->wake);
}

void
door_wake_join(struct worker *w, struct session *s)
{
    struct account *a = s->account;

    if (w->server->wake_files == NULL)
        return;
    if (a->wake == NULL)
        make(w, a);
    if (a->wake == NULL)
        return;
    a->wake->sessions++;
    s->may_sleep = true;
}

void
door_wake_leave(struct worker *w, struct session *s)
{
    (void)w;
    if (!s->may_sleep)
        return;
    s->may_sleep = false;
    s->account->wake->sessions--;
    s->account->wake->since = session_seconds();
}

bool
door_wake_path(struct worker *w, const struct session *s, struct buf *b)
{
    if (!s->may_sleep)
        return false;
    wake_files_path(w->server->wake_files, s->account->wake->name, b);
    return true;
}

/* --- time --- */

static void
check_times(struct worker *w, unsigned most)
{
    struct door_wakes *x = w->wakes;
    uint32_t now = session_seconds();
    struct door_wake *k, *last = TAILQ_LAST(&x->all, wakes);

    for (unsigned i = 0; i < most && (k = TAILQ_FIRST(&x->all)) != NULL; i++) {
        bool is_last = k == last;

        TAILQ_REMOVE(&x->all, k, all);
        TAILQ_INSERT_TAIL(&x->all, k, all);
        if (k->sessions == 0 &&
            now - k->since >= (k->asleep ? KEPT : KEPT_AWAKE))
            door_wake_forget(w, k->account);
        if (is_last)
            break;
    }
    if (x->n_asleep > 0 && (int32_t)(now - x->next_round) >= 0) {
        x->next_round = now + AGAIN;
        walk(w);
    }
}

void
door_wake_tick(struct worker *w)
{
    check_times(w, CHECKS_PER_TICK);
    if (w->index == 0 && w->server->wake_files != NULL)
        wake_files_remove_old(w->server->wake_files, OLD_PER_TICK);
}

void
door_wake_catch_up(struct worker *w)
{
    check_times(w, UINT_MAX);
}

void
door_wake_init(struct worker *w)
{
    struct door_wakes *x = xcalloc(1, sizeof *x);

    TAILQ_INIT(&x->all);
    TAILQ_INIT(&x->asleep);
    x->go_on = evtimer_new(w->base, on_go_on, w);
    if (x->go_on == NULL)
        log_fatal("making a worker: out of memory");
    w->wakes = x;
}

void
door_wake_clear(struct worker *w)
{
    event_free(w->wakes->go_on);
    free(w->wakes);
    w->wakes = NULL;
}
