/* SPDX-License-Identifier: BSD-2-Clause */
/* Looks up a name, first in the auth cache, with the password, then in the
 * store.  The store finds an account and its credential, or makes a dummy, so
 * that a name that does not exist looks the same, and takes the same time.  The
 * auth cache knows accounts by their own names.  An alias is looked up each
 * time, because it may lead elsewhere by now, and only the store knows. */
#include "config.h"

#include "ximss/server/requests/attempt.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "util/clock.h"
#include "util/xmalloc.h"
#include "ximss/server/auth/auth_cache.h"
#include "ximss/server/auth/password.h"
#include "ximss/server/base/stat.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/requests/login_private.h"
#include "ximss/server/rules/revocation.h"
#include "ximss/server/rules/rights.h"
#include "ximss/server/rules/settings.h"
#include "ximss/server/rules/user_target.h"

/* --- the auth cache --- */

bool
attempt_recalls(struct attempt *a, const char *name)
{
    a->recalled = a->password != NULL &&
                  auth_cache_find(a->job.server->auth_cache, name, a->password,
                                  clock_mono(), &a->account, &a->serial,
                                  &a->outside.let_in);
    if (a->password != NULL)
        stat_add(a->recalled ? STAT_LOGIN_CACHE_HITS : STAT_LOGIN_CACHE_MISSES,
                 1);
    return a->recalled;
}

void
attempt_recall(struct attempt *a)
{
    if (attempt_recalls(a, a->name)) {
        a->account_name = xstrdup(a->name);
        attempt_attach(a);
    } else {
        attempt_take_slot(a);
    }
}

/* --- the store --- */

/* The name by which a dummy is made.  A domain has several names, by all of
 * which an account has the same salt, and a detail changes nothing; so it is with a
 * dummy.  The caller frees. */
static char *
dummy_name(const struct attempt *a, const struct domain_rec *domain,
           const char *local)
{
    return domain->name != NULL && local[0] != '\0'
               ? xasprintf("%s@%s", local, domain->name)
               : xstrdup(a->name);
}

/* A dummy costs as much as the password of one of the accounts: they differ, by
 * when they were set, or where they came from.  It is made for every name, so
 * that every name takes as long. */
static enum store_result
make_dummy(const struct attempt *a, struct store_txn *t,
           const struct domain_rec *domain, const char *local,
           struct credential *dummy_r, struct errbuf *err)
{
    const struct server *server = a->job.server;
    char *name = dummy_name(a, domain, local);
    struct credential sample;
    enum store_result r = account_sample_credential(
        t, password_dummy_point(server->secret, name), &sample, err);

    if (sample.iterations == 0)
        sample.iterations = server->admin.iterations;
    password_dummy(server->secret, name, sample.iterations, dummy_r);
    password_dummy_costs(dummy_r, sample.hash);
    OPENSSL_cleanse(&sample, sizeof sample);
    free(name);
    return r;
}

/* An alias has a verifier of its own for SASL, since SCRAM tells the salt,
 * which would show whose alias it is.  It is asked for with every name, so that
 * every name takes as long. */
static enum store_result
take_alias(const struct attempt *a, struct store_txn *t, const char *local,
           struct account_rec *account, struct errbuf *err)
{
    if (a->password != NULL)
        return STORE_OK; /* the account's own is checked, and renewed */
    return alias_verifier_find(t, account->number, local, &account->cred, err);
}

enum store_result
attempt_read_tokens(struct attempt *a, struct store_txn *t, uint64_t account,
                    struct errbuf *err)
{
    struct server *server = a->job.server;

    a->cli_token = NULL;
    a->revocations = revocation_count();
    return token_set_read(&a->tokens, &server->token_key, t, account,
                          clock_now(), err);
}

/* The dummy looks and costs as the account does, which may not log in, or not so.
 * A foreign hash shows what its verifier will show. */
static void
disguise(const struct attempt *a, const struct credential *c,
         struct credential *dummy)
{
    dummy->iterations = c->iterations > 0 ? c->iterations : a->iterations;
    memcpy(dummy->salt, c->salt, sizeof dummy->salt);
    dummy->hash[0] = '\0';
    password_dummy_costs(dummy, c->hash);
}

