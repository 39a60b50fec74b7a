/* SPDX-License-Identifier: BSD-2-Clause */
/* Logging in.
 *
 * An attempt passes through these stages, each of which may wait for another
 * thread, and each of which ends quietly if the session is gone by then:
 *
 *   wait     as long as the throttle wants
 *   recall   a password that was right before lets in at once
 *   slot     of those that its address has
 *   look up  the store: account and credential, or a dummy for unknown names;
 *            an alias whose account's password is remembered needs no check
 *   check    in the hash pool (clear passwords), or by SASL
 *   move     the session to its account's worker
 *   load     the account, if it is not in memory
 *   place    of those that the account has
 *   change   the store: a ticket is made or spent, a session or device goes on
 *   open
 *
 * Tickets, ids of sessions and tokens of devices are only looked at to find the
 * account.  They are spent when there is a place, so who finds none has lost
 * nothing and left nothing behind.
 *
 * Whether a name exists can be told neither by the answer nor by the time: a
 * dummy goes the same way and never matches. */
#include "config.h"

#include "ximss/server/requests/login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>
#include <openssl/crypto.h>

#include "util/blank.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/proto/xml_parse.h"
#include "ximss/proto/xml_write.h"
#include "ximss/server/auth/auth_cache.h"
#include "ximss/server/auth/hash_pool.h"
#include "ximss/server/auth/login_slots.h"
#include "ximss/server/auth/password.h"
#include "ximss/server/auth/sasl.h"
#include "ximss/server/auth/throttle.h"
#include "ximss/server/auth/ticket.h"
#include "ximss/server/base/counters.h"
#include "ximss/server/live/alias_renew.h"
#include "ximss/server/live/attrs.h"
#include "ximss/server/live/device_sessions.h"
#include "ximss/server/live/dialect.h"
#include "ximss/server/live/job.h"
#include "ximss/server/live/lasting_session.h"
#include "ximss/server/live/session_log.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/ticket_renew.h"
#include "ximss/server/rules/admin_target.h"
#include "ximss/server/rules/device.h"
#include "ximss/server/rules/revocation.h"
#include "ximss/server/rules/settings.h"
#include "ximss/server/rules/token.h"

struct login_options {
    bool confirm, changes, alerts, ticket, keep_ticket;
};

struct login {
    const struct session_login_ops *ops; /* first */
    char *domain; /* owned; target domain, NULL: the main domain */
    struct login_options options;
    struct lasting_wish lasting;
    struct device_wish device;
    struct sasl *sasl; /* owned; an exchange is under way */
    /* Whom the exchange is about, once its credential was looked up: his name
     * does not change with the target domain. */
    char *attempt_name; /* owned; user@domain */
    uint64_t attempt_account;
    uint32_t attempt_serial;
    bool attempt_known;
    struct token
        *token; /* owned, wiped; that the proof was made with, NULL: the
                            password */
    unsigned revocations;    /* as in struct attempt */
    struct attempt *waiting; /* owned; for the throttle, or a slot */
    /* A salt was given out and no proof has come: to leave it at
     * that is a failure too, or one could ask for as many as one likes. */
    struct throttle *throttle; /* NULL: nothing was given out */
    char address[PEER_TEXT_SIZE];
};

/* Ids that are wrong count apart from passwords. */
#define SESSIONS_OF "sessions of "

struct attempt;
/* What an attempt does in the store, on the writer thread.  It may run again. */
typedef enum store_result attempt_body(struct attempt *a, struct store_txn *t,
                                       struct errbuf *err);
/* What it does next, on its worker: asks again, or answers and ends. */
typedef void attempt_step(struct attempt *a);

/* A way in that needs the store changed: by a ticket, the id of a session, the
 * token of a device; or by a password, if a ticket is wanted. */
struct attempt_way {
    attempt_body *find;   /* says by `known` whether what is shown is good, and
                             whose it is; NULL: that is known already */
    attempt_body *change; /* spends it, and makes what is given instead, when
                             there is a place; says by `known` whether it was
                             still good */
    attempt_step *refuse; /* it is not; NULL: it always is */
};

/* One attempt: a job first, so that it can go to the store and come back. */
struct attempt {
    struct job job;
    attempt_body *body;  /* under way in the store */
    attempt_step *next;  /* when it is back on its worker */
    attempt_step *first; /* when the throttle lets it */
    bool may_fail;       /* the body may: the attempt goes on */
    struct req *req;
    int64_t ticket_time; /* microseconds a new ticket lives */
    char *name;          /* owned; normalised user@domain, as it was typed */
    char *real;          /* owned; that of the account, which `name` may be an
                            alias of; NULL as long as it is not known */
    char *password;      /* owned, wiped; NULL: SASL or ticket */
    const char *method;
    const char *text;    /* what to say of it if it is malformed */
    unsigned code;       /* and with which number */
    const char *refused; /* it is to be refused, for this reason */
    char *proof;         /* owned; SCRAM's last message, in base64 */
    char *challenge;     /* owned; of APOP, and what came back; NULL: not */
    char *digest;
    bool takes_tokens;       /* the door is one where they are good */
    struct token_set tokens; /* owned; those of the account */
    size_t tried;            /* of these, against a proof */
    const struct token
        *cli_token; /* of these: the one it comes by; NULL: none */
    char address[PEER_TEXT_SIZE];
    char
        counted_as[sizeof SESSIONS_OF + PEER_TEXT_SIZE]; /* by whom the throttle
                                                  counts; "": nobody */
    struct peer peer, client; /* PEER_NONE: no client was named */
    struct login_slot slot;
    struct credential cred;
    struct lasting_wish lasting;
    struct device_wish token;
    struct device_rules rules;
    uint64_t account;
    uint32_t serial;
    uint64_t device; /* that the ticket came by; 0: none */
    bool grows;      /* the account has more tickets by this log-in */
    bool known;      /* the account exists and may log in */
    bool recalled;   /* let in by memory: the serial is to be compared */
    bool matches;
    uint8_t bound;    /* of the ticket that was shown */
    bool keep_ticket; /* that was shown: it is somebody else's, too */
    const struct attempt_way *way; /* NULL: the store is not changed */
    bool changed;                  /* that has been done */
    bool has_place;                /* counted in the account's n_coming */
    unsigned revocations;    /* revocation_count before the store was read for
                             what lets it in */
    struct ticket_keep keep; /* owned; tickets that stay whatever the limit */
    size_t tickets_most;
    unsigned iterations; /* that passwords have which are set now */
    bool cram;           /* the domain wants CRAM-MD5's state of them kept */
    bool renewed;        /* cred was made anew, as they are made now */
    uint8_t hash[TICKET_HASH_BYTES]; /* of the ticket that was shown */
    uint8_t next_hash[TICKET_HASH_BYTES];
    char ticket[TICKET_TEXT_SIZE]; /* the next one; "" none */
    struct conn_deferred move;
    struct mail moved;
    struct event *timer; /* owned */
    int64_t not_before;  /* it is refused (clock_mono) */
};

static bool attempt_is_orphan(struct attempt *a);
static void attempt_wait(struct attempt *a);
static void attempt_take_slot(struct attempt *a);
static void attempt_look_up(struct attempt *a);

static void
forget_token(struct login *l)
{
    if (l->token != NULL)
        OPENSSL_cleanse(l->token, sizeof *l->token);
    free(l->token);
    l->token = NULL;
}

/* Ends an exchange, if there is one. */
static void
drop_exchange(struct login *l)
{
    if (l->throttle != NULL)
        throttle_failed(l->throttle, NULL, l->address, clock_mono());
    l->throttle = NULL;
    forget_token(l);
    sasl_free(&l->sasl);
}

static void
login_free(struct login **l)
{
    if (*l == NULL)
        return;
    /* Strangers who come and go must not leave attempts behind. */
    if ((*l)->waiting != NULL && login_slot_cancel(&(*l)->waiting->slot))
        attempt_is_orphan((*l)->waiting);
    drop_exchange(*l);
    free((*l)->attempt_name);
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

static struct login *
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
    size_t len;

    domain = blank_trim(domain, &len);
    if (len == 0)
        return;
    free(l->domain);
    /* There is none of more than 128 bytes. */
    l->domain = xstrndup(domain, len < SASL_NAME_MOST ? len : SASL_NAME_MOST);
}

