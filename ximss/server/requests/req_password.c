/* SPDX-License-Identifier: BSD-2-Clause */
/* passwordModify, and NEWPASS of PWD: a user changes the own password. */
#include "config.h"

#include "ximss/server/requests/req_password.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "util/clock.h"
#include "util/xmalloc.h"
#include "ximss/proto/xml_parse.h"
#include "ximss/server/auth/auth_cache.h"
#include "ximss/server/auth/hash_pool.h"
#include "ximss/server/auth/login_slots.h"
#include "ximss/server/auth/password.h"
#include "ximss/server/auth/throttle.h"
#include "ximss/server/live/alias_renew.h"
#include "ximss/server/live/job.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/requests/req_tables.h"
#include "ximss/server/rules/admin_audit.h"
#include "ximss/server/rules/settings.h"

struct change {
    struct job job;
    struct req *req;
    uint64_t account;
    struct job_caller caller;
    struct login_slot slot; /* of those of the account, if `old` is checked */
    char address[PEER_TEXT_SIZE];
    const char *what; /* for the audit log */
    char *old, *new;  /* owned, wiped; old NULL: not asked for */
    struct credential now, next;
    uint32_t serial; /* the password was checked against this one's */
    unsigned iterations;
    bool matches, changed_meanwhile;
};

static void
wipe(char **text)
{
    if (*text != NULL)
        OPENSSL_cleanse(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

static void
change_free(struct change *c)
{
    login_slot_release(&c->slot);
    wipe(&c->old);
    wipe(&c->new);
    job_caller_clear(&c->caller);
    job_clear(&c->job);
    OPENSSL_cleanse(c, sizeof *c);
    free(c);
}

static enum store_result
write_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct change *c = (struct change *)j;
    struct account_rec a = {0};
    struct domain_rec d = {0};
    struct effect *e;
    struct admin_context x = {.txn = t,
                              .caller = &c->caller.caller,
                              .now = clock_now(),
                              .effects = &j->effects,
                              .settings = &j->server->admin,
                              .budget = j->server->audit_budget};
    enum store_result r = account_get(t, c->account, &a, err);

    if (r == STORE_OK)
        r = domain_get(t, a.domain, &d, err);
    if (r == STORE_OK)
        r = settings_domain_cram(t, &d, &c->next.has_cram, err);
    c->changed_meanwhile = r == STORE_OK && a.cred_serial != c->serial;
    if (r == STORE_OK && !c->changed_meanwhile) {
        a.cred = c->next;
        if (!a.cred.has_cram)
            memset(a.cred.cram, 0, sizeof a.cred.cram);
        a.cred_serial++;
        r = account_put(t, &a, err);
        if (r == STORE_OK)
            r = admin_audit(&x, c->what, "ok", err);
        e = effect_add(&j->effects, EFFECT_ACCOUNT_CHANGED);
        account_rec_copy(&e->account, &a);
        domain_rec_copy(&e->domain, &d);
    }
    account_rec_clear(&a);
    domain_rec_clear(&d);
    return r;
}

static void
write_finish(struct job *j)
{
    struct change *c = (struct change *)j;
    struct req *r = c->req;

    auth_cache_forget(j->server->auth_cache, c->account);
    if (j->result == STORE_NOTFOUND || c->changed_meanwhile) {
        req_fail(r, ANSWER(WRONG_PASSWORD));
    } else if (j->result != STORE_OK) {
        req_fail_store(r, j->result, &j->err);
    } else {
        alias_renew(j->worker, j->lane, c->account, c->new);
        req_ok(r);
    }
    req_finish(r);
    change_free(c);
}

static void
on_hashed(struct mail *m, void *owner)
{
    struct change *c = (struct change *)(void *)m;
    struct req *r = c->req;

    (void)owner;
    if (!c->matches) {
        throttle_failed(c->job.server->throttle, c->caller.name, c->address,
                        clock_mono());
        req_fail(r, ANSWER(WRONG_PASSWORD));
        req_finish(r);
        change_free(c);
        return;
    }
    c->job.body = write_body;
    c->job.finish = write_finish;
    job_submit(&c->job);
}

static void
hash_work(void *arg)
{
    struct change *c = arg;

    c->matches = c->old == NULL || password_matches(&c->now, c->old);
    if (c->matches)
        password_make(c->new, c->iterations, true, &c->next);
}

static void
hash_done(void *arg)
{
    struct change *c = arg;

    c->job.mail.deliver = on_hashed;
    mailbox_put(c->job.worker->box, &c->job.mail);
}

static enum store_result
read_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct change *c = (struct change *)j;
    struct account_rec a = {0};
    enum store_result r = account_get(t, c->account, &a, err);

    c->now = a.cred;
    c->serial = a.cred_serial;
    account_rec_clear(&a);
    return r;
}

