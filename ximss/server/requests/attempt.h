/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_REQUESTS_ATTEMPT_H
#define XIMSS_SERVER_REQUESTS_ATTEMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "passdb/passdb.h"
#include "storage/tables.h"
#include "util/conn.h"
#include "ximss/server/auth/login_slots.h"
#include "ximss/server/auth/ticket.h"
#include "ximss/server/base/auth_list.h"
#include "ximss/server/base/hash_limits.h"
#include "ximss/server/base/peer.h"
#include "ximss/server/live/account.h"
#include "ximss/server/live/job.h"
#include "ximss/server/live/request.h"
#include "ximss/server/live/ticket_renew.h"
#include "ximss/server/rules/device.h"
#include "ximss/server/rules/lasting.h"
#include "ximss/server/rules/token.h"

struct event;
struct login_door;
struct session;

/* One attempt to log in; private to the files of the log-in.
 *
 * It passes through these stages.  Each may wait for another thread, and each
 * ends the attempt quietly if its session is gone by then.
 *
 *   wait     as long as the throttle wants                  attempt_wait.c
 *   recall   the auth cache knows the password: no check    attempt_lookup.c
 *   slot     one of those that the client's address has     attempt_wait.c
 *   look up  the store: account and credential, or a dummy  attempt_lookup.c
 *            for a name that does not exist
 *   check    clear passwords: in the hash pool              attempt_check.c
 *            SASL: a challenge, and later its proof         attempt_proof.c
 *   guess    before that: one of those that the name has,   attempt_guess.c
 *            and its address, while sources outside answer
 *   outside  what the store does not let in is asked about  attempt_outside.c
 *            outside, if the domain wants that, without a
 *            slot; an account is made if there is none
 *   find     instead of these: whose the ticket, session    attempt_way.c
 *            or device is
 *   attach   the session moves to its account's worker,     attempt_open.c
 *            which loads the account
 *   place    one of those that the account has              attempt_open.c
 *   change   the store: a ticket is made or spent, a        attempt_way.c
 *            session or device goes on
 *   open     the session is logged in                       attempt_open.c
 *
 * At the mail door nothing is checked but who the process is: instead of recall,
 * slot, look up and check, login_door.c finds the account.
 *
 * What is found is spent only when there is a place: who finds none has lost
 * nothing, and has left nothing behind.
 *
 * Whether a name exists shows neither in the answer nor in the time that it
 * takes: a dummy goes the same way and never matches. */

struct attempt;

/* What an attempt does in the store, on the writer thread.  It may run
 * again. */
typedef enum store_result attempt_body(struct attempt *a, struct store_txn *t,
                                       struct errbuf *err);
/* What it does in the hash pool, by one of whose threads. */
typedef void attempt_work(struct attempt *a);
/* What it does next, on its worker, while its session is there.  It asks again,
 * or answers and frees the attempt. */
typedef void attempt_step(struct attempt *a);

/* A way in that changes the store: by a ticket, the id of a session, or the
 * token of a device; or by a password, if a ticket is wanted. */
struct attempt_way {
    attempt_body *find;   /* says by `known` whether what is shown is good, and
                             fills in whose it is.  NULL: that is known */
    attempt_body *change; /* spends it, and makes what is given instead; says by
                             `known` whether it was still good */
    attempt_step *refuse; /* it is not good.  NULL: it always is */
};

/* The way to a password by sources outside of the server. */
struct attempt_outside {
    /* From the beginning. */
    int64_t timeout, cache_time; /* microseconds */
    bool is_secured;             /* nobody can read what the client sends */
    /* From the look-up. */
    struct auth_list list; /* of the domain; also without a source outside */
    char *user;            /* owned; who is asked about: user@domain */
    bool is_above;         /* has server-wide rights: no source lets it in */
    /* While it asks. */
    unsigned next;            /* of the list: the source that is asked */
    int64_t deadline;         /* clock_mono, of all sources together */
    int64_t asked;            /* clock_mono: this one */
    struct passdb_call *call; /* owned; NULL: none */
    enum passdb_answer answer;
    bool is_first;             /* the exchange begins */
    bool is_away, is_busy;     /* one of them was */
    bool is_wrong;             /* one of them says so */
    enum auth_source wrong_by; /* ... the last one that does */
    bool is_hashed;            /* a hash was spent on the password */
    bool is_counted;           /* as a failure */
    const char *reason;        /* of the refusal, for the log; constant */
    /* The end. */
    enum auth_source by; /* who says that it is right */
    bool let_in;         /* so, now or before (the auth cache knows) */
};

