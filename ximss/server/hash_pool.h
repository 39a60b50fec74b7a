/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_HASH_POOL_H
#define XIMSS_SERVER_HASH_POOL_H

#include <stddef.h>

#include "util/errbuf.h"

/* A few threads for what takes milliseconds of CPU (password hashes), so that
 * no event loop waits for it. */

struct hash_pool;

typedef void hash_pool_fn(void *arg);

/* threads: at least 1; max_waiting: bound of the queue, at least 1.  NULL with
 * err if the threads cannot be made.  All signals are blocked in them. */
struct hash_pool *hash_pool_new(unsigned threads, unsigned max_waiting,
                                struct errbuf *err) WARN_UNUSED;

/* Queues work(arg); `done` (may be NULL) is called right after it on the same
 * pool thread, from where it usually hands the result to an event loop.  First
 * come, first served.  Never blocks; any thread, also from work and done.  -1:
 * the queue is full or the pool is being freed, neither will be called. */
int hash_pool_submit(struct hash_pool *pool, hash_pool_fn *work,
                     hash_pool_fn *done, void *arg) WARN_UNUSED;

/* How many wait now, those at work not counted. */
unsigned hash_pool_waiting(struct hash_pool *pool);

/* Finishes all that waits, ends the threads.  Not from work or done. */
void hash_pool_free(struct hash_pool **pool);

#endif
