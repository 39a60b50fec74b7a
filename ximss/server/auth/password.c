/* SPDX-License-Identifier: BSD-2-Clause */
/* SCRAM-SHA-256 stores two keys derived from the salted password: the hash of
 * the client's key (to check its proof) and the server's key (to prove
 * ourselves).  Neither of them lets a reader of the store log in as the
 * user. */
#include "config.h"

#include "ximss/server/auth/password.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nettle/pbkdf2.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "util/log.h"
#include "util/text.h"
#include "util/utf8.h"
#include "util/xmalloc.h"
#include "ximss/server/auth/foreign_hash.h"
#include "ximss/server/auth/keyed_hash.h"
#include "ximss/server/auth/saslprep.h"

_Static_assert(CRED_KEY_BYTES == KEYED_HASH_BYTES, "keys are SHA-256 hashes");
_Static_assert(CRED_CRAM_BYTES == KEYED_MD5_STATE_SIZE, "two MD5 states");

static void
wipe_free(char *s)
{
    OPENSSL_cleanse(s, strlen(s));
    free(s);
}

/* By Nettle, which is more than twice as fast at this as OpenSSL 3.0: there each
 * round copies contexts that live on the heap. */
static void
salted_password(const char *clear, const uint8_t salt[CRED_SALT_BYTES],
                unsigned iterations, uint8_t out[CRED_KEY_BYTES])
{
    char *prepared = saslprep(clear);

    pbkdf2_hmac_sha256(strlen(prepared), (const uint8_t *)prepared, iterations,
                       CRED_SALT_BYTES, salt, CRED_KEY_BYTES, out);
    wipe_free(prepared);
}

/* out = HMAC(key, text) */
static void
hmac(const uint8_t key[CRED_KEY_BYTES], const char *text,
     uint8_t out[CRED_KEY_BYTES])
{
    const struct keyed_part part = {text, strlen(text)};
    struct keyed_hash k;

    keyed_hash_init(&k, key, CRED_KEY_BYTES);
    keyed_hash_get(&k, &part, 1, out);
    OPENSSL_cleanse(&k, sizeof k);
}

static void
stored_key(const uint8_t salted[CRED_KEY_BYTES], uint8_t out[CRED_KEY_BYTES])
{
    uint8_t client_key[CRED_KEY_BYTES];

    hmac(salted, "Client Key", client_key);
    if (EVP_Digest(client_key, sizeof client_key, out, NULL, EVP_sha256(),
                   NULL) != 1)
        log_fatal("hashing a key failed");
    OPENSSL_cleanse(client_key, sizeof client_key);
}

const char *
password_fault(const char *clear)
{
    size_t len = strlen(clear), bad;

    if (len == 0 || len > PASSWORD_MOST)
        return "password is empty or too long";
    if (!text_is_utf8(clear, len, &bad))
        return "password is not UTF-8";
    if (text_has_controls(clear))
        return "password has a line end or another control character in it";
    return NULL;
}

bool
password_is_short(const char *clear, unsigned least)
{
    size_t left = strlen(clear), n = 0;
    uint32_t c;

    while (left > 0 && n < least) {
        size_t len = utf8_character(clear, left, &c);

        len = len > 0 ? len : 1;
        clear += len;
        left -= len;
        n++;
    }
    return n < least;
}

void
password_derive(const char *clear, const uint8_t salt[CRED_SALT_BYTES],
                unsigned iterations, struct credential *out)
{
    uint8_t salted[CRED_KEY_BYTES];

    assert(iterations > 0);
    *out = (struct credential){.iterations = iterations};
    memcpy(out->salt, salt, CRED_SALT_BYTES);
    salted_password(clear, salt, iterations, salted);
    stored_key(salted, out->stored_key);
    hmac(salted, "Server Key", out->server_key);
    OPENSSL_cleanse(salted, sizeof salted);
}

void
password_make(const char *clear, unsigned iterations, bool with_cram,
              struct credential *out)
{
    uint8_t salt[CRED_SALT_BYTES];

    if (RAND_bytes(salt, sizeof salt) != 1)
        log_fatal("no random bytes from OpenSSL");
    password_derive(clear, salt, iterations, out);
    out->has_cram = with_cram;
    if (with_cram)
        password_cram_state(clear, out->cram);
}

void
password_renew(struct credential *c, const char *clear, unsigned iterations)
{
    struct credential next;

    password_derive(clear, c->salt, iterations, &next);
    next.has_cram = c->has_cram;
    memcpy(next.cram, c->cram, sizeof next.cram);
    *c = next;
    OPENSSL_cleanse(&next, sizeof next);
}

void
password_set_cram(struct credential *c, const char *clear)
{
    c->has_cram = clear != NULL;
    if (clear != NULL)
        password_cram_state(clear, c->cram);
    else
        OPENSSL_cleanse(c->cram, sizeof c->cram);
}

