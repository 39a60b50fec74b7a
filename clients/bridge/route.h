/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_ROUTE_H
#define CLIENTS_BRIDGE_ROUTE_H

struct bridge;
struct call;
struct client;
struct http_conn;
struct web_session;

/* Finds what answers a request, and lets it. */
void route(struct call *c);

/* The session that a URL belongs to; NULL: none, or not the client's. */
struct web_session *route_session(struct bridge *b, const struct http_conn *h,
                                  const struct client *client, const char *url);

#endif
