/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_AUTH_KEYED_HASH_H
#define XIMSS_SERVER_AUTH_KEYED_HASH_H

#include <stddef.h>
#include <stdint.h>

/* HMACs that start from a saved state of the hash: the only file that uses
 * OpenSSL's low-level hashes, since EVP can neither save an MD5 state nor
 * compute a short HMAC without an allocation. */

#define KEYED_HASH_BYTES     32
#define KEYED_MD5_BYTES      16
#define KEYED_MD5_STATE_SIZE 32

/* HMAC-SHA-256 with the key already taken in.  As secret as the key. */
struct keyed_hash {
    uint32_t inner[8], outer[8];
};

struct keyed_part {
    const void *data;
    size_t len;
};

/* key_len at most 64. */
void keyed_hash_init(struct keyed_hash *k, const void *key, size_t key_len);
/* A fresh random key that is kept nowhere else. */
void keyed_hash_random(struct keyed_hash *k);
/* HMAC of the parts, one after the other. */
void keyed_hash_get(const struct keyed_hash *k, const struct keyed_part *parts,
                    size_t n_parts, uint8_t out[KEYED_HASH_BYTES]);

/* HMAC-MD5: the inner and outer state after the key (of any length), each as
 * four words, low byte first. */
void keyed_md5_state(const void *key, size_t key_len,
                     uint8_t out[KEYED_MD5_STATE_SIZE]);
void keyed_md5_get(const uint8_t state[KEYED_MD5_STATE_SIZE], const void *data,
                   size_t len, uint8_t out[KEYED_MD5_BYTES]);

#endif
