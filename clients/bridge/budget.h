/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_BUDGET_H
#define CLIENTS_BRIDGE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/* Bytes of memory (or anything that can be counted) that many share: so many in
 * all, and so many for each holder, who is known by a key (an address, an
 * account).  Where keys are addresses, an IPv6 network of 48 bits is a holder as
 * well, of what its addresses hold together: it may be one customer's, and has
 * 65,536 of them.  Pure: it counts, and takes no memory but a few bytes for each
 * holder that has something. */

#define BUDGET_BUCKETS 1024
#define BUDGET_KEY     16 /* bytes */

struct budget_holder;
LIST_HEAD(budget_holder_list, budget_holder);

struct budget {
    size_t most, most_each, most_network;
    size_t held;   /* by all */
    uint64_t seed; /* nobody outside can tell which keys fall together */
    bool of_addresses;
    struct budget_holder_list holders[BUDGET_BUCKETS];
};

/* What one connection holds.  Zeroed: nothing. */
struct budget_share {
    struct budget_holder *holder; /* NULL: it counts in all only */
    size_t bytes;
};

/* A zeroed one.  of_addresses: keys are those of client_net. */
void budget_init(struct budget *b, bool of_addresses);
/* May be changed at any time; what is held stays. */
void budget_set(struct budget *b, size_t most, size_t most_each);
/* The same for an IPv6 network; at first it is as for all. */
void budget_set_network(struct budget *b, size_t most_network);

/* Makes the share hold so many bytes, instead of what it held, if there is room
 * or it is not more than before: else false, and it stays as it was.  key:
 * whose it is, NULL: nobody's in particular; another one than before must have
 * room for all of it. */
bool budget_hold(struct budget *b, struct budget_share *s, const uint8_t *key,
                 size_t bytes);
void budget_release(struct budget *b, struct budget_share *s);
/* True if it is for what others hold that there is no room for it. */
bool budget_is_full(const struct budget *b, const struct budget_share *s,
                    const uint8_t *key, size_t bytes);

#endif
