/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/base/peer.h"

#include <stdio.h>
#include <string.h>

static void
set_kind(struct peer *p)
{
    p->kind = address_is_ipv4(p->address) ? PEER_IPV4 : PEER_IPV6;
}

void
peer_from_sockaddr(struct peer *p, const struct sockaddr *sa)
{
    memset(p, 0, sizeof *p);
    p->kind = PEER_LOCAL;
    if (!address_from_sockaddr(sa, p->address))
        return;
    set_kind(p);
    p->port = address_port(sa);
}

int
peer_parse(struct peer *p, const char *text)
{
    memset(p, 0, sizeof *p);
    if (!address_parse(text, p->address))
        return -1;
    set_kind(p);
    return 0;
}

void
peer_from_bytes(struct peer *p, const uint8_t bytes[ADDRESS_BYTES])
{
    memset(p, 0, sizeof *p);
    memcpy(p->address, bytes, sizeof p->address);
    set_kind(p);
}

void
peer_format(const struct peer *p, char out[PEER_TEXT_SIZE])
{
    switch ((enum peer_kind)p->kind) {
    case PEER_NONE:
        out[0] = '\0';
        break;
    case PEER_LOCAL:
        snprintf(out, PEER_TEXT_SIZE, "local");
        break;
    case PEER_IPV4:
    case PEER_IPV6:
        address_format(p->address, out);
        break;
    }
}

void
peer_to_sockaddr(const struct peer *p, struct sockaddr_storage *out)
{
    if (p->kind == PEER_IPV4 || p->kind == PEER_IPV6) {
        address_to_sockaddr(p->address, p->port, out);
        return;
    }
    memset(out, 0, sizeof *out);
    out->ss_family = AF_UNIX;
}

bool
peer_is_loopback(const struct peer *p)
{
    return p->kind == PEER_LOCAL ||
           (p->kind != PEER_NONE && address_is_loopback(p->address));
}
