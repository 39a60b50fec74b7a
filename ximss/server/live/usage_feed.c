/* SPDX-License-Identifier: BSD-2-Clause */
/* Reports wait in a table by the user's name in normal form, and at
 * most one job takes them away at a time: what comes meanwhile makes up the
 * next.  Nobody is answered, so nothing is lost by that: a source that lost its
 * report to a crash of ours says the figure again when it reconciles.
 *
 * A job that fails comes again, a second later.  If it is not for want of space,
 * one of its reports may be what fails, so they come one by one then, and what
 * fails alone is left out. */
#include "config.h"

#include "ximss/server/live/usage_feed.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <glib.h>

#include "quota/sources.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/mailbox.h"
#include "util/name.h"
#include "util/xmalloc.h"
#include "ximss/server/base/stat.h"
#include "ximss/server/live/job.h"
#include "ximss/server/live/newcomers.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/usage_ask.h"
#include "ximss/server/live/usage_list.h"
#include "ximss/server/live/worker.h"
#include "ximss/server/rules/auto_account.h"
#include "ximss/server/rules/lane.h"
#include "ximss/server/rules/usage.h"
#include "ximss/server/rules/user_target.h"

#define BATCH 256
/* Accounts whose reports may wait. */
#define WAITING_MOST 500000
/* Accounts of which is remembered when they were asked about: some 10 MB. */
#define ASKED_MOST 100000
#define LIMIT_AGE  (3600 * CLOCK_SECOND) /* unless set */

struct usage_feed {
    struct server *server; /* borrowed */
    struct quota_sink sink;
    pthread_mutex_t lock; /* of what follows */
    GHashTable *waiting;  /* user -> struct quota_report, owned */
    unsigned batch;       /* reports of the next job, at most */
    bool in_work;         /* a job is on its way */
    bool failing;         /* the last one failed; the tick tries again */
    bool said;            /* that they fail */
    bool full;            /* said so */
    bool ending;          /* no more jobs */
    int64_t pause;        /* microseconds from one job to the next, at least */
    int64_t rest_until;   /* clock_mono: no job before */
    bool waking;          /* one comes when the pause is over */
    /* Of what follows, and never taken by who reports. */
    pthread_mutex_t sources_lock;
    struct quota_sources *sources; /* borrowed; NULL: there are none now */
    int64_t limit_age;
    struct usage_ask *ask; /* owned */
};

struct feed_job {
    struct job job;
    struct usage_feed *feed;
    struct quota_report report[BATCH]; /* users are owned */
    struct lookup {
        uint64_t account; /* number; 0: nothing is to be known of it */
        bool known;       /* a source told its limit, before or now */
        char *name;       /* owned, unless it told it now */
        char *newcomer;   /* owned; no account, but perhaps a user outside */
    } lookup[BATCH];
    unsigned n;
    struct store_mark mark; /* in the reports */
};

/* --- in the store --- */

/* Only where sources say what may be used is it worth knowing whether one
 * did. */
static void
note_limit(const struct admin_context *x, const struct usage *u,
           const struct quota_report *report, struct lookup *l)
{
    if (!x->settings->source_limits)
        return;
    l->account = u->account.number;
    l->known = u->rec.has_limit;
    if (!report->has_limit)
        l->name = xasprintf("%s@%s", u->account.name, u->domain.name);
}

static enum store_result
note_newcomer(struct admin_context *x, const struct quota_report *report,
              struct lookup *l, struct errbuf *err)
{
    char name[NAME_ADDRESS_SIZE];
    enum store_result r = auto_account_wanted(x, report->user, name, err);

    if (r == STORE_OK && name[0] != '\0')
        l->newcomer = xstrdup(name);
    return r;
}

static enum store_result
take_report(struct admin_context *x, const struct quota_report *report,
            struct lookup *l, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    struct usage u = {0};
    char local[NAME_LOCAL_SIZE];
    bool found;
    enum store_result r =
        user_target_find(x->txn, report->user, &d, &a, &found, local, err);

    if (r == STORE_OK)
        r = usage_of(x, &d, &a, &u, err);
    if (r == STORE_OK)
        r = usage_report(x, &u, report, err);
    if (r == STORE_OK)
        note_limit(x, &u, report, l);
    usage_clear(&u);
    domain_rec_clear(&d);
    account_rec_clear(&a);
    /* Mail servers know users who have no account here. */
    if (r == STORE_NOTFOUND)
        r = note_newcomer(x, report, l, err);
    return r == STORE_REFUSED ? STORE_OK : r;
}

