/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_TOKEN_H
#define XIMSS_SERVER_RULES_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/tables.h"
#include "util/errbuf.h"

/* CLI tokens: secrets of an account, made here, with which scripts log in on
 * the PWD port, and there alone.
 *
 * APOP proves that a secret is known by md5(challenge secret), so the secret
 * itself must be at hand, not a hash of it.  In the store it is encrypted
 * (AES-256-GCM, bound to account and name) under a key in a file beside the
 * database: a copy of the database alone is worth nothing; whoever reads both
 * has the tokens (never a password).  They are random, so nobody guesses one. */

#define TOKEN_SECRET_SIZE (40 + 1)
#define TOKEN_KEY_BYTES   32

/* The key and its file.  The writer thread's. */
struct token_key {
    char *path; /* owned */
    uint8_t bytes[TOKEN_KEY_BYTES];
    bool loaded;
    bool told; /* the log knows why it is not */
};

/* STORE/token.key unless a path is given. */
void token_key_init(struct token_key *k, const char *store, const char *path);
void token_key_clear(struct token_key *k);

/* Makes a secret and seals it: k's account, id, name must be set; `sealed` gets
 * what is to be stored.  The key's file is made if there is none.  -1: the key
 * cannot be read or made. */
int token_seal(struct token_key *key, struct token_rec *k,
               char secret[TOKEN_SECRET_SIZE], struct errbuf *err) WARN_UNUSED;

/* A token that may be used now. */
struct token {
    uint64_t id;
    int64_t expires; /* 0: never */
    char name[TOKEN_NAME_MOST + 1];
    char secret[TOKEN_SECRET_SIZE];
};

/* The tokens of an account.  A zeroed set is empty. */
struct token_set {
    struct token *item; /* owned */
    size_t n;
};

/* Those of the account that have not expired; what cannot be decrypted is left
 * out, and the log is told once. */
enum store_result token_set_read(struct token_set *set, struct token_key *key,
                                 struct store_txn *t, uint64_t account,
                                 int64_t now, struct errbuf *err) WARN_UNUSED;
/* Wipes. */
void token_set_clear(struct token_set *set);

/* The token that it is, or NULL.  In a time that tells nothing but how many
 * there are. */
const struct token *token_find_clear(const struct token_set *set,
                                     const char *password);
/* hex: of md5(challenge secret), in any case of letters. */
const struct token *token_find_apop(const struct token_set *set,
                                    const char *challenge, const char *hex);

#endif
