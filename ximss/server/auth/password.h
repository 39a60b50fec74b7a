/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_AUTH_PASSWORD_H
#define XIMSS_SERVER_AUTH_PASSWORD_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/tables.h"
#include "ximss/server/base/hash_limits.h"

/* Passwords as verifiers (SCRAM-SHA-256, RFC 5802 and 7677; HMAC-MD5 state for
 * CRAM-MD5, RFC 2195).  Pure functions, any thread.
 *
 * For SCRAM a password is prepared by SASLprep (RFC 4013); one that cannot be
 * prepared counts as the bytes that were typed.  For CRAM-MD5 it is always the
 * bytes that were typed, as the clients of that time did. */

/* The longest password, in bytes as it was typed; at every door.  A constant:
 * with a smaller one somebody who has a longer password would be shut out. */
#define PASSWORD_MOST 1024

/* What makes a new password one that is not taken, for people; NULL: nothing.
 * It must be UTF-8, have 1 to PASSWORD_MOST bytes, and no control characters or
 * line ends: they come from files, nobody can type them, and many clients cannot
 * send them.  Words and a dot at most. */
const char *password_fault(const char *clear);

/* Whether a new password has less than `least` characters. */
bool password_is_short(const char *clear, unsigned least);

/* Makes a verifier with a fresh random salt; takes milliseconds, so: in the
 * hash pool.  iterations at least 1.  The caller wipes `clear`. */
void password_make(const char *clear, unsigned iterations, bool with_cram,
                   struct credential *out);

/* The same with a given salt (tests, import); without CRAM state. */
void password_derive(const char *clear, const uint8_t salt[CRED_SALT_BYTES],
                     unsigned iterations, struct credential *out);

/* Makes the verifier of the same password anew, with so many iterations and the
 * same salt; the CRAM-MD5 state stays.  It replaces a foreign hash.  Takes
 * milliseconds. */
void password_renew(struct credential *c, const char *clear,
                    unsigned iterations);

/* Keeps CRAM-MD5's state of that password too; NULL: none any more. */
void password_set_cram(struct credential *c, const char *clear);

/* True if this is the password; takes milliseconds, or with a foreign hash what
 * the limits allow.  False at once if no password is set: where that must not
 * show, check against password_dummy's credential instead.  limits NULL: foreign
 * hashes are not checked. */
bool password_matches(const struct credential *c, const char *clear,
                      const struct hash_limits *limits);

/* Whether a verifier can take the place of the foreign hash that this password
 * matches (foreign_hash_is_whole). */
bool password_is_whole(const struct credential *c, const char *clear);

/* A credential for a name that does not exist or has no password: the same
 * salt and keys each time for the same name (as name_key gives it) as long as the
 * store lives, and no password matches. */
void password_dummy(const uint8_t secret[STORE_SECRET_BYTES], const char *name,
                    unsigned iterations, struct credential *out);

/* Checking a password against the dummy costs from now on as much as against the
 * foreign hash, and never matches.  hash "": nothing is changed. */
void password_dummy_costs(struct credential *dummy, const char *hash);

/* A number for that name, as stable, by which one of the accounts is picked
 * whose cost the dummy has (account_sample_credential). */
uint64_t password_dummy_point(const uint8_t secret[STORE_SECRET_BYTES],
                              const char *name);

/* The state from which CRAM-MD5 answers are checked. */
void password_cram_state(const char *clear, uint8_t out[CRED_CRAM_BYTES]);

/* True if hex (32 digits in any case) is the HMAC-MD5 of the challenge under
 * the password.  False, in the same time, if the credential has no CRAM state. */
bool password_cram_matches(const struct credential *c, const char *challenge,
                           const char *hex);

/* True if a client that knows the password made SCRAM's proof for the exchange
 * whose messages, put together as RFC 5802 wants it, are the parts. */
struct keyed_part;
bool password_scram_matches(const struct credential *c,
                            const struct keyed_part *parts, size_t n_parts,
                            const uint8_t proof[CRED_KEY_BYTES]);
/* The signature by which the server shows that client that it has its verifier (RFC
 * 5802, ServerSignature). */
void password_scram_sign(const struct credential *c,
                         const struct keyed_part *parts, size_t n_parts,
                         uint8_t signature_r[CRED_KEY_BYTES]);

#endif