/* What the password, or proof, is checked against.  An account that exists but
 * may not log in looks as before, but nothing matches. */
static void
take_credential(struct attempt *a, bool exists,
                const struct account_rec *account, struct credential *dummy)
{
    if (exists && !a->known)
        disguise(a, &account->cred, dummy);
    a->cred = a->known ? account->cred : *dummy;
}

/* Of a foreign hash only the password itself can be checked: to SASL it is as if
 * there were none. */
static bool
can_be_checked(const struct attempt *a, const struct credential *c)
{
    return a->password != NULL || c->hash[0] == '\0';
}

static void
take_account(struct attempt *a, const struct account_rec *account,
             const struct domain_rec *domain)
{
    a->account_name = xasprintf("%s@%s", account->name, domain->name);
    a->account = account->number;
    a->serial = account->cred_serial;
}

/* The store's passwords count where the domain says so, and for administrators
 * of the server always. */
static bool
store_counts(struct attempt *a, const struct account_rec *account)
{
    a->outside.is_above =
        (rights_parse(account->rights) & RIGHTS_SERVER_WIDE) != 0;
    return a->outside.is_above || auth_list_has(&a->outside.list, AUTH_STORE);
}

/* What log-ins go by: of the domain, or where there is none, of the server. */
static enum store_result
take_rules(struct attempt *a, struct store_txn *t,
           const struct domain_rec *domain, struct errbuf *err)
{
    struct domain_logins logins;
    enum store_result r =
        settings_domain_logins(t, domain->number != 0 ? domain : NULL,
                               &a->job.server->admin.auth, &logins, err);

    a->outside.list = logins.auth;
    a->cram = logins.cram;
    return r;
}

/* The name that sources outside are asked about.  They are not asked about what can be
 * no name: they may have a form of their own for it. */
static void
take_user(struct attempt *a, const struct domain_rec *domain, const char *local)
{
    free(a->outside.user);
    a->outside.user = a->account_name != NULL ? xstrdup(a->account_name)
                                              : dummy_name(a, domain, local);
    if (local[0] == '\0')
        a->outside.list.n = 0;
}

static enum store_result
look_up_body(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    struct domain_rec domain = {0};
    struct account_rec account = {0};
    struct credential dummy;
    char local[NAME_LOCAL_SIZE];
    enum store_result r, sampled, ruled;
    bool found, there, exists;

    r = user_target_find(t, a->name, &domain, &account, &found, local, err);
    ruled = take_rules(a, t, &domain, err);
    there = r == STORE_OK && !domain.suspended;
    exists = r == STORE_OK && credential_is_set(&account.cred);
    a->known = there && exists && can_be_checked(a, &account.cred) &&
               store_counts(a, &account);
    if (ruled != STORE_OK && (r == STORE_OK || r == STORE_NOTFOUND))
        r = ruled;
    if (!a->cram && a->password == NULL)
        account.cred.has_cram = false; /* not wanted any more */
    sampled = make_dummy(a, t, &domain, local, &dummy, err);
    if (sampled == STORE_OK)
        sampled = take_alias(a, t, local, &account, err);
    if (r == STORE_OK || r == STORE_NOTFOUND || r == STORE_REFUSED)
        r = sampled;
    take_credential(a, exists, &account, &dummy);
    free(a->account_name);
    a->account_name = NULL;
    /* An account without a password may have tokens, too. */
    if (r == STORE_OK && a->takes_tokens)
        r = attempt_read_tokens(a, t, there ? account.number : 0, err);
    if (there)
        take_account(a, &account, &domain);
    take_user(a, &domain, local);
    account_rec_clear(&account);
    domain_rec_clear(&domain);
    OPENSSL_cleanse(&dummy, sizeof dummy);
    return r;
}

void
attempt_look_up(struct attempt *a)
{
    attempt_ask(a, look_up_body, attempt_check);
}
