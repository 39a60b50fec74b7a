/* SPDX-License-Identifier: BSD-2-Clause */
/* Foreign hashes that are made of SHA-1 and SHA-2: digests with a salt, Dovecot's
 * PBKDF2, and SCRAM-SHA-256 whose salt is of another length than ours. */
#include "config.h"

#include "ximss/server/auth/foreign_scheme.h"

#include <stdlib.h>
#include <string.h>

#include <nettle/pbkdf2.h>
#include <nettle/sha1.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "util/base64.h"
#include "util/log.h"
#include "ximss/server/auth/keyed_hash.h"
#include "ximss/server/auth/saslprep.h"

#define SALT_MOST 64

static int
malformed(struct errbuf *err)
{
    return err_set(err, "this hash is damaged or cut off");
}

static int
hex_value(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = c == '\0' ? NULL : strchr(digits, c);

    return at == NULL ? -1 : (int)(at - digits) % 16;
}

/* How many bytes; -1: this is no hex, or too much. */
static ssize_t
from_hex(const char *text, uint8_t *out, size_t size)
{
    size_t len = strlen(text);

    if (len % 2 != 0 || len / 2 > size)
        return -1;
    for (size_t i = 0; i < len; i += 2) {
        int high = hex_value(text[i]), low = hex_value(text[i + 1]);

        if (high < 0 || low < 0)
            return -1;
        out[i / 2] = (uint8_t)(high * 16 + low);
    }
    return (ssize_t)(len / 2);
}

/* --- digests with a salt --- */

struct salted {
    const EVP_MD *md;
    uint8_t bytes[EVP_MAX_MD_SIZE + SALT_MOST];
    size_t digest_len, salt_len; /* in this order */
};

static int
read_salted(const char *hash, const char *digest, enum foreign_code code,
            struct salted *s)
{
    ssize_t n = code == FOREIGN_HEX
                    ? from_hex(hash, s->bytes, sizeof s->bytes)
                    : base64_decode(hash, strlen(hash), BASE64_STRICT,
                                    (char *)s->bytes, sizeof s->bytes, NULL);

    s->md = EVP_get_digestbyname(digest);
    if (s->md == NULL)
        log_fatal("OpenSSL has no %s", digest);
    s->digest_len = (size_t)EVP_MD_get_size(s->md);
    if (n <= (ssize_t)s->digest_len || n > (ssize_t)(s->digest_len + SALT_MOST))
        return -1;
    s->salt_len = (size_t)n - s->digest_len;
    return 0;
}

int
foreign_salted_check(const char *hash, const char *digest,
                     enum foreign_code code, struct errbuf *err)
{
    struct salted s;
    int r = read_salted(hash, digest, code, &s);

    OPENSSL_cleanse(&s, sizeof s);
    return r == 0 ? 0 : malformed(err);
}

static void
digest_salted(const struct salted *s, const char *clear,
              uint8_t out[EVP_MAX_MD_SIZE])
{
    EVP_MD_CTX *c = EVP_MD_CTX_new();

    if (c == NULL || EVP_DigestInit_ex(c, s->md, NULL) != 1 ||
        EVP_DigestUpdate(c, clear, strlen(clear)) != 1 ||
        EVP_DigestUpdate(c, s->bytes + s->digest_len, s->salt_len) != 1 ||
        EVP_DigestFinal_ex(c, out, NULL) != 1)
        log_fatal("hashing a password failed");
    EVP_MD_CTX_free(c);
}

bool
foreign_salted_matches(const char *hash, const char *digest,
                       enum foreign_code code, const char *clear)
{
    uint8_t made[EVP_MAX_MD_SIZE];
    struct salted s;
    bool is = false;

    if (read_salted(hash, digest, code, &s) == 0) {
        digest_salted(&s, clear, made);
        is = CRYPTO_memcmp(made, s.bytes, s.digest_len) == 0;
    }
    OPENSSL_cleanse(&s, sizeof s);
    OPENSSL_cleanse(made, sizeof made);
    return is;
}

/* --- PBKDF2 --- */

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
    if (foreign_number(&end, '$', &k->rounds) < 0 || k->rounds == 0)
        return -1;
    return from_hex(end, k->digest, sizeof k->digest) ==
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
        return malformed(err);
    return foreign_within("number of rounds", k.rounds, "max-pbkdf2-rounds",
                          limits->pbkdf2_rounds, err);
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

/* --- SCRAM --- */

/* Base64 up to `end`; how many bytes, or -1. */
static ssize_t
take_bytes(const char **at, char end, uint8_t *out, size_t size)
{
    const char *stop = strchr(*at, end);
    ssize_t n = stop == NULL
                    ? -1
                    : base64_decode(*at, (size_t)(stop - *at), BASE64_STRICT,
                                    (char *)out, size, NULL);

    if (n >= 0)
        *at = end == '\0' ? stop : stop + 1;
    return n;
}

int
foreign_scram_read(const char *hash, const struct hash_limits *limits,
                   struct foreign_scram *s_r, struct errbuf *err)
{
    const char *at = hash;
    uint32_t rounds;
    ssize_t salt;

    memset(s_r, 0, sizeof *s_r);
    if (foreign_number(&at, ',', &rounds) < 0 || rounds == 0)
        return malformed(err);
    salt = take_bytes(&at, ',', s_r->salt, sizeof s_r->salt);
    if (salt <= 0 ||
        take_bytes(&at, ',', s_r->stored_key, sizeof s_r->stored_key) !=
            (ssize_t)sizeof s_r->stored_key ||
        take_bytes(&at, '\0', s_r->server_key, sizeof s_r->server_key) !=
            (ssize_t)sizeof s_r->server_key)
        return malformed(err);
    s_r->rounds = rounds;
    s_r->salt_len = (size_t)salt;
    return foreign_within("number of rounds", rounds, "max-pbkdf2-rounds",
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
