/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_SESSION_LOG_H
#define XIMSS_SERVER_LIVE_SESSION_LOG_H

struct session;
struct account;

/* The lines of the log about a session: that it began, once it is logged in,
 * and that it ended; or that the account has too many.  An account has so many a minute (log-sessions): one that
 * logs in thousands of times a second must not push the lines of others, and
 * of guessed passwords, out of the log.  The next line behind that minute says
 * how many sessions had none. */

void session_log_begin(struct session *s, const char *method);
/* Also of one that never logged in, for who debugs. */
void session_log_end(const struct session *s, const char *reason);
void session_log_refused(const struct session *s, struct account *a,
                         const char *method);

#endif