static void
read_finish(struct job *j)
{
    struct change *c = (struct change *)j;
    struct req *r = c->req;

    if (j->result == STORE_OK &&
        hash_pool_submit(j->server->hash_pool, c->account, hash_work, hash_done,
                         c) == 0)
        return;
    if (j->result == STORE_OK)
        req_fail(r, ANSWER(BUSY));
    else
        req_fail_store(r, j->result, &j->err);
    req_finish(r);
    change_free(c);
}

static void
refuse_and_free(struct change *c, unsigned code, const char *text)
{
    req_fail(c->req, code, text);
    req_finish(c->req);
    change_free(c);
}

/* Looks at the throttle when those before it have been counted, so that many
 * sessions are not as many guesses at once. */
static void
start(struct change *c)
{
    if (c->old != NULL &&
        throttle_delay(c->job.server->throttle, c->caller.name, c->address,
                       clock_mono()) > 0) {
        refuse_and_free(c, ANSWER(FAILED_LOGINS));
        return;
    }
    c->job.body = read_body;
    c->job.finish = read_finish;
    job_submit(&c->job);
}

static void
on_slot(struct mail *m, void *owner)
{
    struct change *c = (struct change *)(void *)m; /* the job's mail */

    (void)owner;
    if (c->req->session != NULL) {
        start(c);
        return;
    }
    req_finish(c->req);
    change_free(c);
}

static void
on_slot_granted(struct login_slot *slot)
{
    struct change *c =
        (struct change *)(void *)((char *)slot - offsetof(struct change, slot));

    c->job.mail.deliver = on_slot;
    mailbox_put(c->job.worker->box, &c->job.mail);
}

/* Whether it may be tried now; else answered. */
static bool
is_allowed(struct req *r, const char *old, const char *new)
{
    const struct session *s = r->session;
    const char *why;

    if (s->account == NULL)
        req_fail(r, ANSWER(NO_ACCOUNT_OF_OWN));
    else if (new[0] == '\0' || strlen(new) > PASSWORD_MOST)
        req_failf(r, ANSWER(BAD_NEW_PASSWORD), PASSWORD_MOST);
    else if ((why = password_fault(new)) != NULL)
        req_fail(r, ANSWER_ARGUMENTS, why);
    else if (old != NULL && strlen(old) > PASSWORD_MOST)
        req_failf(r, ANSWER(BAD_OLD_PASSWORD), PASSWORD_MOST);
    else if (!session_is_encrypted(s) && !session_is_local(s) &&
             !r->worker->cfg->clear_passwords_without_tls)
        req_fail(r, ANSWER(ENCRYPTION));
    else
        return true;
    return false;
}

enum req_result
req_password_change(struct req *r, const char *what, const char *old,
                    const char *new)
{
    struct session *s = r->session;
    struct session_caller caller;
    struct change *c;

    if (!is_allowed(r, old, new))
        return REQ_DONE;
    if (s->token != NULL) { /* which a new password would outlive */
        req_fail(r, ANSWER(NO_RIGHTS));
        return REQ_DONE;
    }
    session_caller(s, &caller);
    c = xcalloc(1, sizeof *c);
    job_init(&c->job, r->worker->server, r->worker);
    c->job.lane = session_lane(r->session);
    peer_format(session_address(s), c->address);
    c->req = r;
    c->what = what;
    c->account = s->account->number;
    c->iterations = r->worker->cfg->password_iterations;
    job_caller_set(&c->caller, &caller.caller);
    c->old = old != NULL ? xstrdup(old) : NULL;
    c->new = xstrdup(new);
    if (old == NULL || login_slot_take(c->job.server->login_slots, c->account,
                                       &c->slot, on_slot_granted))
        start(c);
    return REQ_PENDING;
}

static enum req_result
handle_modify(struct req *r, const struct xml_elem *e)
{
    const char *old = xml_attr(e, "oldPassword");
    const char *new = xml_attr(e, "newPassword");

    if (old == NULL || new == NULL) {
        req_failf(r, ANSWER(MISSING),
                  old == NULL ? "oldPassword" : "newPassword");
        return REQ_DONE;
    }
    return req_password_change(r, "passwordModify", old, new);
}

const struct req_desc req_password_table[] = {
    {"passwordModify", REQ_IN_SESSION, handle_modify},
    {NULL, 0, NULL},
};
