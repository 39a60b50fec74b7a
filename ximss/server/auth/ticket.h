/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_AUTH_TICKET_H
#define XIMSS_SERVER_AUTH_TICKET_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/tables.h"
#include "util/errbuf.h"
#include "ximss/server/base/peer.h"

/* Resume tickets: 32 random bytes as base64url text; the store keeps only their
 * hash. */

#define TICKET_TEXT_SIZE 44 /* with the terminating 0 */

/* A new ticket, and what is kept of it.  The caller wipes out when sent. */
void ticket_make(char out[TICKET_TEXT_SIZE], uint8_t hash_r[TICKET_HASH_BYTES]);

/* The hash of a ticket a client sent; -1 if the text is no ticket. */
int ticket_hash(const char *text,
                uint8_t hash_r[TICKET_HASH_BYTES]) WARN_UNUSED;

/* From now on the ticket is good from this address only; origin: NULL, or whom a
 * proxy at the address must name. */
void ticket_bind(struct ticket_rec *k, const struct peer *address,
                 const struct peer *origin);
/* Whether it is good for a connection from peer; client: NULL, or the address
 * that peer, a proxy, has named. */
bool ticket_admits(const struct ticket_rec *k, const struct peer *peer,
                   const struct peer *client);

#endif