bool
password_matches(const struct credential *c, const char *clear,
                 const struct hash_limits *limits)
{
    uint8_t salted[CRED_KEY_BYTES], key[CRED_KEY_BYTES];
    bool same;

    if (c->hash[0] != '\0')
        return limits != NULL && foreign_hash_matches(c->hash, clear, limits);
    if (c->iterations == 0)
        return false;
    salted_password(clear, c->salt, c->iterations, salted);
    stored_key(salted, key);
    same = CRYPTO_memcmp(key, c->stored_key, CRED_KEY_BYTES) == 0;
    OPENSSL_cleanse(salted, sizeof salted);
    OPENSSL_cleanse(key, sizeof key);
    return same;
}

bool
password_is_whole(const struct credential *c, const char *clear)
{
    return c->hash[0] == '\0' || foreign_hash_is_whole(c->hash, clear);
}

/* One of a name's made-up values. */
static void
dummy_value(const uint8_t secret[STORE_SECRET_BYTES], const char *what,
            const char *name, uint8_t *out, size_t len)
{
    const struct keyed_part parts[] = {{what, strlen(what) + 1},
                                       {name, strlen(name)}};
    uint8_t hash[KEYED_HASH_BYTES];
    struct keyed_hash k;

    keyed_hash_init(&k, secret, STORE_SECRET_BYTES);
    keyed_hash_get(&k, parts, 2, hash);
    memcpy(out, hash, len);
    OPENSSL_cleanse(&k, sizeof k);
}

void
password_dummy(const uint8_t secret[STORE_SECRET_BYTES], const char *name,
               unsigned iterations, struct credential *out)
{
    *out = (struct credential){.iterations = iterations};
    dummy_value(secret, "dummy salt", name, out->salt, CRED_SALT_BYTES);
    dummy_value(secret, "dummy stored key", name, out->stored_key,
                CRED_KEY_BYTES);
    dummy_value(secret, "dummy server key", name, out->server_key,
                CRED_KEY_BYTES);
}

void
password_dummy_costs(struct credential *dummy, const char *hash)
{
    if (hash[0] != '\0')
        foreign_hash_dummy(hash, dummy->hash);
}

uint64_t
password_dummy_point(const uint8_t secret[STORE_SECRET_BYTES], const char *name)
{
    uint64_t point;

    dummy_value(secret, "dummy point", name, (uint8_t *)&point, sizeof point);
    return point;
}

void
password_cram_state(const char *clear, uint8_t out[CRED_CRAM_BYTES])
{
    keyed_md5_state(clear, strlen(clear), out);
}

bool
password_cram_matches(const struct credential *c, const char *challenge,
                      const char *hex)
{
    uint8_t right[KEYED_MD5_BYTES];
    char right_hex[2 * sizeof right + 1], given[sizeof right_hex] = "";
    size_t len = strlen(hex);
    bool same;

    if (len == sizeof given - 1)
        memcpy(given, hex, sizeof given);
    text_lower(given);
    keyed_md5_get(c->cram, challenge, strlen(challenge), right);
    for (size_t i = 0; i < sizeof right; i++)
        snprintf(right_hex + 2 * i, 3, "%02x", right[i]);
    same = CRYPTO_memcmp(given, right_hex, sizeof given) == 0;
    OPENSSL_cleanse(right, sizeof right);
    OPENSSL_cleanse(right_hex, sizeof right_hex);
    return same && c->has_cram;
}

bool
password_scram_matches(const struct credential *c,
                       const struct keyed_part *parts, size_t n_parts,
                       const uint8_t proof[CRED_KEY_BYTES])
{
    uint8_t key[CRED_KEY_BYTES], stored[CRED_KEY_BYTES];
    struct keyed_hash k;
    bool matches;

    keyed_hash_init(&k, c->stored_key, sizeof c->stored_key);
    keyed_hash_get(&k, parts, n_parts, key);
    for (size_t i = 0; i < sizeof key; i++)
        key[i] ^= proof[i];
    if (EVP_Digest(key, sizeof key, stored, NULL, EVP_sha256(), NULL) != 1)
        log_fatal("hashing a key failed");
    matches = c->iterations > 0 &&
              CRYPTO_memcmp(stored, c->stored_key, sizeof stored) == 0;
    OPENSSL_cleanse(&k, sizeof k);
    OPENSSL_cleanse(key, sizeof key);
    return matches;
}

void
password_scram_sign(const struct credential *c, const struct keyed_part *parts,
                    size_t n_parts, uint8_t signature_r[CRED_KEY_BYTES])
{
    struct keyed_hash k;

    keyed_hash_init(&k, c->server_key, sizeof c->server_key);
    keyed_hash_get(&k, parts, n_parts, signature_r);
    OPENSSL_cleanse(&k, sizeof k);
}