/* --- attempts --- */

static struct attempt *
attempt_new(struct req *r, const char *name, const char *method)
{
    struct attempt *a = xcalloc(1, sizeof *a);
    struct server *server = r->worker->server;
    const char *domain = login_of(r->session)->domain;
    char *main_domain = NULL, *bare;

    job_init(&a->job, server, r->worker);
    a->job.lane = session_lane(r->session);
    a->req = r;
    a->ticket_time = r->worker->cfg->ticket_time;
    a->tickets_most = r->worker->cfg->max_account_tickets;
    a->iterations = r->worker->cfg->password_iterations;
    a->method = method;
    a->takes_tokens = r->session->door == SESSION_PWD ||
                      r->session->door == SESSION_PWD_TLS ||
                      r->session->door == SESSION_PWD_APOP;
    peer_format(session_address(r->session), a->address);
    strcpy(a->counted_as, a->address);
    a->peer = r->session->peer;
    if (r->session->client != NULL)
        a->client = *r->session->client;
    a->lasting = login_of(r->session)->lasting;
    a->token = login_of(r->session)->device;
    a->rules.life = r->worker->cfg->device_time;
    a->rules.most = r->worker->cfg->max_account_devices;
    if (name != NULL)
        a->name = blank_trimmed(name); /* people type, or paste, more */
    if (name != NULL && strchr(a->name, '@') == NULL) {
        main_domain = server_main_domain(server);
        bare = a->name;
        a->name =
            xasprintf("%s@%s", bare, domain != NULL ? domain : main_domain);
        free(bare);
        free(main_domain);
    }
    if (a->name != NULL)
        text_lower(a->name);
    return a;
}

/* Its place becomes the session's, or is free again. */
static void
leave_place(struct attempt *a)
{
    struct account *account =
        a->has_place ? account_lookup(a->job.worker, a->account) : NULL;

    if (account != NULL)
        account->n_coming--;
    a->has_place = false;
}

static void
attempt_free(struct attempt *a)
{
    leave_place(a);
    login_slot_release(&a->slot);
    if (a->timer != NULL)
        event_free(a->timer);
    if (a->password != NULL)
        OPENSSL_cleanse(a->password, strlen(a->password));
    free(a->password);
    free(a->proof);
    free(a->challenge);
    free(a->digest);
    token_set_clear(&a->tokens);
    free(a->name);
    free(a->real);
    free(a->keep.number);
    job_clear(&a->job);
    OPENSSL_cleanse(a, sizeof *a);
    free(a);
}

/* Ends an attempt whose session is gone; true if so. */
static bool
attempt_is_orphan(struct attempt *a)
{
    if (a->req->session != NULL)
        return false;
    req_finish(a->req);
    attempt_free(a);
    return true;
}

/* A user name for a log line that tools read: one word. */
static void
one_word(char *out, size_t size, const char *text)
{
    size_t n = 0;

    for (; *text != '\0' && n + 1 < size; text++)
        out[n++] = *text > ' ' && *text < 0x7f && *text != '"' ? *text : '?';
    out[n] = '\0';
}

static void
answer_and_free(struct attempt *a, unsigned code, const char *text)
{
    struct req *r = a->req;

    if (r->session != NULL) {
        drop_exchange(r->session->login); /* the target domain stays */
        session_set_state(r->session, SESSION_NEW);
    }
    req_fail(r, code, text);
    attempt_free(a);
    req_finish(r);
}

static void
count_failure(const struct attempt *a, const char *reason)
{
    char user[ACCOUNT_NAME_SIZE];

    one_word(user, sizeof user, a->name != NULL ? a->name : "-");
    throttle_failed(a->job.server->throttle, a->name, a->address, clock_mono());
    log_warn("login failed user=%s address=%s method=%s reason=%s", user,
             a->address, a->method, reason);
    counter_add(COUNTER_LOGINS_FAILED, 1);
}

static void
attempt_refuse(struct attempt *a, const char *reason)
{
    count_failure(a, reason);
    answer_and_free(a, ANSWER(WRONG_LOGIN));
}

static void
attempt_refuse_now(struct attempt *a)
{
    attempt_refuse(a, a->refused);
}

/* No client of a user sends such a thing; some of them end the connection, as
 * malformed messages do. */
static void
attempt_refuse_malformed(struct attempt *a)
{
    struct session *s = a->req->session;

    count_failure(a, "malformed");
    a->req->close = ++s->malformed >= session_worker(s)->cfg->max_malformed;
    answer_and_free(a, a->code, a->text);
}

static void
attempt_fail_store(struct attempt *a)
{
    if (a->job.result == STORE_FULL) {
        answer_and_free(a, ANSWER(STORE_FULL));
        return;
    }
    log_error("log-in failed in the store: %s", a->job.err.text);
    answer_and_free(a, ANSWER(STORE_FAILED));
}

/* --- to the store, to the hash pool, and back --- */

static enum store_result
run_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct attempt *a = (struct attempt *)j;

    return a->body(a, t, err);
}

static void
on_stored(struct job *j)
{
    struct attempt *a = (struct attempt *)j;

    if (attempt_is_orphan(a))
        return;
    if (j->result != STORE_OK && !a->may_fail)
        attempt_fail_store(a);
    else
        a->next(a);
}

static void
submit(struct attempt *a, attempt_body *body, attempt_step *next, bool may_fail)
{
    a->body = body;
    a->next = next;
    a->may_fail = may_fail;
    a->job.body = run_body;
    a->job.finish = on_stored;
    job_submit(&a->job);
}

/* The body runs in the store, and then the next step on the worker.  If the
 * session is gone by then, or the store failed, the attempt ends instead. */
static void
attempt_ask(struct attempt *a, attempt_body *body, attempt_step *next)
{
    submit(a, body, next, false);
}

/* The same, but the next step comes even if the store fails (a->job.result). */
static void
attempt_ask_kindly(struct attempt *a, attempt_body *body, attempt_step *next)
{
    submit(a, body, next, true);
}

static void
on_mail(struct mail *m, void *owner)
{
    struct attempt *a = (struct attempt *)(void *)m; /* the job's mail */

    (void)owner;
    if (!attempt_is_orphan(a))
        a->next(a);
}

/* Any thread that has the attempt: it goes on with that step on its worker,
 * unless the session is gone by then. */
static void
attempt_send_home(struct attempt *a, attempt_step *next)
{
    a->next = next;
    a->job.mail.deliver = on_mail;
    mailbox_put(a->job.worker->box, &a->job.mail);
}

/* Work for the hash pool; done is called there, behind it. */
static void
attempt_hash(struct attempt *a, hash_pool_fn *work, hash_pool_fn *done)
{
    struct server *server = a->job.server;

    if (hash_pool_submit(server->hash_pool,
                         throttle_network(server->throttle, a->address), work,
                         done, a) < 0)
        answer_and_free(a, ANSWER(BUSY));
}

/* --- open --- */

static void
keep_token(struct session *s, const struct token *token)
{
    if (token == NULL)
        return;
    s->token = xcalloc(1, sizeof *s->token);
    s->token->id = token->id;
    s->token->expires = token->expires;
    memcpy(s->token->name, token->name, sizeof s->token->name);
}

