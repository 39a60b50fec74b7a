/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_ADMISSION_H
#define XIMSS_SERVER_LIVE_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

#include "util/errbuf.h"
#include "util/lobby.h"

struct config;
struct session;
struct worker;

/* Which connections are let in, and which of those that have not logged in
 * give way to new ones: the server's lobby (util/lobby.h), and
 * its sessions.  A session has a guest while it is not logged in. */

/* The limits that follow from the configuration and from how many descriptors
 * there are, `open` of which the server keeps for itself.  -1 with err: they do
 * not do. */
int admission_limits(const struct config *c, unsigned descriptors,
                     unsigned open, struct lobby_limits *l_r,
                     struct errbuf *err) WARN_UNUSED;

/* A new session of the worker; s->peer, s->uid and s->door are set.  False: there is no
 * room.  From then on it may be sent away itself, so admission_make_room is
 * called with *away_r when it is on the worker's loop. */
bool admission_enter(struct worker *w, struct session *s, void **away_r);
/* A connection gave way: its owner closes it, at once if that is this worker.  The
 * new one may be closed behind this. */
void admission_make_room(struct worker *w, void *away);
/* Its peer turned out to be another.  False: no room for that one.  It may be
 * closed behind this, either way. */
bool admission_moved(struct worker *w, struct session *s);
/* Where it comes from, for conn_start_tls. */
uint64_t admission_crowd(const struct worker *w, const struct session *s);
/* A message has come from it. */
void admission_spoke(struct worker *w, struct session *s);
void admission_logged_in(struct worker *w, struct session *s);
void admission_leave(struct worker *w, struct session *s);

/* Closes the sessions of this worker that were sent away. */
void admission_send_away(struct worker *w);

#endif
