/* SPDX-License-Identifier: BSD-2-Clause */
/* The thread shares its memory with the owner, and who is last frees it. */
#include "config.h"

#include "ximss/server/live/stat_sample.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"

#define STOP_WAIT CLOCK_SECOND

struct stat_sampler {
    struct stat_samples what;
    pthread_mutex_t lock; /* of what follows, and held during `memory` */
    pthread_cond_t wake;
    bool stop;
    bool ended;     /* the thread touches nothing any more but to free */
    bool abandoned; /* the owner has gone: the thread frees */
};

static void
sampler_free(struct stat_sampler *s)
{
    pthread_cond_destroy(&s->wake);
    pthread_mutex_destroy(&s->lock);
    free(s->what.disk_arg);
    free(s);
}

/* Real time: a test that moves the clock changes nothing here.  Locked; returns
 * when the time is over, or *flag is set. */
static void
wait_for(struct stat_sampler *s, int64_t us, const bool *flag)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += us / CLOCK_SECOND;
    until.tv_nsec += us % CLOCK_SECOND * 1000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    while (!*flag &&
           pthread_cond_timedwait(&s->wake, &s->lock, &until) != ETIMEDOUT)
        continue;
}

static void *
run(void *arg)
{
    struct stat_sampler *s = arg;
    bool abandoned;

    pthread_mutex_lock(&s->lock);
    while (!s->stop) {
        s->what.memory(s->what.memory_arg);
        pthread_mutex_unlock(&s->lock);
        s->what.disk(s->what.disk_arg);
        pthread_mutex_lock(&s->lock);
        wait_for(s, s->what.interval, &s->stop);
    }
    s->ended = true;
    abandoned = s->abandoned;
    pthread_cond_broadcast(&s->wake);
    pthread_mutex_unlock(&s->lock);
    if (abandoned)
        sampler_free(s);
    return NULL;
}

static void
start_thread(struct stat_sampler *s)
{
    sigset_t all, before;
    pthread_t thread;
    int code;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    code = pthread_create(&thread, NULL, run, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code != 0)
        log_fatal("starting the statistics thread: %s", strerror(code));
    pthread_detach(thread);
}

struct stat_sampler *
stat_sampler_start(const struct stat_samples *samples)
{
    struct stat_sampler *s = xcalloc(1, sizeof *s);
    pthread_condattr_t attr;

    s->what = *samples;
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->wake, &attr);
    pthread_condattr_destroy(&attr);
    start_thread(s);
    return s;
}

void
stat_sampler_stop(struct stat_sampler **sp)
{
    struct stat_sampler *s = *sp;
    bool ended;

    *sp = NULL;
    if (s == NULL)
        return;
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_broadcast(&s->wake);
    wait_for(s, STOP_WAIT, &s->ended);
    ended = s->ended;
    s->abandoned = !ended;
    pthread_mutex_unlock(&s->lock);
    if (ended)
        sampler_free(s);
    else
        log_warn("the file system does not say how much space is left: it is "
                 "not waited for");
}
