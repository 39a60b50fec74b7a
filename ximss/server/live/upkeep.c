/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/upkeep.h"

#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"
#include "ximss/server/live/job.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/trigger_loop.h"
#include "ximss/server/live/usage_feed.h"
#include "ximss/server/rules/admin_audit.h"
#include "ximss/server/rules/alert_admin.h"
#include "ximss/server/rules/alert_post.h"
#include "ximss/server/rules/audit_budget.h"

#define UPKEEP_US    (600 * CLOCK_SECOND)
#define UPKEEP_BATCH 250 /* at once; others come in between */
#define EXPIRE_BATCH 32

static const struct caller upkeep_caller = {
    .rights = RIGHT_MASTER, .name = "server", .from = "local"};

struct expire_job {
    struct job job;
    struct caller caller;
    int64_t next;
    bool upkeep;
    bool more; /* there is more of what the upkeep removes */
};

static bool
is_due(int64_t next, int64_t now)
{
    return next != 0 && next <= now;
}

static enum store_result
expire_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct expire_job *x = (struct expire_job *)j;
    int64_t now = clock_now();
    struct admin_context c;
    const struct post_key_life keys_live = {now, ALERT_KEY_LEAST};
    bool keys = false, tickets = false;
    enum store_result r = STORE_OK;

    job_context(&c, j, t, &x->caller);
    store_removing(t, true);
    do
        r = alert_admin_expire(&c, EXPIRE_BATCH, &x->next, err);
    while (r == STORE_OK && is_due(x->next, now) && !store_tired(t));
    if (r == STORE_OK && is_due(x->next, now))
        return STORE_AGAIN;
    if (r == STORE_OK && x->upkeep)
        r = post_key_expire(t, &keys_live, UPKEEP_BATCH, &keys, err);
    if (r == STORE_OK && x->upkeep)
        r = ticket_expire(t, now, UPKEEP_BATCH, &tickets, err);
    if (r == STORE_OK && x->upkeep)
        r = admin_audit_left_out(&c, false, err);
    x->more = keys || tickets;
    return r;
}

static void submit_expiry(struct server *s, bool upkeep);

static void
expire_finish(struct job *j)
{
    struct expire_job *x = (struct expire_job *)j;

    if (j->result == STORE_OK) {
        server_lower_expiry(j->server, x->next);
        if (x->upkeep && j->server->audit_budget != NULL)
            audit_budget_told(j->server->audit_budget, clock_now());
    } else {
        log_warn("removing alerts whose end has come: %s (tried again)",
                 j->err.text);
        server_lower_expiry(j->server, clock_now() + CLOCK_SECOND);
    }
    /* It keeps up with whatever comes in, behind the jobs that wait now. */
    if (j->result == STORE_OK && !atomic_load(&j->server->stopping) &&
        (x->more || (x->next != 0 && x->next <= clock_now())))
        submit_expiry(j->server, x->more);
    job_clear(j);
    free(x);
}

static void
submit_expiry(struct server *s, bool upkeep)
{
    struct expire_job *x = xcalloc(1, sizeof *x);

    /* Set anew by what the job finds, and by posts meanwhile. */
    atomic_store(&s->next_expiry, 0);
    job_init(&x->job, s, NULL);
    x->caller = upkeep_caller;
    x->upkeep = upkeep;
    x->job.body = expire_body;
    x->job.finish = expire_finish;
    job_submit(&x->job);
}

/* A disk that was full is looked at: else that it has space again would be known
 * only when somebody stores something, who is sent elsewhere meanwhile. */
static enum store_result
look_body(struct store_txn *t, void *arg, struct errbuf *err)
{
    (void)arg;
    (void)err;
    store_look_for_space(t);
    return STORE_OK;
}

void
upkeep_tick(struct server *s)
{
    uint64_t next = atomic_load(&s->next_expiry);
    int64_t mono = clock_mono();
    bool due = next != 0 && next <= (uint64_t)clock_now();
    bool upkeep = mono >= atomic_load(&s->next_upkeep);

    if (s->test_hooks)
        poll(NULL, 0, (int)(atomic_exchange(&s->hang, 0) / 1000));
    usage_feed_tick(s->usage_feed);
    if (store_refuses(s->store) && store_backlog(s->store) == 0)
        store_submit(s->store, look_body, NULL, NULL);
    if (s->trigger_loop != NULL)
        trigger_loop_tick(s->trigger_loop);
    if (!due && !upkeep)
        return;
    if (upkeep)
        atomic_store(&s->next_upkeep, mono + UPKEEP_US);
    submit_expiry(s, upkeep);
}

static enum store_result
last_audit_body(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct server *s = arg;
    struct caller caller = upkeep_caller;
    struct admin_context c = {.txn = t,
                              .caller = &caller,
                              .now = clock_now(),
                              .budget = s->audit_budget};

    return admin_audit_left_out(&c, true, err);
}

void
upkeep_last_audit(struct server *s)
{
    struct errbuf err;

    if (store_run(s->store, last_audit_body, s, &err) != STORE_OK)
        log_warn("writing the last audit records: %s", err.text);
}
