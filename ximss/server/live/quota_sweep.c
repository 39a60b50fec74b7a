/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/quota_sweep.h"

#include "util/clock.h"
#include "ximss/server/live/quota_private.h"
#include "ximss/server/live/session_private.h"

/* A second's part of a sweep that nobody waits for, at least; of one that follows
 * a change of defaults; and of the accounts whose pause has ended. */
#define SWEEP_LEAST 1
#define SWEEP_FAST  1024

/* An alert would be sent to nobody if they have left.  Each has a job of its own:
 * nothing else would ask for it again if that of another failed. */
static void
check_due(struct worker *w)
{
    int64_t now = clock_now();
    uint64_t account;

    for (unsigned i = 0; i < SWEEP_FAST; i++) {
        const struct account *a;

        if (!quota_due_take(w->quota->due, now, QUOTA_PAUSE, &account))
            break;
        a = account_lookup(w, account);
        if (a != NULL && quota_is_present(a))
            quota_batch_one(w, a, QUOTA_CHANGE);
    }
}

/* All sessions that are there now, in the course of the interval. */
static void
begin_sweep(struct worker *w)
{
    struct quota_check *q = w->quota;
    int64_t interval = w->cfg->quota_sweep_interval;
    bool hurry = q->next_sweep == 0;

    q->next_sweep = clock_mono() + interval;
    q->round++;
    q->per_tick = hurry ? SWEEP_FAST
                        : SWEEP_LEAST + w->n_sessions /
                                            (unsigned)(interval / CLOCK_SECOND);
    session_walk_begin(w, &q->sweep);
}

/* Whether it is the first session of its account that the sweep meets. */
static bool
is_first(const struct worker *w, const struct session *s)
{
    struct account *a = s->account;

    if (a == NULL || s->state != SESSION_OPEN || !s->opt_alerts ||
        a->quota_round == w->quota->round)
        return false;
    a->quota_round = w->quota->round;
    return true;
}

static void
go_on_sweeping(struct worker *w, struct quota_batch **batch)
{
    for (unsigned i = 0; i < w->quota->per_tick; i++) {
        const struct session *s = session_walk_step(w, &w->quota->sweep);

        if (s == NULL)
            break;
        if (is_first(w, s))
            quota_batch_add(batch, w, s->account);
    }
}

void
quota_sweep_tick(struct worker *w)
{
    struct quota_batch *batch = NULL;

    check_due(w);
    /* Though the walk may not be over: it is as long as sessions come in. */
    if (clock_mono() >= w->quota->next_sweep)
        begin_sweep(w);
    go_on_sweeping(w, &batch);
    quota_batch_submit(&batch);
}
