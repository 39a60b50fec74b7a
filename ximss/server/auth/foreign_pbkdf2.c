/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/auth/foreign_pbkdf2.h"

#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <nettle/pbkdf2.h>
#include <nettle/sha1.h>
#include <openssl/crypto.h>

#include "ximss/server/auth/foreign_text.h"

#define SALT_MOST 64

struct pbkdf2 {
    const char *salt; /* of the text; its characters are the bytes */
    size_t salt_len;
    uint32_t rounds;
    uint8_t digest[SHA1_DIGEST_SIZE];
};

static int
read_pbkdf2(const char *hash, struct pbkdf2 *k)
{
    const char *end;

    if (strncmp(hash, "$1$", 3) != 0)
        return -1;
    k->salt = hash + 3;
    end = strchr(k->salt, '$');
    if (end == NULL || end == k->salt || end - k->salt > SALT_MOST)
        return -1;
    k->salt_len = (size_t)(end - k->salt);
    end++;
    if (foreign_text_number(&end, '$', &k->rounds) < 0 || k->rounds == 0)
        return -1;
    return foreign_text_hex(end, k->digest, sizeof k->digest) ==
                   (ssize_t)sizeof k->digest
               ? 0
               : -1;
}

int
foreign_pbkdf2_check(const char *hash, const struct hash_limits *limits,
                     struct errbuf *err)
{
    struct pbkdf2 k;

    if (read_pbkdf2(hash, &k) < 0)
        return foreign_text_malformed(err);
    return foreign_text_within("number of rounds", k.rounds,
                               "max-pbkdf2-rounds", limits->pbkdf2_rounds, err);
}

bool
foreign_pbkdf2_matches(const char *hash, const char *clear)
{
    uint8_t made[SHA1_DIGEST_SIZE];
    struct pbkdf2 k;
    bool is = false;

    if (read_pbkdf2(hash, &k) == 0) {
        pbkdf2_hmac_sha1(strlen(clear), (const uint8_t *)clear, k.rounds,
                         k.salt_len, (const uint8_t *)k.salt, sizeof made,
                         made);
        is = CRYPTO_memcmp(made, k.digest, sizeof made) == 0;
    }
    OPENSSL_cleanse(made, sizeof made);
    return is;
}
