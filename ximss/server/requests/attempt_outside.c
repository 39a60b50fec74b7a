/* SPDX-License-Identifier: BSD-2-Clause */
/* A password that the store does not let in is asked about outside, at the
 * sources that the domain names, one after the other.  The attempt keeps no slot,
 * no hash thread and no lane meanwhile; attempt_guess.c bounds how many of a name
 * and an address are asked about, and passdb/ how many wait.
 *
 * What is asked is the name of the account, or of one that could be made, in its
 * domain's own name.  Unknown names are asked about like others, and every refusal
 * has cost one hash: neither the answer nor the time tells whether a name exists.
 *
 * The answer is about a user of the source.  Whom it lets in is the store's
 * decision: in a domain that asks this source, and as nobody with server-wide
 * rights. */
#include "config.h"

#include "ximss/server/requests/attempt.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/name.h"
#include "util/xmalloc.h"
#include "ximss/server/auth/auth_cache.h"
#include "ximss/server/auth/password.h"
#include "ximss/server/auth/refusal_time.h"
#include "ximss/server/auth/throttle.h"
#include "ximss/server/base/stat.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/requests/login_private.h"
#include "ximss/server/rules/auto_account.h"
#include "ximss/server/rules/settings.h"
#include "ximss/server/rules/user_target.h"

#define MISSING_PAUSE (60 * CLOCK_SECOND)

void
attempt_outside_clear(struct attempt_outside *o)
{
    passdb_call_free(&o->call);
    free(o->user);
    *o = (struct attempt_outside){.call = NULL};
}

static enum passdb_kind
kind_of(enum auth_source source)
{
    return source == AUTH_PAM ? PASSDB_PAM : PASSDB_DOVECOT;
}

/* The next source outside at or behind `next`; false: there is none. */
static bool
find_source(const struct attempt_outside *o, unsigned *next_r)
{
    while (*next_r < o->list.n && o->list.item[*next_r] == AUTH_STORE)
        ++*next_r;
    return *next_r < o->list.n;
}

static const char *
reason_of(enum passdb_answer answer)
{
    switch (answer) {
    case PASSDB_WRONG:
    case PASSDB_OK:
    case PASSDB_CHALLENGE:
        return "password";
    case PASSDB_UNKNOWN:
        return "unknown";
    case PASSDB_DISABLED:
        return "disabled";
    case PASSDB_NOT_OFFERED:
        return "not-offered";
    case PASSDB_AWAY:
        return "away";
    case PASSDB_BUSY:
        return "busy";
    }
    return "";
}

/* --- refused --- */

static void
refuse(struct attempt *a)
{
    const struct attempt_outside *o = &a->outside;

    if (o->is_away)
        attempt_answer(a, ANSWER(SOURCE_AWAY));
    else if (o->is_busy)
        attempt_answer(a, ANSWER(BUSY));
    else if (o->is_counted)
        attempt_answer(a, ANSWER(WRONG_LOGIN));
    else
        attempt_refuse(a, o->reason);
}

static void
pad_work(struct attempt *a)
{
    a->matches = password_matches(&a->cred, a->password, &a->hash_limits);
}

/* As long as it takes where the store has a password. */
static void
refuse_after_hash(struct attempt *a)
{
    if (a->password == NULL || a->outside.is_hashed)
        refuse(a);
    else
        attempt_hash(a, pad_work, refuse);
}

/* --- let in --- */

/* How the source calls the user, in full.  The caller frees. */
static char *
user_of(const struct attempt_outside *o)
{
    const char *as = passdb_call_answer(o->call)->as_user;
    const char *at = strrchr(o->user, '@');
    char *user = as == NULL || strchr(as, '@') != NULL || at == NULL
                     ? xstrdup(as != NULL ? as : o->user)
                     : xasprintf("%s%s", as, at);
    char *key = name_key(user);

    free(user);
    return key;
}

/* What a source calls a user by, in our terms. */
struct meant {
    struct auth_list auth; /* of the domain, or of one that could be made */
    bool is_suspended;
    bool by_another; /* not by what was asked about, nor the account's name */
};

