/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_AUTH_SASL_H
#define XIMSS_SERVER_AUTH_SASL_H

#include <stdbool.h>
#include <stddef.h>

#include "storage/tables.h"
#include "util/errbuf.h"

/* The server's side of SASL: PLAIN, LOGIN, SCRAM-SHA-256 (GNU SASL; no channel
 * binding), CRAM-MD5 (ours).  Of OAUTHBEARER and XOAUTH2 only the name is read: who
 * issued the token, or asks whoever did, must look at it.
 *
 * Nothing here blocks, looks anything up, or takes milliseconds: where the
 * exchange needs a password checked or a verifier fetched, it says so and
 * waits for its owner.  An object belongs to one thread at a time. */

/* Limits, in bytes as they come from the client; what is longer is malformed,
 * and found out before anything is prepared, which costs many times more than
 * reading.  Names that exist have 384 bytes at most, with their domain. */
#define SASL_NAME_MOST    511  /* of a name, and of whom one wants to act for */
#define SASL_NONCE_MOST   256  /* of SCRAM, the client's */
#define SASL_MESSAGE_MOST 2048 /* of one message, without the base64 */
#define SASL_TOKEN_MOST   4096 /* the same where it has a token of OAuth 2 */

struct sasl;

enum sasl_result {
    /* Send *base64_out_r (may be ""), give the answer to sasl_step. */
    SASL_CHALLENGE = 0,
    /* sasl_name and sasl_password are known; the owner checks them and decides.
     * The exchange is over. */
    SASL_CHECK_PASSWORD,
    /* sasl_name is known; the owner fetches its credential, or password_dummy's
     * if there is none (or none with a password), and calls sasl_credential. */
    SASL_WANT_CREDENTIAL,
    /* The client has proved that it knows the password of sasl_name. */
    SASL_DONE,
    /* Wrong proof, or a wish to act for somebody else; sasl_name is known.
     * Over. */
    SASL_REFUSED,
    /* Not base64, not what the mechanism says, or too long.  Over. */
    SASL_MALFORMED
};

/* name in any case of letters.  NULL with err if there is no such mechanism.
 * Whether it is offered (clear passwords, the domain's switch for CRAM-MD5) is
 * the owner's business. */
struct sasl *sasl_new(const char *mechanism, struct errbuf *err) WARN_UNUSED;

/* Takes the initial response (NULL or "": none) or the answer to a challenge.
 * *base64_out_r is the caller's to free with SASL_CHALLENGE, NULL else. */
enum sasl_result sasl_step(struct sasl *s, const char *base64_in,
                           char **base64_out_r) WARN_UNUSED;

/* After SASL_WANT_CREDENTIAL; c is borrowed for the call.  As sasl_step, with
 * SASL_CHALLENGE, SASL_DONE or SASL_REFUSED. */
enum sasl_result sasl_credential(struct sasl *s, const struct credential *c,
                                 char **base64_out_r) WARN_UNUSED;

/* CRAM-MD5 where somebody else gave the challenge out: as sasl_step with the
 * answer.  base64_hex: of the 32 hex digits alone. */
enum sasl_result sasl_cram_answered(struct sasl *s, const char *challenge,
                                    const char *name,
                                    const char *base64_hex) WARN_UNUSED;

/* Whether the answer to CRAM-MD5 that has come is right under that credential;
 * false for other mechanisms. */
bool sasl_cram_matches(const struct sasl *s, const struct credential *c);

/* The next message is SCRAM's proof: a guesser learns from it whether the guess is
 * right, and has been told the salt before. */
bool sasl_wants_proof(const struct sasl *s);

/* SCRAM's client is told one salt, but an account may have several secrets
 * (token.h): each is tried with that salt, and so many iterations, which is what
 * *told_r gets and nothing else.  Only while sasl_wants_proof. */
void sasl_scram_told(const struct sasl *s, struct credential *told_r);
/* Whether the proof, which is not taken yet, was made with what has this
 * credential; NULL: the one that sasl_credential got. */
bool sasl_scram_matches(const struct sasl *s, const char *base64,
                        const struct credential *c);
/* The proof is to be checked against this one. */
void sasl_scram_use(struct sasl *s, const struct credential *c);

/* The mechanism in upper case; constant. */
const char *sasl_mechanism(const struct sasl *s);
/* True for what shows its secret: PLAIN, LOGIN, OAUTHBEARER, XOAUTH2. */
bool sasl_is_clear(const struct sasl *s);
/* True for what sources outside alone can check: OAUTHBEARER, XOAUTH2. */
bool sasl_is_outside(const struct sasl *s);
/* The client's first message, in base64, for somebody else who speaks the mechanism:
 * after SASL_WANT_CREDENTIAL.  The caller wipes and frees. */
char *sasl_first(const struct sasl *s);
/* The name as the client sent it (UTF-8, not empty, with or without domain);
 * NULL before it is known.  Borrowed until sasl_free. */
const char *sasl_name(const struct sasl *s);
/* After SASL_CHECK_PASSWORD, else NULL.  Borrowed until sasl_free. */
const char *sasl_password(const struct sasl *s);

/* Wipes what is secret. */
void sasl_free(struct sasl **s);

#endif