/* Prefix of the addresses by which wrong ids of sessions are counted, apart
 * from passwords. */
#define ATTEMPT_SESSIONS_OF "sessions of "

struct attempt {
    struct job job;     /* first: it goes to the store and comes back */
    attempt_body *body; /* in the store */
    attempt_work *work; /* in the hash pool */
    attempt_step *next; /* when it is back on its worker */
    bool may_fail;      /* `next` follows even if the store fails */
    struct mail moved;  /* to the account's worker */
    struct conn_deferred move;
    struct req *req; /* answered by the attempt; its session may be gone */

    /* Settings, for the writer thread and the pool. */
    int64_t ticket_time; /* microseconds that a new ticket lives */
    size_t tickets_most; /* of one account */
    unsigned iterations; /* of a password that is set now */
    struct hash_limits hash_limits;
    bool keep_hashes; /* foreign ones stay as they are */
    struct device_rules device_rules;

    /* Who it is, and where it comes from. */
    const char *method; /* constant; for the log */
    char *name;         /* owned; user@domain, in lower case, as it was typed;
                           NULL: no name was given */
    char *account_name; /* owned; the account's own, of which `name` may be an
                           alias; NULL: not known yet */
    uint64_t account;   /* its number, once it is known */
    uint32_t serial;    /* its cred_serial when `account` was found */
    struct peer peer;
    struct peer client;           /* named by a proxy; PEER_NONE: none was */
    char address[PEER_TEXT_SIZE]; /* of the client, or else the peer */

    /* Waiting. */
    attempt_step *first; /* when the throttle lets it */
    char counted_as[sizeof ATTEMPT_SESSIONS_OF + PEER_TEXT_SIZE]; /* the address
                            by which the throttle counts; "": not at all */
    int64_t not_before;  /* it is refused (clock_mono); 0: any time */
    struct event *timer; /* owned; NULL: it never waited */
    bool throttled;      /* it has waited, or is to be refused later */
    struct login_slot slot;
    struct login_slot guess[2]; /* of its name, of its address */
    struct login_slot *waits;   /* borrowed: which of these; NULL: none */
    attempt_step *guess_next;   /* when it has these */

    /* An answer that has to wait for the throttle. */
    const char *refused;     /* the reason, for the log */
    const char *answer_text; /* what is malformed, constant */
    unsigned answer_code;

    /* What it is checked by: one of password, proof, and challenge with digest;
     * or none, if SASL has it. */
    char *password;  /* owned, wiped */
    char *proof;     /* owned; SCRAM's last message, in base64 */
    char *challenge; /* owned; APOP's */
    char *digest;    /* owned; the answer to it */
    struct credential cred;
    bool cram;     /* the domain wants CRAM-MD5's state kept */
    bool recalled; /* by the auth cache: the serial is still to be compared */
    bool matches;  /* the password is the credential's */
    bool renewed;  /* cred was made anew, by the settings of now */
    bool known;    /* what the store was asked for last is there, and good: the
                      account, ticket, session, device or token */

    struct attempt_outside outside;
    struct login_door *door; /* owned; NULL: not at the mail door */

    /* CLI tokens. */
    bool takes_tokens;             /* it comes by the PWD port: they are good */
    struct token_set tokens;       /* owned; those of the account */
    size_t tried;                  /* so many of them do not fit the proof */
    const struct token *cli_token; /* of these: by which it comes; NULL: none */

