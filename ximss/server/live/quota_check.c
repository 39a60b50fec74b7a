/* SPDX-License-Identifier: BSD-2-Clause */
/* Looks are jobs of the store: the writer thread is where the decision is one,
 * so two log-ins in the same moment make one alert.  A job looks at many
 * accounts when a sweep asks, and at one otherwise. */
#include "config.h"

#include "ximss/server/live/quota_check.h"

#include <stdlib.h>

#include "quota/sources.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"
#include "ximss/server/live/account.h"
#include "ximss/server/live/board.h"
#include "ximss/server/live/job.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/worker.h"
#include "ximss/server/rules/lane.h"
#include "ximss/server/rules/usage.h"

#define CHECK_BATCH 64
/* A second's part of a sweep that nobody waits for, and of one that follows a
 * change of defaults. */
#define SWEEP_LEAST 1
#define SWEEP_FAST  1024

struct due {
    uint64_t account;
    int64_t at; /* microseconds UTC */
};

struct quota_check {
    uint32_t version;   /* of what accounts in memory know */
    GHashTable *due;    /* struct due, owned, by their accounts: one for each,
                           however often the level is crossed in a pause */
    GArray *sweep;      /* numbers of accounts that are still to be looked at */
    unsigned per_tick;  /* of these */
    int64_t next_sweep; /* clock_mono */
};

void
quota_check_init(struct worker *w)
{
    struct quota_check *q = xcalloc(1, sizeof *q);

    q->version = 1;
    q->due = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free);
    q->sweep = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    w->quota = q;
}

void
quota_check_clear(struct worker *w)
{
    g_hash_table_destroy(w->quota->due);
    g_array_free(w->quota->sweep, TRUE);
    free(w->quota);
    w->quota = NULL;
}

void
quota_check_set(struct worker *w, struct account *a, bool reached)
{
    a->quota_version = w->quota->version;
    a->quota_reached = reached;
}

void
quota_check_forget(struct worker *w, struct account *a)
{
    a->quota_version = w->quota->version - 1;
}

/* --- checks --- */

struct check_job {
    struct job job;
    enum quota_occasion occasion;
    uint32_t version; /* of what is known, when it was submitted */
    unsigned n;
    struct due account[CHECK_BATCH]; /* at: when to check again, 0: no need */
    bool reached[CHECK_BATCH];
    bool gone[CHECK_BATCH];
};

static enum store_result
check_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct check_job *c = (struct check_job *)j;
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
        if (r == STORE_OK)
            r = usage_check(&x, &u, c->occasion, &c->account[i].at, err);
        c->reached[i] = u.rec.reached;
    }
    usage_clear(&u);
    return r;
}