static void
forget_lookups(struct feed_job *f, unsigned from)
{
    for (unsigned i = from; i < f->n; i++) {
        free(f->lookup[i].name);
        free(f->lookup[i].newcomer);
        f->lookup[i] = (struct lookup){0};
    }
}

static enum store_result
feed_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct feed_job *f = (struct feed_job *)j;
    uint64_t from = store_mark_begin(&f->mark, t);
    enum store_result r = STORE_OK;
    struct admin_context x;

    job_context(&x, j, t, NULL);
    forget_lookups(f, (unsigned)from); /* of a try before */
    for (uint64_t i = from; i < f->n && r == STORE_OK; i++) {
        if (store_tired(t)) {
            store_mark_set(&f->mark, t, i);
            return STORE_AGAIN;
        }
        r = take_report(&x, &f->report[i], &f->lookup[i], err);
    }
    return r;
}

/* --- whose limit is asked for --- */

static void
look_up(struct usage_feed *feed, const struct quota_report *report,
        const struct lookup *l, int64_t now)
{
    if (l->account == 0 || feed->sources == NULL)
        return;
    if (report->has_limit)
        usage_ask_told(feed->ask, l->account, feed->limit_age, now);
    else if (usage_ask_is_due(feed->ask, l->account, l->known, feed->limit_age,
                              now))
        quota_sources_ask(feed->sources, l->name);
}

/* Behind the commit. */
static void
look_up_limits(struct usage_feed *feed, struct feed_job *f)
{
    int64_t now = clock_mono();

    pthread_mutex_lock(&feed->sources_lock);
    for (unsigned i = 0; i < f->n; i++)
        look_up(feed, &f->report[i], &f->lookup[i], now);
    pthread_mutex_unlock(&feed->sources_lock);
}

void
usage_feed_set_sources(struct usage_feed *feed, struct quota_sources *s)
{
    pthread_mutex_lock(&feed->sources_lock);
    feed->sources = s;
    pthread_mutex_unlock(&feed->sources_lock);
}

void
usage_feed_set_limit_age(struct usage_feed *feed, int64_t age)
{
    pthread_mutex_lock(&feed->sources_lock);
    feed->limit_age = age;
    pthread_mutex_unlock(&feed->sources_lock);
}

void
usage_feed_ask(struct usage_feed *feed, const char *user)
{
    pthread_mutex_lock(&feed->sources_lock);
    if (feed->sources != NULL && user != NULL)
        quota_sources_ask(feed->sources, user);
    else if (feed->sources != NULL)
        quota_sources_refresh(feed->sources);
    pthread_mutex_unlock(&feed->sources_lock);
}

/* --- accounts that a report brings about --- */

/* A report that waits until its account is there. */
struct early {
    struct newcomer_wait wait; /* first */
    struct usage_feed *feed;
    struct quota_report report;
    char user[];
};

static void on_report(void *arg, const struct quota_report *r);

static void
on_newcomer(struct newcomer_wait *w, enum newcomer_outcome outcome)
{
    struct early *e = (struct early *)w;

    if (outcome == NEWCOMER_HERE)
        on_report(e->feed, &e->report);
    free(e);
}

/* Behind the commit. */
static void
ask_for_newcomers(struct usage_feed *feed, const struct feed_job *f)
{
    for (unsigned i = 0; i < f->n; i++) {
        size_t size = strlen(f->report[i].user) + 1;
        struct early *e;

        if (f->lookup[i].newcomer == NULL)
            continue;
        e = xmalloc(sizeof *e + size);
        e->wait.is_report = true;
        e->wait.done = on_newcomer;
        e->feed = feed;
        e->report = f->report[i];
        e->report.user = memcpy(e->user, f->report[i].user, size);
        newcomers_ask(feed->server->newcomers, f->lookup[i].newcomer, &e->wait);
    }
}

/* --- jobs --- */

/* Looks at no more than it takes: many may wait, and who reports waits for the
 * lock. */
static void
move_reports(struct usage_feed *feed, struct feed_job *f)
{
    GHashTableIter i;
    gpointer key, value;

    g_hash_table_iter_init(&i, feed->waiting);
    while (f->n < feed->batch && g_hash_table_iter_next(&i, &key, &value)) {
        g_hash_table_iter_steal(&i);
        f->report[f->n] = *(struct quota_report *)value;
        f->report[f->n++].user = key;
        free(value);
    }
    if (g_hash_table_size(feed->waiting) == 0)
        g_hash_table_remove_all(feed->waiting); /* makes it small again */
}

static void feed_finish(struct job *j);