    /* What is shown, and what is given instead. */
    const struct attempt_way *way; /* NULL: the store is not changed */
    struct lasting_wish lasting;
    struct device_wish device_wish;
    uint8_t hash[TICKET_HASH_BYTES]; /* of the ticket or id that is shown */
    bool keep_ticket;     /* what is shown stays good: others have it, too */
    uint8_t ticket_bound; /* of what is shown, as in struct ticket_rec */
    uint64_t device;      /* of what is shown or made; 0: none */
    char ticket[TICKET_TEXT_SIZE]; /* the new one; "": none */
    uint8_t next_hash[TICKET_HASH_BYTES];
    bool grows;              /* the account gets more tickets by it */
    struct ticket_keep keep; /* owned; those that stay whatever the limit */
    bool has_place;          /* counted in the account's n_coming */
    bool changed;            /* the store is, or is being */
    unsigned revocations;    /* revocation_count before the store was read for
                                what lets it in */
};

/* --- attempt.c: beginning, asking, answering, end --- */

/* name: NULL, or as it came; method: constant.  The request will be answered by
 * the attempt, whatever becomes of it. */
struct attempt *attempt_new(struct req *r, const char *name,
                            const char *method) WARN_UNUSED;
/* Gives up its slot and place, and wipes.  The request stays the caller's. */
void attempt_free(struct attempt *a);
/* Frees an attempt whose session is gone, with the request; true if so. */
bool attempt_free_orphan(struct attempt *a);

/* `body` runs in the store, then `next` on the worker.  If the session is gone
 * by then the attempt is freed instead, and if the store failed, it is answered
 * so.  The last thing that a step does. */
void attempt_ask(struct attempt *a, attempt_body *body, attempt_step *next);
/* The same, but `next` follows even if the store failed: see a->job.result. */
void attempt_ask_anyway(struct attempt *a, attempt_body *body,
                        attempt_step *next);
/* From another thread that has the attempt: `next` on the worker, as above. */
void attempt_send_home(struct attempt *a, attempt_step *next);
/* `work` in the hash pool, then `next` on the worker, as above; if the pool is
 * full, answers instead. */
void attempt_hash(struct attempt *a, attempt_work *work, attempt_step *next);

/* The same, by the thread that asks the system for names of users, which may take
 * long; users take turns. */
void attempt_ask_system(struct attempt *a, uint32_t uid, attempt_work *work,
                        attempt_step *next);

/* These answer and free; the session may log in again. */
void attempt_answer(struct attempt *a, unsigned code, const char *text);
void attempt_answer_store(struct attempt *a); /* the store failed */
/* Wrong password or account name; counted, and logged with the reason. */
void attempt_refuse(struct attempt *a, const char *reason);
/* What attempt_refuse counts and logs.  Any thread that has the attempt. */
void attempt_count_failure(const struct attempt *a, const char *reason);

/* The name for a line of the log that tools read: one word; "-": none. */
void attempt_log_name(const struct attempt *a, char out[ACCOUNT_NAME_SIZE]);

/* --- attempt_wait.c: the throttle and the slots --- */

/* The session takes no more input until the attempt has ended. */
void attempt_begin(struct attempt *a);
/* Begins, and takes the step `first` when the throttle lets it. */
enum req_result attempt_start(struct attempt *a, attempt_step *first);
/* Answers so when the throttle lets it; counts and logs it. */
enum req_result attempt_start_malformed(struct req *r, const char *method,
                                        unsigned code, const char *text);
/* Takes a->first when the throttle lets it.  Without a slot meanwhile. */
void attempt_wait(struct attempt *a);
/* Stops waiting.  False: what it waited for is on its way to it. */
bool attempt_wait_cancel(struct attempt *a) WARN_UNUSED;
/* Looks the account up once it has a slot.  If it had to wait for that, it
 * starts with a->first again: others may have failed meanwhile. */
void attempt_take_slot(struct attempt *a);

/* Refuses when the throttle lets it.  It is wrong already: good attempts are
 * not held up by the failures of others, but nobody has more of them counted
 * and logged than the throttle lets them. */
void attempt_refuse_in_time(struct attempt *a, const char *reason);
/* So for a ticket or a token that is not good, or not any more. */
void attempt_refuse_shown(struct attempt *a);
/* Steps for `first`: refuses for the reason a->refused. */
void attempt_refuse_now(struct attempt *a);
/* Answers a->answer_code with a->answer_text; some of them end the connection,
 * as malformed messages do. */
