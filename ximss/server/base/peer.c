/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/base/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static const uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static void
set_v4(struct peer *p, const void *bytes)
{
    p->kind = PEER_IPV4;
    memcpy(p->address, v4_prefix, sizeof v4_prefix);
    memcpy(p->address + sizeof v4_prefix, bytes, 4);
}

static void
set_v6(struct peer *p, const void *bytes)
{
    p->kind = PEER_IPV6;
    memcpy(p->address, bytes, 16);
    if (memcmp(p->address, v4_prefix, sizeof v4_prefix) == 0)
        p->kind = PEER_IPV4;
}

void
peer_from_sockaddr(struct peer *p, const struct sockaddr *sa)
{
    memset(p, 0, sizeof *p);
    if (sa->sa_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, sa, sizeof in);
        set_v4(p, &in.sin_addr);
        p->port = ntohs(in.sin_port);
    } else if (sa->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;

        memcpy(&in6, sa, sizeof in6);
        set_v6(p, &in6.sin6_addr);
        p->port = ntohs(in6.sin6_port);
    } else {
        p->kind = PEER_LOCAL;
    }
}

int
peer_parse(struct peer *p, const char *text)
{
    uint8_t bytes[16];

    memset(p, 0, sizeof *p);
    if (inet_pton(AF_INET, text, bytes) == 1)
        set_v4(p, bytes);
    else if (inet_pton(AF_INET6, text, bytes) == 1)
        set_v6(p, bytes);
    else
        return -1;
    return 0;
}

void
peer_from_bytes(struct peer *p, const uint8_t bytes[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    memset(p, 0, sizeof *p);
    memcpy(p->address, bytes, sizeof p->address);
    p->kind = memcmp(bytes, mapped, sizeof mapped) == 0 ? PEER_IPV4 : PEER_IPV6;
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
        inet_ntop(AF_INET, p->address + 12, out, PEER_TEXT_SIZE);
        break;
    case PEER_IPV6:
        inet_ntop(AF_INET6, p->address, out, PEER_TEXT_SIZE);
        break;
    }
}

void
peer_to_sockaddr(const struct peer *p, struct sockaddr_storage *out)
{
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
    struct sockaddr_in *in = (struct sockaddr_in *)out;

    memset(out, 0, sizeof *out);
    if (p->kind == PEER_IPV4) {
        in->sin_family = AF_INET;
        in->sin_port = htons(p->port);
        memcpy(&in->sin_addr, p->address + 12, 4);
    } else if (p->kind == PEER_IPV6) {
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(p->port);
        memcpy(&in6->sin6_addr, p->address, 16);
    } else {
        out->ss_family = AF_UNIX;
    }
}

bool
peer_is_loopback(const struct peer *p)
{
    static const uint8_t one[16] = {[15] = 1};

    switch ((enum peer_kind)p->kind) {
    case PEER_LOCAL:
        return true;
    case PEER_IPV4:
        return p->address[12] == 127;
    case PEER_IPV6:
        return memcmp(p->address, one, 16) == 0;
    case PEER_NONE:
        break;
    }
    return false;
}
