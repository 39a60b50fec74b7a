/* SPDX-License-Identifier: BSD-2-Clause */

/* The thread that runs the jobs.  It takes the jobs that wait, lane by lane
 * (job_queue.c), and runs them in one transaction: the more jobs wait, the less
 * each pays for the disk.  A transaction that has done enough ends; jobs that
 * it has not reached go back to their place, and jobs that came meanwhile get
 * their turn.  If a job fails so that only an abort is left, the jobs before it
 * run again as one transaction, then that job alone, then the jobs after it.
 * So each job fails only by its own fault, and all others are carried out in
 * their order. */
#include "config.h"

#include "storage/store.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "storage/checkpoint.h"
#include "storage/env.h"
#include "storage/job_queue.h"
#include "storage/space.h"
#include "storage/store_figures.h"
#include "storage/store_private.h"
#include "storage/thread.h"
#include "storage/txn_commit.h"
#include "util/alive.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/queue_safe.h"
#include "util/xmalloc.h"

#define BATCH_JOBS   512
#define CHECKPOINT_S 5

/* A transaction that has written, worked or lasted so much takes no further
 * job.  The time is for what work does not tell, such as a slow disk. */
#define BATCH_BYTES (1u << 20)
#define BATCH_WORK  8000
#define BATCH_US    10000

#define RETRIES 5 /* of a transaction that met a deadlock */

#define PANIC_STATUS 75 /* EX_TEMPFAIL: start again, recovery will mend it */

struct outcome {
    enum store_result result;
    struct errbuf err;
};

struct store {
    struct env *env;
    struct checkpointer *checkpointer;
    pthread_t writer;
    struct alive *alive; /* owned; the writer's */

    pthread_mutex_t lock; /* of the following */
    pthread_cond_t wake;
    struct job_queue queue;
    bool stop;
    void (*on_panic)(void *arg);
    void *panic_arg;

    atomic_uint backlog;
    atomic_ullong most_of_job, most_of_transaction; /* work */

    /* The writer thread's own. */
    struct store_txn *txn;
    struct queued_job **batch;
    struct outcome *outcomes; /* of the jobs of the batch */
    unsigned batch_jobs;
    int64_t batch_us;
    store_commit_fn *on_commit;
    void *commit_arg;
    bool cut; /* the last transaction ended before its last job */
    bool panic_told;
    bool sweeping; /* the last sweep went well */
};

/* --- panic --- */

static void
end_process(void)
{
    log_error("storage: the database cannot go on; it needs a restart with "
              "recovery");
    _exit(PANIC_STATUS);
}

/* In any thread, inside the database, which must not be called from here. */
static void
note_panic(void *arg)
{
    struct store *s = arg;

    pthread_mutex_lock(&s->lock);
    if (s->on_panic == NULL)
        end_process();
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
}

static void
tell_panic(struct store *s)
{
    void (*cb)(void *arg);
    void *arg;

    if (s->panic_told || !atomic_load(&s->env->panicked))
        return;
    s->panic_told = true;
    pthread_mutex_lock(&s->lock);
    cb = s->on_panic;
    arg = s->panic_arg;
    pthread_mutex_unlock(&s->lock);
    if (cb == NULL)
        end_process();
    else
        cb(arg);
}

void
store_on_panic(struct store *s, void (*cb)(void *arg), void *arg)
{
    pthread_mutex_lock(&s->lock);
    s->on_panic = cb;
    s->panic_arg = arg;
    pthread_mutex_unlock(&s->lock);
}

/* --- running jobs --- */

static void
note_most(atomic_ullong *most, uint64_t work)
{
    if (work > atomic_load(most))
        atomic_store(most, work); /* nobody else raises it */
}

/* True if the transaction can go on; else it has to be aborted because of this
 * job. */
static bool
run_job(struct store *s, unsigned i)
{
    struct outcome *out = &s->outcomes[i];
    struct txn_mark mark = txn_mark(s->txn);

    out->err.text[0] = 0;
    alive_beat(s->alive);
    store_removing(s->txn, false);
    txn_begin_job(s->txn, s->batch[i]->part);
    out->result = s->batch[i]->body(s->txn, s->batch[i]->arg, &out->err);
    job_queue_charge(s->batch[i], s->txn->work - s->txn->work_job);
    note_most(&s->most_of_job, s->batch[i]->work);
    if (s->txn->failed != 0) {
        if (out->result == STORE_OK || out->result == STORE_AGAIN)
            /* the body overlooked it */
            out->result =
                txn_fail(s->txn, s->txn->failed, "running a job", &out->err);
        return false;
    }
    if (out->result == STORE_OK || out->result == STORE_AGAIN)
        return true;
    txn_forget_audit(s->txn, &mark);
    return s->txn->changes == mark.changes;
}

