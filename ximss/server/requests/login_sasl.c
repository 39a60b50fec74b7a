/* SPDX-License-Identifier: BSD-2-Clause */
/* Log-ins by SASL: the messages of an exchange, and what each step leads to. */
#include "config.h"

#include "ximss/server/requests/login_private.h"

#include <stdlib.h>
#include <string.h>

#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/server/live/dialect.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/requests/attempt.h"

/* --- between two messages --- */

/* Whom the exchange is about is kept for the message that will prove it. */
static void
keep_for_proof(struct login *l, const struct attempt *a)
{
    free(l->name);
    l->name = xstrdup(a->name);
    l->account = a->account;
    l->serial = a->serial;
    l->known = a->known;
    if (sasl_wants_proof(l->sasl)) {
        l->throttle = a->job.server->throttle;
        memcpy(l->address, a->address, sizeof l->address);
    }
    login_forget_token(l);
    if (a->cli_token != NULL)
        l->cli_token = xmemdup(a->cli_token, sizeof *l->cli_token);
    l->revocations = a->revocations;
}

static struct attempt *
attempt_to_prove(struct req *r)
{
    const struct login *l = r->session->login;
    struct attempt *a = attempt_new(r, l->name, sasl_mechanism(l->sasl));

    a->account = l->account;
    a->serial = l->serial;
    a->known = l->known;
    if (l->cli_token != NULL) {
        a->tokens =
            (struct token_set){xmemdup(l->cli_token, sizeof *l->cli_token), 1};
        a->cli_token = a->tokens.item;
        a->revocations = l->revocations;
    }
    return a;
}

/* --- steps --- */

/* throttle: leaving the exchange at this is a failure; NULL: what the mechanism says.
 * The session may be gone behind it, if it has an attempt. */
static enum req_result
send_challenge(struct req *r, char *challenge, struct attempt *a,
               struct throttle *throttle)
{
    struct login *l = r->session->login;

    r->dialect->challenge(r, challenge);
    free(challenge);
    l->throttle = NULL;
    if (a == NULL)
        return REQ_DONE;
    keep_for_proof(l, a);
    if (throttle != NULL)
        l->throttle = throttle;
    session_set_state(r->session, SESSION_NEW);
    attempt_free(a);
    req_finish(r);
    return REQ_PENDING;
}

/* To leave it at the challenge is a failure, as it is with our own. */
void
login_hand_on(struct attempt *a)
{
    struct req *r = a->req;
    struct login *l = r->session->login;
    struct throttle *throttle =
        a->outside.is_first ? a->job.server->throttle : NULL;
    char *challenge = xstrdup(passdb_call_answer(a->outside.call)->challenge);

    memcpy(l->address, a->address, sizeof l->address);
    free(l->outside.user);
    l->outside.call = a->outside.call;
    l->outside.by = a->outside.by;
    l->outside.user = a->outside.user;
    a->outside.call = NULL;
    a->outside.user = NULL;
    send_challenge(r, challenge, a, throttle);
}

/* The next message of an exchange with a source outside. */
static enum req_result
go_on_outside(struct req *r, const char *base64)
{
    struct login *l = r->session->login;
    struct attempt *a = attempt_new(r, l->name, sasl_mechanism(l->sasl));

    a->outside.call = l->outside.call;
    a->outside.by = l->outside.by;
    a->outside.user = l->outside.user;
    a->proof = xstrdup(base64);
    l->outside.call = NULL;
    l->outside.user = NULL;
    l->throttle = NULL;
    return attempt_start(a, attempt_go_on_outside);
}

static enum req_result
let_in(struct req *r, struct attempt *a)
{
    if (a == NULL) {
        a = attempt_to_prove(r);
        attempt_begin(a);
    }
    if (a->known)
        attempt_attach(a);
    else
        attempt_refuse(a, "unknown");
    return REQ_PENDING;
}

/* The exchange is over.  An attempt that is under way is refused at once,
 * or at a->not_before; a new one when the throttle lets it. */
