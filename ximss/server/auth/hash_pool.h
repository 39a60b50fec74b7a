/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_AUTH_HASH_POOL_H
#define XIMSS_SERVER_AUTH_HASH_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "util/errbuf.h"

/* A few threads for what takes milliseconds of CPU (password hashes), so that
 * no event loop waits for it, and shared fairly: everybody whose work waits has
 * one job done in turn, however many another has. */

struct hash_pool;

typedef void hash_pool_fn(void *arg);

/* Whose work it is: an account's number, or throttle_network for whoever has
 * not logged in. */
typedef uint64_t hash_pool_owner;

/* threads: at least 1; max_waiting: bound of the queue, at least 1.  NULL with
 * err if the threads cannot be made.  All signals are blocked in them. */
struct hash_pool *hash_pool_new(unsigned threads, unsigned max_waiting,
                                struct errbuf *err) WARN_UNUSED;

/* What it does are no hashes: passwordHashes does not count it.  Before the first
 * job. */
void hash_pool_set_uncounted(struct hash_pool *pool);

/* Queues work(arg); `done` (may be NULL) is called right after it on the same
 * pool thread, from where it usually hands the result to an event loop.  First
 * come, first served, for each owner; owners take turns.  Never blocks; any
 * thread, also from work and done.  -1: the queue is full or the pool is being
 * freed, neither will be called.  With max_waiting in the queue only owners of
 * whom none waits are taken, up to twice as many: no flood shuts them out. */
int hash_pool_submit(struct hash_pool *pool, hash_pool_owner owner,
                     hash_pool_fn *work, hash_pool_fn *done,
                     void *arg) WARN_UNUSED;

/* How many wait now, those at work not counted. */
unsigned hash_pool_waiting(struct hash_pool *pool);
/* The same of one owner. */
unsigned hash_pool_waiting_of(struct hash_pool *pool, hash_pool_owner owner);

/* Finishes all that waits, ends the threads.  Not from work or done. */
void hash_pool_free(struct hash_pool **pool);

#endif
