/* SPDX-License-Identifier: BSD-2-Clause */
/* A walk goes in a circle from where it stands, so that it can begin anew at any
 * time.  `left` is never less than the number of sessions that are still to be
 * met: a session that comes takes a step of its own, and one that goes may leave
 * a step too many, which meets another again. */
#include "config.h"

#include "ximss/server/live/session_walk.h"

#include "ximss/server/live/session_private.h"

void
session_walk_init(struct worker *w, struct session_walk *walk)
{
    walk->next = NULL;
    walk->left = 0;
    LIST_INSERT_HEAD(&w->walks, walk, link);
}

void
session_walk_begin(struct worker *w, struct session_walk *walk)
{
    walk->left = w->n_sessions;
}

void
session_walk_end(struct session_walk *walk)
{
    walk->left = 0;
}

bool
session_walk_is_over(const struct session_walk *walk)
{
    return walk->left == 0;
}

struct session *
session_walk_step(struct worker *w, struct session_walk *walk)
{
    struct session *s;

    if (walk->left == 0)
        return NULL;
    s = walk->next != NULL ? walk->next : TAILQ_FIRST(&w->sessions);
    walk->left = s != NULL ? walk->left - 1 : 0;
    walk->next = s != NULL ? TAILQ_NEXT(s, all) : NULL;
    return s;
}

void
session_walk_added(struct worker *w)
{
    struct session_walk *walk;

    LIST_FOREACH(walk, &w->walks, link)
        if (walk->left > 0)
            walk->left++;
}

void
session_walk_removed(struct worker *w, struct session *s)
{
    struct session_walk *walk;

    LIST_FOREACH(walk, &w->walks, link)
        if (walk->next == s)
            walk->next = TAILQ_NEXT(s, all);
}
