/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_AUTH_FOREIGN_HASH_H
#define XIMSS_SERVER_AUTH_FOREIGN_HASH_H

#include <stdbool.h>

#include "storage/tables.h"
#include "util/errbuf.h"
#include "ximss/server/base/hash_limits.h"

/* Hashes of passwords that other programs made: "{SCHEME}hash" as Dovecot writes
 * it, or the bare text of a shadow file ("$6$...").  Pure functions, any thread;
 * foreign_hash_matches takes as long as the hash costs, so: in the hash pool. */

enum foreign_kind {
    FOREIGN_BAD,      /* with err */
    FOREIGN_CLEAR,    /* no hash, but the password itself: {PLAIN} */
    FOREIGN_VERIFIER, /* the same as our own verifiers: {SCRAM-SHA-256} */
    FOREIGN_HASH
};

/* Reads what an administrator gives.  FOREIGN_VERIFIER: *cred_r has it.
 * FOREIGN_HASH: *cred_r has the hash, and a fresh random salt.  FOREIGN_CLEAR:
 * *clear_r is the rest of the text; *cred_r is empty.  FOREIGN_BAD: the form is
 * wrong, the scheme is none of ours, or the hash costs more than the limits
 * allow; err says which, in words, and repeats nothing of the text.  The caller
 * wipes *cred_r.  Does no hashing. */
enum foreign_kind foreign_hash_read(const char *text,
                                    const struct hash_limits *limits,
                                    struct credential *cred_r,
                                    const char **clear_r,
                                    struct errbuf *err) WARN_UNUSED;

/* The password itself if that is what the text has ({PLAIN}), borrowed; else
 * NULL. */
const char *foreign_hash_clear(const char *text);

/* True if this is the password of a credential's hash.  False at once, with a
 * line in the log, if the hash costs more than the limits allow now. */
bool foreign_hash_matches(const char *hash, const char *clear,
                          const struct hash_limits *limits);

/* Whether the hash covers the whole password.  False for a long one and bcrypt,
 * which ignores what is behind 72 bytes: nobody knows then whether it was right,
 * so no verifier must be made of it. */
bool foreign_hash_is_whole(const char *hash, const char *clear);

/* A hash that costs as much, and that no password matches. */
void foreign_hash_dummy(const char *hash, char out[CRED_HASH_BYTES]);

#endif
