/* SPDX-License-Identifier: BSD-2-Clause */
/* Written at once, not with the account's position: whoever was shown a quota
 * alert logs in again a moment later, and is not to be told once more even if
 * the server was killed in between. */
#include "config.h"

#include "ximss/server/live/quota_shown.h"

#include <stdlib.h>

#include "util/log.h"
#include "util/xmalloc.h"
#include "ximss/server/live/account.h"
#include "ximss/server/live/job.h"
#include "ximss/server/live/worker.h"
#include "ximss/server/rules/lane.h"
#include "ximss/server/rules/usage.h"

struct shown_job {
    struct job job;
    uint64_t account, alert;
};

static enum store_result
shown_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    const struct shown_job *s = (const struct shown_job *)j;
    struct admin_context x;
    enum store_result r;

    job_context(&x, j, t, NULL);
    r = usage_shown(&x, s->account, s->alert, err);
    return r == STORE_NOTFOUND ? STORE_OK : r; /* deleted */
}

/* If it failed, the alert may come once more. */
static void
shown_finish(struct job *j)
{
    if (j->result != STORE_OK && j->result != STORE_FULL)
        log_warn("noting that a quota alert was shown: %s", j->err.text);
    job_clear(j);
    free(j);
}

void
quota_shown(struct worker *w, struct account *a, uint64_t id)
{
    struct shown_job *s;

    if (a->quota_unshown == 0 || a->quota_unshown > id)
        return;
    s = xcalloc(1, sizeof *s);
    job_init(&s->job, w->server, w);
    s->job.lane = lane_of(LANE_USAGE, 0);
    s->job.body = shown_body;
    s->job.finish = shown_finish;
    s->account = a->number;
    s->alert = a->quota_unshown;
    a->quota_unshown = 0;
    job_submit(&s->job);
}
