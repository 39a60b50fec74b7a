/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "notify/notify_sign.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "notify/notify.h"
#include "util/buf.h"
#include "util/log.h"

#define PREFIX     "whsec_"
#define KEY_MOST   NOTIFY_SECRET_MOST
#define HASH_BYTES 32

void
notify_sign_id(char out[NOTIFY_SIGN_ID_SIZE])
{
    uint64_t random[2];

    if (getrandom(random, sizeof random, 0) != sizeof random)
        log_fatal("the system has no random numbers");
    snprintf(out, NOTIFY_SIGN_ID_SIZE, "msg_%016llx%016llx",
             (unsigned long long)random[0], (unsigned long long)random[1]);
}

/* -1: it is no secret. */
static ssize_t
key_of(const char *secret, char key[KEY_MOST])
{
    size_t len = strlen(secret), prefix = strlen(PREFIX);

    if (len == 0 || len > NOTIFY_SECRET_MOST)
        return -1;
    if (strncmp(secret, PREFIX, prefix) == 0)
        return base64_decode(secret + prefix, len - prefix, BASE64_STRICT, key,
                             KEY_MOST, NULL);
    memcpy(key, secret, len);
    return (ssize_t)len;
}

int
notify_sign_check(const char *secret, struct errbuf *err)
{
    char key[KEY_MOST];
    ssize_t len = key_of(secret, key);

    explicit_bzero(key, sizeof key);
    return len > 0 ? 0
                   : err_set(err,
                             "the secret is a text of 1 to %d bytes, or "
                             "whsec_ and base64",
                             NOTIFY_SECRET_MOST);
}

void
notify_sign_make(const char *secret, const char *id, long long seconds,
                 const char *payload, char out[NOTIFY_SIGN_SIZE])
{
    struct buf text = {0};
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    char key[KEY_MOST];
    ssize_t len = key_of(secret, key);

    buf_appendf(&text, "%s.%lld.", id, seconds);
    buf_append_str(&text, payload);
    if (len <= 0 ||
        HMAC(EVP_sha256(), key, (int)len, (const unsigned char *)text.data,
             text.len, hash, &n) == NULL ||
        n != HASH_BYTES)
        log_fatal("OpenSSL makes no HMAC-SHA256");
    memcpy(out, "v1,", 3);
    base64_encode(hash, HASH_BYTES, out + 3);
    explicit_bzero(key, sizeof key);
    buf_clear(&text);
}
