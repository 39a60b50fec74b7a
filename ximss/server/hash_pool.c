/* SPDX-License-Identifier: BSD-2-Clause */
/* A ring of jobs, a lock, and threads that take from it.  The bound of the
 * queue is what keeps a flood of log-ins from taking all memory, and from
 * waiting longer than their clients do. */
#include "config.h"

#include "ximss/server/hash_pool.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/xmalloc.h"

struct job {
    hash_pool_fn *work, *done;
    void *arg;
};

struct hash_pool {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool ending;
    struct job *ring; /* owned; size jobs */
    unsigned size, first, waiting;
    pthread_t *threads; /* owned */
    unsigned n_threads;
};

/* Takes the next job; false when the pool ends and none is left. */
static bool
take(struct hash_pool *pool, struct job *job_r)
{
    bool taken;

    pthread_mutex_lock(&pool->lock);
    while (pool->waiting == 0 && !pool->ending)
        pthread_cond_wait(&pool->wake, &pool->lock);
    taken = pool->waiting > 0;
    if (taken) {
        *job_r = pool->ring[pool->first];
        pool->first = (pool->first + 1) % pool->size;
        pool->waiting--;
    }
    pthread_mutex_unlock(&pool->lock);
    return taken;
}

static void *
run(void *arg)
{
    struct hash_pool *pool = arg;
    struct job job;

    while (take(pool, &job)) {
        job.work(job.arg);
        if (job.done != NULL)
            job.done(job.arg);
    }
    return NULL;
}

/* Starts one thread that no signal is delivered to. */
static int
start(struct hash_pool *pool, struct errbuf *err)
{
    char name[16];
    sigset_t all, old;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    rc = pthread_create(&pool->threads[pool->n_threads], NULL, run, pool);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (rc != 0)
        return err_set(err, "starting a hash thread: %s", strerror(rc));
    snprintf(name, sizeof name, "hash-%u", pool->n_threads);
    pthread_setname_np(pool->threads[pool->n_threads], name);
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
    pool->size = max_waiting;
    pool->ring = xcalloc(max_waiting, sizeof *pool->ring);
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
hash_pool_submit(struct hash_pool *pool, hash_pool_fn *work, hash_pool_fn *done,
                 void *arg)
{
    int result = -1;

    if (pool == NULL)
        return -1;
    pthread_mutex_lock(&pool->lock);
    if (!pool->ending && pool->waiting < pool->size) {
        pool->ring[(pool->first + pool->waiting) % pool->size] =
            (struct job){work, done, arg};
        pool->waiting++;
        pthread_cond_signal(&pool->wake);
        result = 0;
    }
    pthread_mutex_unlock(&pool->lock);
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
    for (unsigned i = 0; i < p->n_threads; i++)
        pthread_join(p->threads[i], NULL);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    free(p->threads);
    free(p->ring);
    free(p);
    *pool = NULL;
}
