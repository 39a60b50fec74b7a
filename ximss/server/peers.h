/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_PEERS_H
#define XIMSS_SERVER_PEERS_H

#include <stdbool.h>
#include <stdint.h>

#include "ximss/server/peer.h"

/* How many connections there are, in all and by address, logged in or not.
 * Any thread.  Addresses count only while they have connections; IPv6 ones
 * count by their first 64 bits. */
struct peers;

struct peers_limits { /* 0: no limit */
    unsigned all, address, new_all, new_address;
};

struct peers *peers_new(void);
void peers_free(struct peers **p);
void peers_set_limits(struct peers *p, const struct peers_limits *l);

/* A connection, not logged in yet.  False: a limit is reached, and nothing was
 * counted.  The local socket is never refused. */
bool peers_add(struct peers *p, const struct peer *peer);
/* It has logged in. */
void peers_logged_in(struct peers *p, const struct peer *peer);
/* It has ended. */
void peers_remove(struct peers *p, const struct peer *peer, bool logged_in);

#endif
