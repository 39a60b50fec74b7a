/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_BASE_HASH_LIMITS_H
#define XIMSS_SERVER_BASE_HASH_LIMITS_H

#include <stddef.h>

/* What checking a password against a foreign hash may cost: settings, each with
 * the name of the member behind "max-". */
struct hash_limits {
    unsigned bcrypt_cost;   /* its logarithm */
    unsigned crypt_rounds;  /* of SHA-256 and SHA-512 crypt */
    unsigned pbkdf2_rounds; /* of SCRAM, too */
    unsigned argon2_passes;
    size_t hash_memory; /* bytes: Argon2, yescrypt, scrypt */
};

#endif