/* NULL if nothing waits.  Locked. */
static struct feed_job *
next_job(struct usage_feed *feed)
{
    struct feed_job *f;

    if (g_hash_table_size(feed->waiting) == 0)
        return NULL;
    f = xcalloc(1, sizeof *f);
    job_init(&f->job, feed->server, NULL);
    f->job.lane = lane_of(LANE_USAGE, 0);
    f->feed = feed;
    f->job.body = feed_body;
    f->job.finish = feed_finish;
    move_reports(feed, f);
    return f;
}

static void go_on(struct usage_feed *feed);

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
    struct usage_feed *feed = arg;

    (void)fd;
    (void)what;
    pthread_mutex_lock(&feed->lock);
    feed->waking = false;
    pthread_mutex_unlock(&feed->lock);
    go_on(feed);
}

struct wake {
    struct mail mail;
    struct usage_feed *feed;
};

/* On a worker's loop, for it has timers. */
static void
deliver_wake(struct mail *m, void *owner)
{
    struct wake *wake = (struct wake *)m;
    struct worker *w = owner;
    struct timeval tv = {0, (suseconds_t)wake->feed->pause};

    event_base_once(w->base, -1, EV_TIMEOUT, on_wake, wake->feed, &tv);
    free(wake);
}

/* True if the next job has to wait for the end of the pause; it will.
 * Locked. */
static bool
is_pause(struct usage_feed *feed)
{
    int64_t left = feed->rest_until - clock_mono();
    struct wake *wake;

    if (left <= 0 || left > feed->pause) /* the clock was moved */
        return false;
    if (feed->waking)
        return true;
    wake = xcalloc(1, sizeof *wake);
    wake->mail.deliver = deliver_wake;
    wake->feed = feed;
    feed->waking = true;
    mailbox_put(feed->server->workers[0]->box, &wake->mail);
    return true;
}

/* Begins the next job unless one is in work.  Under the lock as a whole: the
 * store is there until usage_feed_flush has had it. */
static void
go_on(struct usage_feed *feed)
{
    struct feed_job *f = NULL;

    pthread_mutex_lock(&feed->lock);
    if (!feed->in_work && !feed->failing && !feed->ending &&
        g_hash_table_size(feed->waiting) > 0 && !is_pause(feed))
        f = next_job(feed);
    if (f != NULL) {
        feed->in_work = true;
        feed->rest_until = clock_mono() + feed->pause;
        job_submit(&f->job);
    }
    pthread_mutex_unlock(&feed->lock);
}

/* A source that knows no limits does not take away what another said.
 * Locked. */
static void
keep_limit(struct quota_report *report, const struct quota_report *old)
{
    if (old == NULL || report->has_limit || !old->has_limit)
        return;
    report->has_limit = true;
    report->limit = old->limit;
}

/* What has come in the meantime is newer. */
static void
put_back(struct usage_feed *feed, struct quota_report *report)
{
    struct quota_report *newer =
        g_hash_table_lookup(feed->waiting, report->user);
    struct quota_report *copy;

    if (newer != NULL) {
        keep_limit(newer, report);
        free((char *)(uintptr_t)report->user);
        return;
    }
    copy = xmalloc(sizeof *copy);
    *copy = *report;
    g_hash_table_insert(feed->waiting, (char *)(uintptr_t)report->user, copy);
}

/* What becomes of the reports of a job.  Locked. */
static void
settle(struct usage_feed *feed, struct feed_job *f)
{
    bool ok = f->job.result == STORE_OK, alone = f->n == 1;
    bool by_itself = !ok && f->job.result != STORE_FULL;

    for (unsigned i = 0; i < f->n; i++) {
        if (ok || (by_itself && alone))
            free((char *)(uintptr_t)f->report[i].user);
        else
            put_back(feed, &f->report[i]);
    }
    if (by_itself)
        feed->batch = 1;
    else if (ok && feed->batch < BATCH)
        feed->batch *= 2;
}

static void
complain(const struct feed_job *f, bool said)
{
    const char *why = f->job.err.text;

    if (f->n == 1 && f->job.result != STORE_FULL)
        log_warn("storing usage of one account: %s (left out)", why);
    else if (!said)
        log_warn("storing usage: %s (tried again)", why);
}

static void
count_reports(const struct feed_job *f)
{
    for (unsigned i = 0; i < f->n; i++) {
        unsigned source = f->report[i].source - QUOTA_SOURCE_DICT;

        stat_add(STAT_QUOTA_REPORTS_OF + source, 1);
        stat_set(STAT_QUOTA_AGE_OF + source, 0);
    }
}

