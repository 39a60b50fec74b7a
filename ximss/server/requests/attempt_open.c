/* SPDX-License-Identifier: BSD-2-Clause */
/* The last stages of an attempt: to the worker of its account, to a place among
 * the sessions of the account, and in.  The account may have changed since the
 * attempt was accepted.  So the account in memory decides, and the store once
 * more, if something was revoked (revocation.h). */
#include "config.h"

#include "ximss/server/requests/attempt.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "util/clock.h"
#include "util/xmalloc.h"
#include "ximss/server/auth/auth_cache.h"
#include "ximss/server/auth/throttle.h"
#include "ximss/server/live/account.h"
#include "ximss/server/live/dialect.h"
#include "ximss/server/live/door_wake.h"
#include "ximss/server/live/lasting_session.h"
#include "ximss/server/live/session_log.h"
#include "ximss/server/live/session_time.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/requests/login_door.h"
#include "ximss/server/requests/login_private.h"
#include "ximss/server/requests/login_stat.h"
#include "ximss/server/rules/revocation.h"
#include "ximss/server/rules/rights.h"

/* --- a place --- */

void
attempt_leave_place(struct attempt *a)
{
    struct account *account =
        a->has_place ? account_lookup(a->job.worker, a->account) : NULL;

    if (account != NULL) {
        account->n_coming--;
        account->n_doors_coming -= a->door != NULL;
    }
    a->has_place = false;
}

/* The old connection of a session that goes on here; NULL: there is none. */
static struct session *
replaced_by(const struct attempt *a, const struct account *account)
{
    return a->lasting.asked[0] != '\0' && a->lasting.mode != LASTING_BESIDE
               ? session_of_id(&account->sessions, a->lasting.asked)
               : NULL;
}

/* Places that are taken of those that the attempt needs one of.  Those at the mail
 * door are counted apart: thirty mail programs must not keep a user from the web
 * page, nor the page them. */
static unsigned
places_taken(const struct attempt *a, const struct account *account)
{
    unsigned all = account->n_sessions - account->n_ending + account->n_coming;
    unsigned doors = account->n_doors + account->n_doors_coming;

    return a->door != NULL ? doors : all - doors;
}

/* False: the account has as many sessions as it may.  A place stays taken while
 * the store is asked. */
static bool
take_place(struct attempt *a, struct account *account)
{
    unsigned others = places_taken(a, account);

    if (a->has_place)
        return true;
    if (replaced_by(a, account) != NULL)
        others--;
    if (others >= a->job.worker->cfg->max_account_sessions &&
        !session_make_room(&account->sessions, a->door != NULL))
        return false;
    account->n_coming++;
    account->n_doors_coming += a->door != NULL;
    a->has_place = true;
    return true;
}

/* The client may try again with what it has shown. */
static void
refuse_place(struct attempt *a, struct account *account)
{
    session_log_refused(a->req->session, account, a->method);
    attempt_answer(a, ANSWER(TOO_MANY_SESSIONS));
}

/* --- revoked meanwhile ---
 *
 * Nothing was, if the count is what it was.  Then this worker will be told of
 * any revocation later, when the session is there. */

static bool
may_be_revoked(const struct attempt *a)
{
    return (a->changed || a->cli_token != NULL) &&
           a->revocations != revocation_count();
}

