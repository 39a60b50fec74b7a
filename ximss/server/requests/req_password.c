/* SPDX-License-Identifier: BSD-2-Clause */
/* passwordModify, and NEWPASS of PWD: users change their own password. */
#include "config.h"

#include "ximss/server/requests/req_password.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "util/clock.h"
#include "util/xmalloc.h"
#include "ximss/server/auth/auth_cache.h"
#include "ximss/server/auth/hash_pool.h"
#include "ximss/server/auth/login_slots.h"
#include "ximss/server/auth/password.h"
#include "ximss/server/auth/password_quality.h"
#include "ximss/server/auth/throttle.h"
#include "ximss/server/live/alias_renew.h"
#include "ximss/server/live/attrs.h"
#include "ximss/server/live/req_job.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/rules/admin_audit.h"
#include "ximss/server/rules/settings.h"

struct change {
    struct req_job q; /* first */
    uint64_t account;
    struct login_slot slot; /* of those of the account, if `old` is checked */
    char address[PEER_TEXT_SIZE];
    const char *what; /* for the audit log */
    char *old, *new;  /* owned, wiped; old NULL: not asked for */
    struct credential now, next;
    uint32_t serial; /* the password was checked against this one's */
    unsigned iterations;
    struct hash_limits hash_limits;
    bool matches;
    bool quality; /* of the new one is looked at */
    bool is_weak; /* ... and `weak` says why it is too bad */
    struct errbuf weak;
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
change_clear(struct req_job *q)
{
    struct change *c = (struct change *)q;

    login_slot_release(&c->slot);
    wipe(&c->old);
    wipe(&c->new);
    OPENSSL_cleanse(&c->now, sizeof c->now);
    OPENSSL_cleanse(&c->next, sizeof c->next);
}

/* --- the new one --- */

static enum store_result
put_credential(const struct change *c, struct account_rec *a,
               struct admin_context *x, struct errbuf *err)
{
    enum store_result r;

