/* SPDX-License-Identifier: BSD-2-Clause */
/* Schemes of foreign hashes: their names, and which family each belongs to.  The
 * cost is read out of the text and compared with the limits before any work is
 * done, when a hash comes and again each time that it is used. */
#include "config.h"

#include "ximss/server/auth/foreign_hash.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "util/log.h"
#include "util/text.h"
#include "ximss/server/auth/foreign_argon2.h"
#include "ximss/server/auth/foreign_crypt.h"
#include "ximss/server/auth/foreign_pbkdf2.h"
#include "ximss/server/auth/foreign_salted.h"
#include "ximss/server/auth/foreign_scram.h"

/* In front of a hash that only costs as much as the real one. */
#define DUMMY_MARK '!'

enum family {
    FAMILY_CLEAR,
    FAMILY_CRYPT,
    FAMILY_ARGON2,
    FAMILY_SALTED,
    FAMILY_PBKDF2,
    FAMILY_SCRAM
};

static const struct scheme {
    const char *name;
    enum family family;
    const char *detail; /* of crypt: the prefix; of salted digests: which */
} schemes[] = {
    {"SCRAM-SHA-256", FAMILY_SCRAM, NULL},
    {"SHA512-CRYPT", FAMILY_CRYPT, "$6$"},
    {"SHA256-CRYPT", FAMILY_CRYPT, "$5$"},
    {"BLF-CRYPT", FAMILY_CRYPT, "$2"},
    {"ARGON2ID", FAMILY_ARGON2, NULL},
    {"ARGON2I", FAMILY_ARGON2, NULL},
    {"PBKDF2", FAMILY_PBKDF2, NULL},
    {"SSHA512", FAMILY_SALTED, "SHA512"},
    {"SSHA256", FAMILY_SALTED, "SHA256"},
    {"SSHA", FAMILY_SALTED, "SHA1"},
    {"MD5-CRYPT", FAMILY_CRYPT, "$1$"},
    {"CRYPT", FAMILY_CRYPT, NULL},
    {"PLAIN", FAMILY_CLEAR, NULL},
    {"CLEAR", FAMILY_CLEAR, NULL},
    {"CLEARTEXT", FAMILY_CLEAR, NULL},
};

#define LEGAL                                                           \
    "legal are SCRAM-SHA-256 SHA512-CRYPT SHA256-CRYPT BLF-CRYPT "      \
    "ARGON2ID ARGON2I PBKDF2 SSHA512 SSHA256 SSHA MD5-CRYPT CRYPT and " \
    "PLAIN"

/* A text taken apart. */
struct parts {
    const struct scheme *scheme;
    enum foreign_salted_code code;
    const char *hash;
};

/* --- schemes --- */

static const struct scheme *
find_scheme(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (strlen(schemes[i].name) == len &&
            strncasecmp(schemes[i].name, name, len) == 0)
            return &schemes[i];
    return NULL;
}

/* Digests can say how they are written; cuts that off. */
static size_t
cut_code(const char *name, size_t len, enum foreign_salted_code *code_r)
{
    static const struct {
        const char *suffix;
        enum foreign_salted_code code;
    } codes[] = {{".B64", FOREIGN_SALTED_BASE64},
                 {".BASE64", FOREIGN_SALTED_BASE64},
                 {".HEX", FOREIGN_SALTED_HEX}};

    *code_r = FOREIGN_SALTED_BASE64;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        size_t n = strlen(codes[i].suffix);

        if (len > n && strncasecmp(name + len - n, codes[i].suffix, n) == 0) {
            *code_r = codes[i].code;
            return len - n;
        }
    }
    return len;
}

/* The hash of a shadow file. */
static int
take_bare(const char *text, struct parts *p_r)
{
    const char *name = strncmp(text, "$argon2", 7) == 0 ? "ARGON2ID" : "CRYPT";

    if (text[0] != '$')
        return -1;
    *p_r = (struct parts){find_scheme(name, strlen(name)),
                          FOREIGN_SALTED_BASE64, text};
    return 0;
}

static int
take_apart(const char *text, struct parts *p_r)
{
    const char *close = strchr(text, '}');
    size_t len, bare;

    if (text[0] != '{' || close == NULL)
        return take_bare(text, p_r);
    len = (size_t)(close - text - 1);
    bare = cut_code(text + 1, len, &p_r->code);
    p_r->hash = close + 1;
    p_r->scheme = find_scheme(text + 1, bare);
    if (p_r->scheme == NULL ||
        (bare != len && p_r->scheme->family != FAMILY_SALTED))
        return -1;
    return 0;
}

static int
check(const struct parts *p, const struct hash_limits *limits,
      struct errbuf *err)
{
    struct foreign_scram scram;
    int r = 0;