/* Whether the transaction, begun at that time, is to end with this job: what
 * comes behind one that is to run again may be of its lane. */
static bool
is_enough(const struct store *s, unsigned i, int64_t begun)
{
    return s->outcomes[i].result == STORE_AGAIN ||
           s->txn->bytes >= BATCH_BYTES || s->txn->work >= BATCH_WORK ||
           clock_mono() - begun >= s->batch_us;
}

static enum store_result
commit(struct store *s, unsigned jobs, struct errbuf *err)
{
    int64_t begun = clock_mono();
    enum store_result r = txn_commit(s->txn, err);
    struct store_commit c = {
        .jobs = jobs, .wrote = s->txn->changes > 0, .us = clock_mono() - begun};

    if (r == STORE_OK && s->on_commit != NULL)
        s->on_commit(s->commit_arg, &c);
    return r;
}

/* The end of a transaction.  A trial that has written is taken back. */
static enum store_result
end_transaction(struct store *s, unsigned jobs, bool is_trial,
                struct errbuf *err)
{
    if (!is_trial || s->txn->changes == 0)
        return commit(s, jobs, err);
    txn_abort(s->txn);
    return STORE_OK;
}

/* How many of the n jobs from `at` on may share a transaction: a trial is alone
 * in its own. */
static unsigned
up_to_trial(const struct store *s, unsigned at, unsigned n)
{
    unsigned i = 0;

    if (s->batch[at]->is_trial)
        return 1;
    while (i < n && !s->batch[at + i]->is_trial)
        i++;
    return i;
}

/* Runs jobs from `at` on in one transaction, at most *n, and says in *n how
 * many.  False: it was taken back, because of the job *culprit, or if that is
 * *n, because of the commit; the outcome of the culprit, or of the first job,
 * says why. */
static bool
try_once(struct store *s, unsigned at, unsigned *n, unsigned *culprit)
{
    struct outcome *first = &s->outcomes[at];
    struct errbuf err = {{0}};
    int64_t begun = clock_mono();
    enum store_result r;

    s->cut = false;
    *culprit = *n = up_to_trial(s, at, *n);
    r = txn_begin(s->txn, &first->err);
    if (r != STORE_OK) {
        first->result = r;
        return false;
    }
    for (unsigned i = 0; i < *n; i++) {
        if (!run_job(s, at + i)) {
            txn_abort(s->txn);
            *culprit = i;
            return false;
        }
        if (is_enough(s, at + i, begun)) {
            s->cut = true;
            *culprit = *n = i + 1;
        }
    }
    note_most(&s->most_of_transaction, s->txn->work);
    r = end_transaction(s, *n, s->batch[at]->is_trial, &err);
    if (r != STORE_OK) {
        first->result = r;
        first->err = err;
    }
    return r == STORE_OK;
}

static bool
try_jobs(struct store *s, unsigned at, unsigned *n, unsigned *culprit)
{
    for (int retry = 0; !try_once(s, at, n, culprit); retry++)
        if (!txn_may_retry(s->txn) || retry == RETRIES)
            return false;
    return true;
}

/* True if it is to run again. */
static bool
finish_job(struct store *s, struct queued_job *job, struct outcome *out)
{
    job->again = out->result == STORE_AGAIN;
    if (!job->again)
        atomic_fetch_sub(&s->backlog, 1);
    alive_beat(s->alive);
    if (job->done != NULL)
        job->done(out->result, job->arg, &out->err);
    if (job->again) {
        job->part++;
        return true;
    }
    pthread_mutex_lock(&s->lock);
    job_queue_forget(&s->queue, job);
    pthread_mutex_unlock(&s->lock);
    free(job);
    return false;
}

static void
finish_jobs(struct store *s, unsigned at, unsigned n)
{
    if (s->txn->changes > 0)
        checkpointer_wake(s->checkpointer);
    for (unsigned i = at; i < at + n; i++)
        if (!finish_job(s, s->batch[i], &s->outcomes[i]))
            s->batch[i] = NULL;
}

static unsigned run_jobs(struct store *s, unsigned at, unsigned n);

/* After a transaction of n jobs was taken back: those before the culprit, and
 * then it alone; each alone if it was the commit.  Says how many it has dealt
 * with. */