static void
attempt_open(struct attempt *a, struct account *account)
{
    struct req *r = a->req;
    struct session *s = r->session;
    struct login_options o = s->login->options;
    bool cork = !conn_is_corked(&s->conn);

    explicit_bzero(&s->login->lasting, sizeof s->login->lasting);
    explicit_bzero(&s->login->device, sizeof s->login->device);
    login_free(&s->login);
    if (account != NULL && a->lasting.id[0] != '\0') {
        s->lasting = lasting_session_new(&a->lasting);
        strcpy(s->lasting->device, a->token.given);
        s->number = a->lasting.number;
    }
    s->device = a->device;
    leave_place(a);
    s->opt_alerts = o.alerts;
    s->opt_changes = o.changes;
    s->opt_confirm = o.confirm;
    keep_token(s, a->cli_token);
    session_open(s, account);
    if (a->ticket[0] != '\0') {
        s->ticket_since = session_seconds();
        s->ticket = ticket_number(a->next_hash);
        s->ticket_bound = a->bound;
    }
    session_log_begin(s, a->method);
    counter_add(COUNTER_LOGINS, 1);
    if (a->name != NULL && !a->recalled)
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

/* --- place --- */

/* Of the old connection of a session that goes on here; NULL: there is none. */
static struct session *
replaced_by(const struct attempt *a, const struct account *account)
{
    return a->lasting.asked[0] != '\0' && a->lasting.mode != LASTING_BESIDE
               ? session_of_id(&account->sessions, a->lasting.asked)
               : NULL;
}

/* False: the account has as many sessions as it may.  A place that was taken
 * stays taken while the store is asked. */
static bool
take_place(struct attempt *a, struct account *account)
{
    unsigned others = account->n_sessions + account->n_coming;

    if (a->has_place)
        return true;
    if (replaced_by(a, account) != NULL)
        others--;
    if (others >= a->job.worker->cfg->max_account_sessions &&
        !session_make_room(&account->sessions))
        return false;
    account->n_coming++;
    a->has_place = true;
    return true;
}

/* The client may try again, with what it came by. */
static void
attempt_has_no_place(struct attempt *a, struct account *account)
{
    session_log_refused(a->req->session, account, a->method);
    answer_and_free(a, ANSWER(TOO_MANY_SESSIONS));
}

/* --- change --- */

static const struct peer *
address_of(const struct attempt *a)
{
    return a->client.kind != PEER_NONE ? &a->client : &a->peer;
}

/* Of who comes by a password. */
static enum store_result
ticket_body(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    struct ticket_rec k = {.account = a->account, .cred_serial = a->serial};
    enum store_result r;

    a->known = true;
    memcpy(k.hash, a->next_hash, sizeof k.hash);
    k.expires = clock_now() + a->ticket_time;
    if (a->token.wanted && a->lasting.id[0] != '\0') {
        r = device_make(t, &a->token, &a->rules, address_of(a), &k, err);
        if (r != STORE_OK)
            return r;
        a->device = k.device;
    }
    if (a->lasting.id[0] != '\0') {
        r = lasting_put(t, &a->lasting, &k, err);
        if (r != STORE_OK)
            return r;
    }
    return ticket_put(t, &k, err);
}

static void on_account(struct account *account, void *arg,
                       const struct errbuf *err);

static enum store_result
change_body(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    enum store_result r = a->way->change(a, t, err);

    if (a->cli_token == NULL) /* else since that was read */
        a->revocations = revocation_count();
    if (r != STORE_OK || !a->known || !a->grows)
        return r;
    return ticket_trim(t, a->account, a->tickets_most, &a->keep, err);
}

static void
attempt_load(struct attempt *a)
{
    account_open(a->job.worker, a->account, a->job.lane, on_account, a);
}

/* The account may have been changed, or be gone, meanwhile. */
static void
changed(struct attempt *a)
{
    if (a->known)
        attempt_load(a);
    else
        a->way->refuse(a);
}

static void
make_lasting(struct attempt *a)
{
    lasting_make_id(&a->lasting,
                    atomic_fetch_add(&a->job.server->next_session, 1));
}

static uint64_t
number_of_id(const char *id)
{
    uint8_t hash[TICKET_HASH_BYTES];

    return lasting_hash(id, hash) == 0 ? ticket_number(hash) : 0;
}

/* What must stay, however many tickets the account has. */
static void
keep_tickets(struct attempt *a, const struct account *account)
{
    const uint64_t keep[] = {
        ticket_number(a->next_hash),
        a->keep_ticket ? ticket_number(a->hash) : 0,
        a->lasting.id[0] != '\0' ? ticket_number(a->lasting.hash) : 0,
        number_of_id(a->lasting.asked),
    };

    ticket_keep_fill(&a->keep, account, keep, sizeof keep / sizeof keep[0]);
}

static const struct attempt_way by_password = {.change = ticket_body};

/* A ticket is made if one is wanted. */
static void
want_ticket(struct attempt *a)
{
    if (a->way != NULL || !a->req->session->login->options.ticket)
        return;
    ticket_make(a->ticket, a->next_hash);
    if (a->lasting.wanted)
        make_lasting(a);
    a->grows = true;
    a->way = &by_password;
}

/* False: nothing is to be changed, or it has been. */
static bool
attempt_change(struct attempt *a, const struct account *account)
{
    want_ticket(a);
    if (a->way == NULL || a->changed)
        return false;
    a->changed = true;
    keep_tickets(a, account);
    attempt_ask(a, change_body, changed);
    return true;
}

/* --- revoked meanwhile (revocation.h) --- */

static bool
may_be_revoked(const struct attempt *a)
{
    return (a->changed || a->cli_token != NULL) &&
           a->revocations != revocation_count();
}

/* known: the token by which it comes is there. */
static enum store_result
recheck_token(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    struct token_rec k = {0};
    enum store_result r = token_get(t, a->account, a->cli_token->name, &k, err);

    a->known = r == STORE_OK && k.id == a->cli_token->id;
    token_rec_clear(&k);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

/* known: its new ticket is there.  Whoever ends a session or a device takes all
 * tickets that came by it. */
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

/* --- load --- */

/* What was remembered of the old name lets nobody in by it. */
static bool
is_renamed(const struct attempt *a, const struct account *account)
{
    char name[ACCOUNT_NAME_SIZE];

    if (!a->recalled)
        return false;
    account_full_name(account, name);
    return strcmp(name, a->real) != 0;
}

/* It was on a password that is not good any more. */
static void
forget_change(struct attempt *a)
{
    leave_place(a);
    a->changed = a->grows = false;
    a->way = NULL;
    a->ticket[0] = a->lasting.id[0] = '\0';
    a->device = 0;
}

static void
on_account(struct account *account, void *arg, const struct errbuf *err)
{
    struct attempt *a = arg;

    if (attempt_is_orphan(a))
        return;
    if (account == NULL) {
        if (err != NULL && err->text[0] != '\0') {
            a->job.err = *err;
            a->job.result = STORE_ERROR;
            attempt_fail_store(a);
        } else {
            attempt_refuse(a, "unknown");
        }
        return;
    }
    if (account->domain->suspended) {
        /* Since it was looked up, or let in by memory. */
        attempt_refuse(a, "suspended");
        return;
    }
    if (account->cred_serial != a->serial || is_renamed(a, account)) {
        /* What let it in is void by now: a new password, killed, renamed. */
        auth_cache_forget(a->job.server->auth_cache, a->account);
        if (a->recalled) {
            forget_change(a);
            a->recalled = false;
            attempt_look_up(a);
        } else {
            attempt_refuse(a, "changed");
        }
        return;
    }
    if (may_be_revoked(a)) {
        attempt_ask(a, recheck_body, rechecked);
        return;
    }
    if (!take_place(a, account)) {
        attempt_has_no_place(a, account);
        return;
    }
    if (attempt_change(a, account))
        return;
    if (replaced_by(a, account) != NULL)
        session_replace(&account->sessions, a->lasting.asked);
    attempt_open(a, account);
}

/* --- move --- */

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

    if (attempt_is_orphan(a))
        return;
    session_detach(a->req->session);
    a->moved.deliver = on_moved;
    mailbox_put(worker_of_account(a->job.server, a->account)->box, &a->moved);
}

static void
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

/* --- check --- */

static void
attempt_let_in(struct attempt *a)
{
    auth_cache_add(a->job.server->auth_cache, a->real, a->password,
                   clock_mono(), a->account, a->serial);
    alias_renew(a->job.worker, a->job.lane, a->account, a->password);
    attempt_attach(a);
}

/* The password is the same, so what was given out on it stays good. */
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
    /* It will be tried again; full or not, he may come in. */
    if (a->job.result != STORE_OK)
        log_warn("a password could not be renewed: %s", a->job.err.text);
    attempt_let_in(a);
}

static void
checked(struct attempt *a)
{
    if (!a->matches || !a->known)
        answer_and_free(a, ANSWER(WRONG_LOGIN));
    else if (a->renewed)
        attempt_ask_kindly(a, renew_body, renewed);
    else
        attempt_let_in(a);
}

static void
check_work(void *arg)
{
    struct attempt *a = arg;

    a->matches = password_matches(&a->cred, a->password);
    if (!a->matches || !a->known)
        return;
    a->renewed = a->cred.iterations != a->iterations;
    if (a->renewed)
        password_renew(&a->cred, a->password, a->iterations);
    if (a->cred.has_cram != a->cram) {
        password_set_cram(&a->cred, a->cram ? a->password : NULL);
        a->renewed = true;
    }
}

