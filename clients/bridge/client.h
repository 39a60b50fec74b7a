/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_CLIENT_H
#define CLIENTS_BRIDGE_CLIENT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "clients/bridge/bridge_config.h"
#include "clients/bridge/http_conn.h"
#include "util/address.h"

/* Who is behind a request: the peer of the connection, or whom a trusted proxy
 * names. */
struct client {
    char address[INET6_ADDRSTRLEN];
    bool secure;         /* TLS to us, or to the trusted proxy */
    bool loopback;       /* this machine, without a proxy */
    bool allowed_origin; /* no Origin, our own, or a configured one */
};

/* The address of the connection itself. */
void client_peer(const struct http_conn *h, char out[INET6_ADDRSTRLEN]);

/* Of whom an address is: an IPv4 address, or the /64 of an IPv6 one (whoever has
 * one has 2^64 of them).  All zero for what is no address.  Pure. */
#define CLIENT_NET ADDRESS_BYTES
void client_net(const char *address, uint8_t net[CLIENT_NET]);
/* The same, but of an IPv6 address the /48, which may be one customer's. */
void client_network(const char *address, uint8_t net[CLIENT_NET]);

void client_read(const struct bridge_config *cfg, const struct http_conn *h,
                 struct client *out);

/* The host that was asked, without its port; "" if none was.  The caller
 * frees. */
char *client_host(const struct http_conn *h);

/* Whether the client is within the networks. */
bool client_is_within(const struct client *c, const struct config_nets *nets);

/* A page of another site had a browser send this, as far as browsers tell; or
 * they do not tell.  Which sites are configured does not matter. */
bool client_is_from_elsewhere(const struct http_conn *h);
/* A browser sent it, for all that can be seen.  No page can make it look as if
 * there was none. */
bool client_is_browser(const struct http_conn *h);

/* True if the request has a cookie of that name with this value. */
bool client_has_cookie(const struct http_conn *h, const char *name,
                       const char *value);
/* The first one of that name; false (out is ""): there is none, or it is too
 * long or has other bytes than letters, digits, ".", "-" and "_". */
bool client_cookie(const struct http_conn *h, const char *name, char *out,
                   size_t size);

/* The address in a Forwarded or X-Forwarded-For list that a trusted proxy
 * wrote: the last one that is not itself a trusted proxy's.  False: there is
 * none that can be believed.  Pure. */
bool client_forwarded(const struct config_nets *trusted, const char *list,
                      bool is_rfc7239, char out[INET6_ADDRSTRLEN]);

/* Appends the headers of CORS (protocol.md B.12), if the request is from a
 * configured origin. */
void client_cors(const struct bridge_config *cfg, const struct http_conn *h,
                 struct buf *headers);

#endif
