/* SPDX-License-Identifier: BSD-2-Clause */
/* HMAC(key, m) = H(key^opad || H(key^ipad || m)) (RFC 2104).  Each keyed block
 * fills exactly one block of the hash, so the state after it is all that is
 * needed of the key.  Saving it halves the work of a short HMAC.  For CRAM-MD5
 * it lets a server check answers without the password in clear text.  OpenSSL 3
 * deprecates the functions with a visible state but keeps them; this is the
 * only file that uses them. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "config.h"

#include "ximss/server/auth/keyed_hash.h"

#include <assert.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/md5.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "util/log.h"

#define BLOCK      64
#define BLOCK_BITS (BLOCK * 8)
#define INNER_PAD  0x36
#define OUTER_PAD  0x5c

static void
pad(uint8_t block[BLOCK], const uint8_t *key, size_t len, uint8_t with)
{
    memset(block, with, BLOCK);
    for (size_t i = 0; i < len; i++)
        block[i] ^= key[i];
}

/* --- SHA-256 --- */

static void
sha256_after(const uint8_t *key, size_t len, uint8_t with, uint32_t h[8])
{
    uint8_t block[BLOCK];
    SHA256_CTX c;

    pad(block, key, len, with);
    SHA256_Init(&c);
    SHA256_Update(&c, block, sizeof block);
    memcpy(h, c.h, sizeof c.h);
    OPENSSL_cleanse(block, sizeof block);
    OPENSSL_cleanse(&c, sizeof c);
}

static void
sha256_resume(SHA256_CTX *c, const uint32_t h[8])
{
    SHA256_Init(c);
    memcpy(c->h, h, sizeof c->h);
    c->Nl = BLOCK_BITS;
}

void
keyed_hash_init(struct keyed_hash *k, const void *key, size_t key_len)
{
    assert(key_len <= BLOCK);
    sha256_after(key, key_len, INNER_PAD, k->inner);
    sha256_after(key, key_len, OUTER_PAD, k->outer);
}

void
keyed_hash_random(struct keyed_hash *k)
{
    uint8_t key[BLOCK];

    if (RAND_bytes(key, sizeof key) != 1)
        log_fatal("no random bytes from OpenSSL");
    keyed_hash_init(k, key, sizeof key);
    OPENSSL_cleanse(key, sizeof key);
}

void
keyed_hash_get(const struct keyed_hash *k, const struct keyed_part *parts,
               size_t n_parts, uint8_t out[KEYED_HASH_BYTES])
{
    SHA256_CTX c;

    sha256_resume(&c, k->inner);
    for (size_t i = 0; i < n_parts; i++)
        SHA256_Update(&c, parts[i].data, parts[i].len);
    SHA256_Final(out, &c);
    sha256_resume(&c, k->outer);
    SHA256_Update(&c, out, KEYED_HASH_BYTES);
    SHA256_Final(out, &c);
    OPENSSL_cleanse(&c, sizeof c);
}

/* --- MD5 --- */

static void
put_words(uint8_t *out, const MD5_CTX *c)
{
    const uint32_t words[] = {c->A, c->B, c->C, c->D};

    for (size_t i = 0; i < sizeof words; i++)
        out[i] = (uint8_t)(words[i / 4] >> (i % 4 * 8));
}

static uint32_t
get_word(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static void
md5_after(const uint8_t *key, size_t len, uint8_t with, uint8_t *out)
{
    uint8_t block[BLOCK];
    MD5_CTX c;

    pad(block, key, len, with);
    MD5_Init(&c);
    MD5_Update(&c, block, sizeof block);
    put_words(out, &c);
    OPENSSL_cleanse(block, sizeof block);
    OPENSSL_cleanse(&c, sizeof c);
}

static void
md5_resume(MD5_CTX *c, const uint8_t *state)
{
    MD5_Init(c);
    c->A = get_word(state);
    c->B = get_word(state + 4);
    c->C = get_word(state + 8);
    c->D = get_word(state + 12);
    c->Nl = BLOCK_BITS;
}

void
keyed_md5_state(const void *key, size_t key_len,
                uint8_t out[KEYED_MD5_STATE_SIZE])
{
    uint8_t shorter[KEYED_MD5_BYTES];
    MD5_CTX c;

    if (key_len > BLOCK) {
        MD5_Init(&c);
        MD5_Update(&c, key, key_len);
        MD5_Final(shorter, &c);
        key = shorter;
        key_len = sizeof shorter;
    }
    md5_after(key, key_len, INNER_PAD, out);
    md5_after(key, key_len, OUTER_PAD, out + KEYED_MD5_BYTES);
    OPENSSL_cleanse(shorter, sizeof shorter);
}

void
keyed_md5_get(const uint8_t state[KEYED_MD5_STATE_SIZE], const void *data,
              size_t len, uint8_t out[KEYED_MD5_BYTES])
{
    MD5_CTX c;

    md5_resume(&c, state);
    MD5_Update(&c, data, len);
    MD5_Final(out, &c);
    md5_resume(&c, state + KEYED_MD5_BYTES);
    MD5_Update(&c, out, KEYED_MD5_BYTES);
    MD5_Final(out, &c);
    OPENSSL_cleanse(&c, sizeof c);
}
