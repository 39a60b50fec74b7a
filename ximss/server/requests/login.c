/* SPDX-License-Identifier: BSD-2-Clause */
/* What a session keeps until it is logged in, and the log-ins that take one
 * message: passwords in clear text, APOP, EXTERNAL. */
#include "config.h"

#include "ximss/server/requests/login_private.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "util/blank.h"
#include "util/clock.h"
#include "util/name.h"
#include "util/xmalloc.h"
#include "ximss/server/auth/password.h"
#include "ximss/server/auth/throttle.h"
#include "ximss/server/live/bridge_door.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/requests/attempt.h"
#include "ximss/server/rules/token.h"

void
login_forget_token(struct login *l)
{
    if (l->cli_token != NULL)
        OPENSSL_cleanse(l->cli_token, sizeof *l->cli_token);
    free(l->cli_token);
    l->cli_token = NULL;
}

void
login_drop_exchange(struct login *l)
{
    if (l->throttle != NULL)
        throttle_failed(l->throttle, NULL, l->address, clock_mono());
    l->throttle = NULL;
    login_forget_token(l);
    passdb_call_free(&l->outside.call);
    free(l->outside.user);
    l->outside.user = NULL;
    sasl_free(&l->sasl);
}

void
login_free(struct login **l)
{
    if (*l == NULL)
        return;
    /* Strangers who come and go must not leave attempts behind. */
    if ((*l)->waiting != NULL && attempt_wait_cancel((*l)->waiting))
        attempt_free_orphan((*l)->waiting);
    login_drop_exchange(*l);
    free((*l)->name);
    free((*l)->domain);
    free(*l);
    *l = NULL;
}

static bool
login_is_held_up(const struct login *l)
{
    return l->waiting != NULL;
}

static const struct session_login_ops login_ops = {
    .free = login_free,
    .is_held_up = login_is_held_up,
};

struct login *
login_of(struct session *s)
{
    if (s->login == NULL) {
        s->login = xcalloc(1, sizeof *s->login);
        s->login->ops = &login_ops;
        s->login->options.alerts = true;
    }
    return s->login;
}

void
login_set_domain(struct session *s, const char *domain)
{
    struct login *l = login_of(s);
    char *text;
    size_t len;

    domain = blank_trim(domain, &len);
    if (len == 0)
        return;
    free(l->domain);
    /* No domain has a longer name. */
    text = xstrndup(domain, len < SASL_NAME_MOST ? len : SASL_NAME_MOST);
    l->domain = name_domain_key(text);
    free(text);
}

void
login_without_alerts(struct session *s)
{
    login_of(s)->options = (struct login_options){.alerts = false};
}

/* --- what is believed, and allowed --- */

bool
login_clear_is_allowed(const struct session *s)
{
    const struct config *cfg = session_worker(s)->cfg;

    return session_is_encrypted(s) || session_is_local(s) ||
           cfg->clear_passwords_without_tls;
}

bool
login_external_is_allowed(const struct session *s)
{
    return s->door == SESSION_LOCAL && !s->proxied &&
           (s->uid == 0 || s->uid == geteuid());
}

bool
login_is_proxy(const struct session *s)
{
    struct sockaddr_storage sa;

    if (s->proxied)
        return false;
    peer_to_sockaddr(&s->peer, &sa);
    return s->door == SESSION_LOCAL ||
           config_is_trusted(session_worker(s)->cfg, (struct sockaddr *)&sa);
}

int
login_take_client(struct req *r, const char *client)
{
    struct session *s = r->session;
    struct peer peer;

    if (client == NULL)
        return 0;
    if (!login_is_proxy(s)) {
        if (session_is_local(s) && !session_is_at_door(s))
            bridge_door_doubts(session_worker(s)->server->bridge_door);
        return 0;
    }
    if (peer_parse(&peer, client) < 0) {
        req_fail(r, ANSWER(BAD_CLIENT_ADDRESS));
        return -1;
    }
    free(s->client);
    s->client = xmemdup(&peer, sizeof peer);
    return 0;
}

/* --- ways in --- */

enum req_result
login_in_clear(struct req *r, const char *name, const char *password,
               const char *method)
{
    struct attempt *a;

    if (!login_clear_is_allowed(r->session)) {
        req_fail(r, ANSWER(ENCRYPTION));
        return REQ_DONE;
    }
    if (strlen(name) > SASL_NAME_MOST || strlen(password) > PASSWORD_MOST)
        return attempt_start_malformed(r, method, ANSWER(WRONG_LOGIN));
    a = attempt_new(r, name, method);
    a->password = xstrdup(password);
    return attempt_start(a, attempt_recall);
}

enum req_result
login_by_apop(struct req *r, const char *name, const char *challenge,
              const char *digest)
{
    struct attempt *a;

    if (strlen(name) > SASL_NAME_MOST)
        return attempt_start_malformed(r, "APOP", ANSWER(WRONG_LOGIN));
    a = attempt_new(r, name, "APOP");
    a->challenge = xstrdup(challenge);
    a->digest = xstrdup(digest);
    return attempt_start(a, attempt_take_slot);
}

enum req_result
login_external(struct req *r)
{
    struct session *s = r->session;
    struct attempt *a;

    if (!login_external_is_allowed(s)) {
        req_fail(r, ANSWER(METHOD_NOT_OFFERED));
        return REQ_DONE;
    }
    a = attempt_new(r, NULL, "EXTERNAL");
    login_of(s)->options.alerts = false;
    attempt_open(a, NULL);
    return REQ_PENDING;
}