static enum store_result
find_meant(struct attempt *a, struct store_txn *t, const char *user,
           struct meant *m, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec account = {0};
    struct domain_logins logins;
    char local[NAME_LOCAL_SIZE] = "";
    bool found;
    char *own;
    enum store_result ruled,
        r = user_target_find(t, user, &d, &account, &found, local, err);

    ruled = settings_domain_logins(t, d.number != 0 ? &d : NULL,
                                   &a->job.server->admin.auth, &logins, err);
    m->auth = logins.auth;
    own = xasprintf("%s@%s", r == STORE_OK ? account.name : local,
                    d.number != 0 ? d.name : "");
    m->by_another = strcmp(user, a->outside.user) != 0 && d.number != 0 &&
                    strcmp(user, own) != 0;
    m->is_suspended = d.suspended;
    free(own);
    account_rec_clear(&account);
    domain_rec_clear(&d);
    return r == STORE_OK || r == STORE_NOTFOUND ? ruled : r;
}

/* Whether the account may come by this source, which may be yet to be made; NULL: it
 * may, unless its rights are in the way (attempt_open.c).  What a client shows other
 * than a password goes on as it is: an alias here may be a user of its own there,
 * who is not the alias's account. */
static enum store_result
look_for_bar(struct attempt *a, struct store_txn *t, const char *user,
             const char **bar_r, struct errbuf *err)
{
    struct meant m;
    enum store_result r = find_meant(a, t, user, &m, err);

    *bar_r = NULL;
    if (r != STORE_OK)
        return r;
    if (!auth_list_has(&m.auth, a->outside.by))
        *bar_r = "source";
    else if (m.is_suspended)
        *bar_r = "suspended";
    else if (a->password == NULL && m.by_another)
        *bar_r = "alias";
    return STORE_OK;
}

static void
take_account(struct attempt *a, const struct domain_rec *d,
             const struct account_rec *account)
{
    free(a->account_name);
    a->account_name = xasprintf("%s@%s", account->name, d->name);
    a->account = account->number;
    a->serial = account->cred_serial;
    a->known = true;
}

/* Takes the account, or makes it. */
static enum store_result
get_account(struct attempt *a, struct store_txn *t, const char *user,
            struct errbuf *err)
{
    const char *source = auth_source_name(a->outside.by);
    struct caller caller = {.name = source, .from = a->address};
    struct domain_rec d = {0};
    struct account_rec account = {0};
    struct admin_context x;
    enum auto_account what;
    enum store_result r;

    job_context(&x, &a->job, t, &caller);
    r = auto_account_get(&x, user, source, &d, &account, &what, err);
    a->outside.reason = auto_account_reason(what);
    if (r == STORE_OK &&
        (what == AUTO_ACCOUNT_THERE || what == AUTO_ACCOUNT_MADE))
        take_account(a, &d, &account);
    account_rec_clear(&account);
    domain_rec_clear(&d);
    return r;
}

static enum store_result
account_body(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    char *user = user_of(&a->outside);
    enum store_result r;

    a->known = false;
    r = look_for_bar(a, t, user, &a->outside.reason, err);
    if (r == STORE_OK && a->outside.reason == NULL)
        r = get_account(a, t, user, err);
    free(user);
    return r;
}

/* Only by the name that was asked about: who comes under another (a mail
 * server's master users do) has not shown the password of this one. */
static void
remember(struct attempt *a)
{
    struct attempt_outside *o = &a->outside;
    char *user = user_of(o);

    if (a->password != NULL && strcmp(user, a->account_name) == 0 &&
        strcmp(user, o->user) == 0)
        auth_cache_add_outside(a->job.server->auth_cache, a->account_name,
                               a->password, clock_mono(), o->cache_time,
                               a->account, a->serial);
    free(user);
}

/* Counted at once, so that it is if the client leaves. */
void
attempt_refuse_barred(struct attempt *a, const char *reason)
{
    struct attempt_outside *o = &a->outside;

    passdb_call_free(&o->call);
    attempt_count_failure(a, reason);
    o->is_counted = true;
    a->not_before = o->asked + refusal_time_like(o->by);
    a->first = refuse_after_hash;
    attempt_wait(a);
}

