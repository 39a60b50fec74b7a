/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_TRIGGER_LOOP_H
#define XIMSS_SERVER_LIVE_TRIGGER_LOOP_H

#include "notify/notify.h"

/* Triggers and handlers at work: once a second all triggers are looked at, and what
 * handlers have to tell is told.
 *
 * What is told is decided in memory and kept in the store: a begin is stored before
 * anything outside hears of it, together with the alerts that it posts.  What was
 * confirmed outside is stored when it is.  So a stop neither repeats nor
 * forgets; a crash may repeat a notice whose confirmation was not stored yet. */

struct server;
struct trigger_loop;

/* Owned by the caller.  Nothing is done before the first tick. */
struct trigger_loop *trigger_loop_new(struct server *s);
/* Told what became of a notice (notify/notify.h); arg: the loop. */
notify_done_fn trigger_loop_sent;

/* Once a second, from the main thread. */
void trigger_loop_tick(struct trigger_loop *l);

/* A definition has changed and is committed; any thread. */
void trigger_loop_changed(struct trigger_loop *l);
/* The handler is to be tested; any thread.  What comes of it is kept in its
 * state. */
void trigger_loop_test(struct trigger_loop *l, const char *handler);

/* From now on a tick does nothing, so that nothing more is sent. */
void trigger_loop_stop(struct trigger_loop *l);
/* Stores what is not in the store yet; when no job of it can be under way any
 * more. */
void trigger_loop_save(struct trigger_loop *l);
/* NULL is allowed. */
void trigger_loop_free(struct trigger_loop **l);

#endif
