/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel says which user a process at the door runs as.  One of door-users is
 * believed whatever account it names.  For anybody else, the system is asked for
 * the user's name, which can take long where names come from a network, so that is
 * left to a thread of its own.  Then the account that this name stands for is
 * looked up, and nothing else: a name that is not that account's is refused before
 * anybody has looked whether it exists. */
#include "config.h"

#include "ximss/server/requests/login_door.h"

#include <errno.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/log_event.h"
#include "util/name.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/server/auth/throttle.h"
#include "ximss/server/live/attrs.h"
#include "ximss/server/live/door.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/requests/attempt.h"
#include "ximss/server/requests/login_private.h"
#include "ximss/server/requests/login_stat.h"
#include "ximss/server/rules/admin_target.h"
#include "ximss/server/rules/auto_account.h"
#include "ximss/server/rules/user_target.h"

/* Bytes of a user's record; more are no user. */
#define RECORD_FIRST 1024
#define RECORD_MOST  (1024 * 1024)

void
login_door_free(struct login_door **dp)
{
    struct login_door *d = *dp;

    if (d == NULL)
        return;
    free(d->login);
    free(d->own_account);
    free(d);
    *dp = NULL;
}

/* --- refusals --- */

static const char *
kind_name(const struct login_door *d)
{
    return d->kind == SESSION_DOOR_POP3 ? "pop3" : "imap";
}

/* POP3 clients come every few minutes: as for their sessions, the log says little.
 * No line looks like a failed password, for which tools bar the client's address. */
static void
count_refusal(const struct attempt *a, const char *reason)
{
    const struct login_door *d = a->door;
    enum log_level level = !d->is_trusted                 ? LOG_WARN_
                           : d->kind == SESSION_DOOR_POP3 ? LOG_DEBUG_
                                                          : LOG_INFO_;
    char user[ACCOUNT_NAME_SIZE];

    attempt_log_name(a, user);
    if (a->counted_as[0] != '\0')
        throttle_failed(a->job.server->throttle, a->name, a->counted_as,
                        clock_mono());
    log_event(level, "mail door: refused", LOG_WORD("user", user),
              LOG_NUMBER("uid", d->uid), LOG_WORD("address", a->address),
              LOG_WORD("door", kind_name(d)), LOG_WORD("reason", reason));
    login_stat_failed(a);
}

void
login_door_refuse(struct attempt *a, const char *reason)
{
    count_refusal(a, reason);
    attempt_answer(a, ANSWER(WRONG_LOGIN));
}

static void
refuse_foreign(struct attempt *a)
{
    count_refusal(a, "foreign");
    attempt_answer(a, ANSWER(NOT_OWN_ACCOUNT));
}

/* --- in the store --- */

static void
take_account(struct attempt *a, const struct account_rec *account,
             const struct domain_rec *domain)
{
    free(a->account_name);
    a->account_name = xasprintf("%s@%s", account->name, domain->name);
    a->account = account->number;
    a->serial = account->cred_serial;
    a->known = !domain->suspended;
}

/* By another name of its domain. */
static enum store_result
is_domain(struct store_txn *t, const char *name, uint64_t number, bool *is_r,
          struct errbuf *err)
{
    struct domain_rec d = {0};
    enum store_result r = domain_find(t, name, &d, err);

    *is_r = r == STORE_OK && d.number == number;
    domain_rec_clear(&d);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

static enum store_result
is_alias(struct store_txn *t, const char *name, uint64_t account, bool *is_r,
         struct errbuf *err)
{
    struct alias_list l = {0};
    enum store_result r = account_aliases_get(t, account, &l, err);

    *is_r = false;
    for (size_t i = 0; r == STORE_OK && i < l.n; i++)
        *is_r = *is_r || strcmp(l.name[i], name) == 0;
    alias_list_clear(&l);
    return r;
}

/* The name is the account's with a detail, which leads to it. */
static enum store_result
is_detailed(struct store_txn *t, const char *name, uint64_t account, bool *is_r,
            struct errbuf *err)
{
    struct domain_rec domain = {0};
    struct account_rec found = {0};
    char local[NAME_LOCAL_SIZE];
    bool there;
    enum store_result r =
        user_target_find(t, name, &domain, &found, &there, local, err);

