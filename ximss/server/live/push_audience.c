/* SPDX-License-Identifier: BSD-2-Clause */
/* Whom an alert concerns.  How many sessions of each audience there are is counted
 * as they come, go and change their minds, so that it need not be found out. */
#include "config.h"

#include "ximss/server/live/push.h"

#include "ximss/server/live/account.h"
#include "ximss/server/live/board.h"
#include "ximss/server/live/push_queue.h"
#include "ximss/server/live/session_private.h"

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

/* --- numbers --- */

static void
count(struct worker *w, struct domain *d, uint8_t what, int by)
{
    if (what == COUNTED_NOT)
        return;
    d->audience.alerts += (unsigned)by;
    w->audience[d->shared].alerts += (unsigned)by;
    if (what == COUNTED_ALERTS)
        return;
    d->audience.changes += (unsigned)by;
    w->audience[d->shared].changes += (unsigned)by;
}

void
push_audience_changed(struct session *s)
{
    struct worker *w = session_worker(s);
    uint8_t what = COUNTED_NOT;

    if (s->account == NULL)
        return;
    if (s->state == SESSION_OPEN && s->opt_alerts)
        what = s->opt_changes ? COUNTED_CHANGES : COUNTED_ALERTS;
    count(w, s->account->domain, s->counted, -1);
    count(w, s->account->domain, what, 1);
    s->counted = what;
}

void
push_audience_shared(struct worker *w, struct domain *d, bool shared)
{
    struct audience *from = &w->audience[d->shared], *to = &w->audience[shared];

    from->alerts -= d->audience.alerts;
    from->changes -= d->audience.changes;
    to->alerts += d->audience.alerts;
    to->changes += d->audience.changes;
    d->shared = shared;
}

static unsigned
number_of(const struct audience *a, enum push_mode mode)
{
    return mode == PUSH_CHANGES ? a->changes : a->alerts;
}

/* --- telling them --- */

static unsigned
push_all(struct worker *w, bool shared, enum push_mode mode)
{
    unsigned n = number_of(&w->audience[shared], mode);

    if (n > 0 && mode != PUSH_COUNT)
        push_queue_add_all(w, shared, mode);
    return n;
}

static unsigned
push_domain(struct worker *w, struct domain *d, enum push_mode mode)
{
    unsigned n = d != NULL ? number_of(&d->audience, mode) : 0;

    if (n > 0 && mode != PUSH_COUNT)
        push_queue_add_domain(w, d, mode);
    return n;
}

static unsigned
push_account(struct worker *w, struct account *a, enum push_mode mode)
{
    return a != NULL ? push_queue_add_account(w, a, mode) : 0;
}

unsigned
push_audience(struct worker *w, enum alert_scope scope, uint64_t target,
              enum push_mode mode)
{
    switch (scope) {
    case ALERT_SERVER:
    case ALERT_CLUSTER:
        return push_all(w, scope == ALERT_CLUSTER, mode);
    case ALERT_DOMAIN:
        return push_domain(w, board_find_domain(&w->board, target), mode);
    case ALERT_ACCOUNT:
        return push_account(w, account_lookup(w, target), mode);
    }
    return 0;
}
