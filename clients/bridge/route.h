/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_ROUTE_H
#define CLIENTS_BRIDGE_ROUTE_H

struct call;

/* Finds what answers a request, and lets it. */
void route(struct call *c);

#endif
