/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_ROOM_H
#define CLIENTS_BRIDGE_ROOM_H

#include <stdbool.h>
#include <stddef.h>

struct bridge;
struct client;
struct http_conn;
struct web_account;

/* The memory that requests take until they are answered: strangers share a
 * budget, in all and by address; each account has one of its own.  A request
 * is a stranger's until its head has named a session that is the client's.  When
 * all together have filled a budget, one whose request has not come whole makes
 * room for the next: of the oldest ones, the one that takes most. */

/* The head is there, and says whose request it is. */
void room_of_stranger(struct http_conn *h, const struct client *client);
void room_of_account(struct http_conn *h, const struct web_account *a);

/* See http_owner. */
bool room_on_held(struct http_conn *h, size_t bytes);

/* The request under way is to wait for ximssd, without a session: a log-in.  So
 * many may at a time, of an address and of all; it counts until its reply.
 * False: there is no room. */
bool room_take_login(struct bridge *b, struct http_conn *h);

#endif
