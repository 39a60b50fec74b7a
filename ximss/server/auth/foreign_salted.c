/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/auth/foreign_salted.h"

#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "util/base64.h"
#include "util/log.h"
#include "ximss/server/auth/foreign_text.h"

#define SALT_MOST 64

struct salted {
    const EVP_MD *md;
    uint8_t bytes[EVP_MAX_MD_SIZE + SALT_MOST];
    size_t digest_len, salt_len; /* in this order */
};

static int
read_salted(const char *hash, const char *digest, enum foreign_salted_code code,
            struct salted *s)
{
    ssize_t n = code == FOREIGN_SALTED_HEX
                    ? foreign_text_hex(hash, s->bytes, sizeof s->bytes)
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
                     enum foreign_salted_code code, struct errbuf *err)
{
    struct salted s;
    int r = read_salted(hash, digest, code, &s);

    OPENSSL_cleanse(&s, sizeof s);
    return r == 0 ? 0 : foreign_text_malformed(err);
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
                       enum foreign_salted_code code, const char *clear)
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
