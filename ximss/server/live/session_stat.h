/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_SESSION_STAT_H
#define XIMSS_SERVER_LIVE_SESSION_STAT_H

struct session;

/* Sessions are counted by their door, and once they are logged in by what they
 * are (base/stat.h). */

void session_stat_connected(struct session *s);
/* Once, behind its log-in; its account is known. */
void session_stat_opened(struct session *s);
/* Once, whatever became of it. */
void session_stat_ended(const struct session *s);

#endif
