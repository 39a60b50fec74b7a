/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_SESSION_WALK_H
#define XIMSS_SERVER_LIVE_SESSION_WALK_H

#include <stdbool.h>
#include <sys/queue.h>

struct session;
struct worker;

/* A walk over all sessions of a worker, some in each turn of its loop: what a
 * turn costs must not grow with the number of sessions.  Sessions may come and
 * go between two steps; none that was there at the beginning and still is, is
 * left out.  Some may be met twice, and some that came later may be met. */
struct session_walk {
    LIST_ENTRY(session_walk) link; /* worker->walks */
    struct session *next;          /* borrowed; NULL: the first */
    unsigned left;                 /* steps until the end */
};

/* The walk is at its end.  It belongs to the worker until that is freed. */
void session_walk_init(struct worker *w, struct session_walk *walk);

/* From here on all sessions are met, also where the walk is under way. */
void session_walk_begin(struct worker *w, struct session_walk *walk);
void session_walk_end(struct session_walk *walk);
bool session_walk_is_over(const struct session_walk *walk);
/* The next session; NULL: the walk is over. */
struct session *session_walk_step(struct worker *w, struct session_walk *walk);

/* session.c: behind the insertion at the end of worker->sessions, and before a
 * removal. */
void session_walk_added(struct worker *w);
void session_walk_removed(struct worker *w, struct session *s);

#endif
