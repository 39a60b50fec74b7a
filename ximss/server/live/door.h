/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_DOOR_H
#define XIMSS_SERVER_LIVE_DOOR_H

#include <stdbool.h>
#include <stdint.h>

#include "util/errbuf.h"

/* The mail door (door-socket), as all threads share it: which users of the
 * machine may log in as any account, and how many connections each user has
 * there. */

struct config;
struct door;

/* Nobody is trusted and nothing may come in until door_configure. */
struct door *door_new(void);
/* NULL is allowed; sets *d to NULL. */
void door_free(struct door **d);

/* Puts door-users, door-sessions and max-account-sessions in force; who is in
 * stays.  Asks the system for the users, so only the main thread may.  -1 with
 * err, and all stays as it was: a user is not known. */
int door_configure(struct door *d, const struct config *c,
                   struct errbuf *err) WARN_UNUSED;

/* The user is one of door-users. */
bool door_trusts(struct door *d, uint32_t uid);

/* Warns if the process sees only some of the machine's users (uid_map: of proc(5)):
 * all others would look like one, who is not trusted. */
void door_warn_of_namespace(const char *uid_map);

/* A connection comes.  False: there are door-sessions already, or the user is not
 * one of door-users and has as many as one account may have, or such users
 * together have half of door-sessions (if there are door-users); nothing was counted.
 * The log says so, once in a minute. */
bool door_enter(struct door *d, uint32_t uid) WARN_UNUSED;
/* One that came in ends. */
void door_leave(struct door *d, uint32_t uid);

/* The account of a user by door-user-format.  The caller frees. */
char *door_account_name(const char *format, const char *login);

#endif
