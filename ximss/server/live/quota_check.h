/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_QUOTA_CHECK_H
#define XIMSS_SERVER_LIVE_QUOTA_CHECK_H

#include <stdbool.h>
#include <stdint.h>

struct session;
struct account;
struct worker;
struct usage_state;

/* When a worker has the store check the storage of those who are logged in
 * (usage.h decides what comes of it): at log-in, when the level is reached, when
 * a pause ends that held an alert back, and on a slow sweep over all of them.
 *
 * An account in memory knows whether its level is reached, so that the log-ins
 * of all others cost nothing. */

struct quota_check;

void quota_check_init(struct worker *w);
void quota_check_clear(struct worker *w);

/* What the account brought into memory. */
void quota_check_set(struct worker *w, struct account *a,
                     const struct usage_state *state);
/* Something about it has changed: not known until the next check. */
void quota_check_forget(struct worker *w, struct account *a);

/* The session has logged in and is to get alerts, or somebody looks at it from now
 * on (session_attend).  True if what it is to see of
 * its storage is not known yet: its input waits until session_quota_known. */
bool quota_check_login(struct worker *w, struct session *s);

/* True if an alert that nobody was shown is kept with the account: the next
 * log-in gets the same one. */
bool quota_check_needs(const struct account *a);

/* --- what the mail brings (publish.c) --- */

/* The level was reached, or is not any longer. */
void quota_check_level(struct worker *w, uint64_t account, bool reached);
/* Defaults have changed: nothing is known any more, and a sweep begins. */
void quota_check_defaults(struct worker *w);

#endif
