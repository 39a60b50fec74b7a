/* SPDX-License-Identifier: BSD-2-Clause */
/* The names of a session are keyed hashes of its number, so they are checked by
 * computing them again.  Whoever has the urlID can act as the session.  So the
 * key never leaves the process, and ends with it, like its sessions. */
#include "config.h"

#include "ximss/server/auth/session_id.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "util/text.h"
#include "ximss/server/auth/keyed_hash.h"

static struct keyed_hash secret;
static pthread_once_t secret_once = PTHREAD_ONCE_INIT;

static void
make_secret(void)
{
    keyed_hash_random(&secret);
}

/* The hash of a number for one purpose; `round` gives further bytes. */
static void
hash(const char *purpose, uint64_t number, unsigned round,
     uint8_t out[KEYED_HASH_BYTES])
{
    char text[64];
    int n = snprintf(text, sizeof text, "%s %" PRIu64 " %u", purpose, number,
                     round);
    const struct keyed_part part = {text, (size_t)n};

    pthread_once(&secret_once, make_secret);
    keyed_hash_get(&secret, &part, 1, out);
}

/* Bytes that would make some characters likelier than others are left out. */
static void
secret_chars(uint64_t number, char out[SESSION_ID_SECRET_CHARS + 1])
{
    static const char chars[62 + 1] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "abcdefghijklmnopqrstuvwxyz0123456789";
    uint8_t bytes[KEYED_HASH_BYTES];
    size_t n = 0;

    for (unsigned round = 0; n < SESSION_ID_SECRET_CHARS; round++) {
        hash("url", number, round, bytes);
        for (size_t i = 0; i < sizeof bytes && n < SESSION_ID_SECRET_CHARS; i++)
            if (bytes[i] < 256 / 62 * 62)
                out[n++] = chars[bytes[i] % 62];
    }
    out[n] = '\0';
    OPENSSL_cleanse(bytes, sizeof bytes);
}

void
session_id_format(uint64_t number, char out[SESSION_ID_TEXT_SIZE])
{
    char chars[SESSION_ID_SECRET_CHARS + 1];

    secret_chars(number, chars);
    snprintf(out, SESSION_ID_TEXT_SIZE, "%" PRIu64 "-%s", number, chars);
    OPENSSL_cleanse(chars, sizeof chars);
}

bool
session_id_parse(const char *text, uint64_t *number_r)
{
    char digits[21] = "", right[SESSION_ID_SECRET_CHARS + 1];
    const char *dash = strchr(text, '-');
    unsigned long long number;
    bool same;

    if (dash == NULL || (size_t)(dash - text) >= sizeof digits ||
        strlen(dash + 1) != SESSION_ID_SECRET_CHARS)
        return false;
    memcpy(digits, text, (size_t)(dash - text));
    if ((digits[0] == '0' && digits[1] != '\0') ||
        text_parse_u64(digits, UINT64_MAX, &number) < 0)
        return false;
    secret_chars(number, right);
    same = CRYPTO_memcmp(dash + 1, right, SESSION_ID_SECRET_CHARS) == 0;
    OPENSSL_cleanse(right, sizeof right);
    if (same)
        *number_r = number;
    return same;
}

void
session_id_random(uint64_t number, char out[SESSION_ID_RANDOM_SIZE])
{
    uint8_t bytes[KEYED_HASH_BYTES];

    hash("random", number, 0, bytes);
    for (size_t i = 0; i < (SESSION_ID_RANDOM_SIZE - 1) / 2; i++)
        snprintf(out + 2 * i, 3, "%02X", bytes[i]);
}