/* known: the token by which it comes is still there. */
static enum store_result
recheck_token(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    struct token_rec k = {0};
    enum store_result r = token_get(t, a->account, a->cli_token->name, &k, err);

    a->known = r == STORE_OK && k.id == a->cli_token->id;
    token_rec_clear(&k);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

/* known: the new ticket is still there.  It would have gone with its session or
 * device. */
static enum store_result
recheck_ticket(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    struct ticket_rec k;
    enum store_result r = ticket_find(t, a->next_hash, &k, err);

    a->known = r == STORE_OK;
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

static enum store_result
recheck_body(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    enum store_result r = STORE_OK;

    a->known = true;
    a->revocations = revocation_count();
    if (a->cli_token != NULL)
        r = recheck_token(a, t, err);
    if (r == STORE_OK && a->known && a->changed)
        r = recheck_ticket(a, t, err);
    return r;
}

static void
rechecked(struct attempt *a)
{
    if (a->known)
        attempt_load(a);
    else
        attempt_refuse(a, "revoked");
}

/* --- in --- */

static void
keep_cli_token(struct session *s, const struct token *token)
{
    if (token == NULL)
        return;
    s->token = xcalloc(1, sizeof *s->token);
    s->token->id = token->id;
    s->token->expires = token->expires;
    memcpy(s->token->name, token->name, sizeof s->token->name);
}

/* What the session keeps of the log-in; before it is opened. */
static void
fill_session(struct session *s, const struct attempt *a, bool is_lasting)
{
    const struct login_options *o = &s->login->options;

    s->opt_alerts = o->alerts;
    s->opt_changes = o->changes;
    s->opt_confirm = o->confirm;
    explicit_bzero(&s->login->lasting, sizeof s->login->lasting);
    explicit_bzero(&s->login->device_wish, sizeof s->login->device_wish);
    login_free(&s->login);
    if (is_lasting) {
        s->lasting = lasting_session_new(&a->lasting);
        strcpy(s->lasting->device, a->device_wish.given);
        s->number = a->lasting.number;
    }
    s->device = a->device;
    keep_cli_token(s, a->cli_token);
    if (a->door != NULL)
        login_door_fill(s, a->door);
}

static void
keep_ticket(struct session *s, const struct attempt *a)
{
    if (a->ticket[0] == '\0')
        return;
    s->ticket_since = session_seconds();
    s->ticket = ticket_number(a->next_hash);
    s->ticket_bound = a->ticket_bound;
    session_time_set(s);
}

void
attempt_open(struct attempt *a, struct account *account)
{
    struct req *r = a->req;
    struct session *s = r->session;
    bool cork = !conn_is_corked(&s->conn);

    fill_session(s, a, account != NULL && a->lasting.id[0] != '\0');
    attempt_leave_place(a); /* it is the session's now */
    session_open(s, account);
    if (a->door != NULL && a->door->may_sleep)
        door_wake_join(session_worker(s), s);
    keep_ticket(s, a);
    session_log_begin(s, a->method);
    login_stat_succeeded(a);
    if (a->name != NULL && !a->recalled && a->door == NULL)
        throttle_succeeded(a->job.server->throttle, a->name, a->address,
                           clock_mono());
    r->dialect->logged_in(r, a->ticket);
    attempt_free(a);
    if (cork)
        conn_cork(&s->conn);
    req_finish(r);
    if (s->state == SESSION_OPEN)
        session_start_alerts(s);
    if (cork)
        conn_uncork(&s->conn);
}

/* --- the account --- */

/* Neither the auth cache nor the mail door lets anybody in by an old name. */
static bool
is_renamed(const struct attempt *a, const struct account *account)
{
    char name[ACCOUNT_NAME_SIZE];

    if (!a->recalled && a->door == NULL)
        return false;
    account_full_name(account, name);
    return strcmp(name, a->account_name) != 0;
}

/* What let it in is void by now: there is a new password or name, or the
 * sessions were killed. */
static bool
is_outdated(const struct attempt *a, const struct account *account)
{
    return (account->cred_serial != a->serial && a->door == NULL) ||
           is_renamed(a, account);
}

/* No source outside lets in as somebody with server-wide rights, whoever is asked,
 * and also if they were given since. */
static bool
is_above_sources(const struct attempt *a, const struct account *account)
{
    return a->outside.let_in && (account->rights & RIGHTS_SERVER_WIDE) != 0;
}

/* As if nothing were cached: the store decides, and a check takes its time. */
static void
ask_again(struct attempt *a)
{
    a->recalled = a->outside.let_in = false;
    attempt_forget_change(a);
    a->first = attempt_take_slot;
    attempt_take_slot(a);
}

/* The auth cache may have been late: the store decides.  What the store has let
 * in is refused. */
static void
refuse_outdated(struct attempt *a)
{
    auth_cache_forget(a->job.server->auth_cache, a->account);
    if (a->recalled)
        ask_again(a);
    else
        attempt_refuse(a, "changed");
}

/* Of a password that has just been right. */
static void
refuse_now(struct attempt *a, const char *reason)
{
    if (a->outside.let_in)
        attempt_refuse_barred(a, reason);
    else
        attempt_refuse(a, reason);
}

static void
refuse_rights(struct attempt *a)
{
    auth_cache_forget(a->job.server->auth_cache, a->account);
    if (a->recalled)
        ask_again(a);
    else
        refuse_now(a, "rights");
}

/* No password is right in a suspended domain.  From the second try on, that
 * takes as long whether it was cached or not. */
static void
refuse_suspended(struct attempt *a)
{
    auth_cache_forget(a->job.server->auth_cache, a->account);
    if (a->recalled)
        ask_again(a);
    else
        refuse_now(a, "suspended"); /* since it was let in */
}

static void
refuse_without_account(struct attempt *a, const struct errbuf *err)
{
    if (err == NULL || err->text[0] == '\0') {
        attempt_refuse(a, "unknown");
        return;
    }
    a->job.err = *err;
    a->job.result = STORE_ERROR;
    attempt_answer_store(a);
}

static void
go_in(struct attempt *a, struct account *account)
{
    if (!take_place(a, account)) {
        refuse_place(a, account);
        return;
    }
    if (attempt_change(a, account))
        return;
    if (replaced_by(a, account) != NULL)
        session_replace(&account->sessions, a->lasting.asked);
    attempt_open(a, account);
}

static void
on_account(struct account *account, void *arg, const struct errbuf *err)
{
    struct attempt *a = arg;

    if (attempt_free_orphan(a))
        return;
    if (account == NULL)
        refuse_without_account(a, err);
    else if (account->domain->suspended)
        refuse_suspended(a);
    else if (is_outdated(a, account) && a->door != NULL)
        login_door_look_up(a);
    else if (is_outdated(a, account))
        refuse_outdated(a);
    else if (is_above_sources(a, account))
        refuse_rights(a);
    else if (may_be_revoked(a))
        attempt_ask(a, recheck_body, rechecked);
    else
        go_in(a, account);
}

void
attempt_load(struct attempt *a)
{
    account_open(a->job.worker, a->account, a->job.lane, on_account, a);
}

/* --- to its worker --- */

static void
on_moved(struct mail *m, void *owner)
{
    struct attempt *a =
        (struct attempt *)(void *)((char *)m - offsetof(struct attempt, moved));
    struct worker *w = owner;

    session_attach(a->req->session, w);
    a->req->worker = w;
    a->job.worker = w;
    attempt_load(a);
}

static void
run_move(struct conn_deferred *d)
{
    struct attempt *a =
        (struct attempt *)(void *)((char *)d - offsetof(struct attempt, move));

    if (attempt_free_orphan(a))
        return;
    /* It belongs to this worker's loop, and the attempt may have to wait again on
     * the other's. */
    if (a->timer != NULL)
        event_free(a->timer);
    a->timer = NULL;
    session_detach(a->req->session);
    a->moved.deliver = on_moved;
    mailbox_put(worker_of_account(a->job.server, a->account)->box, &a->moved);
}

void
attempt_attach(struct attempt *a)
{
    struct worker *home = worker_of_account(a->job.server, a->account);

    login_slot_release(&a->slot);
    if (home == a->req->worker) {
        attempt_load(a);
        return;
    }
    /* At the end of the turn: callers up the stack still look at the session,
     * and from the move on it is another thread's. */
    a->move.run = run_move;
    conn_loop_defer(a->req->worker->loop, &a->move);
}
