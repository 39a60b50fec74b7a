/* SPDX-License-Identifier: BSD-2-Clause */

/* Deficit round robin.  The cost of a job is known only after it has run, so a
 * lane pays afterwards.  It can go into debt by one job, which is bounded
 * (store_tired), and by the jobs that were taken from it for the same
 * transaction.  A lane exists while it has jobs, queued or taken.  Its debt is
 * forgotten with it, because a lane without jobs takes no turn from others. */
#include "config.h"

#include "storage/job_queue.h"

#include <assert.h>
#include <stdlib.h>

#include "util/xmalloc.h"

struct lane {
    LIST_ENTRY(lane) hash;
    TAILQ_ENTRY(lane) ring; /* if it has jobs */
    uint64_t number;
    struct job_list jobs;
    unsigned taken;
    int64_t credit;
};

void
job_queue_init(struct job_queue *q)
{
    TAILQ_INIT(&q->ring);
    for (unsigned i = 0; i < LANE_BUCKETS; i++)
        LIST_INIT(&q->bucket[i]);
}

void
job_queue_clear(struct job_queue *q)
{
    assert(TAILQ_EMPTY(&q->ring));
    for (unsigned i = 0; i < LANE_BUCKETS; i++)
        assert(LIST_EMPTY(&q->bucket[i]));
}

bool
job_queue_is_empty(const struct job_queue *q)
{
    return TAILQ_EMPTY(&q->ring);
}

/* Numbers of one kind differ in their lowest bits. */
static struct lane_bucket *
bucket_of(struct job_queue *q, uint64_t number)
{
    return &q->bucket[(number * UINT64_C(0x9e3779b97f4a7c15) >> 32) %
                      LANE_BUCKETS];
}

static struct lane *
get_lane(struct job_queue *q, uint64_t number)
{
    struct lane_bucket *bucket = bucket_of(q, number);
    struct lane *l;

    LIST_FOREACH(l, bucket, hash)
        if (l->number == number)
            return l;
    l = xcalloc(1, sizeof *l);
    l->number = number;
    l->credit = LANE_SHARE;
    STAILQ_INIT(&l->jobs);
    LIST_INSERT_HEAD(bucket, l, hash);
    return l;
}

static void
release_lane(struct lane *l)
{
    if (l->taken > 0 || !STAILQ_EMPTY(&l->jobs))
        return;
    LIST_REMOVE(l, hash);
    free(l);
}

void
job_queue_add(struct job_queue *q, uint64_t lane, struct job *job)
{
    struct lane *l = get_lane(q, lane);

    if (STAILQ_EMPTY(&l->jobs))
        TAILQ_INSERT_TAIL(&q->ring, l, ring);
    STAILQ_INSERT_TAIL(&l->jobs, job, link);
    job->lane = l;
}

/* The first lane that is not in debt; those before it wait a round, in which
 * their debt shrinks. */
static struct lane *
next_lane(struct job_queue *q)
{
    struct lane *l;

    while ((l = TAILQ_FIRST(&q->ring)) != NULL && l->credit <= 0) {
        l->credit += LANE_SHARE;
        TAILQ_REMOVE(&q->ring, l, ring);
        TAILQ_INSERT_TAIL(&q->ring, l, ring);
    }
    return l;
}

struct job *
job_queue_take(struct job_queue *q)
{
    struct lane *l = next_lane(q);
    struct job *job;

    if (l == NULL)
        return NULL;
    job = STAILQ_FIRST(&l->jobs);
    STAILQ_REMOVE_HEAD(&l->jobs, link);
    l->taken++;
    TAILQ_REMOVE(&q->ring, l, ring);
    if (!STAILQ_EMPTY(&l->jobs))
        TAILQ_INSERT_TAIL(&q->ring, l, ring);
    return job;
}

void
job_queue_return(struct job_queue *q, struct job *job)
{
    struct lane *l = job->lane;

    l->taken--;
    if (!STAILQ_EMPTY(&l->jobs))
        TAILQ_REMOVE(&q->ring, l, ring);
    STAILQ_INSERT_HEAD(&l->jobs, job, link);
    if (job->again)
        TAILQ_INSERT_TAIL(&q->ring, l, ring);
    else
        TAILQ_INSERT_HEAD(&q->ring, l, ring);
}

void
job_queue_forget(struct job_queue *q, struct job *job)
{
    struct lane *l = job->lane;

    (void)q;
    job->lane = NULL;
    l->taken--;
    release_lane(l);
}

void
job_queue_charge(struct job *job, uint64_t work)
{
    job->work = work;
    job->lane->credit -= (int64_t)work;
}
