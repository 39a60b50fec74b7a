/* SPDX-License-Identifier: BSD-2-Clause */
/* A ticket has 256 random bits, so a plain hash is enough to make the store
 * useless to somebody who reads it: there is nothing to guess. */
#include "config.h"

#include "ximss/server/auth/ticket.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "util/base64.h"
#include "util/log.h"

#define TICKET_BYTES 32

/* In place, as RFC 4648 has it for URLs, section 5, and without padding. */
static void
to_url(char text[TICKET_TEXT_SIZE + 1])
{
    for (char *p = text; *p != '\0'; p++)
        *p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
    text[TICKET_TEXT_SIZE - 1] = '\0';
}

static void
hash(const char *text, uint8_t hash_r[TICKET_HASH_BYTES])
{
    if (EVP_Digest(text, TICKET_TEXT_SIZE - 1, hash_r, NULL, EVP_sha256(),
                   NULL) != 1)
        log_fatal("hashing a ticket failed");
}

void
ticket_make(char out[TICKET_TEXT_SIZE], uint8_t hash_r[TICKET_HASH_BYTES])
{
    char text[BASE64_SIZE(TICKET_BYTES)];
    uint8_t bytes[TICKET_BYTES];

    /* One that begins with - or _ would have to be quoted in the CLI. */
    do {
        if (RAND_bytes(bytes, sizeof bytes) != 1)
            log_fatal("no random bytes from OpenSSL");
        base64_encode(bytes, sizeof bytes, text);
        to_url(text);
    } while (text[0] == '-' || text[0] == '_');
    memcpy(out, text, TICKET_TEXT_SIZE);
    hash(out, hash_r);
    OPENSSL_cleanse(bytes, sizeof bytes);
    OPENSSL_cleanse(text, sizeof text);
}

int
ticket_hash(const char *text, uint8_t hash_r[TICKET_HASH_BYTES])
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz0123456789-_";

    if (strlen(text) != TICKET_TEXT_SIZE - 1 ||
        strspn(text, alphabet) != TICKET_TEXT_SIZE - 1)
        return -1;
    hash(text, hash_r);
    return 0;
}

static bool
is_at(const struct peer *p, const uint8_t address[TICKET_ADDRESS_BYTES])
{
    return p != NULL && (p->kind == PEER_IPV4 || p->kind == PEER_IPV6) &&
           memcmp(p->address, address, TICKET_ADDRESS_BYTES) == 0;
}

void
ticket_bind(struct ticket_rec *k, const struct peer *address,
            const struct peer *origin)
{
    k->bound = origin != NULL ? 2 : 1;
    memcpy(k->address, address->address, sizeof k->address);
    if (origin != NULL)
        memcpy(k->origin, origin->address, sizeof k->origin);
}

bool
ticket_admits(const struct ticket_rec *k, const struct peer *peer,
              const struct peer *client)
{
    if (k->bound == 0)
        return true;
    if (k->bound == 1)
        return is_at(client != NULL ? client : peer, k->address);
    return is_at(peer, k->address) && is_at(client, k->origin);
}
