/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_TICKET_H
#define XIMSS_SERVER_TICKET_H

#include <stdint.h>

#include "storage/tables.h"
#include "util/errbuf.h"

/* Resume tickets: 32 random bytes as base64url text; the store keeps only their
 * hash. */

#define TICKET_TEXT_SIZE 44 /* with the terminating 0 */

/* A new ticket, and what is kept of it.  The caller wipes out when sent. */
void ticket_make(char out[TICKET_TEXT_SIZE], uint8_t hash_r[TICKET_HASH_BYTES]);

/* The hash of a ticket a client sent; -1 if the text is no ticket. */
int ticket_hash(const char *text,
                uint8_t hash_r[TICKET_HASH_BYTES]) WARN_UNUSED;

#endif