static unsigned
run_apart(struct store *s, unsigned at, unsigned n, unsigned culprit)
{
    unsigned did = 0;

    s->cut = false;
    if (culprit < n) {
        did = run_jobs(s, at, culprit);
        n = culprit + 1;
    }
    while (did < n && !s->cut)
        did += run_jobs(s, at + did, 1);
    return did;
}

/* Says how many it has dealt with: those behind a transaction that was cut are
 * to wait for their turn. */
static unsigned
run_jobs(struct store *s, unsigned at, unsigned n)
{
    unsigned begin = at, end = at + n;

    while (at < end) {
        unsigned did = end - at, culprit, part;

        if (try_jobs(s, at, &did, &culprit) || did == 1) {
            finish_jobs(s, at, did);
            at += did;
            if (s->cut)
                break;
            continue;
        }
        part = run_apart(s, at, did, culprit);
        at += part;
        if (s->cut)
            break;
    }
    return at - begin;
}

/* In the opposite order of taking them. */
static void
return_jobs(struct store *s, unsigned n)
{
    pthread_mutex_lock(&s->lock);
    while (n-- > 0)
        if (s->batch[n] != NULL)
            job_queue_return(&s->queue, s->batch[n]);
    pthread_mutex_unlock(&s->lock);
}

/* --- the writer thread --- */

/* Waits for jobs, or for none if there is something to sweep.  The number of
 * jobs taken; *end_r: there are none and there will be none. */
static unsigned
take_jobs(struct store *s, bool *end_r)
{
    unsigned n = 0;
    struct queued_job *job;

    alive_rest(s->alive);
    pthread_mutex_lock(&s->lock);
    while (job_queue_is_empty(&s->queue) && !s->stop && !s->sweeping &&
           (s->panic_told || !atomic_load(&s->env->panicked)))
        pthread_cond_wait(&s->wake, &s->lock);
    while (n < s->batch_jobs && (job = job_queue_take(&s->queue)) != NULL) {
        job->again = false;
        s->batch[n++] = job;
    }
    *end_r = n == 0 && s->stop;
    pthread_mutex_unlock(&s->lock);
    alive_beat(s->alive);
    return n;
}

/* One step of removing what was left of removed targets.  When it fails, it
 * is tried again after the next jobs. */
static void
sweep(struct store *s)
{
    struct errbuf err;
    enum store_result r = txn_begin(s->txn, &err);

    if (r == STORE_OK) {
        store_removing(s->txn, true);
        r = alert_sweep(s->txn, &err);
        if (r == STORE_OK)
            r = txn_commit(s->txn, &err);
        else
            txn_abort(s->txn);
    }
    if (r == STORE_OK && s->txn->changes > 0)
        checkpointer_wake(s->checkpointer);
    if (r == STORE_ERROR && atomic_load(&s->env->stuck) == 0)
        log_error("storage: %s", err.text);
    s->sweeping = r == STORE_OK && s->txn->trash;
}

static void *
run_writer(void *arg)
{
    struct store *s = arg;
    bool end;

    for (;;) {
        unsigned n = take_jobs(s, &end);

        if (end)
            return NULL;
        run_jobs(s, 0, n);
        return_jobs(s, n);
        tell_panic(s);
        if (s->txn->trash && !s->panic_told)
            sweep(s);
    }
}

static void
submit(struct store *s, uint64_t lane, const struct queued_job *like)
{
    struct queued_job *job = xmalloc(sizeof *job);
    bool first;

    *job = *like;
    atomic_fetch_add(&s->backlog, 1);
    pthread_mutex_lock(&s->lock);
    first = job_queue_is_empty(&s->queue);
    job_queue_add(&s->queue, lane, job);
    if (first)
        pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
}

void
store_submit_lane(struct store *s, uint64_t lane, store_body_fn *body,
                  store_done_fn *done, void *arg)
{
    const struct queued_job job = {.body = body, .done = done, .arg = arg};

    submit(s, lane, &job);
}

void
store_submit_trial(struct store *s, uint64_t lane, store_body_fn *body,
                   store_done_fn *done, void *arg)
{
    const struct queued_job job = {
        .body = body, .done = done, .arg = arg, .is_trial = true};

    submit(s, lane, &job);
}

void
store_submit(struct store *s, store_body_fn *body, store_done_fn *done,
             void *arg)
{
    store_submit_lane(s, 0, body, done, arg);
}

unsigned
store_backlog(const struct store *s)
{
    return atomic_load(&s->backlog);
}

bool
store_refuses(const struct store *s)
{
    return atomic_load(&s->env->full) || atomic_load(&s->env->stuck) != 0;
}

