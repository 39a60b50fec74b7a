/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_DOOR_TOLD_H
#define XIMSS_SERVER_LIVE_DOOR_TOLD_H

#include <stdbool.h>
#include <stdint.h>

struct alert;
struct session;
struct worker;

/* What mail sessions were told that nobody looks at (attended="no"): a program that
 * fetches mail every five minutes is told each alert once in 24 hours and account.
 * Quota alerts of an account count as one alert, since each has an id of its own.
 * Only in memory, and of the newest 65,536 for each worker. */

void door_told_init(struct worker *w);
void door_told_clear(struct worker *w);

/* The account has been told, not longer than that ago. */
bool door_told_lately(struct worker *w, uint64_t account,
                      const struct alert *al);
/* The same, of a quota alert. */
bool door_told_quota(struct worker *w, uint64_t account);
/* The same of this alert, by this session. */
bool door_told_by(struct worker *w, const struct session *s,
                  const struct alert *al);
/* The session, which nobody looks at, is told. */
void door_told_note(struct worker *w, const struct session *s,
                    const struct alert *al);

/* POP3: a refused log-in that is never confirmed would be refused for ever.  After
 * three sessions of an account in a row that were told something and confirmed
 * nothing, its further ones are not told that for a day. */

/* The session is not told the alert. */
bool door_told_in_vain(struct worker *w, const struct session *s,
                       const struct alert *al);
/* It is told an alert that waited when it logged in. */
void door_told_try(struct worker *w, const struct session *s,
                   const struct alert *al);
/* It has confirmed one. */
void door_told_confirmed(struct worker *w, const struct session *s);

#endif
