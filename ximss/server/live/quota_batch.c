/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks are jobs of the store, because the writer thread makes one decision:
 * two log-ins at the same moment cause one alert.  A job checks many accounts in
 * a sweep, and one account otherwise. */
#include "config.h"

#include "ximss/server/live/quota_private.h"

#include <stdlib.h>

#include "util/log.h"
#include "util/xmalloc.h"
#include "ximss/server/live/door_wake.h"
#include "ximss/server/live/job.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/live/worker.h"
#include "ximss/server/rules/lane.h"

#define CHECK_BATCH 64

struct quota_batch {
    struct job job;
    enum quota_occasion occasion;
    uint32_t version; /* of what is known, when it was submitted */
    unsigned n;
    struct quota_due_entry
        account[CHECK_BATCH];   /* at: when to check again, 0: no need */
    uint64_t lost[CHECK_BATCH]; /* as in struct account, when it was added */
    bool reached[CHECK_BATCH];
    bool gone[CHECK_BATCH];
};

static enum store_result
check_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct quota_batch *c = (struct quota_batch *)j;
    struct admin_context x;
    struct usage u = {0};
    enum store_result r = STORE_OK;

    job_context(&x, j, t, NULL);
    for (unsigned i = 0; i < c->n && r == STORE_OK; i++) {
        r = usage_find(&x, c->account[i].account, &u, err);
        c->gone[i] = r == STORE_NOTFOUND;
        if (r == STORE_NOTFOUND) {
            r = STORE_OK;
            continue;
        }
        u.lost = c->lost[i];
        if (r == STORE_OK)
            r = usage_check(&x, &u, c->occasion, &c->account[i].at, err);
        c->reached[i] = u.rec.reached;
    }
    usage_clear(&u);
    return r;
}

/* Sessions whose input waited for the check. */
static void
go_on(struct account *a)
{
    struct session *s, *next;

    TAILQ_FOREACH_SAFE(s, &a->sessions, of_account, next)
        session_quota_known(s);
}

/* What is known already came by the mail, perhaps later than this check. */
static void
learn(struct worker *w, struct account *a, const struct quota_batch *c,
      unsigned i)
{
    if (a->quota_version != w->quota->version &&
        c->version == w->quota->version)
        quota_know(w, a, c->reached[i]);
    if (c->account[i].at != 0)
        quota_due_set(w->quota->due, &c->account[i]);
}

static void
check_finish(struct job *j)
{
    struct quota_batch *c = (struct quota_batch *)j;
    struct worker *w = j->worker;
    bool ok = j->result == STORE_OK;

    if (!ok && j->result != STORE_FULL) /* which the store itself logs */
        log_warn("checking the storage of accounts: %s", j->err.text);
    for (unsigned i = 0; i < c->n; i++) {
        struct account *a = account_lookup(w, c->account[i].account);

        if (a == NULL)
            continue;
        if (ok && !c->gone[i])
            learn(w, a, c, i);
        if (c->occasion == QUOTA_LOGIN)
            go_on(a);
    }
    job_clear(j);
    free(c);
}

static struct quota_batch *
batch_new(struct worker *w, enum quota_occasion occasion)
{
    struct quota_batch *c = xcalloc(1, sizeof *c);

    job_init(&c->job, w->server, w);
    c->job.lane = lane_of(LANE_USAGE, 0);
    c->occasion = occasion;
    c->version = w->quota->version;
    c->job.body = check_body;
    c->job.finish = check_finish;
    return c;
}

static void
add(struct quota_batch *c, const struct account *a)
{
    c->account[c->n].account = a->number;
    c->lost[c->n++] = a->quota_lost;
}

void
quota_batch_one(struct worker *w, const struct account *a,
                enum quota_occasion occasion)
{
    struct quota_batch *c = batch_new(w, occasion);

    add(c, a);
    job_submit(&c->job);
}

void
quota_batch_add(struct quota_batch **c, struct worker *w,
                const struct account *a)
{
    if (*c == NULL)
        *c = batch_new(w, QUOTA_CHANGE);
    add(*c, a);
    if ((*c)->n == CHECK_BATCH)
        quota_batch_submit(c);
}

void
quota_batch_submit(struct quota_batch **c)
{
    if (*c != NULL)
        job_submit(&(*c)->job);
    *c = NULL;
}

bool
quota_is_present(const struct account *a)
{
    const struct session *s;

    TAILQ_FOREACH(s, &a->sessions, of_account)
        if (s->state == SESSION_OPEN && s->opt_alerts)
            return true;
    return door_wake_is_asleep(a);
}
