/* SPDX-License-Identifier: BSD-2-Clause */
/* A proof by SCRAM.  Where CLI tokens are accepted, the proof may have been
 * made with one of them instead of the password.  To find out, each token is
 * hashed in the pool, one after the other.  The time must not reveal how many
 * tokens there are, so a refusal is sent after the longest time that this can
 * take. */
#include "config.h"

#include "ximss/server/requests/attempt.h"

#include <stdlib.h>

#include "util/clock.h"
#include "ximss/server/auth/password.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/requests/login_private.h"

/* How long trying all tokens may take, about. */
#define PROOF_TIME (CLOCK_SECOND / 5)

/* By SASL, with the credential that it has. */
static void
take_proof(struct attempt *a)
{
    char *challenge;
    enum sasl_result result =
        sasl_step(a->req->session->login->sasl, a->proof, &challenge);

    login_after_step(a->req, result, challenge, a);
}

static void
try_work(struct attempt *a)
{
    const struct credential told = a->cred;

    password_derive(a->tokens.item[a->tried].secret, told.salt, told.iterations,
                    &a->cred);
}

static void try_next(struct attempt *a);

static void
tried(struct attempt *a)
{
    struct sasl *sasl = a->req->session->login->sasl;

    if (!sasl_scram_matches(sasl, a->proof, &a->cred)) {
        a->tried++;
        try_next(a);
        return;
    }
    sasl_scram_use(sasl, &a->cred);
    a->cli_token = &a->tokens.item[a->tried];
    a->known = true;
    take_proof(a);
}

static void
try_next(struct attempt *a)
{
    if (a->tried == a->tokens.n)
        take_proof(a);
    else
        attempt_hash(a, try_work, tried);
}

static enum store_result
proof_body(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    return attempt_read_tokens(a, t, a->account, err);
}

void
attempt_prove(struct attempt *a)
{
    const struct sasl *sasl = a->req->session->login->sasl;

    if (!a->takes_tokens || sasl_scram_matches(sasl, a->proof, NULL)) {
        take_proof(a);
        return;
    }
    a->not_before = clock_mono() + PROOF_TIME;
    sasl_scram_told(sasl, &a->cred);
    attempt_ask(a, proof_body, try_next);
}
