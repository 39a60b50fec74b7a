/* SPDX-License-Identifier: BSD-2-Clause */
/* A queue for each owner that waits, in a hash table by its number, and a ring
 * of these queues. */
#include "config.h"

#include "util/turns.h"

#include <assert.h>
#include <stdlib.h>

#include "util/xmalloc.h"

#define BUCKETS 1024

/* Never empty. */
struct turn_queue {
    LIST_ENTRY(turn_queue) same_hash;
    TAILQ_ENTRY(turn_queue) link;
    TAILQ_HEAD(, turn) waiting;
    uint64_t who;
};

struct turns {
    LIST_HEAD(, turn_queue) queues[BUCKETS]; /* owned, and each of them */
    TAILQ_HEAD(, turn_queue) ring;
};

struct turns *
turns_new(void)
{
    struct turns *t = xcalloc(1, sizeof *t);

    TAILQ_INIT(&t->ring);
    return t;
}

void
turns_free(struct turns **t)
{
    if (*t == NULL)
        return;
    assert(turns_is_empty(*t));
    free(*t);
    *t = NULL;
}

static struct turn_queue *
get_queue(struct turns *t, uint64_t who)
{
    struct turn_queue *q;

    LIST_FOREACH(q, &t->queues[who % BUCKETS], same_hash)
        if (q->who == who)
            return q;
    q = xcalloc(1, sizeof *q);
    q->who = who;
    TAILQ_INIT(&q->waiting);
    LIST_INSERT_HEAD(&t->queues[who % BUCKETS], q, same_hash);
    TAILQ_INSERT_TAIL(&t->ring, q, link);
    return q;
}

void
turns_wait(struct turns *t, struct turn *turn, uint64_t who)
{
    struct turn_queue *q = get_queue(t, who);

    assert(turn->queue == NULL);
    TAILQ_INSERT_TAIL(&q->waiting, turn, link);
    turn->queue = q;
}

void
turns_leave(struct turns *t, struct turn *turn)
{
    struct turn_queue *q = turn->queue;

    if (q == NULL)
        return;
    TAILQ_REMOVE(&q->waiting, turn, link);
    turn->queue = NULL;
    if (!TAILQ_EMPTY(&q->waiting))
        return;
    TAILQ_REMOVE(&t->ring, q, link);
    LIST_REMOVE(q, same_hash);
    free(q);
}

struct turn *
turns_next(struct turns *t)
{
    struct turn_queue *q = TAILQ_FIRST(&t->ring);
    struct turn *turn;

    if (q == NULL)
        return NULL;
    TAILQ_REMOVE(&t->ring, q, link);
    TAILQ_INSERT_TAIL(&t->ring, q, link);
    turn = TAILQ_FIRST(&q->waiting);
    turns_leave(t, turn);
    return turn;
}

bool
turns_is_empty(const struct turns *t)
{
    return TAILQ_EMPTY(&t->ring);
}
