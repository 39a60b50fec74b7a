/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_TURNS_H
#define UTIL_TURNS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

/* Who waits for work to be done, in turns: everybody who waits for some has one
 * piece of it done in a round, however many another has.  Of one's own, the
 * first that came is the first.  One thread. */

struct turns;
struct turn_queue;

/* A member of what waits.  Zeroed: it does not. */
struct turn {
    TAILQ_ENTRY(turn) link;
    struct turn_queue *queue;
};

/* Turns for which nobody waits. */
struct turns *turns_new(void);
/* Nothing may wait. */
void turns_free(struct turns **t);

/* who: a number that nobody outside can choose (lobby_crowd). */
void turns_wait(struct turns *t, struct turn *turn, uint64_t who);
/* It does not wait any longer, if it did. */
void turns_leave(struct turns *t, struct turn *turn);
/* The next, which does not wait any longer; NULL: none. */
struct turn *turns_next(struct turns *t);
/* True if nobody waits. */
bool turns_is_empty(const struct turns *t);

#endif
