/* SPDX-License-Identifier: BSD-2-Clause */
/* Compares what was found with what the client has shown: one of the account's
 * CLI tokens, a password in clear text (by a hash, in the pool), or an exchange
 * by SASL, which continues.  A right password is stored again if new ones are
 * stored differently: with other iterations, with the state for CRAM-MD5, or as a
 * verifier instead of a foreign hash. */
#include "config.h"

#include "ximss/server/requests/attempt.h"

#include <string.h>

#include <openssl/crypto.h>

#include "util/clock.h"
#include "util/log.h"
#include "ximss/server/auth/auth_cache.h"
#include "ximss/server/auth/password.h"
#include "ximss/server/live/alias_renew.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/requests/login_private.h"

/* --- a clear password --- */

static void
let_in(struct attempt *a)
{
    auth_cache_add(a->job.server->auth_cache, a->account_name, a->password,
                   clock_mono(), a->account, a->serial);
    alias_renew(a->job.worker, a->job.lane, a->account, a->password);
    attempt_attach(a);
}

/* The password stays the same, and so does the serial: tickets stay good. */
static enum store_result
renew_body(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    struct account_rec account = {0};
    enum store_result r = account_get(t, a->account, &account, err);

    if (r == STORE_OK && account.cred_serial == a->serial &&
        memcmp(account.cred.salt, a->cred.salt, sizeof a->cred.salt) == 0) {
        account.cred = a->cred;
        r = account_put(t, &account, err);
    }
    account_rec_clear(&account);
    return r;
}

static void
renewed(struct attempt *a)
{
    /* The next log-in tries again. */
    if (a->job.result != STORE_OK)
        log_warn("a password could not be renewed: %s", a->job.err.text);
    let_in(a);
}

static void
checked(struct attempt *a)
{
    if ((!a->matches || !a->known) && attempt_is_outside(a))
        attempt_ask_outside(a);
    else if (!a->matches || !a->known)
        attempt_answer(a, ANSWER(WRONG_LOGIN));
    else if (a->renewed)
        attempt_ask_anyway(a, renew_body, renewed);
    else
        let_in(a);
}

/* A foreign hash that stays. */
static bool
keeps_hash(const struct attempt *a)
{
    return a->cred.hash[0] != '\0' &&
           (a->keep_hashes || !password_is_whole(&a->cred, a->password));
}

/* A password that is right, as new ones are kept. */
static void
renew(struct attempt *a)
{
    if (keeps_hash(a))
        return;
    a->renewed = a->cred.iterations != a->iterations;
    if (a->renewed)
        password_renew(&a->cred, a->password, a->iterations);
    if (a->cred.has_cram != a->cram) {
        password_set_cram(&a->cred, a->cram ? a->password : NULL);
        a->renewed = true;
    }
}

/* Failures count here, so that they do even if the client is gone by now: they
 * have cost as much. */
static void
check_work(struct attempt *a)
{
    a->matches = password_matches(&a->cred, a->password, &a->hash_limits);
    a->outside.is_hashed = true;
    if (a->matches && a->known) {
        renew(a);
    } else if (!attempt_is_outside(a) || (a->known && a->outside.is_above)) {
        attempt_count_failure(a, a->known ? "password" : "unknown");
        a->outside.is_counted = true;
    }
}

static bool
is_alias(const struct attempt *a)
{
    return a->account_name != NULL && strcmp(a->account_name, a->name) != 0;
}

static void
check_password(struct attempt *a)
{
    if (is_alias(a) && attempt_recalls(a, a->account_name))
        attempt_attach(a);
    else if (!a->known && attempt_is_outside(a))
        attempt_ask_outside(a); /* nothing here could match */
    else
        attempt_hash(a, check_work, checked);
}

/* --- CLI tokens --- */

/* An answer to CRAM-MD5. */
static const struct token *
find_cram_token(const struct attempt *a)
{
    const struct sasl *sasl = a->req->session->login->sasl;

    for (size_t i = 0; i < a->tokens.n; i++) {
        struct credential c = {0};
        bool matches;

        password_set_cram(&c, a->tokens.item[i].secret);
        matches = sasl_cram_matches(sasl, &c);
        OPENSSL_cleanse(&c, sizeof c);
        if (matches)
            return &a->tokens.item[i];
    }
    return NULL;
}

/* The token by which the attempt comes.  NULL: by none, or by a proof, which
 * comes later. */
static const struct token *
find_token(const struct attempt *a)
{
    if (a->password != NULL)
        return token_find_clear(&a->tokens, a->password);
    if (a->challenge != NULL)
        return token_find_apop(&a->tokens, a->challenge, a->digest);
    return find_cram_token(a);
}

/* --- what was looked up --- */

void
attempt_check_sasl(struct attempt *a)
{
    char *challenge;
    enum sasl_result result =
        sasl_credential(a->req->session->login->sasl, &a->cred, &challenge);

    login_after_step(a->req, result, challenge, a);
}

void
attempt_check(struct attempt *a)
{
    a->cli_token = find_token(a);
    if (a->cli_token != NULL) {
        a->known = true;
        attempt_attach(a);
    } else if (a->challenge != NULL) { /* APOP goes by tokens alone */
        attempt_refuse(a, a->known ? "password" : "unknown");
    } else if (a->password != NULL) {
        check_password(a);
    } else if (!attempt_exchange_outside(a)) {
        attempt_check_sasl(a);
    }
}
