/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_BASE_PEER_H
#define XIMSS_SERVER_BASE_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "util/address.h"
#include "util/errbuf.h"

/* Where a connection comes from, compactly.  A zeroed peer is "nowhere". */
enum peer_kind {
    PEER_NONE,
    PEER_LOCAL,
    PEER_IPV4,
    PEER_IPV6
};

struct peer {
    uint8_t address[ADDRESS_BYTES];
    uint16_t port;
    uint8_t kind; /* enum peer_kind */
};

#define PEER_TEXT_SIZE 48

void peer_from_sockaddr(struct peer *p, const struct sockaddr *sa);
/* A numeric address without port; -1 if it is none. */
int peer_parse(struct peer *p, const char *text) WARN_UNUSED;
/* From the bytes of `address`, as records keep them. */
void peer_from_bytes(struct peer *p, const uint8_t bytes[ADDRESS_BYTES]);
/* The address alone: "192.0.2.1", "2001:db8::1", "local", "". */
void peer_format(const struct peer *p, char out[PEER_TEXT_SIZE]);
/* For functions that want one; port included. */
void peer_to_sockaddr(const struct peer *p, struct sockaddr_storage *out);
bool peer_is_loopback(const struct peer *p);

#endif
