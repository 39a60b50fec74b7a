/* SPDX-License-Identifier: BSD-2-Clause */

/* The queue of jobs and the thread that runs them.
 *
 * The thread takes whatever waits and runs it in one transaction: the more
 * wait, the less each pays for the disk.  When something fails in a way that
 * leaves only an abort, the jobs before the culprit run again as one
 * transaction, the culprit alone, and then those behind it, so that each job
 * fails by its own fault only, and all of them still happen in their order. */
#include "config.h"

#include "storage/store.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "storage/checkpoint.h"
#include "storage/env.h"
#include "storage/space.h"
#include "storage/thread.h"
#include "storage/txn.h"
#include "util/log.h"
#include "util/queue_safe.h"
#include "util/xmalloc.h"

#define BATCH_JOBS   512
#define CHECKPOINT_S 5

/* A transaction that has written so much takes no further job. */
#define BATCH_BYTES (4u << 20)

#define RETRIES 5 /* of a transaction that met a deadlock */

#define PANIC_STATUS 75 /* EX_TEMPFAIL: start again, recovery will mend it */

struct job {
    STAILQ_ENTRY(job) link;
    store_body_fn *body;
    store_done_fn *done;
    void *arg;
};

STAILQ_HEAD(job_list, job);

struct outcome {
    enum store_result result;
    struct errbuf err;
};

struct store {
    struct env *env;
    struct checkpointer *checkpointer;
    pthread_t writer;

    pthread_mutex_t lock; /* of the following */
    pthread_cond_t wake;
    struct job_list queue;
    bool stop;
    void (*on_panic)(void *arg);
    void *panic_arg;

    atomic_uint backlog;

    /* The writer thread's own. */
    struct store_txn *txn;
    struct job **batch;
    struct outcome *outcomes; /* of the jobs of the batch */
    unsigned batch_jobs;
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

/* True if the transaction can go on; else it has to be aborted because of this
 * job. */
static bool
run_job(struct store *s, unsigned i)
{
    struct outcome *out = &s->outcomes[i];
    struct txn_mark mark = txn_mark(s->txn);

    out->err.text[0] = 0;
    store_removing(s->txn, false);
    out->result = s->batch[i]->body(s->txn, s->batch[i]->arg, &out->err);
    if (s->txn->failed != 0) {
        if (out->result == STORE_OK) /* the body overlooked it */
            out->result =
                txn_fail(s->txn, s->txn->failed, "running a job", &out->err);
        return false;
    }
    if (out->result == STORE_OK)
        return true;
    txn_forget_audit(s->txn, &mark);
    return s->txn->changes == mark.changes;
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
    enum store_result r;

    *culprit = *n;
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
        if (s->txn->bytes >= BATCH_BYTES)
            *culprit = *n = i + 1;
    }
    r = txn_commit(s->txn, &err);
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

static void
finish_jobs(struct store *s, unsigned at, unsigned n)
{
    if (s->txn->changes > 0)
        checkpointer_wake(s->checkpointer);
    for (unsigned i = at; i < at + n; i++) {
        struct job *job = s->batch[i];

        atomic_fetch_sub(&s->backlog, 1);
        if (job->done != NULL)
            job->done(s->outcomes[i].result, job->arg, &s->outcomes[i].err);
        free(job);
    }
}

static void
run_jobs(struct store *s, unsigned at, unsigned n)
{
    while (n > 0) {
        unsigned did = n, culprit;

        if (try_jobs(s, at, &did, &culprit) || did == 1) {
            finish_jobs(s, at, did);
        } else if (culprit < did) {
            run_jobs(s, at, culprit);
            run_jobs(s, at + culprit, 1);
            did = culprit + 1;
        } else {
            for (unsigned i = 0; i < did; i++)
                run_jobs(s, at + i, 1);
        }
        at += did;
        n -= did;
    }
}

/* --- the writer thread --- */

/* Waits for jobs, or for none if there is something to sweep.  The number of
 * jobs taken; *end_r: there are none and there will be none. */
static unsigned
take_jobs(struct store *s, bool *end_r)
{
    unsigned n = 0;
    struct job *job;

    pthread_mutex_lock(&s->lock);
    while (STAILQ_EMPTY(&s->queue) && !s->stop && !s->sweeping &&
           (s->panic_told || !atomic_load(&s->env->panicked)))
        pthread_cond_wait(&s->wake, &s->lock);
    while (n < s->batch_jobs && (job = STAILQ_FIRST(&s->queue)) != NULL) {
        STAILQ_REMOVE_HEAD(&s->queue, link);
        s->batch[n++] = job;
    }
    *end_r = n == 0 && s->stop;
    pthread_mutex_unlock(&s->lock);
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
    if (r == STORE_ERROR)
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
        tell_panic(s);
        if (s->txn->trash && !s->panic_told)
            sweep(s);
    }
}

void
store_submit(struct store *s, store_body_fn *body, store_done_fn *done,
             void *arg)
{
    struct job *job = xmalloc(sizeof *job);
    bool first;

    job->body = body;
    job->done = done;
    job->arg = arg;
    atomic_fetch_add(&s->backlog, 1);
    pthread_mutex_lock(&s->lock);
    first = STAILQ_EMPTY(&s->queue);
    STAILQ_INSERT_TAIL(&s->queue, job, link);
    if (first)
        pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
}

unsigned
store_backlog(const struct store *s)
{
    return atomic_load(&s->backlog);
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

bool
store_may_open(const char *dir, bool *absent_r, struct errbuf *err)
{
    return env_may_open(dir, absent_r, err);
}

static struct env *
open_env(const struct store_options *o, struct errbuf *err)
{
    struct env *env;

    if (o->create && !env_exists(o->dir) && env_create(o->dir, err) != 0)
        return NULL;
    env = env_open(o->dir, o->cache_bytes, err);
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
    s->batch = xcalloc(s->batch_jobs, sizeof(*s->batch));
    s->outcomes = xcalloc(s->batch_jobs, sizeof *s->outcomes);
    STAILQ_INIT(&s->queue);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->wake, NULL);
    env->panic_arg = s;
    env->on_panic = note_panic;
    s->checkpointer = checkpointer_start(
        env, o->checkpoint_s > 0 ? o->checkpoint_s : CHECKPOINT_S);
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
    checkpointer_stop(&s->checkpointer);
    txn_free(&s->txn);
    if (!atomic_load(&s->env->panicked))
        (void)env_checkpoint(s->env, 0);
    env_close(&s->env);
    pthread_cond_destroy(&s->wake);
    pthread_mutex_destroy(&s->lock);
    free(s->batch);
    free(s->outcomes);
    free(s);
}