    switch (p->scheme->family) {
    case FAMILY_CLEAR:
        return 0;
    case FAMILY_CRYPT:
        return foreign_crypt_check(p->hash, p->scheme->detail, limits, err);
    case FAMILY_ARGON2:
        return foreign_argon2_check(p->hash, limits, err);
    case FAMILY_SALTED:
        return foreign_salted_check(p->hash, p->scheme->detail, p->code, err);
    case FAMILY_PBKDF2:
        return foreign_pbkdf2_check(p->hash, limits, err);
    case FAMILY_SCRAM:
        r = foreign_scram_read(p->hash, limits, &scram, err);
        OPENSSL_cleanse(&scram, sizeof scram);
        return r;
    }
    return r;
}

/* --- what an administrator gives --- */

/* True: as our own are. */
static bool
take_verifier(const char *hash, const struct hash_limits *limits,
              struct credential *c)
{
    struct foreign_scram s;
    struct errbuf err;
    bool fits = foreign_scram_read(hash, limits, &s, &err) == 0 &&
                s.salt_len == CRED_SALT_BYTES;

    if (fits) {
        *c = (struct credential){.iterations = s.rounds};
        memcpy(c->salt, s.salt, sizeof c->salt);
        memcpy(c->stored_key, s.stored_key, sizeof c->stored_key);
        memcpy(c->server_key, s.server_key, sizeof c->server_key);
    }
    OPENSSL_cleanse(&s, sizeof s);
    return fits;
}

/* Kept with its scheme; room is left for the mark of a dummy. */
static int
keep(const char *text, const struct parts *p, struct credential *c,
     struct errbuf *err)
{
    int n = snprintf(c->hash, sizeof c->hash, "%s%s",
                     text[0] == '{'                       ? ""
                     : p->scheme->family == FAMILY_ARGON2 ? "{ARGON2ID}"
                                                          : "{CRYPT}",
                     text);

    if (n < 0 || (size_t)n >= sizeof c->hash - 1)
        return err_set(err, "this hash is too long");
    if (RAND_bytes(c->salt, sizeof c->salt) != 1)
        log_fatal("no random bytes from OpenSSL");
    return 0;
}

const char *
foreign_hash_clear(const char *text)
{
    struct parts p;

    return take_apart(text, &p) == 0 && p.scheme->family == FAMILY_CLEAR
               ? p.hash
               : NULL;
}

enum foreign_kind
foreign_hash_read(const char *text, const struct hash_limits *limits,
                  struct credential *cred_r, const char **clear_r,
                  struct errbuf *err)
{
    struct parts p;

    *cred_r = (struct credential){0};
    if (take_apart(text, &p) < 0) {
        err_set(err, "this kind of password hash is not taken. " LEGAL);
        return FOREIGN_BAD;
    }
    if (check(&p, limits, err) < 0)
        return FOREIGN_BAD;
    if (p.scheme->family == FAMILY_CLEAR) {
        *clear_r = p.hash;
        return FOREIGN_CLEAR;
    }
    if (p.scheme->family == FAMILY_SCRAM &&
        take_verifier(p.hash, limits, cred_r))
        return FOREIGN_VERIFIER;
    if (keep(text, &p, cred_r, err) < 0) {
        *cred_r = (struct credential){0};
        return FOREIGN_BAD;
    }
    return FOREIGN_HASH;
}

/* --- checking --- */

static bool
matches(const struct parts *p, const char *clear,
        const struct hash_limits *limits)
{
    struct foreign_scram scram;
    struct errbuf err;
    bool is = false;

    switch (p->scheme->family) {
    case FAMILY_CLEAR: /* is never kept */
        break;
    case FAMILY_CRYPT:
        return foreign_crypt_matches(p->hash, clear);
    case FAMILY_ARGON2:
        return foreign_argon2_matches(p->hash, clear);
    case FAMILY_SALTED:
        return foreign_salted_matches(p->hash, p->scheme->detail, p->code,
                                      clear);
    case FAMILY_PBKDF2:
        return foreign_pbkdf2_matches(p->hash, clear);
    case FAMILY_SCRAM:
        is = foreign_scram_read(p->hash, limits, &scram, &err) == 0 &&
             foreign_scram_matches(&scram, clear);
        OPENSSL_cleanse(&scram, sizeof scram);
        break;
    }
    return is;
}

bool
foreign_hash_matches(const char *hash, const char *clear,
                     const struct hash_limits *limits)
{
    bool is_dummy = hash[0] == DUMMY_MARK;
    struct errbuf err;
    struct parts p;

    if (take_apart(hash + is_dummy, &p) < 0)
        return false;
    if (check(&p, limits, &err) < 0) {
        log_warn("a password is not checked: %s", err.text);
        return false;
    }
    return matches(&p, clear, limits) && !is_dummy;
}

bool
foreign_hash_is_whole(const char *hash, const char *clear)
{
    struct parts p;

    return take_apart(hash, &p) == 0 && (p.scheme->family != FAMILY_CRYPT ||
                                         foreign_crypt_is_whole(p.hash, clear));
}

void
foreign_hash_dummy(const char *hash, char out[CRED_HASH_BYTES])
{
    out[0] = DUMMY_MARK;
    snprintf(out + 1, CRED_HASH_BYTES - 1, "%s", hash);
}
