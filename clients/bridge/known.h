/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_KNOWN_H
#define CLIENTS_BRIDGE_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The last alerts that came to a web session: what is to be done when the
 * server, back again, pushes one once more.  Pure. */

#define KNOWN_MOST 256

struct known {
    uint64_t hash;
    bool confirmed;
};

struct known_alerts {
    struct known *v; /* owned; a ring */
    unsigned n;      /* that were added, less what was forgotten */
};

/* An alert by its id and its gmtTime: a server whose store was made anew begins
 * its ids again.  time need not end with a 0; NULL: it has none. */
uint64_t known_hash(const char *id, const char *time, size_t time_len);

/* NULL: it did not come, or too long ago.  Valid until the next known_add. */
struct known *known_find(struct known_alerts *k, uint64_t hash);
void known_add(struct known_alerts *k, uint64_t hash);
void known_clear(struct known_alerts *k);

#endif
