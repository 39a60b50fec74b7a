/* SPDX-License-Identifier: BSD-2-Clause */
/* What happens to an account's storage, or to the account, and what has to be
 * checked because of it. */
#include "config.h"

#include "ximss/server/live/quota_check.h"

#include <stdlib.h>

#include "util/clock.h"
#include "util/xmalloc.h"
#include "ximss/server/live/door_told.h"
#include "ximss/server/live/quota_presence.h"
#include "ximss/server/live/quota_private.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/live/worker.h"

void
quota_check_init(struct worker *w)
{
    struct quota_check *q = xcalloc(1, sizeof *q);

    q->version = 1;
    q->due = quota_due_new();
    session_walk_init(w, &q->sweep);
    session_walk_init(w, &q->renaming);
    w->quota = q;
}

void
quota_check_clear(struct worker *w)
{
    quota_due_free(&w->quota->due);
    free(w->quota);
    w->quota = NULL;
}

/* What nobody was shown when the account was last in memory is not there any
 * more, unless it has just come by the mail. */
void
quota_check_set(struct worker *w, struct account *a,
                const struct usage_state *state)
{
    quota_know(w, a, state->reached);
    if (state->unshown != 0 &&
        alert_array_find(&a->alerts, state->unshown) == NULL)
        a->quota_lost = state->unshown;
}

void
quota_check_forget(struct worker *w, struct account *a)
{
    a->quota_version = w->quota->version - 1;
}

/* --- at log-in --- */

/* There is one at most: the next takes the place of the last. */
static const struct alert *
find_generated(const struct account *a)
{
    for (uint32_t i = 0; i < a->alerts.n; i++)
        if (a->alerts.v[i]->generated)
            return a->alerts.v[i];
    return NULL;
}

static bool
is_stale(const struct alert *al)
{
    return !quota_is_pause(al->rec.posted, clock_now());
}

/* One that nobody was shown: there will be another, with today's figures. */
static void
drop_stale(struct account *a)
{
    const struct alert *al = find_generated(a);

    if (al == NULL || !is_stale(al))
        return;
    a->quota_lost = al->rec.id;
    a->quota_unshown = 0;
    alert_array_remove(&a->alerts, al->rec.id);
}

bool
quota_check_needs(const struct account *a)
{
    const struct alert *al = find_generated(a);

    return al != NULL && !al->delivered && !is_stale(al);
}

/* Alerts go to all sessions of the account.  A program that comes every ten minutes
 * and shows them to nobody must not cause one each time; and who slept has been
 * there all the time. */
static bool
is_occasion(struct worker *w, const struct session *s)
{
    const struct account *a = s->account;

    if (s->unattended && door_told_quota(w, a->number))
        return false;
    return !s->resumed || a->quota_unshown != 0 || a->quota_lost != 0;
}

bool
quota_check_login(struct worker *w, struct session *s)
{
    struct account *a = s->account;

    quota_presence_begin(w, a);
    if (a->quota_version == w->quota->version && !a->quota_reached)
        return false;
    if (!is_occasion(w, s))
        return false;
    drop_stale(a);
    quota_batch_one(w, a, QUOTA_LOGIN);
    return true;
}

/* --- what the mail brings --- */

void
quota_check_level(struct worker *w, uint64_t account, bool reached)
{
    struct account *a = account_lookup(w, account);

    if (a == NULL)
        return;
    quota_know(w, a, reached);
    if (reached && quota_is_present(a))
        quota_batch_one(w, a, QUOTA_CHANGE);
}

void
quota_check_defaults(struct worker *w)
{
    w->quota->version++;
    w->quota->next_sweep = 0;
    session_walk_end(&w->quota->sweep);
}
