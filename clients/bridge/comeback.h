/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_COMEBACK_H
#define CLIENTS_BRIDGE_COMEBACK_H

#include "clients/bridge/bridge.h"

/* Requests with the id of a session that this process does not know: ximssd may,
 * from before this process was started anew, or because an administrator made it
 * (CREATEXIMSSSESSION).  It is asked, with what the request shows (cookie,
 * address); then the request is answered as if the session had been here all the
 * time.  So many of these questions may be under way at a time, of each address
 * and in all; others are to try again. */

/* What a request shows with the id: keys, one of which the session has. */
#define COMEBACK_KEYS_SIZE 256
void comeback_keys(const struct call *c, const char *id,
                   char out[COMEBACK_KEYS_SIZE]);

/* Answers the call, now or later. */
void comeback_begin(struct call *c, const char *id);

/* Gives up all, and what waits for them. */
void comeback_end_all(struct bridge *b);

#endif
