/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_JOB_QUEUE_H
#define STORAGE_JOB_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/store.h"
#include "util/queue_safe.h"

/* Jobs that wait, in lanes.  The jobs of one lane keep their order, and the
 * lanes take turns.  A turn is one job.  A lane whose jobs have cost more than
 * its share waits until the others have had as much.  Not thread-safe; store.c
 * protects it by its lock.  Private to storage/. */

/* The share of a lane per round, in units of work (txn.h). */
#define LANE_SHARE 1500

struct lane;

struct queued_job {
    STAILQ_ENTRY(queued_job) link;
    struct lane *lane; /* borrowed; while it is queued or taken */
    store_body_fn *body;
    store_done_fn *done;
    void *arg;
    uint64_t work; /* of its last run */
    unsigned part; /* parts of it that are on disk */
    bool again;    /* it asked to be run again */
    bool is_trial; /* what it writes is taken back */
};

STAILQ_HEAD(job_list, queued_job);
LIST_HEAD(lane_bucket, lane);
TAILQ_HEAD(lane_ring, lane);

#define LANE_BUCKETS 1024

struct job_queue {
    struct lane_ring ring; /* lanes with jobs, the next one first */
    struct lane_bucket bucket[LANE_BUCKETS];
};

/* Makes the queue empty. */
void job_queue_init(struct job_queue *q);
/* Frees what the queue holds.  It must be empty, with no job taken. */
void job_queue_clear(struct job_queue *q);

/* True if no job waits; taken jobs do not count. */
bool job_queue_is_empty(const struct job_queue *q);
/* Adds a job at the end of a lane.  The queue does not own it. */
void job_queue_add(struct job_queue *q, uint64_t lane, struct queued_job *job);
/* Takes the next job by turns; NULL if none waits.  The caller must hand it
 * back: by job_queue_return if it will run again, by job_queue_forget if it is
 * done. */
struct queued_job *job_queue_take(struct job_queue *q);
/* Puts a job back at the head of its lane.  Of several jobs, hand back the one
 * taken last first.  It runs next, unless it has had its turn (`again`): then
 * the other lanes come first. */
void job_queue_return(struct job_queue *q, struct queued_job *job);
/* Removes a taken job that is done; does not free it. */
void job_queue_forget(struct job_queue *q, struct queued_job *job);
/* Charges the work of a run of a taken job to its lane. */
void job_queue_charge(struct queued_job *job, uint64_t work);

#endif
