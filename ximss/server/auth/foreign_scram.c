/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/auth/foreign_scram.h"

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <nettle/pbkdf2.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "util/log.h"
#include "ximss/server/auth/foreign_text.h"
#include "ximss/server/auth/keyed_hash.h"
#include "ximss/server/auth/saslprep.h"

int
foreign_scram_read(const char *hash, const struct hash_limits *limits,
                   struct foreign_scram *s_r, struct errbuf *err)
{
    const char *at = hash;
    uint32_t rounds;
    ssize_t salt;

    memset(s_r, 0, sizeof *s_r);
    if (foreign_text_number(&at, ',', &rounds) < 0 || rounds == 0)
        return foreign_text_malformed(err);
    salt = foreign_text_base64(&at, ',', s_r->salt, sizeof s_r->salt);
    if (salt <= 0 ||
        foreign_text_base64(&at, ',', s_r->stored_key,
                            sizeof s_r->stored_key) !=
            (ssize_t)sizeof s_r->stored_key ||
        foreign_text_base64(&at, '\0', s_r->server_key,
                            sizeof s_r->server_key) !=
            (ssize_t)sizeof s_r->server_key)
        return foreign_text_malformed(err);
    s_r->rounds = rounds;
    s_r->salt_len = (size_t)salt;
    return foreign_text_within("number of rounds", rounds, "max-pbkdf2-rounds",
                               limits->pbkdf2_rounds, err);
}

static bool
scram_is(const struct foreign_scram *s, const char *prepared)
{
    static const char label[] = "Client Key";
    const struct keyed_part part = {label, sizeof label - 1};
    uint8_t salted[32], key[KEYED_HASH_BYTES], stored[32];
    struct keyed_hash k;
    bool is;

    pbkdf2_hmac_sha256(strlen(prepared), (const uint8_t *)prepared, s->rounds,
                       s->salt_len, s->salt, sizeof salted, salted);
    keyed_hash_init(&k, salted, sizeof salted);
    keyed_hash_get(&k, &part, 1, key);
    if (EVP_Digest(key, sizeof key, stored, NULL, EVP_sha256(), NULL) != 1)
        log_fatal("hashing a key failed");
    is = CRYPTO_memcmp(stored, s->stored_key, sizeof stored) == 0;
    OPENSSL_cleanse(&k, sizeof k);
    OPENSSL_cleanse(salted, sizeof salted);
    OPENSSL_cleanse(key, sizeof key);
    return is;
}

bool
foreign_scram_matches(const struct foreign_scram *s, const char *clear)
{
    char *prepared = saslprep(clear);
    bool is = scram_is(s, prepared);

    OPENSSL_cleanse(prepared, strlen(prepared));
    free(prepared);
    return is;
}
