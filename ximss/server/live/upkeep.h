/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_UPKEEP_H
#define XIMSS_SERVER_LIVE_UPKEEP_H

struct server;

/* What the server does without being asked: alerts end when their time has
 * come, and the store is rid of what is over. */

/* Once a second from the main thread: ends of alerts, upkeep of the store. */
void upkeep_tick(struct server *s);

/* Writes what the audit budget has counted and not told yet; when nobody else
 * uses the store any more. */
void upkeep_last_audit(struct server *s);

#endif