/* On the writer thread, or that of a worker. */
static void
feed_finish(struct job *j)
{
    struct feed_job *f = (struct feed_job *)j;
    struct usage_feed *feed = f->feed;
    bool ok = j->result == STORE_OK, said;

    if (ok)
        look_up_limits(feed, f);
    if (ok)
        ask_for_newcomers(feed, f);
    if (ok)
        count_reports(f);
    forget_lookups(f, 0);
    pthread_mutex_lock(&feed->lock);
    said = feed->said;
    feed->failing = feed->said = !ok;
    feed->in_work = false;
    settle(feed, f);
    pthread_mutex_unlock(&feed->lock);
    if (!ok)
        complain(f, said);
    job_clear(j);
    free(f);
    go_on(feed);
}

/* --- the sink --- */

static void
on_report(void *arg, const struct quota_report *r)
{
    struct usage_feed *feed = arg;
    struct quota_report *copy = xmalloc(sizeof *copy);
    char *user = name_key(r->user);
    bool takes, says = false;

    *copy = *r;
    copy->user = NULL; /* it is the key */
    pthread_mutex_lock(&feed->lock);
    keep_limit(copy, g_hash_table_lookup(feed->waiting, user));
    takes = g_hash_table_size(feed->waiting) < WAITING_MOST ||
            g_hash_table_contains(feed->waiting, user);
    if (takes) {
        g_hash_table_replace(feed->waiting, user, copy);
    } else {
        free(user);
        free(copy);
        says = !feed->full;
    }
    feed->full = !takes;
    pthread_mutex_unlock(&feed->lock);
    if (says)
        log_warn("reports of usage come faster than they can be stored: some "
                 "are left out");
    go_on(feed);
}

static void
on_progress(void *arg, enum quota_progress what, unsigned n)
{
    (void)arg;
    switch (what) {
    case QUOTA_ROUND_DUE:
        stat_add(STAT_QUOTA_ROUNDS_DUE, n);
        break;
    case QUOTA_ROUND_ENDED:
        stat_add(STAT_QUOTA_ROUNDS_DUE, -(int64_t)n);
        break;
    case QUOTA_ANSWERED:
        stat_set(STAT_QUOTA_DOVEADM_UP, n);
        break;
    case QUOTA_LOOKED:
        stat_add(STAT_QUOTA_CHECKED, n);
        break;
    }
}

static void
on_list(void *arg, struct quota_listing *listing)
{
    struct usage_feed *feed = arg;

    usage_list(feed->server, listing);
}

/* --- its life --- */

struct usage_feed *
usage_feed_new(struct server *server, int64_t pause)
{
    struct usage_feed *f = xcalloc(1, sizeof *f);

    f->server = server;
    f->pause = pause;
    f->batch = BATCH;
    f->sink = (struct quota_sink){on_report, on_list, f, on_progress};
    f->waiting = g_hash_table_new_full(g_str_hash, g_str_equal, free, free);
    pthread_mutex_init(&f->lock, NULL);
    pthread_mutex_init(&f->sources_lock, NULL);
    f->limit_age = LIMIT_AGE;
    f->ask = usage_ask_new(ASKED_MOST, clock_mono());
    return f;
}

const struct quota_sink *
usage_feed_sink(const struct usage_feed *f)
{
    return &f->sink;
}

void
usage_feed_tick(struct usage_feed *f)
{
    pthread_mutex_lock(&f->lock);
    f->failing = false;
    pthread_mutex_unlock(&f->lock);
    go_on(f);
}

void
usage_feed_flush(struct usage_feed *f)
{
    struct feed_job *job;

    pthread_mutex_lock(&f->lock);
    f->ending = true;
    f->batch = BATCH;
    while ((job = next_job(f)) != NULL)
        job_submit(&job->job);
    pthread_mutex_unlock(&f->lock);
}

void
usage_feed_free(struct usage_feed **fp)
{
    struct usage_feed *f = *fp;

    if (f == NULL)
        return;
    g_hash_table_destroy(f->waiting);
    usage_ask_free(&f->ask);
    pthread_mutex_destroy(&f->sources_lock);
    pthread_mutex_destroy(&f->lock);
    free(f);
    *fp = NULL;
}

unsigned
usage_feed_waiting(struct usage_feed *feed)
{
    unsigned n;

    pthread_mutex_lock(&feed->lock);
    n = g_hash_table_size(feed->waiting);
    pthread_mutex_unlock(&feed->lock);
    return n;
}
