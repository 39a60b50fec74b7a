/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/rules/lane.h"

#include "ximss/server/base/peer.h"
#include "ximss/server/rules/rights.h"

/* Few, so that strangers with many addresses do not outweigh those who have
 * logged in; some, so that one of them does not keep all others out. */
#define STRANGERS 32
/* Of an IPv6 address: whoever has one may have the rest of them, and with a
 * longer part all lanes. */
#define NETWORK_BYTES 6

#define KIND_SHIFT  56
#define KIND_DOMAIN 16 /* behind enum lane_of */
#define KIND_ADMIN  17

static uint64_t
number_of(unsigned kind, uint64_t number)
{
    return (uint64_t)kind << KIND_SHIFT | number;
}

uint64_t
lane_of(enum lane_of kind, uint64_t number)
{
    return number_of((unsigned)kind, number);
}

uint64_t
lane_of_stranger(const struct peer *p)
{
    unsigned n = p->kind == PEER_IPV6 ? NETWORK_BYTES : sizeof p->address;
    uint32_t hash = 2166136261u; /* FNV */

    for (unsigned i = 0; i < n; i++)
        hash = (hash ^ p->address[i]) * 16777619u;
    return lane_of(LANE_STRANGER, (hash ^ hash >> 16) % STRANGERS);
}

uint64_t
lane_of_caller(const struct caller *c)
{
    if (c->account == 0)
        return lane_of(LANE_LOCAL, 0);
    if ((c->rights & RIGHTS_SERVER_WIDE) != 0)
        return number_of(KIND_ADMIN, c->account);
    return number_of(KIND_DOMAIN, c->domain);
}
