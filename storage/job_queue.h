/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_JOB_QUEUE_H
#define STORAGE_JOB_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/store.h"
#include "util/queue_safe.h"

/* Jobs that wait, in lanes: those of one lane keep their order, and the lanes
 * take turns.  A turn gives one job; a lane whose jobs have cost more than its
 * share lets the others go first until they have had as much.  Not safe for
 * threads; store.c has it under its lock.  Private to storage/. */

/* What a lane may cost per round, in units of work (txn.h). */
#define LANE_SHARE 1500

struct lane;

struct job {
    STAILQ_ENTRY(job) link;
    struct lane *lane; /* borrowed; while it is queued or taken */
    store_body_fn *body;
    store_done_fn *done;
    void *arg;
    uint64_t work; /* of its last run */
    unsigned part; /* parts of it that are on disk */
    bool again;    /* it asked to be run again */
};

STAILQ_HEAD(job_list, job);
LIST_HEAD(lane_bucket, lane);
TAILQ_HEAD(lane_ring, lane);

#define LANE_BUCKETS 1024

struct job_queue {
    struct lane_ring ring; /* lanes with jobs, the next one first */
    struct lane_bucket bucket[LANE_BUCKETS];
};

void job_queue_init(struct job_queue *q);
/* It must be empty, and nothing taken. */
void job_queue_clear(struct job_queue *q);

bool job_queue_is_empty(const struct job_queue *q);
/* At the end of its lane. */
void job_queue_add(struct job_queue *q, uint64_t lane, struct job *job);
/* The next job by turns, NULL if none waits.  It is to be given back: by
 * job_queue_return if it is to come again, and by job_queue_forget if it was
 * dealt with. */
struct job *job_queue_take(struct job_queue *q);
/* Back to the head of its lane; of several, the one taken last first.  It has
 * its turn next, unless it had one (`again`): then the others come first. */
void job_queue_return(struct job_queue *q, struct job *job);
/* The job is done with; does not free it. */
void job_queue_forget(struct job_queue *q, struct job *job);
/* Notes what a run of a taken job has cost its lane. */
void job_queue_charge(struct job *job, uint64_t work);

#endif
