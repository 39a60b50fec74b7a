/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_AWAY_H
#define CLIENTS_BRIDGE_AWAY_H

#include <stdbool.h>
#include <stddef.h>

#include <event2/event_struct.h>

/* Whether ximssd can be reached, for all sessions that have lost it: if it cannot,
 * they tell their browsers; and when it is there again they come back, some at
 * a time, however long each of them would wait on. */

struct bridge;

enum away_state {
    AWAY_NOT,
    AWAY_LOOKING, /* a connection is tried now and then */
    AWAY_CALLING  /* it worked: sessions are told to try */
};

struct away {
    enum away_state state;
    struct event timer, io;
    int fd;          /* that connects; -1: none */
    bool is_known;   /* that it is away */
    bool was_there;  /* at some time */
    bool is_watched; /* looked at though nobody has lost it */
    bool again;      /* lost once more while sessions are called */
    size_t bucket;   /* of the sessions, the next to be called */
};

void away_init(struct bridge *b);
/* A session has lost ximssd, or did not get there.  True: it is known to be
 * away; else the session is told by web_session_away if it is. */
bool away_noticed(struct bridge *b);
/* Looks from now on every 5 seconds; what changes is in the log. */
void away_watch(struct bridge *b);
void away_clear(struct bridge *b);

#endif