static enum req_result
fail(struct req *r, const char *name, struct attempt *a, attempt_step *refuse)
{
    bool is_new = a == NULL;

    if (is_new)
        a = attempt_new(r, name, sasl_mechanism(r->session->login->sasl));
    a->refused = "password";
    a->answer_text = answer_text_SASL_MALFORMED;
    a->answer_code = ANSWER_SASL_MALFORMED;
    if (is_new)
        return attempt_start(a, refuse);
    a->first = refuse;
    if (a->not_before != 0)
        attempt_wait(a);
    else
        refuse(a);
    return REQ_PENDING;
}

enum req_result
login_after_step(struct req *r, enum sasl_result result, char *challenge,
                 struct attempt *a)
{
    struct login *l = login_of(r->session);
    struct sasl *sasl = l->sasl;

    switch (result) {
    case SASL_CHALLENGE:
        return send_challenge(r, challenge, a, NULL);
    case SASL_CHECK_PASSWORD:
        return login_in_clear(r, sasl_name(sasl), sasl_password(sasl),
                              sasl_mechanism(sasl));
    case SASL_WANT_CREDENTIAL:
        return attempt_start(
            attempt_new(r, sasl_name(sasl), sasl_mechanism(sasl)),
            attempt_take_slot);
    case SASL_DONE:
        l->throttle = NULL;
        return let_in(r, a);
    case SASL_REFUSED:
        l->throttle = NULL;
        return fail(r, sasl_name(sasl), a, attempt_refuse_now);
    case SASL_MALFORMED:
        l->throttle = NULL;
        return fail(r, NULL, a, attempt_refuse_malformed);
    }
    return REQ_DONE;
}

/* --- messages --- */

enum req_result
login_begin_sasl(struct req *r, const char *method, const char *base64)
{
    struct login *l = login_of(r->session);
    struct errbuf err;
    char *challenge = NULL;
    enum sasl_result result;

    if (text_equal_nocase(method, "EXTERNAL"))
        return login_external(r);
    login_drop_exchange(l);
    l->sasl = sasl_new(method, &err);
    if (l->sasl == NULL) {
        req_fail(r, ANSWER(METHOD_NOT_OFFERED));
        return REQ_DONE;
    }
    if (sasl_is_outside(l->sasl) &&
        !passdb_offers(r->worker->server->passdb, PASSDB_DOVECOT,
                       sasl_mechanism(l->sasl))) {
        sasl_free(&l->sasl);
        req_fail(r, ANSWER(METHOD_NOT_OFFERED));
        return REQ_DONE;
    }
    if (sasl_is_clear(l->sasl) && !login_clear_is_allowed(r->session)) {
        sasl_free(&l->sasl);
        req_fail(r, ANSWER(ENCRYPTION));
        return REQ_DONE;
    }
    result = sasl_step(l->sasl, base64, &challenge);
    return login_after_step(r, result, challenge, NULL);
}

enum req_result
login_answer_sasl(struct req *r, const char *challenge, const char *name,
                  const char *value)
{
    struct login *l = login_of(r->session);
    struct errbuf err;

    if (name == NULL || value == NULL) {
        req_failf(r, ANSWER(MISSING), name == NULL ? "userName" : "value");
        return REQ_DONE;
    }
    login_drop_exchange(l);
    l->sasl = sasl_new("CRAM-MD5", &err);
    return login_after_step(
        r, sasl_cram_answered(l->sasl, challenge, name, value), NULL, NULL);
}

bool
login_is_exchanging(const struct session *s)
{
    return s->login != NULL && s->login->sasl != NULL;
}

enum req_result
login_next_sasl(struct req *r, const char *base64)
{
    struct login *l = r->session->login;
    struct attempt *a;
    char *challenge = NULL;
    enum sasl_result result;

    if (strcmp(base64, "*") == 0) {
        login_drop_exchange(l);
        req_fail(r, ANSWER(CANCELLED));
        return REQ_DONE;
    }
    if (l->outside.call != NULL)
        return go_on_outside(r, base64);
    if (sasl_wants_proof(l->sasl)) {
        a = attempt_to_prove(r);
        a->proof = xstrdup(base64);
        return attempt_start(a, attempt_prove);
    }
    result = sasl_step(l->sasl, base64, &challenge);
    return login_after_step(r, result, challenge, NULL);
}
