/* SPDX-License-Identifier: BSD-2-Clause */
/* Argon2, in the form that its reference implementation writes:
 *   $argon2id$v=19$m=65536,t=3,p=1$salt$digest
 * with base64 without padding.  It is read here and not by libargon2, which would
 * first allocate as much as the text says, and start a thread for each lane. */
#include "config.h"

#include "ximss/server/auth/foreign_argon2.h"

#include <string.h>

#include <argon2.h>
#include <openssl/crypto.h>

#include "ximss/server/auth/foreign_text.h"

#define SALT_MOST   64
#define DIGEST_MOST 64
#define LANES_MOST  64

struct argon2 {
    argon2_type type;
    uint32_t version, memory, passes, lanes; /* memory in KiB */
    uint8_t salt[SALT_MOST], digest[DIGEST_MOST];
    uint32_t salt_len, digest_len;
};

/* The word and the number behind it. */
static int
take(const char **at, const char *word, char end, uint32_t *value_r)
{
    size_t len = strlen(word);

    if (strncmp(*at, word, len) != 0)
        return -1;
    *at += len;
    return foreign_text_number(at, end, value_r);
}

static int
take_bytes(const char **at, char end, uint8_t *out, size_t size,
           uint32_t *len_r)
{
    ssize_t n = foreign_text_base64(at, end, out, size);

    *len_r = n < 0 ? 0 : (uint32_t)n;
    return n < 0 ? -1 : 0;
}

static int
read_type(const char **at, argon2_type *type_r)
{
    static const char id[] = "$argon2id$", i[] = "$argon2i$";

    if (strncmp(*at, id, sizeof id - 1) == 0) {
        *type_r = Argon2_id;
        *at += sizeof id - 1;
    } else if (strncmp(*at, i, sizeof i - 1) == 0) {
        *type_r = Argon2_i;
        *at += sizeof i - 1;
    } else {
        return -1;
    }
    return 0;
}

static bool
is_possible(const struct argon2 *a)
{
    return (a->version == ARGON2_VERSION_13 ||
            a->version == ARGON2_VERSION_10) &&
           a->passes >= 1 && a->lanes >= 1 && a->lanes <= LANES_MOST &&
           a->memory >= 8 * a->lanes && a->salt_len >= 8 && a->digest_len >= 16;
}

/* -1: it is not of this form. */
static int
read_hash(const char *hash, struct argon2 *a)
{
    const char *at = hash;

    *a = (struct argon2){.version = ARGON2_VERSION_10};
    if (read_type(&at, &a->type) < 0 ||
        (strncmp(at, "v=", 2) == 0 && take(&at, "v=", '$', &a->version) < 0) ||
        take(&at, "m=", ',', &a->memory) < 0 ||
        take(&at, "t=", ',', &a->passes) < 0 ||
        take(&at, "p=", '$', &a->lanes) < 0 ||
        take_bytes(&at, '$', a->salt, sizeof a->salt, &a->salt_len) < 0 ||
        take_bytes(&at, '\0', a->digest, sizeof a->digest, &a->digest_len) < 0)
        return -1;
    return is_possible(a) ? 0 : -1;
}

int
foreign_argon2_check(const char *hash, const struct hash_limits *limits,
                     struct errbuf *err)
{
    struct argon2 a;
    int r = read_hash(hash, &a);

    if (r < 0)
        foreign_text_malformed(err);
    else if (foreign_text_within("memory", UINT64_C(1024) * a.memory,
                                 "max-hash-memory", limits->hash_memory,
                                 err) < 0 ||
             foreign_text_within("number of passes", a.passes,
                                 "max-argon2-passes", limits->argon2_passes,
                                 err) < 0)
        r = -1;
    OPENSSL_cleanse(&a, sizeof a);
    return r;
}

/* One thread, this one, for all lanes. */
bool
foreign_argon2_matches(const char *hash, const char *clear)
{
    uint8_t made[DIGEST_MOST];
    struct argon2 a;
    bool is = false;

    if (read_hash(hash, &a) == 0) {
        argon2_context c = {.out = made,
                            .outlen = a.digest_len,
                            .pwd =
                                (uint8_t *)(uintptr_t)clear, /* not changed */
                            .pwdlen = (uint32_t)strlen(clear),
                            .salt = a.salt,
                            .saltlen = a.salt_len,
                            .t_cost = a.passes,
                            .m_cost = a.memory,
                            .lanes = a.lanes,
                            .threads = 1,
                            .version = a.version,
                            .flags = ARGON2_DEFAULT_FLAGS};

        is = argon2_ctx(&c, a.type) == ARGON2_OK &&
             CRYPTO_memcmp(made, a.digest, a.digest_len) == 0;
    }
    OPENSSL_cleanse(&a, sizeof a);
    OPENSSL_cleanse(made, sizeof made);
    return is;
}
