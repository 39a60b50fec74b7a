/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_PROXIED_H
#define CLIENTS_BRIDGE_PROXIED_H

#include <stdbool.h>
#include <stddef.h>

struct bridge;
struct http_conn;

/* Listeners that are for proxies (proxy-protocol): each connection begins with
 * a header of the PROXY protocol, also before TLS, and comes from one of
 * trusted-proxies.  Whom it names is the peer from then on; one that names
 * nobody makes the peer unknown ("::"), which nobody trusts. */

/* A new connection there; tls: TLS begins behind the header.  False: it may not
 * come. */
bool proxied_begin(struct bridge *b, struct http_conn *h, bool tls);

/* What came, while h->awaits_header: bytes that are done with.  It may have
 * been ended. */
size_t proxied_on_data(struct http_conn *h, const char *data, size_t len);

#endif