static void
has_account(struct attempt *a)
{
    if (!a->known) {
        attempt_refuse_barred(a, a->outside.reason);
        return;
    }
    remember(a);
    a->outside.let_in = true;
    attempt_attach(a);
}

/* --- asking --- */

static void ask(struct attempt *a);

static void
answered(struct attempt *a)
{
    struct attempt_outside *o = &a->outside;

    if (o->answer == PASSDB_OK) {
        o->by = o->list.item[o->next];
        attempt_ask(a, account_body, has_account);
        return;
    }
    o->is_away |= o->answer == PASSDB_AWAY;
    o->is_busy |= o->answer == PASSDB_BUSY;
    o->reason = reason_of(o->answer);
    passdb_call_free(&o->call);
    o->next++;
    ask(a);
}

/* Whether anybody who knows a password says that this is another. */
static bool
is_wrong_somewhere(const struct attempt *a)
{
    return a->outside.is_wrong ||
           (a->known && a->outside.is_hashed && !a->matches);
}

/* It counts here, so that it does even if the client is gone by now.  A source that
 * is away makes nobody a guesser, but it does not make the passwords of the store, or
 * of another source, free to guess either. */
static void
count_last(struct attempt *a)
{
    struct attempt_outside *o = &a->outside;
    unsigned next = o->next + 1;
    bool is_lost = o->answer == PASSDB_AWAY || o->answer == PASSDB_BUSY ||
                   o->is_away || o->is_busy;

    if (o->is_counted || o->answer == PASSDB_OK ||
        o->answer == PASSDB_CHALLENGE || find_source(o, &next) ||
        (is_lost && !is_wrong_somewhere(a)))
        return;
    attempt_count_failure(a, is_lost ? "password" : reason_of(o->answer));
    o->is_counted = true;
}

static void
take_answer(struct attempt *a, enum passdb_answer answer)
{
    const struct attempt_outside *o = &a->outside;

    a->outside.answer = answer;
    if (answer == PASSDB_WRONG)
        refusal_time_note(o->list.item[o->next], clock_mono() - o->asked);
    if (answer == PASSDB_WRONG || answer == PASSDB_UNKNOWN ||
        answer == PASSDB_DISABLED) {
        a->outside.is_wrong = true;
        a->outside.wrong_by = o->list.item[o->next];
    }
    stat_add(STAT_OUTSIDE_WAITING, -1);
    if (answer == PASSDB_AWAY || answer == PASSDB_BUSY)
        stat_add(STAT_OUTSIDE_AWAY, 1);
}

static void
count_question(struct attempt *a)
{
    a->outside.asked = clock_mono();
    stat_add(STAT_OUTSIDE_ASKED, 1);
    stat_add(STAT_OUTSIDE_WAITING, 1);
}

/* On the thread of passdb. */
static void
on_answered(void *arg, enum passdb_answer answer)
{
    struct attempt *a = arg;

    take_answer(a, answer);
    count_last(a);
    attempt_send_home(a, answered);
}

static struct passdb_question
question_of(const struct attempt *a)
{
    return (struct passdb_question){
        .user = a->outside.user,
        .mechanism = "PLAIN",
        .password = a->password,
        .address = a->address,
        .is_secured = a->outside.is_secured,
        .who = throttle_network(a->job.server->throttle, a->address),
        .deadline = a->outside.deadline,
    };
}

/* A domain may name what the configuration does not set up.  Told once a minute. */
static void
note_missing(const struct attempt *a, enum auth_source source)
{
    static _Atomic int64_t told;
    int64_t now = clock_mono(), last = atomic_load(&told);

    if (passdb_has(a->job.server->passdb, kind_of(source)) ||
        (last != 0 && now - last < MISSING_PAUSE) ||
        !atomic_compare_exchange_strong(&told, &last, now))
        return;
    log_warn(
        "passwords: a domain names %s, which is not set up: nobody can log "
        "in by it (Auth of the domain, auth in the configuration)",
        auth_source_name(source));
}

