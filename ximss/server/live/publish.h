/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_PUBLISH_H
#define XIMSS_SERVER_LIVE_PUBLISH_H

#include "ximss/server/rules/effect.h"

struct server;

/* Tells every worker, in the order of its mail, what a commit changed: boards,
 * accounts and sessions follow.  Called on the store's writer thread, so that
 * all workers see changes in the order of commits.  Takes the effects (the
 * list is empty afterwards).
 *
 * When all workers have followed, *sessions_r is the number of sessions that
 * are told of the alerts that were added (or would be: EFFECT_COUNT_AUDIENCE),
 * and done runs on the thread of the worker that came last.  Both may be
 * NULL. */
void publish(struct server *server, struct effect_list *effects,
             unsigned *sessions_r, void (*done)(void *arg), void *arg);

#endif