    a->cred = c->next;
    if (!a->cred.has_cram)
        memset(a->cred.cram, 0, sizeof a->cred.cram);
    a->cred_serial++;
    r = account_put(x->txn, a, err);
    return r == STORE_OK ? admin_audit(x, c->what, "ok", err) : r;
}

static enum store_result
write_body(struct req_job *q, struct admin_context *x, struct errbuf *err)
{
    struct change *c = (struct change *)q;
    struct account_rec a = {0};
    struct domain_rec d = {0};
    struct effect *e;
    enum store_result r = account_get(x->txn, c->account, &a, err);

    if (r == STORE_OK)
        r = domain_get(x->txn, a.domain, &d, err);
    if (r == STORE_OK)
        r = settings_domain_cram(x->txn, &d, &c->next.has_cram, err);
    if (r == STORE_NOTFOUND || (r == STORE_OK && a.cred_serial != c->serial)) {
        /* Changed, or gone with its account, since it was checked. */
        req_job_refuse(q, ANSWER(WRONG_PASSWORD));
        r = STORE_OK;
    } else if (r == STORE_OK) {
        r = put_credential(c, &a, x, err);
        e = effect_add(x->effects, EFFECT_ACCOUNT_CHANGED);
        account_rec_copy(&e->account, &a);
        domain_rec_copy(&e->domain, &d);
    }
    account_rec_clear(&a);
    domain_rec_clear(&d);
    return r;
}

static void
write_done(struct req_job *q)
{
    const struct change *c = (const struct change *)q;

    auth_cache_forget(q->job.server->auth_cache, c->account);
    alias_renew(q->job.worker, q->job.lane, c->account, c->new);
}

static const struct req_job_ops write_ops = {
    .body = write_body, .done = write_done, .clear = change_clear};

/* --- the old one --- */

static void
refuse(struct change *c, int code, const char *text)
{
    req_job_refuse(&c->q, code, text);
    req_job_answer(&c->q);
}

static void
on_hashed(struct mail *m, void *owner)
{
    struct change *c = (struct change *)(void *)m; /* the job's mail */

    (void)owner;
    if (c->is_weak) {
        refuse(c, ANSWER_ARGUMENTS, c->weak.text);
        return;
    }
    if (c->matches) {
        req_job_next(&c->q, &write_ops);
        return;
    }
    throttle_failed(c->q.job.server->throttle, c->q.caller.name, c->address,
                    clock_mono());
    refuse(c, ANSWER(WRONG_PASSWORD));
}

static void
hash_work(void *arg)
{
    struct change *c = arg;

    c->matches =
        c->old == NULL || password_matches(&c->now, c->old, &c->hash_limits);
    c->is_weak = c->matches && c->quality &&
                 password_quality_check(c->new, c->q.caller.name, &c->weak) < 0;
    if (c->matches && !c->is_weak)
        password_make(c->new, c->iterations, true, &c->next);
}

static void
hash_done(void *arg)
{
    struct change *c = arg;

    c->q.job.mail.deliver = on_hashed;
    mailbox_put(c->q.job.worker->box, &c->q.job.mail);
}

static enum store_result
read_body(struct req_job *q, struct admin_context *x, struct errbuf *err)
{
    struct change *c = (struct change *)q;
    struct account_rec a = {0};
    enum store_result r = account_get(x->txn, c->account, &a, err);

    c->now = a.cred;
    c->serial = a.cred_serial;
    account_rec_clear(&a);
    return r;
}

static void
read_go_on(struct req_job *q)
{
    struct change *c = (struct change *)q;

    if (hash_pool_submit(q->job.server->hash_pool, c->account, hash_work,
                         hash_done, c) < 0)
        refuse(c, ANSWER(BUSY));
}

static const struct req_job_ops read_ops = {
    .body = read_body, .go_on = read_go_on, .clear = change_clear};

/* Looks at the throttle when those before it have been counted, so that many
 * sessions are not as many guesses at once. */
static void
start(struct change *c)
{
    if (c->old != NULL &&
        throttle_delay(c->q.job.server->throttle, c->q.caller.name, c->address,
                       clock_mono()) > 0)
        refuse(c, ANSWER(FAILED_LOGINS));
    else
        req_job_submit(&c->q);
}

static void
on_slot(struct mail *m, void *owner)
{
    struct change *c = (struct change *)(void *)m; /* the job's mail */

    (void)owner;
    if (c->q.req->session != NULL) {
        start(c);
        return;
    }
    req_finish(c->q.req);
    req_job_free(&c->q);
}

static void
on_slot_granted(struct login_slot *slot)
{
    struct change *c =
        (struct change *)(void *)((char *)slot - offsetof(struct change, slot));

    c->q.job.mail.deliver = on_slot;
    mailbox_put(c->q.job.worker->box, &c->q.job.mail);
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
    else if (password_is_short(new, r->worker->cfg->password_min_length))
        req_failf(r, ANSWER(SHORT_PASSWORD),
                  r->worker->cfg->password_min_length);
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
    struct change *c;

    if (!is_allowed(r, old, new))
        return REQ_DONE;
    if (s->token != NULL) { /* which a new password would outlive */
        req_fail(r, ANSWER(NO_RIGHTS));
        return REQ_DONE;
    }
    c = req_job_new(r, &read_ops, sizeof *c);
    peer_format(session_address(s), c->address);
    c->what = what;
    c->account = s->account->number;
    c->iterations = r->worker->cfg->password_iterations;
    c->hash_limits = r->worker->cfg->hash_limits;
    c->quality = r->worker->cfg->password_quality;
    c->old = old != NULL ? xstrdup(old) : NULL;
    c->new = xstrdup(new);
    if (old == NULL || login_slot_take(c->q.job.server->login_slots, c->account,
                                       &c->slot, on_slot_granted))
        start(c);
    return REQ_PENDING;
}

static enum req_result
handle_modify(struct req *r, const struct attrs *in)
{
    return req_password_change(r, "passwordModify",
                               attrs_text(in, "oldPassword"),
                               attrs_text(in, "newPassword"));
}

static const struct attr_rule modify_attrs[] = {
    ATTR_MUST("oldPassword", ATTR_TEXT),
    ATTR_MUST("newPassword", ATTR_TEXT),
    ATTRS_END,
};

const struct req_desc req_password_table[] = {
    {"passwordModify", REQ_IN_SESSION | REQ_LENIENT, handle_modify,
     modify_attrs},
    {NULL, 0, NULL, NULL},
};
