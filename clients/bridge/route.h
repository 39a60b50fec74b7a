/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_ROUTE_H
#define CLIENTS_BRIDGE_ROUTE_H

#include <stddef.h>

struct call;
struct http_conn;

/* Finds what answers a request, and lets it. */
void route(struct call *c);

/* See http_owner. */
size_t route_on_head(struct http_conn *h, const char *url);

#endif
