/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_ALERT_LOG_H
#define XIMSS_SERVER_LIVE_ALERT_LOG_H

struct alert_rec;
struct effect;
struct server;

/* Logs an alert that was posted, removed, or whose end came, once all workers
 * have followed: who did it, its scope, its id, and how many sessions were told.
 * `a` is that alert.
 * Nothing for other effects.  Any thread; log-alerts limits the lines. */
void alert_log(struct server *server, const struct effect *e,
               const struct alert_rec *a, unsigned sessions);

#endif
