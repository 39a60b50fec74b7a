/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_ROOM_H
#define CLIENTS_BRIDGE_ROOM_H

#include <stdbool.h>
#include <stddef.h>

struct bridge;
struct http_conn;

/* The memory that requests take until they are answered: strangers share a
 * budget, in all and by address; each account has one of its own.  A request
 * is a stranger's until its head has named a session that is the client's.  When
 * all together have filled a budget, one whose request has not come whole makes
 * room for the next: of the oldest ones, the one that takes most. */

/* See http_owner. */
size_t room_on_head(struct http_conn *h, const char *url);
bool room_on_held(struct http_conn *h, size_t bytes);

/* The request under way is to wait for ximssd, without a session: a log-in.  So
 * many may at a time, of an address and of all; it counts until its reply.
 * False: there is no room. */
bool room_take_login(struct bridge *b, struct http_conn *h);

#endif
