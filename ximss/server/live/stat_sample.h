/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_STAT_SAMPLE_H
#define XIMSS_SERVER_LIVE_STAT_SAMPLE_H

#include <stdint.h>

/* A thread that looks from time to time at what must not be looked at when
 * somebody asks, and sets elements of the statistics.  It may look at a disk that
 * hangs: then it hangs, and nothing else does. */

struct stat_sampler;
typedef void stat_sample_fn(void *arg);

struct stat_samples {
    int64_t interval; /* microseconds; at first at once */
    /* Never hangs; not called any more when stat_sampler_stop has returned. */
    stat_sample_fn *memory;
    void *memory_arg;
    /* May hang, and be called until it returns, whenever that is. */
    stat_sample_fn *disk;
    void *disk_arg; /* taken: freed by free() when nobody needs it */
};

/* Ends the process if there is no thread. */
struct stat_sampler *stat_sampler_start(const struct stat_samples *samples);

/* Waits for `disk` for a second at most.  If it hangs longer, the thread is left
 * behind, with a line in the log.  NULL is allowed. */
void stat_sampler_stop(struct stat_sampler **s);

#endif
