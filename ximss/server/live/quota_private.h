/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_QUOTA_PRIVATE_H
#define XIMSS_SERVER_LIVE_QUOTA_PRIVATE_H

#include "ximss/server/live/account.h"
#include "ximss/server/live/quota_due.h"
#include "ximss/server/live/session_walk.h"
#include "ximss/server/live/worker.h"
#include "ximss/server/rules/usage.h"

/* What quota_check.c, quota_batch.c and quota_sweep.c share. */

struct quota_check {
    uint32_t version;      /* of what accounts in memory know */
    struct quota_due *due; /* owned; checks that wait for the end of a pause */
    struct session_walk sweep;    /* over all that are there */
    uint32_t round;               /* number of the sweep */
    unsigned per_tick;            /* sessions of it in a second */
    int64_t next_sweep;           /* clock_mono */
    struct session_walk renaming; /* quota_presence.c */
};

/* The account's level, as of now. */
static inline void
quota_know(struct worker *w, struct account *a, bool reached)
{
    a->quota_version = w->quota->version;
    a->quota_reached = reached;
}

/* Somebody is there who gets alerts, or sleeps and is woken for them. */
bool quota_is_present(const struct account *a);

/* Has the store check the account. */
void quota_batch_one(struct worker *w, const struct account *a,
                     enum quota_occasion occasion);

/* At many accounts, which nobody waits for; NULL: none yet.  What was added is
 * checked behind the next quota_batch_submit at the latest. */
struct quota_batch;
void quota_batch_add(struct quota_batch **c, struct worker *w,
                     const struct account *a);
void quota_batch_submit(struct quota_batch **c);

#endif