static void
check_done(void *arg)
{
    struct attempt *a = arg;

    /* Also of those who left, or had to: it has cost as much. */
    if (!a->matches || !a->known)
        count_failure(a, a->known ? "password" : "unknown");
    attempt_send_home(a, checked);
}

static enum req_result after_step(struct req *r, enum sasl_result result,
                                  char *challenge, struct attempt *a);

/* --- recall ---
 *
 * Remembered is the real name of the account.  That an alias leads to it is
 * looked up each time: it may lead elsewhere by now, and only the store knows. */

static bool
recalls(struct attempt *a, const char *name)
{
    a->recalled = a->password != NULL &&
                  auth_cache_find(a->job.server->auth_cache, name, a->password,
                                  clock_mono(), &a->account, &a->serial);
    return a->recalled;
}

static void
attempt_recall(struct attempt *a)
{
    if (recalls(a, a->name)) {
        a->real = xstrdup(a->name);
        attempt_attach(a);
    } else {
        attempt_take_slot(a);
    }
}

/* --- slot --- */

static void
has_slot(struct attempt *a)
{
    a->req->session->login->waiting = NULL;
    attempt_wait(a); /* others may have failed meanwhile */
}

static void
on_slot_granted(struct login_slot *slot)
{
    struct attempt *a =
        (struct attempt *)(void *)((char *)slot -
                                   offsetof(struct attempt, slot));

    attempt_send_home(a, has_slot);
}

static void
attempt_take_slot(struct attempt *a)
{
    struct server *server = a->job.server;

    if (a->slot.state == LOGIN_SLOT_HELD) {
        attempt_look_up(a);
        return;
    }
    a->req->session->login->waiting = a;
    if (login_slot_take(server->login_slots,
                        throttle_address(server->throttle, a->address),
                        &a->slot, on_slot_granted)) {
        a->req->session->login->waiting = NULL;
        attempt_look_up(a);
    }
}

/* --- look up --- */

/* The name by which a dummy is made: the salts of those who exist are the same
 * by each name of the domain.  The caller frees. */
static char *
dummy_name(const struct attempt *a, const struct domain_rec *domain)
{
    const char *at = strrchr(a->name, '@');

    return domain->name != NULL && at != NULL
               ? xasprintf("%.*s@%s", (int)(at - a->name), a->name,
                           domain->name)
               : xstrdup(a->name);
}

/* A dummy has as many iterations as one of those who exist: which they have
 * depends on when they were set.  It is made for all, so that all take as
 * long. */
static enum store_result
make_dummy(const struct attempt *a, struct store_txn *t,
           const struct domain_rec *domain, struct credential *dummy_r,
           struct errbuf *err)
{
    const struct server *server = a->job.server;
    char *name = dummy_name(a, domain);
    uint32_t iterations;
    enum store_result r = account_sample_iterations(
        t, password_dummy_point(server->secret, name), &iterations, err);

    if (iterations == 0)
        iterations = server->admin.iterations;
    password_dummy(server->secret, name, iterations, dummy_r);
    free(name);
    return r;
}

/* SCRAM tells the salt: an alias has one of its own.  All names are looked up
 * alike. */
static enum store_result
take_alias(const struct attempt *a, struct store_txn *t,
           struct account_rec *account, struct errbuf *err)
{
    const char *at = strrchr(a->name, '@');
    char *name;
    enum store_result r;

    if (a->password != NULL)
        return STORE_OK; /* the account's is checked, and renewed */
    name = xstrndup(a->name, at != NULL ? (size_t)(at - a->name) : 0);
    r = alias_verifier_find(t, account->number, name, &account->cred, err);
    free(name);
    return r;
}

/* An account without a password may have some, too. */
static enum store_result
read_tokens(struct attempt *a, struct store_txn *t, uint64_t account,
            struct errbuf *err)
{
    struct server *server = a->job.server;

    a->cli_token = NULL;
    a->revocations = revocation_count();
    return token_set_read(&a->tokens, &server->token_key, t, account,
                          clock_now(), err);
}

static enum store_result
look_up_body(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    struct domain_rec domain = {0};
    struct account_rec account = {0};
    struct credential dummy;
    enum store_result r, sampled;
    bool found, there, exists;

    r = admin_account_find(t, a->name, NULL, &domain, &account, &found, err);
    there = r == STORE_OK && !domain.suspended;
    exists = r == STORE_OK && account.cred.iterations > 0;
    a->known = exists && !domain.suspended;
    if (a->known)
        r = settings_domain_cram(t, &domain, &a->cram, err);
    if (!a->cram && a->password == NULL)
        account.cred.has_cram = false; /* not wanted any more */
    sampled = make_dummy(a, t, &domain, &dummy, err);
    if (sampled == STORE_OK)
        sampled = take_alias(a, t, &account, err);
    if (r == STORE_OK || r == STORE_NOTFOUND || r == STORE_REFUSED)
        r = sampled;
    if (exists && !a->known) {
        /* Suspended: it looks as before, but no password matches. */
        dummy.iterations = account.cred.iterations;
        memcpy(dummy.salt, account.cred.salt, sizeof dummy.salt);
    }
    a->cred = a->known ? account.cred : dummy;
    free(a->real);
    a->real = NULL;
    if (r == STORE_OK && a->takes_tokens)
        r = read_tokens(a, t, there ? account.number : 0, err);
    if (there) {
        a->real = xasprintf("%s@%s", account.name, domain.name);
        a->account = account.number;
        a->serial = account.cred_serial;
    }
    account_rec_clear(&account);
    domain_rec_clear(&domain);
    OPENSSL_cleanse(&dummy, sizeof dummy);
    return r;
}

/* The token by which the attempt comes; NULL: by none, or it is not known
 * yet. */
