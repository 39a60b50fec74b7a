/* SPDX-License-Identifier: BSD-2-Clause */
/* A list of threads, each with the time of its last sign, or 0 while it rests.
 * Who looks reads times; who gives a sign takes no lock. */
#include "config.h"

#include "util/alive.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "util/buf.h"
#include "util/clock.h"
#include "util/xmalloc.h"

#define LIMIT (30 * CLOCK_SECOND)

struct alive {
    LIST_ENTRY(alive) link;
    char name[ALIVE_NAME_SIZE];
    _Atomic int64_t last; /* clock_steady of the last sign; 0: it rests */
    atomic_uint patience;
    int64_t stuck_since; /* alive_look's; 0: it was not */
};

static LIST_HEAD(, alive) all = LIST_HEAD_INITIALIZER(all);
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the list */
static _Atomic int64_t limit = LIMIT;
/* When the process, or the whole machine, last went on after a pause: then nobody
 * has been silent for longer than that. */
static _Atomic int64_t resumed;
static int64_t last_look; /* alive_look's */

void
alive_set_limit(int64_t us)
{
    atomic_store(&limit, us);
}

int64_t
alive_limit(void)
{
    return atomic_load(&limit);
}

struct alive *
alive_new(const char *name)
{
    struct alive *a = xcalloc(1, sizeof *a);

    snprintf(a->name, sizeof a->name, "%s", name);
    atomic_init(&a->last, 0);
    atomic_init(&a->patience, 1);
    pthread_mutex_lock(&lock);
    LIST_INSERT_HEAD(&all, a, link);
    pthread_mutex_unlock(&lock);
    return a;
}

void
alive_free(struct alive **a)
{
    if (*a == NULL)
        return;
    pthread_mutex_lock(&lock);
    LIST_REMOVE(*a, link);
    pthread_mutex_unlock(&lock);
    free(*a);
    *a = NULL;
}

void
alive_set_patience(struct alive *a, unsigned times)
{
    atomic_store(&a->patience, times);
}

void
alive_beat(struct alive *a)
{
    atomic_store_explicit(&a->last, clock_steady(), memory_order_relaxed);
}

void
alive_rest(struct alive *a)
{
    atomic_store_explicit(&a->last, 0, memory_order_relaxed);
}

/* How long a stuck thread has given no sign; 0: it is well. */
static int64_t
silence(struct alive *a, int64_t now)
{
    int64_t last = atomic_load_explicit(&a->last, memory_order_relaxed);
    int64_t most = atomic_load(&limit) * (int64_t)atomic_load(&a->patience);

    if (last != 0 && last < atomic_load(&resumed))
        last = atomic_load(&resumed);
    return last != 0 && now - last > most ? now - last : 0;
}

/* Who looks all the time has not looked for long: it did not run either.  Returns
 * the time: behind it there may be another pause. */
static int64_t
notice_pause(void)
{
    int64_t now = clock_steady();

    if (last_look != 0 && now - last_look > alive_limit() / 2)
        atomic_store(&resumed, now);
    last_look = now;
    return now;
}

unsigned
alive_look(alive_fn *tell, void *arg)
{
    int64_t now = notice_pause();
    unsigned n = 0;
    struct alive *a;

    pthread_mutex_lock(&lock);
    LIST_FOREACH(a, &all, link) {
        int64_t us = silence(a, now);

        n += us > 0;
        if (us > 0 && a->stuck_since == 0) {
            a->stuck_since = now - us;
            tell(arg, a->name, true, us);
        } else if (us == 0 && a->stuck_since != 0) {
            tell(arg, a->name, false, now - a->stuck_since);
            a->stuck_since = 0;
        }
    }
    pthread_mutex_unlock(&lock);
    return n;
}

unsigned
alive_stuck(struct buf *names)
{
    int64_t now;
    unsigned n = 0;
    struct alive *a;

    pthread_mutex_lock(&lock);
    now = clock_steady();
    LIST_FOREACH(a, &all, link) {
        if (silence(a, now) == 0)
            continue;
        n++;
        if (names != NULL)
            buf_appendf(names, " %s", a->name);
    }
    pthread_mutex_unlock(&lock);
    return n;
}