    *is_r = r == STORE_OK && found.number == account;
    admin_clear(&domain, &found);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

static enum store_result
is_name_of(struct store_txn *t, const struct account_rec *account,
           const char *name, bool *is_r, struct errbuf *err)
{
    *is_r = strcmp(name, account->name) == 0;
    return *is_r ? STORE_OK : is_alias(t, name, account->number, is_r, err);
}

/* Whether the name that was given is one of the account's.  Only one that is so without
 * its detail is looked up. */
static enum store_result
check_name(struct attempt *a, struct store_txn *t,
           const struct account_rec *account, struct errbuf *err)
{
    const char *at = strrchr(a->name, '@');
    char *local = xstrndup(a->name, (size_t)(at - a->name));
    char *plus = strchr(local, '+');
    bool named = false, there = false;
    enum store_result r = is_name_of(t, account, local, &named, err);

    if (r == STORE_OK)
        r = is_domain(t, at + 1, account->domain, &there, err);
    if (r == STORE_OK && there && !named && plus != NULL) {
        *plus = '\0';
        r = is_name_of(t, account, local, &named, err);
        if (r == STORE_OK && named)
            r = is_detailed(t, a->name, account->number, &named, err);
    }
    a->door->is_own = named && there;
    free(local);
    return r;
}

/* By its own name: an alias of that name is another user's, whose mail has nothing
 * to do with this one's. */
static bool
is_named(const struct account_rec *account, const char *full)
{
    size_t n = strlen(account->name);

    return strncmp(full, account->name, n) == 0 && full[n] == '@';
}

/* The account that the user of the machine has. */
static enum store_result
find_own_body(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    struct domain_rec domain = {0};
    struct account_rec account = {0};
    bool found;
    enum store_result r = admin_account_find(t, a->door->own_account, NULL,
                                             &domain, &account, &found, err);

    a->known = false;
    /* One that does not exist may be named by its name. */
    a->door->is_own = strcmp(a->name, a->door->own_account) == 0;
    if (r == STORE_OK && !is_named(&account, a->door->own_account))
        r = STORE_NOTFOUND;
    if (r == STORE_OK && !a->door->is_own)
        r = check_name(a, t, &account, err);
    if (r == STORE_OK)
        take_account(a, &account, &domain);
    admin_clear(&domain, &account);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

static enum store_result
find_any_body(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    struct domain_rec domain = {0};
    struct account_rec account = {0};
    struct admin_context x;
    char local[NAME_LOCAL_SIZE];
    bool found;
    enum store_result r =
        user_target_find(t, a->name, &domain, &account, &found, local, err);

    a->known = false;
    a->door->newcomer[0] = '\0';
    if (r == STORE_OK)
        take_account(a, &account, &domain);
    admin_clear(&domain, &account);
    if (r != STORE_NOTFOUND || a->door->was_asked)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    job_context(&x, &a->job, t, NULL);
    return auto_account_wanted(&x, a->name, a->door->newcomer, err);
}

static void
found_own(struct attempt *a)
{
    if (!a->door->is_own)
        refuse_foreign(a);
    else if (!a->known)
        login_door_refuse(a, "unknown");
    else
        attempt_attach(a);
}

/* The source of users is: it would be wrong to say that there is none. */
static void
refuse_unsure(struct attempt *a)
{
    count_refusal(a, "away");
    attempt_answer(a, ANSWER(USERS_UNSURE));
}

/* Any thread. */
static void
on_newcomer(struct newcomer_wait *w, enum newcomer_outcome outcome)
{
    struct login_door *d =
        (struct login_door *)(void *)((char *)w -
                                      offsetof(struct login_door, wait));

    /* An account is looked for once more, whether it was made or not. */
    attempt_send_home(d->attempt, outcome == NEWCOMER_UNSURE
                                      ? refuse_unsure
                                      : login_door_look_up);
}

static void
found_any(struct attempt *a)
{
    struct login_door *d = a->door;

    if (a->known) {
        attempt_attach(a);
    } else if (d->newcomer[0] != '\0') {
        d->was_asked = true;
        d->attempt = a;
        d->wait.done = on_newcomer;
        newcomers_ask(a->job.server->newcomers, d->newcomer, &d->wait);
    } else {
        login_door_refuse(a, "unknown");
    }
}

void
login_door_look_up(struct attempt *a)
{
    if (a->door->is_trusted)
        attempt_ask(a, find_any_body, found_any);
    else
        attempt_ask(a, find_own_body, found_own);
}

/* --- who the process is --- */

/* On a thread of the pool. */
static void
ask_system(struct attempt *a)
{
    struct passwd pw, *found = NULL;
    size_t size = RECORD_FIRST;
    char *bytes;
    int r;

    if (atomic_load(&a->job.server->stopping))
        return;
    bytes = xmalloc(size);
    while ((r = getpwuid_r((uid_t)a->door->uid, &pw, bytes, size, &found)) ==
               ERANGE &&
           size < RECORD_MOST) {
        size *= 2;
        bytes = xrealloc(bytes, size);
    }
    if (r == 0 && found != NULL)
        a->door->login = xstrdup(found->pw_name);
    free(bytes);
}

static void
knows_login(struct attempt *a)
{
    const char *format = a->job.worker->cfg->door_user_format;
    char *name, *domain, *whole;

    if (a->door->login == NULL) {
        refuse_foreign(a);
        return;
    }
    name = door_account_name(format, a->door->login);
    if (strchr(name, '@') == NULL) {
        domain = server_main_domain(a->job.server);
        whole = xasprintf("%s@%s", name, domain);
        free(domain);
    } else {
        whole = xstrdup(name);
    }
    a->door->own_account = name_key(whole);
    free(whole);
    free(name);
    login_door_look_up(a);
}

static void
find_login(struct attempt *a)
{
    attempt_ask_system(a, a->door->uid, ask_system, knows_login);
}

/* --- the request --- */

/* What a mail process may not ask for: -1, and it was answered. */
static int
check_wishes(struct req *r, const struct attrs *in)
{
    static const char *const unusable[] = {
        "ticket",     "keepTicket", "lasting",     "session", "sessionKey",
        "newSession", "newKey",     "sessionNote", "device",  "deviceName",
        "nonce",      "password",   "authData",    "value",
    };
    bool yes;

    for (size_t i = 0; i < sizeof unusable / sizeof unusable[0]; i++) {
        const char *text = attrs_text(in, unusable[i]);

        if (text == NULL || (text_parse_bool(text, &yes) == 0 && !yes))
            continue;
        req_failf(r, ANSWER(UNUSABLE), unusable[i]);
        return -1;
    }
    if (attrs_yes(in, "alerts", true))
        return 0;
    req_failf(r, ANSWER(UNUSABLE), "alerts");
    return -1;
}

static int
take_kind(struct req *r, const struct attrs *in, uint8_t *kind_r)
{
    const char *text = attrs_text(in, "door");

    if (text == NULL) {
        req_failf(r, ANSWER(MISSING), "door");
        return -1;
    }
    if (text_equal_nocase(text, "imap"))
        *kind_r = SESSION_DOOR_IMAP;
    else if (text_equal_nocase(text, "pop3"))
        *kind_r = SESSION_DOOR_POP3;
    else {
        req_fail(r, ANSWER(BAD_DOOR));
        return -1;
    }
    return 0;
}

/* For lists and lines of the log; no limit is counted by it. */
static int
take_client(struct req *r, const char *text)
{
    struct session *s = r->session;
    struct peer client;

    free(s->client);
    s->client = NULL;
    if (text == NULL)
        return 0;
    if (peer_parse(&client, text) < 0) {
        req_fail(r, ANSWER(BAD_CLIENT_ADDRESS));
        return -1;
    }
    s->client = xmemdup(&client, sizeof client);
    return 0;
}

static enum req_result
start(struct req *r, const char *name, uint8_t kind, const struct attrs *in)
{
    struct attempt *a = attempt_new(r, name, "EXTERNAL");
    struct login_door *d = xcalloc(1, sizeof *d);

    d->uid = r->session->uid;
    d->kind = kind;
    d->is_attended = attrs_yes(in, "attended", true);
    d->may_sleep = attrs_yes(in, "hibernate", false);
    d->is_resumed = attrs_yes(in, "resumed", false);
    d->is_trusted = door_trusts(a->job.server->door, d->uid);
    a->door = d;
    /* The door's users are the mail server's business; others, who try what is
     * not theirs, are held up for that. */
    a->counted_as[0] = '\0';
    if (!d->is_trusted)
        snprintf(a->counted_as, sizeof a->counted_as, "door:%u",
                 (unsigned)d->uid);
    return attempt_start(a, d->is_trusted ? login_door_look_up : find_login);
}

enum req_result
login_at_door(struct req *r, const struct attrs *in)
{
    const char *method = attrs_text(in, "method");
    const char *name = attrs_text(in, "userName");
    uint8_t kind = 0;

    if (name == NULL)
        name = attrs_text(in, "username");
    if (method == NULL || !text_equal_nocase(method, "EXTERNAL") ||
        name == NULL || name[0] == '\0') {
        req_fail(r, ANSWER(METHOD_NOT_OFFERED));
        return REQ_DONE;
    }
    if (check_wishes(r, in) < 0 || take_kind(r, in, &kind) < 0 ||
        take_client(r, attrs_text(in, "clientAddress")) < 0)
        return REQ_DONE;
    login_of(r->session)->options = (struct login_options){
        .alerts = true, .changes = attrs_yes(in, "alertChanges", false)};
    return start(r, name, kind, in);
}

void
login_door_fill(struct session *s, const struct login_door *d)
{
    s->door = d->kind;
    s->opt_confirm = true;
    s->unattended = !d->is_attended;
    s->resumed = d->is_resumed;
    s->idle_timeout = 0;
}
