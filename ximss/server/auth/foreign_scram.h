/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_AUTH_FOREIGN_SCRAM_H
#define XIMSS_SERVER_AUTH_FOREIGN_SCRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/errbuf.h"
#include "ximss/server/base/hash_limits.h"

/* Verifiers of SCRAM-SHA-256 as Dovecot writes them: rounds,salt,stored
 * key,server key; for foreign_hash.c. */

#define FOREIGN_SCRAM_SALT_MOST 64

struct foreign_scram {
    unsigned rounds;
    uint8_t salt[FOREIGN_SCRAM_SALT_MOST];
    size_t salt_len;
    uint8_t stored_key[32], server_key[32];
};

/* 0 if the form is right, and the cost within the limits; else -1 with err. */
int foreign_scram_read(const char *hash, const struct hash_limits *limits,
                       struct foreign_scram *s_r,
                       struct errbuf *err) WARN_UNUSED;
bool foreign_scram_matches(const struct foreign_scram *s, const char *clear);

#endif
