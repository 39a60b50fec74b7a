/* SPDX-License-Identifier: BSD-2-Clause */
/* A queue for each owner that has jobs waiting, a ring of these queues, a lock,
 * and threads.  A thread takes the first job of the first queue, which then
 * goes to the end of the ring.  The limit of all queues together keeps a flood
 * of log-ins from taking all memory, and from waiting longer than their clients
 * do. */
#include "config.h"

#include "ximss/server/auth/hash_pool.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <glib.h>

#include "util/alive.h"
#include "util/xmalloc.h"
#include "ximss/server/base/stat.h"

struct hash_job {
    STAILQ_ENTRY(hash_job) link;
    hash_pool_fn *work, *done;
    void *arg;
};

/* Never empty. */
struct queue {
    int64_t owner; /* as GLib's hash wants it */
    TAILQ_ENTRY(queue) turn;
    STAILQ_HEAD(, hash_job) jobs; /* owned */
    unsigned n;
};

/* A hash may be made to take long: not a sickness yet. */
#define PATIENCE 10

struct hash_thread {
    struct hash_pool *pool;
    pthread_t thread;
    struct alive *alive; /* owned */
};

struct hash_pool {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool ending;
    bool uncounted;
    GHashTable *queues; /* owned, and each of them: by owner */
    TAILQ_HEAD(, queue) turns;
    unsigned most, waiting;
    struct hash_thread *threads; /* owned */
    unsigned n_threads;
};

void
hash_pool_set_uncounted(struct hash_pool *pool)
{
    pool->uncounted = true;
}

/* --- queues; call with the lock --- */

static struct queue *
find_queue(const struct hash_pool *pool, hash_pool_owner owner)
{
    int64_t key = (int64_t)owner;

    return g_hash_table_lookup(pool->queues, &key);
}

static struct queue *
add_queue(struct hash_pool *pool, hash_pool_owner owner)
{
    struct queue *q = xcalloc(1, sizeof *q);

    q->owner = (int64_t)owner;
    STAILQ_INIT(&q->jobs);
    g_hash_table_insert(pool->queues, &q->owner, q);
    TAILQ_INSERT_TAIL(&pool->turns, q, turn);
    return q;
}

/* The first job of whose turn it is. */
static struct hash_job *
take_first(struct hash_pool *pool)
{
    struct queue *q = TAILQ_FIRST(&pool->turns);
    struct hash_job *job = STAILQ_FIRST(&q->jobs);

    STAILQ_REMOVE_HEAD(&q->jobs, link);
    q->n--;
    pool->waiting--;
    TAILQ_REMOVE(&pool->turns, q, turn);
    if (q->n > 0)
        TAILQ_INSERT_TAIL(&pool->turns, q, turn);
    else
        g_hash_table_remove(pool->queues, &q->owner);
    return job;
}

/* Whether one more may wait; q: its owner's queue, or NULL. */
static bool
has_room(const struct hash_pool *pool, const struct queue *q)
{
    return pool->waiting < (q == NULL ? 2 * pool->most : pool->most);
}

/* --- threads --- */

/* Takes the next job; NULL when the pool ends and none is left. */
static struct hash_job *
take(struct hash_pool *pool)
{
    struct hash_job *job = NULL;

    pthread_mutex_lock(&pool->lock);
    while (pool->waiting == 0 && !pool->ending)
        pthread_cond_wait(&pool->wake, &pool->lock);
    if (pool->waiting > 0)
        job = take_first(pool);
    pthread_mutex_unlock(&pool->lock);
    return job;
}

static void *
run(void *arg)
{
    struct hash_thread *t = arg;
    struct hash_job *job;

    while ((job = take(t->pool)) != NULL) {
        if (!t->pool->uncounted)
            alive_beat(t->alive);
        job->work(job->arg);
        if (job->done != NULL)
            job->done(job->arg);
        free(job);
        alive_rest(t->alive);
    }
    return NULL;
}

/* Starts one thread that no signal is delivered to. */
static int
start(struct hash_pool *pool, struct errbuf *err)
{
    struct hash_thread *t = &pool->threads[pool->n_threads];
    char name[ALIVE_NAME_SIZE];
    sigset_t all, old;
    int rc;

    snprintf(name, sizeof name, "hash-%u", pool->n_threads);
    t->pool = pool;
    t->alive = alive_new(name);
    alive_set_patience(t->alive, PATIENCE);

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    rc = pthread_create(&t->thread, NULL, run, t);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (rc != 0) {
        alive_free(&t->alive);
        return err_set(err, "starting a hash thread: %s", strerror(rc));
    }
    pthread_setname_np(t->thread, name);
    pool->n_threads++;
    return 0;
}

struct hash_pool *
hash_pool_new(unsigned threads, unsigned max_waiting, struct errbuf *err)
{
    struct hash_pool *pool = xcalloc(1, sizeof *pool);

    assert(threads > 0 && max_waiting > 0);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pool->most = max_waiting;
    TAILQ_INIT(&pool->turns);
    pool->queues =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free);
    pool->threads = xcalloc(threads, sizeof *pool->threads);
    for (unsigned i = 0; i < threads; i++) {
        if (start(pool, err) < 0) {
            hash_pool_free(&pool);
            return NULL;
        }
    }
    return pool;
}

int
hash_pool_submit(struct hash_pool *pool, hash_pool_owner owner,
                 hash_pool_fn *work, hash_pool_fn *done, void *arg)
{
    struct queue *q;
    struct hash_job *job;
    int result = -1;

    if (pool == NULL)
        return -1;
    pthread_mutex_lock(&pool->lock);
    q = find_queue(pool, owner);
    if (!pool->ending && has_room(pool, q)) {
        if (q == NULL)
            q = add_queue(pool, owner);
        job = xcalloc(1, sizeof *job);
        *job = (struct hash_job){.work = work, .done = done, .arg = arg};
        STAILQ_INSERT_TAIL(&q->jobs, job, link);
        q->n++;
        pool->waiting++;
        pthread_cond_signal(&pool->wake);
        result = 0;
    }
    pthread_mutex_unlock(&pool->lock);
    if (result == 0 && !pool->uncounted)
        stat_add(STAT_HASHES, 1);
    return result;
}

unsigned
hash_pool_waiting(struct hash_pool *pool)
{
    unsigned waiting;

    pthread_mutex_lock(&pool->lock);
    waiting = pool->waiting;
    pthread_mutex_unlock(&pool->lock);
    return waiting;
}

unsigned
hash_pool_waiting_of(struct hash_pool *pool, hash_pool_owner owner)
{
    const struct queue *q;
    unsigned waiting;

    if (pool == NULL)
        return 0;
    pthread_mutex_lock(&pool->lock);
    q = find_queue(pool, owner);
    waiting = q != NULL ? q->n : 0;
    pthread_mutex_unlock(&pool->lock);
    return waiting;
}

void
hash_pool_free(struct hash_pool **pool)
{
    struct hash_pool *p = *pool;

    if (p == NULL)
        return;
    pthread_mutex_lock(&p->lock);
    p->ending = true;
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->n_threads; i++) {
        pthread_join(p->threads[i].thread, NULL);
        alive_free(&p->threads[i].alive);
    }
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    g_hash_table_destroy(p->queues);
    free(p->threads);
    free(p);
    *pool = NULL;
}
