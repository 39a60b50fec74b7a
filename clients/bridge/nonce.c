/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/nonce.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "clients/bridge/client.h"
#include "clients/bridge/random_text.h"
#include "util/log.h"

#define SIGNATURE 16 /* bytes of the hash that are sent */

void
nonce_init(struct nonces *n)
{
    memset(n, 0, sizeof *n);
    random_bytes(n->key, sizeof n->key);
}

static void
sign(const struct nonces *n, uint64_t number, int64_t time, const char *address,
     char out[2 * SIGNATURE + 1])
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    char text[128];
    int text_len = snprintf(text, sizeof text, "%" PRIu64 " %" PRId64 " %s",
                            number, time, address);

    if (HMAC(EVP_sha256(), n->key, sizeof n->key, (unsigned char *)text,
             (size_t)text_len, hash, &len) == NULL)
        log_fatal("no HMAC from OpenSSL");
    for (size_t i = 0; i < SIGNATURE; i++)
        snprintf(out + 2 * i, 3, "%02x", hash[i]);
}

void
nonce_make(struct nonces *n, const char *address, int64_t now,
           char out[NONCE_SIZE])
{
    char signature[2 * SIGNATURE + 1];
    uint64_t number;

    random_bytes(&number, sizeof number);
    sign(n, number, now, address, signature);
    snprintf(out, NONCE_SIZE, "<%" PRIu64 ".%" PRId64 ".%s@ximss-bridge>",
             number, now, signature);
}

/* Each try of the last minute has a place in the ring. */
static bool
use_up(struct nonces *n, uint64_t number, const char *address, int64_t now)
{
    size_t left = NONCE_USED, own = 0;
    uint8_t net[CLIENT_NET];

    client_network(address, net);
    for (size_t i = 0; i < NONCE_USED; i++) {
        if (n->used[i].until <= now)
            continue;
        if (n->used[i].number == number)
            return false;
        left--;
        own += memcmp(n->used[i].net, net, sizeof net) == 0;
    }
    if (own >= left)
        return false;
    n->used[n->n].number = number;
    n->used[n->n].until = now + NONCE_LIFE;
    memcpy(n->used[n->n].net, net, sizeof net);
    n->n = (n->n + 1) % NONCE_USED;
    return true;
}

bool
nonce_take(struct nonces *n, const char *nonce, const char *address,
           int64_t now)
{
    char right[2 * SIGNATURE + 1], given[2 * SIGNATURE + 1];
    uint64_t number;
    int64_t time;
    int end = 0;

    if (sscanf(nonce, "<%" SCNu64 ".%" SCNd64 ".%32[0-9a-f]@ximss-bridge>%n",
               &number, &time, given, &end) != 3 ||
        end == 0 || nonce[end] != '\0' || strlen(given) != 2 * SIGNATURE)
        return false;
    sign(n, number, time, address, right);
    if (CRYPTO_memcmp(given, right, 2 * SIGNATURE) != 0)
        return false;
    return time <= now && now - time < NONCE_LIFE &&
           use_up(n, number, address, now);
}