struct store_load
store_load(struct store *s)
{
    return (struct store_load){atomic_exchange(&s->most_of_job, 0),
                               atomic_exchange(&s->most_of_transaction, 0)};
}

void
store_figures(struct store *s, struct store_figures *figures_r)
{
    store_figures_of(s->env, figures_r);
}

struct env *
store_env(struct store *s)
{
    return s->env;
}

void
store_each_second(struct store *s, void (*fn)(void *arg), void *arg)
{
    checkpointer_each_second(s->checkpointer, fn, arg);
}

/* --- waiting for a job --- */

struct waiter {
    store_body_fn *body;
    void *arg;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool finished;
    struct outcome outcome;
};

static enum store_result
waiter_body(struct store_txn *txn, void *arg, struct errbuf *err)
{
    struct waiter *w = arg;

    return w->body(txn, w->arg, err);
}

static void
waiter_done(enum store_result result, void *arg, const struct errbuf *err)
{
    struct waiter *w = arg;

    if (result == STORE_AGAIN)
        return;
    pthread_mutex_lock(&w->lock);
    w->outcome.result = result;
    w->outcome.err = *err;
    w->finished = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
}

enum store_result
store_run(struct store *s, store_body_fn *body, void *arg, struct errbuf *err)
{
    struct waiter w = {.body = body, .arg = arg};

    assert(!pthread_equal(pthread_self(), s->writer));
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.wake, NULL);
    store_submit(s, waiter_body, waiter_done, &w);
    pthread_mutex_lock(&w.lock);
    while (!w.finished)
        pthread_cond_wait(&w.wake, &w.lock);
    pthread_mutex_unlock(&w.lock);
    pthread_cond_destroy(&w.wake);
    pthread_mutex_destroy(&w.lock);
    if (err != NULL && w.outcome.result != STORE_OK)
        *err = w.outcome.err;
    return w.outcome.result;
}

/* --- opening and closing --- */

bool
store_exists(const char *dir)
{
    return env_exists(dir);
}

enum store_presence
store_look(const char *dir, struct errbuf *err)
{
    return env_look(dir, err);
}

static struct env *
open_env(const struct store_options *o, struct errbuf *err)
{
    struct env *env;
    bool damaged;

    if (o->create && !env_exists(o->dir) && env_create(o->dir, err) != 0)
        return NULL;
    env = env_open(o->dir, o->cache_bytes,
                   o->damaged_r != NULL ? o->damaged_r : &damaged, err);
    if (env != NULL && env_open_tables(env, err) != 0)
        env_close(&env);
    if (env == NULL)
        return NULL;
    if (o->reserve_bytes > 0)
        env->reserve_size = o->reserve_bytes;
    space_reserve_take(env);
    return env;
}

struct store *
store_open(const struct store_options *o, struct errbuf *err)
{
    struct store *s;
    struct env *env = open_env(o, err);
    struct store_txn *txn = NULL;

    if (env != NULL)
        txn = txn_new(env, o->audit_days, err);
    if (txn == NULL) {
        env_close(&env);
        return NULL;
    }
    s = xcalloc(1, sizeof *s);
    s->env = env;
    s->txn = txn;
    s->sweeping = true;
    s->batch_jobs = o->batch_jobs > 0 ? o->batch_jobs : BATCH_JOBS;
    s->batch_us = o->batch_us > 0 ? o->batch_us : BATCH_US;
    s->on_commit = o->on_commit;
    s->commit_arg = o->commit_arg;
    s->batch = xcalloc(s->batch_jobs, sizeof(*s->batch));
    s->outcomes = xcalloc(s->batch_jobs, sizeof *s->outcomes);
    job_queue_init(&s->queue);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->wake, NULL);
    env->panic_arg = s;
    env->on_panic = note_panic;
    s->checkpointer = checkpointer_start(
        env, o->checkpoint_s > 0 ? o->checkpoint_s : CHECKPOINT_S);
    s->alive = alive_new("store");
    thread_start(&s->writer, "store", run_writer, s);
    return s;
}

void
store_close(struct store **store)
{
    struct store *s = *store;

    *store = NULL;
    if (s == NULL)
        return;
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->writer, NULL);
    alive_free(&s->alive);
    checkpointer_stop(&s->checkpointer);
    txn_free(&s->txn);
    env_complete(s->env);
    env_close(&s->env);
    job_queue_clear(&s->queue);
    pthread_cond_destroy(&s->wake);
    pthread_mutex_destroy(&s->lock);
    free(s->batch);
    free(s->outcomes);
    free(s);
}