static const struct token *
find_token(const struct attempt *a)
{
    const struct sasl *sasl = a->req->session->login->sasl;

    if (a->password != NULL)
        return token_find_clear(&a->tokens, a->password);
    if (a->challenge != NULL)
        return token_find_apop(&a->tokens, a->challenge, a->digest);
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

static void
attempt_let_in_by_token(struct attempt *a)
{
    a->known = true;
    attempt_attach(a);
}

static bool
is_alias(const struct attempt *a)
{
    return a->known && strcmp(a->real, a->name) != 0;
}

static void
looked_up(struct attempt *a)
{
    enum sasl_result result;
    char *challenge;

    a->cli_token = find_token(a);
    if (a->cli_token != NULL) {
        attempt_let_in_by_token(a);
        return;
    }
    if (a->challenge != NULL) {
        attempt_refuse(a, a->known ? "password" : "unknown");
        return;
    }
    if (a->password != NULL) {
        if (is_alias(a) && recalls(a, a->real))
            attempt_attach(a);
        else
            attempt_hash(a, check_work, check_done);
        return;
    }
    result =
        sasl_credential(a->req->session->login->sasl, &a->cred, &challenge);
    after_step(a->req, result, challenge, a);
}

static void
attempt_look_up(struct attempt *a)
{
    attempt_ask(a, look_up_body, looked_up);
}

/* --- a proof ---
 *
 * Where tokens are good it may have been made with one of them.  Which it is
 * takes a hash for each, in the pool, one after the other; who guesses must not
 * see by the time how many there are, so he waits for as long as they take. */

#define PROOF_TIME (CLOCK_SECOND / 5)

static void
take_proof(struct attempt *a)
{
    char *challenge;
    enum sasl_result result =
        sasl_step(a->req->session->login->sasl, a->proof, &challenge);

    after_step(a->req, result, challenge, a);
}

static void
try_work(void *arg)
{
    struct attempt *a = arg;
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
try_done(void *arg)
{
    attempt_send_home(arg, tried);
}

static void
try_next(struct attempt *a)
{
    if (a->tried == a->tokens.n)
        take_proof(a);
    else
        attempt_hash(a, try_work, try_done);
}

static enum store_result
proof_body(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    return read_tokens(a, t, a->account, err);
}

static void
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

/* --- wait --- */

static void
on_wait_over(evutil_socket_t fd, short what, void *arg)
{
    struct attempt *a = arg;

    (void)fd;
    (void)what;
    a->req->session->login->waiting = NULL;
    attempt_wait(a);
}

static int64_t
longest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t
delay_of(const struct attempt *a)
{
    int64_t now = clock_mono();

    if (a->counted_as[0] == '\0')
        return 0;
    return longest(
        throttle_delay(a->job.server->throttle, a->name, a->counted_as, now),
        a->not_before - now);
}

static void
log_waiting(const struct attempt *a, int64_t wait)
{
    char user[ACCOUNT_NAME_SIZE];

    if (!log_wants(LOG_DEBUG_))
        return;
    one_word(user, sizeof user, a->name != NULL ? a->name : "-");
    log_debug("login held up user=%s address=%s ms=%lld", user, a->address,
              (long long)(wait / (CLOCK_SECOND / 1000)));
}

/* Nothing that costs, and nothing that tells whether a guess is right, comes
 * before this. */
static void
attempt_wait(struct attempt *a)
{
    int64_t wait = delay_of(a);
    struct timeval tv = {wait / CLOCK_SECOND, wait % CLOCK_SECOND};

    if (wait <= 0) {
        a->first(a);
        return;
    }
    login_slot_release(&a->slot);
    if (a->timer == NULL)
        a->timer = evtimer_new(a->job.worker->base, on_wait_over, a);
    if (a->timer == NULL || event_add(a->timer, &tv) < 0) {
        answer_and_free(a, ANSWER(FAILED_LOGINS));
        return;
    }
    a->req->session->login->waiting = a;
    log_waiting(a, wait);
}

/* It is wrong already: good ones are not held up by those of others, but nobody
 * has more counted and logged than the throttle lets him. */
static void
attempt_refuse_in_time(struct attempt *a, const char *reason)
{
    a->refused = reason;
    a->first = attempt_refuse_now;
    attempt_wait(a);
}

/* What the client sends meanwhile waits. */
static void
begin(struct session *s)
{
    session_set_state(s, SESSION_LOGIN);
    conn_pause(&s->conn, PAUSE_BUSY);
}

/* Takes the request over: it is answered later. */
static enum req_result
attempt_start(struct attempt *a, attempt_step *first)
{
    begin(a->req->session);
    a->first = first;
    attempt_wait(a);
    return REQ_PENDING;
}

/* Answers so when the throttle lets it, counts and logs it. */
static enum req_result
start_malformed(struct req *r, const char *method, unsigned code,
                const char *text)
{
    struct attempt *a = attempt_new(r, NULL, method);

    a->code = code;
    a->text = text;
    return attempt_start(a, attempt_refuse_malformed);
}

/* --- tickets as a way in --- */

static bool
admits(const struct attempt *a, const struct ticket_rec *k)
{
    return ticket_admits(k, &a->peer,
                         a->client.kind != PEER_NONE ? &a->client : NULL);
}

/* Void by itself: its time, its domain, a new password. */
static bool
is_void(const struct ticket_rec *k, const struct account_rec *account,
        const struct domain_rec *domain)
{
    return k->expires <= clock_now() || domain->suspended ||
           account->cred_serial != k->cred_serial;
}

/* The account whose it is.  The records are to be cleared in any case. */
static enum store_result
owner_of(const struct ticket_rec *k, struct store_txn *t,
         struct account_rec *account, struct domain_rec *domain,
         struct errbuf *err)
{
    enum store_result r = account_get(t, k->account, account, err);

    return r == STORE_OK ? domain_get(t, account->domain, domain, err) : r;
}

/* What comes next is as bound, and of the same, as what was shown. */
static struct ticket_rec
next_ticket(const struct attempt *a, const struct ticket_rec *shown)
{
    struct ticket_rec next = *shown;

    memcpy(next.hash, a->next_hash, sizeof next.hash);
    next.expires = clock_now() + a->ticket_time;
    next.is_session = next.is_waiting = next.has_key = false;
    next.note[0] = '\0';
    next.session = 0;
    return next;
}

static void
let_in_as(struct attempt *a, const struct ticket_rec *k)
{
    a->known = true;
    a->bound = k->bound;
    a->account = k->account;
    a->serial = k->cred_serial;
    a->device = k->device;
}

/* Lets in as the account whose it is, if that one may come, from here. */
static enum store_result
let_in_owner(struct attempt *a, struct store_txn *t, const struct ticket_rec *k,
             struct errbuf *err)
{
    struct account_rec account = {0};
    struct domain_rec domain = {0};
    enum store_result r = owner_of(k, t, &account, &domain, err);

    a->known = false;
    if (r == STORE_OK && admits(a, k) && !is_void(k, &account, &domain))
        let_in_as(a, k);
    account_rec_clear(&account);
    domain_rec_clear(&domain);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

/* To the account, or out. */
static void
found(struct attempt *a)
{
    if (a->known)
        attempt_attach(a);
    else
        a->way->refuse(a);
}

static void
attempt_find(struct attempt *a)
{
    attempt_ask(a, a->way->find, found);
}

/* The record of the session that is asked for; known: it is the ticket's. */
static enum store_result
find_session_of(struct attempt *a, struct store_txn *t,
                const struct ticket_rec *shown, struct ticket_rec *session_r,
                struct errbuf *err)
{
    uint8_t hash[TICKET_HASH_BYTES];
    enum store_result r;

    a->known = lasting_hash(a->lasting.asked, hash) == 0 &&
               ticket_number(hash) == shown->session;
    if (!a->known)
        return STORE_OK;
    r = ticket_find(t, hash, session_r, err);
    a->known = r == STORE_OK && session_r->is_session &&
               session_r->account == shown->account;
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

/* The ticket that is shown, if it is good and, where a session is asked for,
 * one of that.  known: it is. */
static enum store_result
find_ticket(struct attempt *a, struct store_txn *t, struct ticket_rec *k_r,
            struct ticket_rec *session_r, struct errbuf *err)
{
    enum store_result r = ticket_find(t, a->hash, k_r, err);

    a->known = false;
    if (r != STORE_OK || k_r->is_session || k_r->is_device)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    r = let_in_owner(a, t, k_r, err);
    if (r == STORE_OK && a->known && a->lasting.asked[0] != '\0')
        r = find_session_of(a, t, k_r, session_r, err);
    return r;
}

static enum store_result
find_ticket_body(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    struct ticket_rec k = {0}, session = {0};

    return find_ticket(a, t, &k, &session, err);
}

/* The session that the ticket is of goes on, or another one begins. */
static enum store_result
redeem_body(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    struct ticket_rec k = {0}, session = {0}, next;
    enum store_result r = find_ticket(a, t, &k, &session, err);

    if (r != STORE_OK || !a->known)
        return r;
    next = next_ticket(a, &k);
    if (!a->keep_ticket)
        r = ticket_take(t, a->hash, &k, err);
    if (r == STORE_OK && a->lasting.asked[0] != '\0')
        r = lasting_go_on(t, &a->lasting, &session, &next, err);
    else if (r == STORE_OK && a->lasting.wanted)
        r = lasting_put(t, &a->lasting, &next, err);
    return r == STORE_OK ? ticket_put(t, &next, err) : r;
}

/* What is shown is not good, or not any more. */
static void
refuse_shown(struct attempt *a)
{
    attempt_refuse_in_time(a, a->method);
}

static const struct attempt_way by_ticket = {find_ticket_body, redeem_body,
                                             refuse_shown};

static enum req_result
login_with_ticket(struct req *r, const char *ticket)
{
    struct attempt *a = attempt_new(r, NULL, "ticket");
    bool asks = a->lasting.asked[0] != '\0';

    begin(r->session);
    if (ticket_hash(ticket, a->hash) < 0) { /* nobody's */
        refuse_shown(a);
        return REQ_PENDING;
    }
    ticket_make(a->ticket, a->next_hash);
    if (a->lasting.wanted)
        make_lasting(a);
    if (asks)
        a->lasting.mode = LASTING_SAME;
    a->keep_ticket = login_of(r->session)->options.keep_ticket && !asks;
    a->grows = a->keep_ticket || a->lasting.id[0] != '\0';
    a->way = &by_ticket;
    attempt_find(a);
    return REQ_PENDING;
}

/* --- the id of a lasting session as a way in --- */

static enum store_result
find_session(struct attempt *a, struct store_txn *t, struct ticket_rec *k_r,
             struct errbuf *err)
{
    enum store_result r = ticket_find(t, a->hash, k_r, err);

    a->known = false;
    if (r == STORE_OK && k_r->is_session && lasting_opens(k_r, a->lasting.keys))
        r = let_in_owner(a, t, k_r, err);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

static enum store_result
find_session_body(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    struct ticket_rec k = {0};

    return find_session(a, t, &k, err);
}

static enum store_result
come_back_body(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    struct ticket_rec k = {0}, next;
    enum store_result r = find_session(a, t, &k, err);

    if (r != STORE_OK || !a->known)
        return r;
    next = next_ticket(a, &k);
    r = lasting_go_on(t, &a->lasting, &k, &next, err);
    return r == STORE_OK ? ticket_put(t, &next, err) : r;
}

/* Browsers come with ids whose time is over, each morning: that is no guess at
 * a password, holds up no log-in, and is no news to fail2ban. */
static void
come_back_refuse(struct attempt *a)
{
    if (a->counted_as[0] != '\0')
        throttle_failed(a->job.server->throttle, NULL, a->counted_as,
                        clock_mono());
    log_debug("no such session address=%s", a->address);
    answer_and_free(a, ANSWER(WRONG_LOGIN));
}

static const struct attempt_way by_session = {find_session_body, come_back_body,
                                              come_back_refuse};

static enum req_result
login_with_session(struct req *r)
{
    struct session *s = r->session;
    struct attempt *a = attempt_new(r, NULL, "session");

    /* A bridge on this machine that may not say for whom it asks must not keep
     * everybody waiting for those who are wrong; it has limits of its own. */
    if (s->client != NULL || !session_is_local(s))
        snprintf(a->counted_as, sizeof a->counted_as, SESSIONS_OF "%s",
                 a->address);
    else
        a->counted_as[0] = '\0';
    if (lasting_hash(a->lasting.asked, a->hash) < 0)
        memset(a->hash, 0, sizeof a->hash);
    ticket_make(a->ticket, a->next_hash);
    make_lasting(a);
    a->grows = true;
    a->way = &by_session;
    return attempt_start(a, attempt_find);
}

/* --- a device that stays logged in --- */

/* On the writer thread: also if whoever showed the token has gone. */
static void
tell_stolen(struct job *j)
{
    const struct attempt *a = (const struct attempt *)j;

    if (j->result != STORE_OK || !a->token.stolen)
        return;
    log_warn("a device's token came again that had been given up: it was "
             "copied; the device is ended account=%llu address=%s",
             (unsigned long long)a->token.account, a->address);
    device_sessions_end(j->server, a->token.account, a->token.device);
}

static enum store_result
find_device_body(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    struct ticket_rec k = {0};
    enum store_result r = device_find(t, &a->token, &k, err);

    a->known = false;
    if (r == STORE_OK)
        r = let_in_owner(a, t, &k, err);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

static enum store_result
device_body(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    struct ticket_rec k = {0}, next;
    enum store_result r = device_find(t, &a->token, &k, err);

    a->known = false;
    if (r == STORE_OK)
        r = let_in_owner(a, t, &k, err);
    if (r == STORE_OK && a->known)
        r = device_use(t, &a->token, &a->rules, address_of(a), &k, err);
    if (r != STORE_OK || !a->known)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    next = (struct ticket_rec){.account = k.account,
                               .cred_serial = k.cred_serial,
                               .device = k.device,
                               .expires = clock_now() + a->ticket_time};
    memcpy(next.hash, a->next_hash, sizeof next.hash);
    r = lasting_put(t, &a->lasting, &next, err);
    return r == STORE_OK ? ticket_put(t, &next, err) : r;
}

static const struct attempt_way by_device = {find_device_body, device_body,
                                             refuse_shown};

static enum req_result
login_with_device(struct req *r)
{
    struct attempt *a = attempt_new(r, NULL, "device");

    begin(r->session);
    if (!device_is_token(a->token.shown)) {
        refuse_shown(a);
        return REQ_PENDING;
    }
    ticket_make(a->ticket, a->next_hash);
    make_lasting(a);
    a->grows = true;
    a->way = &by_device;
    a->job.ended = tell_stolen;
    attempt_find(a);
    return REQ_PENDING;
}

/* --- requests --- */

static bool
clear_is_allowed(const struct session *s)
{
    const struct config *cfg = session_worker(s)->cfg;

    return session_is_encrypted(s) || session_is_local(s) ||
           cfg->clear_passwords_without_tls;
}

static bool
external_is_allowed(const struct session *s)
{
    return s->door == SESSION_LOCAL && !s->proxied &&
           (s->uid == 0 || s->uid == geteuid());
}

static int
take_bool(struct req *r, const struct xml_elem *e, const char *name,
          bool *value)
{
    bool b;
    const char *text = xml_attr(e, name);

    if (text == NULL)
        return 0;
    if (text_parse_bool(text, &b) < 0) {
        req_failf(r, ANSWER(YES_OR_NO), name);
        return -1;
    }
    *value = b;
    return 0;
}

/* ticket="yes" asks for one, "no" does not; any other text is one. */
static bool
is_ticket(const char *text)
{
    bool wanted;

    return text != NULL && text_parse_bool(text, &wanted) < 0;
}

/* A machine that logs users in on their behalf; nobody who was handed on by one
 * is one. */
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

/* Options of a log-in.  -1: answered. */
static int
take_options(struct req *r, const struct xml_elem *e)
{
    struct login *l = login_of(r->session);

    if (take_bool(r, e, "alertConfirm", &l->options.confirm) < 0 ||
        take_bool(r, e, "alertChanges", &l->options.changes) < 0 ||
        take_bool(r, e, "alerts", &l->options.alerts) < 0 ||
        take_bool(r, e, "keepTicket", &l->options.keep_ticket) < 0)
        return -1;
    /* For all others a ticket works once. */
    l->options.keep_ticket =
        l->options.keep_ticket && login_is_proxy(r->session);
    if (!is_ticket(xml_attr(e, "ticket")) &&
        take_bool(r, e, "ticket", &l->options.ticket) < 0)
        return -1;
    return 0;
}

static int
take_text(struct req *r, const struct xml_elem *e, const char *name, char *out,
          size_t size)
{
    const char *text = xml_attr(e, name);

    if (text == NULL)
        return 0;
    if (strlen(text) >= size) {
        req_failf(r, ANSWER(LOGIN_TOO_LONG), name);
        return -1;
    }
    strcpy(out, text);
    return 0;
}

static int
take_mode(struct req *r, const char *text, struct lasting_wish *w)
{
    if (text == NULL)
        return 0;
    if (strcmp(text, "instead") == 0)
        w->mode = LASTING_INSTEAD;
    else if (strcmp(text, "beside") == 0)
        w->mode = LASTING_BESIDE;
    else {
        req_fail(r, ANSWER(BAD_NEW_SESSION));
        return -1;
    }
    return 0;
}

/* People are to tell their devices apart by it. */
static int
take_device_name(struct req *r, const struct xml_elem *e, struct device_wish *w)
{
    int n = take_text(r, e, "deviceName", w->name, sizeof w->name);

    if (n < 0 || w->name[0] == '\0' ||
        (!blank_all(w->name) && !text_has_controls(w->name)))
        return n;
    req_failf(r, ANSWER(UNUSABLE), "deviceName");
    return -1;
}

/* device="yes" asks for a token, "no" does not; any other text is one.  -1:
 * answered. */
static int
take_device(struct req *r, const struct xml_elem *e)
{
    struct login *l = login_of(r->session);
    struct device_wish *w = &l->device;
    int n;

    *w = (struct device_wish){.wanted = false};
    if (!is_ticket(xml_attr(e, "device")))
        return take_bool(r, e, "device", &w->wanted) < 0
                   ? -1
                   : take_device_name(r, e, w);
    n = take_text(r, e, "device", w->shown, sizeof w->shown);
    if (n < 0 || l->lasting.wanted)
        return n;
    req_fail(r, ANSWER(DEVICE_SESSION));
    return -1;
}

/* Of a session that lasts.  -1: answered. */
static int
take_lasting(struct req *r, const struct xml_elem *e)
{
    struct lasting_wish *w = &login_of(r->session)->lasting;

    if (take_bool(r, e, "lasting", &w->wanted) < 0 ||
        take_text(r, e, "session", w->asked, sizeof w->asked) < 0 ||
        take_text(r, e, "sessionKey", w->keys, sizeof w->keys) < 0 ||
        take_text(r, e, "newKey", w->new_key, sizeof w->new_key) < 0 ||
        take_text(r, e, "sessionNote", w->note, sizeof w->note) < 0)
        return -1;
    return take_mode(r, xml_attr(e, "newSession"), w);
}

/* What CREATEXIMSSSESSION gave may be shown as a ticket. */
static bool
take_made_session(struct req *r, const char *ticket)
{
    struct lasting_wish *w = &login_of(r->session)->lasting;
    uint8_t hash[TICKET_HASH_BYTES];

    if (w->asked[0] != '\0' || lasting_hash(ticket, hash) < 0)
        return false;
    strcpy(w->asked, ticket);
    return true;
}

/* clientAddress, which holds for what follows, too.  -1: answered. */
int
login_take_client(struct req *r, const struct xml_elem *e)
{
    struct session *s = r->session;
    const char *client = xml_attr(e, "clientAddress");
    struct peer peer;

    if (client == NULL || !login_is_proxy(s))
        return 0;
    if (peer_parse(&peer, client) < 0) {
        req_fail(r, ANSWER(BAD_CLIENT_ADDRESS));
        return -1;
    }
    free(s->client);
    s->client = xmemdup(&peer, sizeof peer);
    return 0;
}

enum req_result
login_in_clear(struct req *r, const char *name, const char *password,
               const char *method)
{
    struct attempt *a;

    if (!clear_is_allowed(r->session)) {
        req_fail(r, ANSWER(ENCRYPTION));
        return REQ_DONE;
    }
    if (strlen(name) > SASL_NAME_MOST || strlen(password) > PASSWORD_MOST)
        return start_malformed(r, method, ANSWER(WRONG_LOGIN)); /* nobody's */
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
        return start_malformed(r, "APOP", ANSWER(WRONG_LOGIN)); /* nobody's */
    a = attempt_new(r, name, "APOP");
    a->challenge = xstrdup(challenge);
    a->digest = xstrdup(digest);
    return attempt_start(a, attempt_take_slot);
}

static enum req_result
login_external(struct req *r)
{
    struct session *s = r->session;
    struct attempt *a;

    if (!external_is_allowed(s)) {
        req_fail(r, ANSWER(METHOD_NOT_OFFERED));
        return REQ_DONE;
    }
    a = attempt_new(r, NULL, "EXTERNAL");
    login_of(s)->options.alerts = false;
    attempt_open(a, NULL);
    return REQ_PENDING;
}

/* Whom it is about is kept for the step that will prove it. */
static void
keep_for_proof(struct login *l, const struct attempt *a)
{
    free(l->attempt_name);
    l->attempt_name = xstrdup(a->name);
    l->attempt_account = a->account;
    l->attempt_serial = a->serial;
    l->attempt_known = a->known;
    if (sasl_wants_proof(l->sasl)) {
        l->throttle = a->job.server->throttle;
        memcpy(l->address, a->address, sizeof l->address);
    }
    forget_token(l);
    if (a->cli_token != NULL)
        l->token = xmemdup(a->cli_token, sizeof *l->token);
    l->revocations = a->revocations;
}

static struct attempt *
attempt_to_prove(struct req *r)
{
    const struct login *l = r->session->login;
    struct attempt *a =
        attempt_new(r, l->attempt_name, sasl_mechanism(l->sasl));

    a->account = l->attempt_account;
    a->serial = l->attempt_serial;
    a->known = l->attempt_known;
    if (l->token != NULL) {
        a->tokens = (struct token_set){xmemdup(l->token, sizeof *l->token), 1};
        a->cli_token = a->tokens.item;
        a->revocations = l->revocations;
    }
    return a;
}

/* It is refused, or malformed: at once, unless there is something to hide. */
static void
attempt_end_step(struct attempt *a, attempt_step *refuse)
{
    a->first = refuse;
    if (a->not_before != 0)
        attempt_wait(a);
    else
        refuse(a);
}

/* What a step of SASL, by a message or by a credential, leads to.  a: the
 * attempt under way, NULL in a message; it is taken. */
static enum req_result
after_step(struct req *r, enum sasl_result result, char *challenge,
           struct attempt *a)
{
    struct login *l = login_of(r->session);
    struct sasl *sasl = l->sasl;
    enum req_result done = a != NULL ? REQ_PENDING : REQ_DONE;

    switch (result) {
    case SASL_CHALLENGE:
        r->dialect->challenge(r, challenge);
        free(challenge);
        l->throttle = NULL;
        if (a != NULL) {
            keep_for_proof(l, a);
            session_set_state(r->session, SESSION_NEW);
            attempt_free(a);
            req_finish(r);
        }
        return done;
    case SASL_CHECK_PASSWORD:
        return login_in_clear(r, sasl_name(sasl), sasl_password(sasl),
                              sasl_mechanism(sasl));
    case SASL_WANT_CREDENTIAL:
        return attempt_start(
            attempt_new(r, sasl_name(sasl), sasl_mechanism(sasl)),
            attempt_take_slot);
    case SASL_DONE:
        if (a == NULL) {
            a = attempt_to_prove(r);
            begin(r->session);
        }
        l->throttle = NULL;
        if (a->known)
            attempt_attach(a);
        else
            attempt_refuse(a, "unknown");
        return REQ_PENDING;
    case SASL_REFUSED:
        l->throttle = NULL;
        if (a == NULL) {
            a = attempt_new(r, sasl_name(sasl), sasl_mechanism(sasl));
            a->refused = "password";
            return attempt_start(a, attempt_refuse_now);
        }
        a->refused = "password";
        attempt_end_step(a, attempt_refuse_now);
        return REQ_PENDING;
    case SASL_MALFORMED:
        l->throttle = NULL;
        if (a == NULL)
            return start_malformed(r, sasl_mechanism(sasl),
                                   ANSWER(SASL_MALFORMED));
        a->text = answer_text_SASL_MALFORMED;
        a->code = ANSWER_SASL_MALFORMED;
        attempt_end_step(a, attempt_refuse_malformed);
        return REQ_PENDING;
    }
    return done;
}

static const char *
sasl_value(const struct xml_elem *e)
{
    return xml_attr_or(e, "value", xml_attr(e, "authData"));
}

enum req_result
login_begin_sasl(struct req *r, const char *method, const char *base64)
{
    struct login *l = login_of(r->session);
    struct errbuf err;
    char *challenge = NULL;
    enum sasl_result result;

    if (text_equal_nocase(method, "EXTERNAL"))
        return login_external(r);
    drop_exchange(l);
    l->sasl = sasl_new(method, &err);
    if (l->sasl == NULL) {
        req_fail(r, ANSWER(METHOD_NOT_OFFERED));
        return REQ_DONE;
    }
    if (sasl_is_clear(l->sasl) && !clear_is_allowed(r->session)) {
        sasl_free(&l->sasl);
        req_fail(r, ANSWER(ENCRYPTION));
        return REQ_DONE;
    }
    result = sasl_step(l->sasl, base64, &challenge);
    return after_step(r, result, challenge, NULL);
}

/* A proxy gave the challenge out itself (its clients come back on another
 * connection), and vouches that it is fresh. */
static enum req_result
login_answered(struct req *r, const char *challenge, const char *name,
               const char *value)
{
    struct login *l = login_of(r->session);
    struct errbuf err;

    if (name == NULL || value == NULL) {
        req_failf(r, ANSWER(MISSING), name == NULL ? "userName" : "value");
        return REQ_DONE;
    }
    drop_exchange(l);
    l->sasl = sasl_new("CRAM-MD5", &err);
    return after_step(r, sasl_cram_answered(l->sasl, challenge, name, value),
                      NULL, NULL);
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
        drop_exchange(l);
        req_fail(r, ANSWER(CANCELLED));
        return REQ_DONE;
    }
    if (sasl_wants_proof(l->sasl)) {
        a = attempt_to_prove(r);
        a->proof = xstrdup(base64);
        return attempt_start(a, attempt_prove);
    }
    result = sasl_step(l->sasl, base64, &challenge);
    return after_step(r, result, challenge, NULL);
}

void
login_without_alerts(struct session *s)
{
    login_of(s)->options = (struct login_options){.alerts = false};
}

/* Clients of the family say the name by authData and the password by password
 * (protocol.md A.6); where there is a userName, authData is the password. */
static void
take_names(const struct xml_elem *e, const char **name_r,
           const char **password_r)
{
    const char *auth = xml_attr(e, "authData");
    const char *password = xml_attr(e, "password");

    *name_r = xml_attr_or(e, "userName", xml_attr(e, "username"));
    *password_r = auth != NULL ? auth : password;
    if ((*name_r == NULL || **name_r == '\0') && password != NULL) {
        *name_r = auth;
        *password_r = password;
    }
}

static enum req_result
handle_login(struct req *r, const struct attrs *in)
{
    const struct xml_elem *e = in->elem;
    const char *method = xml_attr(e, "method");
    const char *ticket = xml_attr(e, "ticket");
    const char *name, *password;

    take_names(e, &name, &password);
    login_of(r->session)->options = (struct login_options){.alerts = true};
    login_of(r->session)->lasting = (struct lasting_wish){.wanted = false};
    if (take_options(r, e) < 0 || take_lasting(r, e) < 0 ||
        take_device(r, e) < 0 || login_take_client(r, e) < 0)
        return REQ_DONE;
    if (is_ticket(ticket) && !take_made_session(r, ticket))
        return login_with_ticket(r, ticket);
    if (login_of(r->session)->lasting.asked[0] != '\0')
        return login_with_session(r);
    if (login_of(r->session)->device.shown[0] != '\0')
        return login_with_device(r);
    if (method != NULL && xml_attr(e, "nonce") != NULL &&
        text_equal_nocase(method, "CRAM-MD5") && login_is_proxy(r->session))
        return login_answered(r, xml_attr(e, "nonce"), name, sasl_value(e));
    if (method != NULL)
        return login_begin_sasl(r, method, sasl_value(e));
    if (name == NULL || name[0] == '\0') {
        req_failf(r, ANSWER(MISSING), "userName");
        return REQ_DONE;
    }
    if (password == NULL) {
        req_failf(r, ANSWER(MISSING), "authData");
        return REQ_DONE;
    }
    return login_in_clear(r, name, password, "clear");
}

static enum req_result
handle_auth(struct req *r, const struct attrs *in)
{
    const struct xml_elem *e = in->elem;
    const char *value = sasl_value(e);

    if (!login_is_exchanging(r->session)) {
        req_fail(r, ANSWER(NO_EXCHANGE));
        return REQ_DONE;
    }
    if (take_options(r, e) < 0 || login_take_client(r, e) < 0)
        return REQ_DONE;
    if (value == NULL) {
        req_failf(r, ANSWER(MISSING), "value");
        return REQ_DONE;
    }
    return login_next_sasl(r, value);
}

/* --- listFeatures --- */

struct features_job {
    struct job job;
    struct req *req;
    char *domain; /* owned; asked for, then found */
    bool cram;
};

static enum store_result
features_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct features_job *f = (struct features_job *)j;
    struct domain_rec d = {0};
    enum store_result r = domain_find(t, f->domain, &d, err);

    if (r == STORE_NOTFOUND)
        r = domain_get(t, j->server->main_domain_number, &d, err);
    if (r == STORE_OK) {
        free(f->domain);
        f->domain = xstrdup(d.name);
        r = settings_domain_cram(t, &d, &f->cram, err);
    }
    domain_rec_clear(&d);
    return r;
}

static void
write_features(struct req *r, const struct features_job *f)
{
    struct session *s = r->session;

    buf_append_str(&r->out, "<features");
    xml_write_attr(&r->out, "id", r->id);
    xml_write_attr(&r->out, "domain", f->domain);
    buf_append_char(&r->out, '>');
    if (!session_is_encrypted(s) && session_worker(s)->tls != NULL)
        buf_append_str(&r->out, "<starttls/>");
    if (clear_is_allowed(s))
        buf_append_str(&r->out, "<sasl>LOGIN</sasl><sasl>PLAIN</sasl>");
    if (f->cram)
        buf_append_str(&r->out, "<sasl>CRAM-MD5</sasl>");
    buf_append_str(&r->out, "<sasl>SCRAM-SHA-256</sasl>");
    if (external_is_allowed(s))
        buf_append_str(&r->out, "<sasl>EXTERNAL</sasl>");
    buf_append(&r->out, "</features>", sizeof "</features>");
}

static void
features_finish(struct job *j)
{
    struct features_job *f = (struct features_job *)j;
    struct req *r = f->req;

    if (r->session != NULL) {
        if (j->result == STORE_OK) {
            write_features(r, f);
            req_ok(r);
        } else {
            req_fail_store(r, j->result, &j->err);
        }
    }
    req_finish(r);
    free(f->domain);
    job_clear(j);
    free(f);
}

static enum req_result
handle_list_features(struct req *r, const struct attrs *in)
{
    const struct xml_elem *e = in->elem;
    struct features_job *f;

    if (login_take_client(r, e) < 0)
        return REQ_DONE;
    f = xcalloc(1, sizeof *f);
    job_init(&f->job, r->worker->server, r->worker);
    f->job.lane = session_lane(r->session);
    f->req = r;
    f->domain = login_of(r->session)->domain != NULL
                    ? xstrdup(login_of(r->session)->domain)
                    : server_main_domain(r->worker->server);
    f->job.body = features_body;
    f->job.finish = features_finish;
    job_submit(&f->job);
    return REQ_PENDING;
}

/* `ticket` and `device` are yes, no, or what they are about. */
static const struct attr_rule login_attrs[] = {
    ATTR_MAY("domain", ATTR_TEXT),
    ATTR_MAY("method", ATTR_TEXT),
    ATTR_MAY("value", ATTR_TEXT),
    ATTR_MAY("authData", ATTR_TEXT),
    ATTR_MAY("userName", ATTR_TEXT),
    ATTR_MAY("username", ATTR_TEXT),
    ATTR_MAY("password", ATTR_TEXT),
    ATTR_MAY("nonce", ATTR_TEXT),
    ATTR_MAY("clientAddress", ATTR_TEXT),
    ATTR_MAY("alerts", ATTR_YES_NO),
    ATTR_MAY("alertConfirm", ATTR_YES_NO),
    ATTR_MAY("alertChanges", ATTR_YES_NO),
    ATTR_MAY("ticket", ATTR_TEXT),
    ATTR_MAY("keepTicket", ATTR_YES_NO),
    ATTR_MAY("lasting", ATTR_YES_NO),
    ATTR_MAY("newKey", ATTR_TEXT),
    ATTR_MAY("sessionNote", ATTR_TEXT),
    ATTR_MAY("session", ATTR_TEXT),
    ATTR_MAY("sessionKey", ATTR_TEXT),
    ATTR_MAY("newSession", ATTR_TEXT),
    ATTR_MAY("device", ATTR_TEXT),
    ATTR_MAY("deviceName", ATTR_TEXT),
    ATTRS_END,
};
static const struct attr_rule auth_attrs[] = {
    ATTR_MAY("domain", ATTR_TEXT),
    ATTR_MAY("value", ATTR_TEXT),
    ATTR_MAY("authData", ATTR_TEXT),
    ATTR_MAY("clientAddress", ATTR_TEXT),
    ATTR_MAY("alerts", ATTR_YES_NO),
    ATTR_MAY("alertConfirm", ATTR_YES_NO),
    ATTR_MAY("alertChanges", ATTR_YES_NO),
    ATTR_MAY("ticket", ATTR_TEXT),
    ATTR_MAY("keepTicket", ATTR_YES_NO),
    ATTRS_END,
};
static const struct attr_rule features_attrs[] = {
    ATTR_MAY("domain", ATTR_TEXT),
    ATTR_MAY("clientAddress", ATTR_TEXT),
    ATTRS_END,
};

const struct req_desc req_login_table[] = {
    {"login", REQ_BEFORE_LOGIN | REQ_LENIENT, handle_login, login_attrs},
    {"auth", REQ_BEFORE_LOGIN | REQ_LENIENT, handle_auth, auth_attrs},
    {"listFeatures", REQ_BEFORE_LOGIN | REQ_IN_SESSION | REQ_LENIENT,
     handle_list_features, features_attrs},
    {NULL, 0, NULL, NULL},
};
