/* SPDX-License-Identifier: BSD-2-Clause */

/* The time of recovery depends on the amount of log since the last checkpoint.
 * So checkpoints are made by time and by volume.  The thread sleeps while
 * nothing is committed. */
#include "config.h"

#include "storage/checkpoint.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "storage/env.h"
#include "storage/guard.h"
#include "storage/space.h"
#include "storage/thread.h"
#include "util/alive.h"
#include "util/xmalloc.h"

/* Looked at once a second.  32 MiB are recovered in well under a second. */
#define LOG_KBYTES 32768

/* All that is in the cache may have to be written, by a slow disk. */
#define PATIENCE 10

struct checkpointer {
    struct env *env;
    unsigned interval_s;
    struct alive *alive; /* owned */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool dirty; /* committed since the last checkpoint by time */
    bool stop;

    pthread_mutex_t calling; /* held during a call of each_second */
    void (*each_second)(void *arg);
    void *each_second_arg;
};

/* Waits a second; false when it is time to stop. */
static bool
wait_second(struct checkpointer *c)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec++;
    while (!c->stop)
        if (pthread_cond_timedwait(&c->wake, &c->lock, &until) == ETIMEDOUT)
            break;
    return !c->stop;
}

/* What is committed from here on is for the next one. */
static void
begin(struct checkpointer *c)
{
    pthread_mutex_lock(&c->lock);
    c->dirty = false;
    pthread_mutex_unlock(&c->lock);
}

static void
call_each_second(struct checkpointer *c)
{
    pthread_mutex_lock(&c->calling);
    if (c->each_second != NULL)
        c->each_second(c->each_second_arg);
    pthread_mutex_unlock(&c->calling);
}

void
checkpointer_each_second(struct checkpointer *c, void (*fn)(void *arg),
                         void *arg)
{
    pthread_mutex_lock(&c->calling);
    c->each_second = fn;
    c->each_second_arg = arg;
    pthread_mutex_unlock(&c->calling);
}

static void *
run(void *arg)
{
    struct checkpointer *c = arg;

    pthread_mutex_lock(&c->lock);
    while (!c->stop) {
        bool due = false;

        while (!c->dirty && !c->stop)
            pthread_cond_wait(&c->wake, &c->lock);
        for (unsigned s = 1; !due && wait_second(c); s++) {
            pthread_mutex_unlock(&c->lock);
            alive_beat(c->alive);
            guard_sync(c->env);
            call_each_second(c);
            due = s >= c->interval_s || atomic_load(&c->env->stuck) != 0 ||
                  space_much_unwritten(c->env);
            if (due)
                begin(c);
            if (env_checkpoint(c->env, due ? 0 : LOG_KBYTES) != 0 && due)
                checkpointer_wake(c); /* try again in a second */
            else if (due)
                space_reserve_take(c->env); /* what was given up */
            alive_rest(c->alive);
            pthread_mutex_lock(&c->lock);
        }
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

struct checkpointer *
checkpointer_start(struct env *env, unsigned interval_s)
{
    struct checkpointer *c = xcalloc(1, sizeof *c);
    pthread_condattr_t attr;

    c->env = env;
    c->alive = alive_new("checkpoint");
    alive_set_patience(c->alive, PATIENCE);
    c->interval_s = interval_s;
    pthread_mutex_init(&c->lock, NULL);
    pthread_mutex_init(&c->calling, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&c->wake, &attr);
    pthread_condattr_destroy(&attr);
    thread_start(&c->thread, "checkpoint", run, c);
    return c;
}

void
checkpointer_wake(struct checkpointer *c)
{
    pthread_mutex_lock(&c->lock);
    if (!c->dirty) {
        c->dirty = true;
        pthread_cond_signal(&c->wake);
    }
    pthread_mutex_unlock(&c->lock);
}

void
checkpointer_stop(struct checkpointer **c_p)
{
    struct checkpointer *c = *c_p;

    *c_p = NULL;
    pthread_mutex_lock(&c->lock);
    c->stop = true;
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    alive_free(&c->alive);
    pthread_cond_destroy(&c->wake);
    pthread_mutex_destroy(&c->lock);
    pthread_mutex_destroy(&c->calling);
    free(c);
}
