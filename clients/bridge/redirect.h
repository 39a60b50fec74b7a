/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_REDIRECT_H
#define CLIENTS_BRIDGE_REDIRECT_H

struct bridge_config;
struct http_conn;
struct http_request;

/* Answers a request at redirect-http: the same path and query by HTTPS at
 * redirect-host, by 301 for GET and HEAD, by 308 (with method and body) for all
 * else.  What the request says of hosts does not matter. */
void redirect(const struct bridge_config *cfg, struct http_conn *h,
              const struct http_request *q);

#endif
