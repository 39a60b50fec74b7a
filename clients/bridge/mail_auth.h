/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_MAIL_AUTH_H
#define CLIENTS_BRIDGE_MAIL_AUTH_H

#include "clients/bridge/bridge_config.h"

struct call;
struct client;
struct http_conn;

/* The auth_http server of nginx's mail proxy (doc/protocol.md 7.6): it refuses a
 * log-in by POP3 once with an alert, and lets all others through to the mail
 * server behind, which checks the password. */

#define MAIL_AUTH_PATH "/mail-auth"

/* Whether the request is nginx's: the URL leads there, the configuration has it,
 * and the key is right.  Then *client is the mail program. */
bool mail_auth_is(const struct bridge_config *cfg, const struct http_conn *h,
                  const char *url, struct client *client);

void mail_auth(struct call *c);

#endif