static void
ask(struct attempt *a)
{
    struct attempt_outside *o = &a->outside;
    struct passdb_question q = question_of(a);

    if (!find_source(o, &o->next) || clock_mono() >= o->deadline) {
        /* No time is left for the next, which would begin what is ended at once. */
        o->is_away |= find_source(o, &o->next);
        refuse_after_hash(a);
        return;
    }
    note_missing(a, o->list.item[o->next]);
    count_question(a);
    o->call = passdb_ask(a->job.server->passdb, kind_of(o->list.item[o->next]),
                         &q, on_answered, a);
}

bool
attempt_is_outside(const struct attempt *a)
{
    return auth_list_is_outside(&a->outside.list);
}

void
attempt_ask_outside(struct attempt *a)
{
    login_slot_release(&a->slot);
    attempt_guess(a, ask);
}

/* --- exchanges by SASL --- */

/* The source that takes the mechanism; what is in the store needs none. */
static bool
find_offer(struct attempt *a, const struct sasl *sasl)
{
    struct attempt_outside *o = &a->outside;

    if (a->tokens.n > 0 || (a->known && !sasl_is_outside(sasl)))
        return false;
    for (o->next = 0; find_source(o, &o->next); o->next++) {
        o->by = o->list.item[o->next];
        if (passdb_offers(a->job.server->passdb, kind_of(o->by),
                          sasl_mechanism(sasl)))
            return true;
    }
    return false;
}

/* Where the source refuses at once, because it has no such user, a dummy's
 * challenge goes out: it gives nobody away who has a secret in the store. */
static void
refuse_exchange(struct attempt *a)
{
    struct attempt_outside *o = &a->outside;
    const struct sasl *sasl = a->req->session->login->sasl;

    o->reason = reason_of(o->answer);
    passdb_call_free(&o->call);
    if (o->is_first && !o->is_away && !o->is_busy && !sasl_is_outside(sasl)) {
        a->known = false;
        attempt_check_sasl(a);
    } else {
        refuse(a);
    }
}

static void
exchanged(struct attempt *a)
{
    struct attempt_outside *o = &a->outside;

    o->is_away = o->answer == PASSDB_AWAY;
    o->is_busy = o->answer == PASSDB_BUSY;
    if (o->answer == PASSDB_OK)
        attempt_ask(a, account_body, has_account);
    else if (o->answer == PASSDB_CHALLENGE)
        login_hand_on(a);
    else
        refuse_exchange(a);
}

static void
on_exchanged(void *arg, enum passdb_answer answer)
{
    struct attempt *a = arg;
    struct attempt_outside *o = &a->outside;

    take_answer(a, answer);
    /* Of SCRAM's first message, which proves nothing, a dummy is made. */
    if (o->is_wrong &&
        !(o->is_first && strcmp(a->method, "SCRAM-SHA-256") == 0)) {
        attempt_count_failure(a, reason_of(answer));
        o->is_counted = true;
    }
    attempt_send_home(a, exchanged);
}

static void
begin_exchange(struct attempt *a)
{
    const struct sasl *sasl = a->req->session->login->sasl;
    struct attempt_outside *o = &a->outside;
    struct passdb_question q;
    char *first;

    o->is_first = true;
    first = sasl_first(sasl);
    q = question_of(a);
    q.mechanism = sasl_mechanism(sasl);
    q.initial = first;
    count_question(a);
    o->call =
        passdb_ask(a->job.server->passdb, kind_of(o->by), &q, on_exchanged, a);
    explicit_bzero(first, strlen(first));
    free(first);
}

bool
attempt_exchange_outside(struct attempt *a)
{
    if (!find_offer(a, a->req->session->login->sasl))
        return false;
    login_slot_release(&a->slot);
    attempt_guess(a, begin_exchange);
    return true;
}

static void
go_on(struct attempt *a)
{
    count_question(a);
    passdb_go_on(a->outside.call, a->proof, a->outside.deadline, on_exchanged,
                 a);
}

void
attempt_go_on_outside(struct attempt *a)
{
    attempt_guess(a, go_on);
}
