/* SPDX-License-Identifier: BSD-2-Clause */
/* Hashes of crypt(3).  What they cost stands in them, and libcrypt does whatever
 * it is told: so the text is read here first, and only what is known is given to
 * it.  Not taken is what looks at 8 bytes of the password (DES), and what has no
 * salt. */
#include "config.h"

#include "ximss/server/auth/foreign_crypt.h"

#include <crypt.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "util/xmalloc.h"
#include "ximss/server/auth/foreign_text.h"

/* The alphabet of crypt(3), in the order of its values. */
#define ALPHABET \
    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/* Bytes of a password that bcrypt looks at. */
#define BCRYPT_BYTES 72

static unsigned
value_of(char c)
{
    const char *at = c == '\0' ? NULL : strchr(ALPHABET, c);

    return at == NULL ? 64 : (unsigned)(at - ALPHABET);
}

/* Characters of a salt: ALPHABET's as a rule, but libcrypt takes others, too. */
static size_t
salt_length(const char *s)
{
    size_t n = 0;

    while (s[n] > ' ' && s[n] < 0x7f && strchr("$!*:;\\", s[n]) == NULL)
        n++;
    return n;
}

/* Salt of at most `most` characters, "$", and a digest of `digest` that ends the
 * text. */
static bool
is_salt_and_digest(const char *s, size_t most, size_t digest)
{
    size_t salt = salt_length(s);

    return salt <= most && s[salt] == '$' &&
           strspn(s + salt + 1, ALPHABET) == digest &&
           s[salt + 1 + digest] == '\0';
}

static int
check_sha(const char *s, size_t digest, const struct hash_limits *limits,
          struct errbuf *err)
{
    static const char word[] = "rounds=";
    uint32_t rounds = 5000;

    s += 3;
    if (strncmp(s, word, sizeof word - 1) == 0) {
        s += sizeof word - 1;
        if (foreign_text_number(&s, '$', &rounds) < 0)
            return foreign_text_malformed(err);
    }
    if (!is_salt_and_digest(s, 16, digest))
        return foreign_text_malformed(err);
    return foreign_text_within("number of rounds", rounds, "max-crypt-rounds",
                               limits->crypt_rounds, err);
}

static int
check_bcrypt(const char *s, const struct hash_limits *limits,
             struct errbuf *err)
{
    unsigned cost;

    if (strchr("aby", s[2]) == NULL || s[3] != '$' || s[4] < '0' ||
        s[4] > '3' || s[5] < '0' || s[5] > '9' || s[6] != '$' ||
        strspn(s + 7, ALPHABET) != 53 || s[60] != '\0')
        return foreign_text_malformed(err);
    cost = (unsigned)(s[4] - '0') * 10 + (unsigned)(s[5] - '0');
    if (cost < 4 || cost > 31)
        return foreign_text_malformed(err);
    return foreign_text_within("cost", cost, "max-bcrypt-cost",
                               limits->bcrypt_cost, err);
}

/* It takes 2^log2_n times 128 r bytes, p times the time. */
static int
check_memory(unsigned log2_n, uint64_t r, uint64_t p,
             const struct hash_limits *limits, struct errbuf *err)
{
    uint64_t bytes = UINT64_MAX;

    if (log2_n == 0 || r == 0 || p == 0)
        return foreign_text_malformed(err);
    if (log2_n < 30 && r < (1 << 10) && p < (1 << 10))
        bytes = (UINT64_C(128) << log2_n) * r * p;
    return foreign_text_within("memory", bytes, "max-hash-memory",
                               limits->hash_memory, err);
}

/* "j", N and r, one character each: all that libcrypt itself writes. */
static int
check_yescrypt(const char *s, const struct hash_limits *limits,
               struct errbuf *err)
{
    unsigned n, r;

    if (s[0] != 'j' || (n = value_of(s[1])) > 47 || (r = value_of(s[2])) > 47 ||
        s[3] != '$' || !is_salt_and_digest(s + 4, 86, 43))
        return foreign_text_malformed(err);
    return check_memory(n + 1, r + 1, 1, limits, err);
}

/* 30 bits, the lowest first. */
static int
read_30(const char *s, uint64_t *value_r)
{
    *value_r = 0;
    for (unsigned i = 0; i < 5; i++) {
        unsigned v = value_of(s[i]);

        if (v > 63)
            return -1;
        *value_r |= (uint64_t)v << (6 * i);
    }
    return 0;
}

static int
check_scrypt(const char *s, const struct hash_limits *limits,
             struct errbuf *err)
{
    unsigned n = value_of(s[0]);
    uint64_t r, p;

    if (n > 63 || read_30(s + 1, &r) < 0 || read_30(s + 6, &p) < 0 ||
        !is_salt_and_digest(s + 11, 86, 43))
        return foreign_text_malformed(err);
    return check_memory(n, r, p, limits, err);
}

int
foreign_crypt_check(const char *hash, const char *prefix,
                    const struct hash_limits *limits, struct errbuf *err)
{
    if (prefix != NULL && strncmp(hash, prefix, strlen(prefix)) != 0)
        return err_set(err, "this hash is not of the scheme in front of it");
    if (strncmp(hash, "$6$", 3) == 0)
        return check_sha(hash, 86, limits, err);
    if (strncmp(hash, "$5$", 3) == 0)
        return check_sha(hash, 43, limits, err);
    if (strncmp(hash, "$y$", 3) == 0)
        return check_yescrypt(hash + 3, limits, err);
    if (strncmp(hash, "$gy$", 4) == 0)
        return check_yescrypt(hash + 4, limits, err);
    if (strncmp(hash, "$7$", 3) == 0)
        return check_scrypt(hash + 3, limits, err);
    if (strncmp(hash, "$1$", 3) == 0)
        return is_salt_and_digest(hash + 3, 8, 22)
                   ? 0
                   : foreign_text_malformed(err);
    if (strncmp(hash, "$2", 2) == 0 && hash[2] != '\0')
        return check_bcrypt(hash, limits, err);
    return err_set(err, "this kind of crypt hash is not taken. legal are "
                        "yescrypt gost-yescrypt scrypt bcrypt sha512crypt "
                        "sha256crypt and md5crypt");
}

bool
foreign_crypt_matches(const char *hash, const char *clear)
{
    /* 32 KB: too much for the stack of a thread. */
    struct crypt_data *data = xcalloc(1, sizeof *data);
    const char *made = crypt_r(clear, hash, data);
    size_t len = strlen(hash);
    bool is = made != NULL && strlen(made) == len &&
              CRYPTO_memcmp(made, hash, len) == 0;

    OPENSSL_cleanse(data, sizeof *data);
    free(data);
    return is;
}

bool
foreign_crypt_is_whole(const char *hash, const char *clear)
{
    return strncmp(hash, "$2", 2) != 0 || strlen(clear) <= BCRYPT_BYTES;
}
