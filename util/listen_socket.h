/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_LISTEN_SOCKET_H
#define UTIL_LISTEN_SOCKET_H

#include <stdint.h>

#include "util/config_value.h"
#include "util/errbuf.h"

/* TCP sockets that listen.  Where there is no IPv6, all addresses (NULL) are
 * IPv4's. */

enum listen_socket_share {
    LISTEN_ALONE,
    LISTEN_FIRST,  /* others of this process will listen there, too; nobody may
                      yet */
    LISTEN_SHARING /* ... do already */
};

/* Does not block, and nor do those that it accepts; they have TCP_NODELAY, and
 * are probed when they are silent for two minutes.  port: instead of the
 * address's.  -1 with err: "listening on HOST:PORT: why". */
int listen_socket_open(const struct config_address *a, uint16_t port,
                       enum listen_socket_share share,
                       struct errbuf *err) WARN_UNUSED;

/* 0 if it could be bound now; else the errno. */
int listen_socket_try(const struct config_address *a, uint16_t port);

/* Where it really is: port 0 becomes a free one. */
uint16_t listen_socket_port(int fd);

#endif
