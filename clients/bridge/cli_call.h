/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_CLI_CALL_H
#define CLIENTS_BRIDGE_CLI_CALL_H

#include <stdbool.h>

#include "clients/bridge/cli_talk.h"

struct bridge;
struct call;
struct client;
struct http_conn;

/* A command of the CLI over HTTP that is under way, and what is answered. */

/* Makes room for one more of this client, if there is any: in all, the oldest of
 * those whose log-in has not succeeded gives way. */
bool cli_call_make_room(struct bridge *b, const struct client *client);
/* Gives it to ximssd; the request waits for what comes of it. */
void cli_call_start(struct call *c, const struct cli_order *order);

/* Answers that it was refused: "ERROR NUMBER TEXT", as in the CLI; number 0:
 * none.  401 asks for a log-in. */
void cli_call_fail(struct http_conn *h, unsigned status, int number,
                   const char *text);

#endif