static void
note_due(struct worker *w, const struct due *d)
{
    struct due *copy = xmemdup(d, sizeof *d);

    g_hash_table_replace(w->quota->due, &copy->account, copy);
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
learn(struct worker *w, struct account *a, const struct check_job *c,
      unsigned i)
{
    if (a->quota_version != w->quota->version &&
        c->version == w->quota->version)
        quota_check_set(w, a, c->reached[i]);
    if (c->account[i].at != 0)
        note_due(w, &c->account[i]);
}

static void
check_finish(struct job *j)
{
    struct check_job *c = (struct check_job *)j;
    struct worker *w = j->worker;
    bool ok = j->result == STORE_OK;

    if (!ok && j->result != STORE_FULL) /* which the store itself logs */
        log_warn("looking at the storage of accounts: %s", j->err.text);
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

static struct check_job *
check_new(struct worker *w, enum quota_occasion occasion)
{
    struct check_job *c = xcalloc(1, sizeof *c);

    job_init(&c->job, w->server, w);
    c->job.lane = lane_of(LANE_USAGE, 0);
    c->occasion = occasion;
    c->version = w->quota->version;
    c->job.body = check_body;
    c->job.finish = check_finish;
    return c;
}

static void
check_one(struct worker *w, uint64_t account, enum quota_occasion occasion)
{
    struct check_job *c = check_new(w, occasion);

    c->account[c->n++].account = account;
    job_submit(&c->job);
}

/* Somebody is there who gets alerts. */
static bool
is_present(const struct account *a)
{
    const struct session *s;

    TAILQ_FOREACH(s, &a->sessions, of_account)
        if (s->state == SESSION_OPEN && s->opt_alerts)
            return true;
    return false;
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
    return clock_now() - al->rec.posted >= QUOTA_PAUSE;
}

/* One that nobody got, from a session that broke: there will be another, with
 * today's figures, if its pause is over. */
static void
drop_stale(struct account *a)
{
    const struct alert *al = find_generated(a);

    if (al != NULL && is_stale(al))
        alert_array_remove(&a->alerts, al->rec.id);
}

bool
quota_check_needs(const struct account *a)
{
    const struct alert *al = find_generated(a);

    return al != NULL && !al->delivered && !is_stale(al);
}

/* Sources that look at the storage of those who are there. */
static void
tell_sources(struct worker *w, const struct account *a,
             void (*tell)(struct quota_sources *s, const char *user))
{
    char name[ACCOUNT_NAME_SIZE];

    if (w->server->quota_sources == NULL)
        return;
    account_full_name(a, name);
    tell(w->server->quota_sources, name);
}

void
quota_check_logout(struct worker *w, struct account *a)
{
    tell_sources(w, a, quota_sources_offline);
}

void
quota_check_renaming(struct worker *w, struct account *a)
{
    if (a->n_sessions > 0)
        tell_sources(w, a, quota_sources_offline);
}

void
quota_check_renamed(struct worker *w, struct account *a)
{
    if (is_present(a))
        tell_sources(w, a, quota_sources_online);
}

bool
quota_check_login(struct worker *w, struct session *s)
{
    struct account *a = s->account;

    tell_sources(w, a, quota_sources_online);
    if (a->quota_version == w->quota->version && !a->quota_reached)
        return false;
    drop_stale(a);
    check_one(w, a->number, QUOTA_LOGIN);
    return true;
}

/* --- what the mail brings --- */

void
quota_check_level(struct worker *w, uint64_t account, bool reached)
{
    struct account *a = account_lookup(w, account);

    if (a == NULL)
        return;
    quota_check_set(w, a, reached);
    if (reached && is_present(a))
        check_one(w, account, QUOTA_CHANGE);
}

void
quota_check_defaults(struct worker *w)
{
    w->quota->version++;
    w->quota->next_sweep = 0;
    g_array_set_size(w->quota->sweep, 0);
}

/* --- by the clock --- */

/* What is further away than a pause was set before the clock went back. */
static bool
is_due(const struct due *d, int64_t now)
{
    return d->at <= now || d->at - now > QUOTA_PAUSE;
}

static void
check_due(struct worker *w)
{
    int64_t now = clock_now();
    GHashTableIter i;
    gpointer value;

    g_hash_table_iter_init(&i, w->quota->due);
    while (g_hash_table_iter_next(&i, NULL, &value)) {
        const struct due d = *(const struct due *)value;
        struct account *a;

        if (!is_due(&d, now))
            continue;
        g_hash_table_iter_remove(&i);
        a = account_lookup(w, d.account);
        if (a != NULL && is_present(a))
            check_one(w, d.account, QUOTA_CHANGE);
    }
}

static void
take_domain(gpointer key, gpointer value, gpointer arg)
{
    struct domain *d = value;
    struct quota_check *q = arg;
    struct account *a;

    (void)key;
    TAILQ_FOREACH(a, &d->online, link)
        if (is_present(a))
            g_array_append_val(q->sweep, a->number);
}

/* Whoever is there now, to be looked at in the course of the interval. */
static void
begin_sweep(struct worker *w)
{
    struct quota_check *q = w->quota;
    int64_t interval = w->cfg->quota_sweep_interval;
    bool hurry = q->next_sweep == 0;

    q->next_sweep = clock_mono() + interval;
    g_hash_table_foreach(w->board.domains, take_domain, q);
    q->per_tick = hurry ? SWEEP_FAST
                        : SWEEP_LEAST + q->sweep->len /
                                            (unsigned)(interval / CLOCK_SECOND);
}

/* Those who have left since it began are left out: an alert would be sent to
 * nobody.  False: there are no more. */
static bool
next_of_sweep(struct worker *w, uint64_t *account_r)
{
    GArray *sweep = w->quota->sweep;

    while (sweep->len > 0) {
        struct account *a;

        *account_r = g_array_index(sweep, uint64_t, sweep->len - 1);
        g_array_set_size(sweep, sweep->len - 1);
        a = account_lookup(w, *account_r);
        if (a != NULL && is_present(a))
            return true;
    }
    return false;
}

static void
go_on_sweeping(struct worker *w)
{
    struct check_job *c = NULL;
    uint64_t account;

    for (unsigned i = 0; i < w->quota->per_tick; i++) {
        if (!next_of_sweep(w, &account))
            break;
        if (c == NULL)
            c = check_new(w, QUOTA_CHANGE);
        c->account[c->n++].account = account;
        if (c->n == CHECK_BATCH) {
            job_submit(&c->job);
            c = NULL;
        }
    }
    if (c != NULL)
        job_submit(&c->job);
}

void
quota_check_tick(struct worker *w)
{
    check_due(w);
    if (w->quota->sweep->len == 0 && clock_mono() >= w->quota->next_sweep)
        begin_sweep(w);
    go_on_sweeping(w);
}
