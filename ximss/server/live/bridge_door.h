/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_BRIDGE_DOOR_H
#define XIMSS_SERVER_LIVE_BRIDGE_DOOR_H

#include <stdbool.h>
#include <stdint.h>

/* Who may use the bridge's socket (bridge-socket), as all threads share it: the
 * users of bridge-users, root, and the server's own user.  What they say of
 * clients is believed, as on the control socket. */

struct config;
struct bridge_door;

/* Only root and the server's own user, until bridge_door_configure. */
struct bridge_door *bridge_door_new(void);
/* NULL is allowed; sets *d to NULL. */
void bridge_door_free(struct bridge_door **d);

/* Puts bridge-users in force; who is in stays.  A user who does not exist (yet)
 * is told to the log and left out.  Without bridge-socket there are none: a
 * number of before may be somebody else's by now.  Asks the system for the users, so
 * only the main thread may. */
void bridge_door_configure(struct bridge_door *d, const struct config *c);

/* A connection of that user comes.  False: it is to be closed; the log says so,
 * once in a minute. */
bool bridge_door_admits(struct bridge_door *d, uint32_t uid);

/* A client of this machine named another as its client, and is not believed.  The
 * log is told what to do about it, once after each bridge_door_configure. */
void bridge_door_doubts(struct bridge_door *d);

#endif
