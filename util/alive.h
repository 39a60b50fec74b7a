/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_ALIVE_H
#define UTIL_ALIVE_H

#include <stdbool.h>
#include <stdint.h>

struct alive;
struct buf;

/* Signs of life of the threads of a process.  A thread that has work and gives
 * no sign for too long is stuck.  Signs cost a look at the clock and a store;
 * they are given by the thread itself, and all else may be called by any.  The
 * clock is one that tests do not move. */

#define ALIVE_NAME_SIZE 16 /* as pthread_setname_np has it */

/* How long a thread may work without a sign; 30 s unless it is set.  Before
 * threads begin. */
void alive_set_limit(int64_t us);
int64_t alive_limit(void);

/* A thread, of which nothing is expected before its first beat.  The caller
 * owns it.  A longer name is cut. */
struct alive *alive_new(const char *name);
void alive_free(struct alive **a);
/* For work whose length is no sickness: so many times the limit. */
void alive_set_patience(struct alive *a, unsigned times);

/* "I am turning." */
void alive_beat(struct alive *a);
/* "I wait for work": nothing is expected until the next beat. */
void alive_rest(struct alive *a);

/* A thread got stuck, or moves again; us: how long it gave no sign. */
typedef void alive_fn(void *arg, const char *name, bool is_stuck, int64_t us);

/* Compares all of them, and tells what has changed since it last did, while a
 * lock is held: tell must not call anything of this header.  Returns how many
 * are stuck.  For one thread only, several times within the limit: if it could not
 * look for half of that, all stood still, and silence counts from then on. */
unsigned alive_look(alive_fn *tell, void *arg);

/* How many are stuck right now; their names, each with a blank in front, are
 * appended to `names` (NULL: not wanted). */
unsigned alive_stuck(struct buf *names);

#endif