void attempt_refuse_malformed(struct attempt *a);

/* --- attempt_guess.c: how many are asked about outside at once --- */

/* Takes the step `ask` when the failures that its name and address may still have
 * allow it, all that are being asked about counted as some.  It stays counted until
 * it is freed.  a->outside.deadline is that of what it asks. */
void attempt_guess(struct attempt *a, attempt_step *ask);
/* Gives that up; nothing if it has none. */
void attempt_guess_release(struct attempt *a);

/* --- attempt_lookup.c: name and password --- */

/* Lets in if the auth cache knows the password, else takes a slot. */
void attempt_recall(struct attempt *a);
/* Whether it knows the password, for that name; then whose it is. */
bool attempt_recalls(struct attempt *a, const char *name);
/* Looks the account up, and checks. */
void attempt_look_up(struct attempt *a);
/* For bodies: the account's CLI tokens. */
enum store_result attempt_read_tokens(struct attempt *a, struct store_txn *t,
                                      uint64_t account,
                                      struct errbuf *err) WARN_UNUSED;

/* --- attempt_check.c, attempt_proof.c --- */

/* What was looked up is compared with what was shown; or the exchange by SASL
 * goes on. */
void attempt_check(struct attempt *a);
/* The exchange by SASL goes on with the credential that was looked up. */
void attempt_check_sasl(struct attempt *a);
/* SCRAM's proof (a->proof) is checked. */
void attempt_prove(struct attempt *a);

/* --- attempt_outside.c: sources of passwords outside --- */

/* The domain has such a source. */
bool attempt_is_outside(const struct attempt *a);
/* Asks them about the clear password, and attaches or refuses. */
void attempt_ask_outside(struct attempt *a);
/* Hands the first message of an exchange by SASL on, and what comes back.  False:
 * that is not for outside: the store has a secret for it, or no source of the domain
 * offers the mechanism. */
bool attempt_exchange_outside(struct attempt *a);
/* The same for the next message (a->proof). */
void attempt_go_on_outside(struct attempt *a);
/* Refuses whom a source lets in, and the server does not: counts it, and answers when
 * the source would have refused (refusal_time.h). */
void attempt_refuse_barred(struct attempt *a, const char *reason);
/* Ends what was asked, and frees. */
void attempt_outside_clear(struct attempt_outside *o);

/* --- attempt_way.c: what is in the store --- */

/* Asks whose it is what is shown, and attaches or refuses. */
void attempt_find(struct attempt *a);
/* For bodies: lets in as the account whose ticket, session or device it is.
 * known: that may come, from this address. */
enum store_result attempt_admit_owner(struct attempt *a, struct store_txn *t,
                                      const struct ticket_rec *k,
                                      struct errbuf *err) WARN_UNUSED;
/* The record of the new ticket: of whom the attempt is let in as. */
struct ticket_rec attempt_new_ticket(const struct attempt *a);
/* The same, which is bound as what is shown, and to the same. */
struct ticket_rec attempt_next_ticket(const struct attempt *a,
                                      const struct ticket_rec *shown);
/* The new ticket, and the new id of a lasting session. */
void attempt_make_ticket(struct attempt *a);
void attempt_make_session(struct attempt *a);
/* Where it comes from, for the records of devices. */
const struct peer *attempt_client(const struct attempt *a);
/* Changes the store if the way wants it.  False: it does not, or that has been
 * done.  Else the attempt will load the account again. */
bool attempt_change(struct attempt *a, const struct account *account);
/* The password that wanted the change is to be checked again. */
void attempt_forget_change(struct attempt *a);

/* --- attempt_open.c: the account, and the end --- */

/* Lets in: the session goes to its account's worker.  Gives up the slot. */
void attempt_attach(struct attempt *a);
/* There already: loads the account, and opens if nothing is in the way. */
void attempt_load(struct attempt *a);
/* Logged in; account NULL: as the local administrator.  Answers and frees. */
void attempt_open(struct attempt *a, struct account *account);
/* Gives up its place in the account, if it has one. */
void attempt_leave_place(struct attempt *a);

#endif
