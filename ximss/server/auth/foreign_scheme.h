/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_AUTH_FOREIGN_SCHEME_H
#define XIMSS_SERVER_AUTH_FOREIGN_SCHEME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/errbuf.h"
#include "ximss/server/base/hash_limits.h"

/* The families of foreign hashes.  Private to foreign_*.c.
 *
 * `hash` is what stands behind the scheme.  *_check says whether the form is
 * right and the cost allowed: 0, or -1 with err.  *_matches expects a hash that
 * was checked. */

/* How the bytes of a salted digest are written. */
enum foreign_code {
    FOREIGN_BASE64,
    FOREIGN_HEX
};

/* crypt(3), by libcrypt.  prefix: which one it must be; NULL: any that is
 * taken. */
int foreign_crypt_check(const char *hash, const char *prefix,
                        const struct hash_limits *limits,
                        struct errbuf *err) WARN_UNUSED;
bool foreign_crypt_matches(const char *hash, const char *clear);
bool foreign_crypt_is_whole(const char *hash, const char *clear);

/* "$argon2id$..." and "$argon2i$...", by libargon2. */
int foreign_argon2_check(const char *hash, const struct hash_limits *limits,
                         struct errbuf *err) WARN_UNUSED;
bool foreign_argon2_matches(const char *hash, const char *clear);

/* Digest of password and salt, then the salt; digest: "SHA1", "SHA256" or
 * "SHA512", as OpenSSL calls it. */
int foreign_salted_check(const char *hash, const char *digest,
                         enum foreign_code code,
                         struct errbuf *err) WARN_UNUSED;
bool foreign_salted_matches(const char *hash, const char *digest,
                            enum foreign_code code, const char *clear);

/* Dovecot's PBKDF2: $1$salt$rounds$hex, by HMAC-SHA-1. */
int foreign_pbkdf2_check(const char *hash, const struct hash_limits *limits,
                         struct errbuf *err) WARN_UNUSED;
bool foreign_pbkdf2_matches(const char *hash, const char *clear);

/* SCRAM-SHA-256: rounds,salt,stored key,server key. */
#define FOREIGN_SCRAM_SALT 64
struct foreign_scram {
    unsigned rounds;
    uint8_t salt[FOREIGN_SCRAM_SALT];
    size_t salt_len;
    uint8_t stored_key[32], server_key[32];
};
int foreign_scram_read(const char *hash, const struct hash_limits *limits,
                       struct foreign_scram *s_r,
                       struct errbuf *err) WARN_UNUSED;
bool foreign_scram_matches(const struct foreign_scram *s, const char *clear);

/* --- for all of them --- */

/* A number in decimal digits, without a sign or zeros in front, that `end`
 * follows; *at is moved behind that.  -1: there is none. */
int foreign_number(const char **at, char end, uint32_t *value_r);
/* The cost is not above the limit; else -1 with err, which names the setting. */
int foreign_within(const char *what, unsigned long long cost,
                   const char *setting, unsigned long long limit,
                   struct errbuf *err) WARN_UNUSED;

#endif
