/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_SESSION_TIME_H
#define XIMSS_SERVER_LIVE_SESSION_TIME_H

struct session;
struct worker;

/* What time does to sessions: they end when they have been idle for too long,
 * have not logged in, or do not close after their end; and their tickets are
 * renewed.  Each session is looked at in the second when something may be due
 * for it. */

struct session_times;

void session_time_init(struct worker *w);
void session_time_clear(struct worker *w);

/* Something may be due sooner than before: the session has come, its state, its
 * idle time-out or its ticket has changed.  It need not be called when something
 * moves into the distance. */
void session_time_set(struct session *s);
/* It leaves the worker. */
void session_time_forget(struct session *s);

/* The settings have changed: all sessions are looked at, in the next turns. */
void session_time_set_all(struct worker *w);

/* Once a second: looks at those whose time has come; so many in a turn of the
 * loop that it does not hold up the others, the rest in the next turns. */
void session_time_tick(struct worker *w);
/* All of them at once, for tests that have moved the clock. */
void session_time_catch_up(struct worker *w);

#endif
