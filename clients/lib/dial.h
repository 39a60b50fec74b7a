/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_LIB_DIAL_H
#define CLIENTS_LIB_DIAL_H

#include <stdbool.h>

#include "util/errbuf.h"

/* Finding the addresses of a server and connecting to them in turn, without
 * blocking but for the look-up of a name. */
struct addrinfo;

struct dial {
    struct addrinfo *list, *next; /* owned; next: still to be tried */
    char where[300];              /* "ADDRESS port N" of the last try */
};

/* The host in what people write: a name or an address, also in brackets, with
 * ":PORT" behind it if it is no bare IPv6 address.  The caller frees it.
 * *port_r: 0, none is named.  NULL: this is no host. */
char *dial_host(const char *text, unsigned *port_r) WARN_UNUSED;

/* Looks the host up (blocks, unless it is an address). */
int dial_resolve(struct dial *d, const char *host, unsigned port,
                 struct errbuf *err) WARN_UNUSED;

/* Begins to connect to the next address: a non-blocking descriptor that gets
 * writable when it is settled.  -1: there are no more addresses; err keeps the
 * reason of the last failure, if any address failed here. */
int dial_next(struct dial *d, struct errbuf *err) WARN_UNUSED;

/* Begins to connect to a UNIX socket.  Sets d->where. */
int dial_unix(struct dial *d, const char *path, struct errbuf *err) WARN_UNUSED;

/* The outcome when the descriptor has become writable: 0 connected, 1 still
 * under way, -1 failed. */
int dial_finish(const struct dial *d, int fd, struct errbuf *err) WARN_UNUSED;

/* Fills err for a connection that failed with errno e. */
int dial_failed(const struct dial *d, int e, struct errbuf *err);

/* Frees what the dial holds, and zeroes it. */
void dial_clear(struct dial *d);

/* The peer is this machine: a UNIX socket or a loopback address. */
bool dial_is_local(int fd);

#endif
