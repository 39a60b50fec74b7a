/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_ADMIN_H
#define XIMSS_SERVER_ADMIN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "storage/store.h"
#include "storage/tables.h"
#include "util/buf.h"
#include "util/errbuf.h"
#include "util/log.h"
#include "ximss/server/effect.h"
#include "ximss/server/peer.h"
#include "ximss/server/rights.h"

/* The engine behind every door to administration: CLI commands (by
 * cliExecute and the PWD port) and the XIMSS requests that change alerts.
 *
 * Everything here runs in bodies of store jobs, that is on the writer thread
 * inside a transaction, and says what it changed by effects.  Each change adds
 * an audit record.  Rights are checked here and nowhere else. */

struct admin_line;
struct arena;
struct audit_budget;
struct token_key;

/* What a command that does its work in parts (STORE_AGAIN) keeps from one to the
 * next.  Zeroed at first. */
struct admin_progress {
    uint64_t target; /* number of what is being changed; 0: not yet known */
    uint64_t at, sum;
};
struct admin_parts {
    struct admin_progress done,
        next; /* next is done when the part is on disk */
    unsigned part;
    /* Made once, and the same however often a part is run. */
    struct arena *arena; /* owned */
    struct admin_line *line;
    const struct errbuf *bad; /* why the line is malformed; NULL: it is not */
    void *state;              /* in the arena; the command's own */
    unsigned begun; /* 1 more than the first part that changed something; 0:
                       none has */
};

void admin_parts_clear(struct admin_parts *p);
/* Where the part begins, and where the next one will if this is STORE_AGAIN. */
struct admin_progress admin_parts_begin(struct admin_parts *p,
                                        const struct store_txn *t);
void admin_parts_set(struct admin_parts *p, const struct store_txn *t,
                     const struct admin_progress *next);

/* Sets of alerts that are being changed in parts: one change at a time.  The
 * writer thread's. */
struct alert_claim {
    LIST_ENTRY(alert_claim) link;
    enum alert_scope scope;
    uint64_t target;
    bool held;
};
LIST_HEAD(alert_claims, alert_claim);

struct admin_context {
    struct store_txn *txn;
    const struct caller *caller;
    int64_t now;                 /* microseconds UTC */
    struct effect_list *effects; /* filled; published after the commit */
    const struct admin_settings *settings; /* borrowed; constant during a job */
    struct audit_budget *budget;           /* borrowed; NULL: no limit */
    struct token_key *token_key; /* borrowed; NULL: no tokens can be made */
    const char *from; /* borrowed: `next` of the answer before; NULL: the first
                         piece (see admin_answer) */
    uint64_t target;  /* that of the answer before; 0: the first job */
    struct admin_parts *parts;   /* borrowed; NULL: no command in parts */
    struct alert_claims *claims; /* borrowed; NULL: nobody else is there */
    struct alert_claim *claim; /* borrowed; given up by the caller when the job
                                    has ended */
};

/* Limits and defaults the engine needs (from the configuration). */
struct admin_settings {
    size_t alert_bytes; /* longest alert text; default 4096 */
    unsigned
        max_alerts[ALERT_ACCOUNT + 1];   /* of a set, by scope; 0: no limit */
    int64_t lifetime[ALERT_ACCOUNT + 1]; /* default end by scope, us; 0 none */
    unsigned iterations;                 /* for new passwords; default 10000 */
    unsigned max_tickets;                /* of one account */
    unsigned max_tokens;                 /* the same */
    unsigned max_members;                /* of one group */
    unsigned max_groups, max_forwarders; /* of one domain; 0: no limit */
    atomic_uint_least64_t *next_session; /* borrowed: the next one's number */
    size_t prefs_bytes;                  /* longest preferences */
    char time_zone[65];                  /* of those who chose none */
    int64_t started;                     /* when the server began to run */
    const char *version;                 /* "ximssd 0.1.0" */
    bool test_hooks;                     /* TESTCLOCK allowed */
    bool source_limits; /* what may be used is as sources of usage say */
    bool can_ask;       /* there are sources that can be asked */
};

/* What a command answers.  code 200: done; 5NN: refused (protocol.md C.2), and
 * `text` says why, words and dots only.  data: a result in the data format on
 * one line, or empty.  A zeroed struct is empty; data is owned.
 *
 * more: a big piece of work has done what one job may do, and the caller
 * submits the same line again, as a new job, until `more` is false:
 * - a change (DELETEDOMAIN FORCE; `next` is NULL): also if whoever asked is gone
 *   by then; `target` goes into the context, so that what has got the name
 *   meanwhile is not meant; the last answer is the answer.  What was done stays
 *   done if it ends before;
 * - a listing (`next` is set): data is the next piece of the result, which the
 *   caller sends first, when there is room, and `next` goes into the context as
 *   `from`.  Only the first piece can be refused. */
struct admin_answer {
    int code;
    char text[200];
    struct buf data;
    bool more;
    uint64_t target; /* number of what is being changed */
    char *next;      /* owned */
};

void admin_answer_clear(struct admin_answer *a);

/* Runs one command line.  STORE_OK: answer filled, also when code is 5NN (then
 * nothing was changed); STORE_AGAIN: it is to be run again, with the same parts;
 * STORE_FULL or STORE_ERROR: the job must fail. */
enum store_result admin_execute(struct admin_context *x, const char *line,
                                size_t len, struct admin_answer *answer,
                                struct errbuf *err) WARN_UNUSED;

/* Adds an audit record in the caller's name: for changes that are made outside
 * of this module.  outcome: "ok" or the error text.  Of what changed nothing,
 * and of callers without any right, only as many as the budget has
 * (audit_budget.h), unless the caller holds Master or All Domains. */
enum store_result admin_audit(struct admin_context *x, const char *what,
                              const char *outcome,
                              struct errbuf *err) WARN_UNUSED;
/* Adds the records that say how many the budget left out (see
 * audit_budget_tell; the caller says audit_budget_told after the commit). */
enum store_result admin_audit_left_out(struct admin_context *x, bool all,
                                       struct errbuf *err) WARN_UNUSED;

/* --- commands that carry a password --- */

/* A password that a command line carries must be hashed before the job is
 * submitted: PBKDF2 takes milliseconds, and the writer has none to spare.
 * admin_needs_hash looks at a line (any thread) and, if it sets or checks a
 * password, copies the clear text into password_r (the caller wipes and frees
 * it) and returns which:
 * - ADMIN_HASH_NEW: the caller asks admin_hash_wanted in a job; if it is, he
 *   makes a credential with fresh salt in its hash pool, always with the
 *   CRAM-MD5 state, and hands it to admin_execute_hashed, which drops that state
 *   if the domain does not want it;
 * - ADMIN_HASH_VERIFY: the caller runs admin_verify_find in a job, checks the
 *   password against what it found in its hash pool, and hands the outcome to
 *   admin_execute_hashed (checked false where there was nothing to check).
 * So nobody has anything hashed that he may not have done.
 * account_r: the account as the line names it (the caller frees), not NULL if
 * there is a password.  Lines that would be refused anyway give
 * ADMIN_HASH_NONE. */
enum admin_hash_kind {
    ADMIN_HASH_NONE,
    ADMIN_HASH_NEW,
    ADMIN_HASH_VERIFY
};
enum admin_hash_kind admin_needs_hash(const char *line, size_t len,
                                      char **password_r, char **account_r);

/* Whether a line of ADMIN_HASH_NEW would be carried out, as things stand: all is
 * checked, nothing is changed, and the audit log hears nothing of it. */
enum store_result admin_hash_wanted(struct admin_context *x, const char *line,
                                    size_t len, bool *wanted_r,
                                    struct errbuf *err) WARN_UNUSED;

/* Fills *cred_r, and *found_r: there is such an account, and this caller may
 * check its password (else admin_execute_hashed says why not).  iterations 0: it
 * has none.  *guessed_r: the number of the
 * account if its password is not the caller's to set, so that he must not try
 * many; else 0. */
enum store_result admin_verify_find(struct admin_context *x,
                                    const char *account,
                                    struct credential *cred_r, bool *found_r,
                                    uint64_t *guessed_r,
                                    struct errbuf *err) WARN_UNUSED;

/* As admin_execute, with the credential that was made (ADMIN_HASH_NEW), or the
 * outcome of the check (ADMIN_HASH_VERIFY). */
struct admin_hashed {
    const struct credential *made; /* borrowed; NULL: none */
    bool checked, matches;
};
enum store_result admin_execute_hashed(struct admin_context *x,
                                       const char *line, size_t len,
                                       const struct admin_hashed *hashed,
                                       struct admin_answer *answer,
                                       struct errbuf *err) WARN_UNUSED;

/* --- commands about what lives in memory --- */

/* Commands whose answer is not in the store.  The caller runs admin_live_begin
 * in a job instead of admin_execute; if it answers 200, the caller does what
 * `live` says, across the workers, and makes the answer. */
enum admin_live_command {
    ADMIN_LIVE_NONE,
    ADMIN_LIVE_LIST_SESSIONS, /* of `account`: an array of session names */
    ADMIN_LIVE_FIND_SESSION,  /* of `account`: the name of one; 501 if none */
    ADMIN_LIVE_LIST_ALL,      /* array of dictionaries, at most `limit` */
    ADMIN_LIVE_GET_SESSION,   /* `session`: a dictionary; restarts its idle
                                 timer */
    ADMIN_LIVE_KILL_SESSION,  /* `session` */
    ADMIN_LIVE_KILL_DEVICE,   /* sessions of `account` that came by `device` */
    ADMIN_LIVE_WRITE_LOG,     /* `text` at `level` */
    ADMIN_LIVE_LOG_ALL,       /* `on`: all of the log; else as configured */
    ADMIN_LIVE_TEST_LOOP,     /* measures; the result is a number */
    ADMIN_LIVE_TEST_CLOCK     /* clock_advance(advance) */
};

/* Which of an account's sessions are meant. */
struct admin_session_filter {
    struct peer address; /* PEER_NONE: any */
    struct peer proxied; /* behind the proxy `address`; PEER_NONE: any */
    char protocol[16];   /* "": any; the case of letters does not matter */
    char transport[16];  /* the same */
    bool nothing;        /* it asks for what no session has */
};

#define ADMIN_LOG_BYTES 1000 /* longest text of WRITELOG */

struct admin_live {
    enum admin_live_command command;
    uint64_t account;                   /* number */
    uint64_t device;                    /* KILL_DEVICE: its number; 0: any */
    struct admin_session_filter filter; /* LIST and FIND */
    /* For GET and KILL: the session must be one of this domain (0: of any), and
     * rights_cover must hold for its account, else it counts as unknown. */
    uint64_t domain;
    char session[64];
    bool lasts; /* GET and KILL: the store knew it (and, for KILL, does not any
                   more), whether it is connected or not.  The answer has what
                   the store knows for GET, LIST and FIND. */
    unsigned limit;
    int64_t advance; /* microseconds, may be negative */
    enum log_level level;
    char text[ADMIN_LOG_BYTES + 1];
    bool on;
};

/* Whether the line is such a command (any thread). */
bool admin_is_live(const char *line, size_t len);

/* Whether the command may take more than one job, or is answered outside of the
 * store: while it runs, no other of the same connection should, or what comes
 * later would be done earlier (any thread). */
bool admin_runs_alone(const char *line, size_t len);

/* Reads the line, checks rights, resolves names.  Adds the audit record of the
 * commands that change something.  code 200: *live_r is filled. */
enum store_result admin_live_begin(struct admin_context *x, const char *line,
                                   size_t len, struct admin_live *live_r,
                                   struct admin_answer *answer,
                                   struct errbuf *err) WARN_UNUSED;

/* --- names --- */

/* Finds "name@domain" (a bare name: in default_domain, NULL: the main domain).
 * STORE_NOTFOUND with *domain_found_r telling which half is missing. */
enum store_result admin_account_find(struct store_txn *t, const char *address,
                                     const char *default_domain,
                                     struct domain_rec *domain_r,
                                     struct account_rec *account_r,
                                     bool *domain_found_r,
                                     struct errbuf *err) WARN_UNUSED;

/* --- alerts, as the XIMSS requests want them --- */

struct post {
    enum alert_scope scope;
    const char *target; /* name of the domain or account; NULL for others */
    enum alert_severity severity;
    int64_t until;        /* 0: the scope's default lifetime, or: */
    const char *lifetime; /* from now on, as clock_parse_span has it; NULL */
    const char *key;      /* idempotency key, NULL none */
    const char *text;
    size_t text_len;
    bool test; /* check and count only */
};

struct post_result {
    int code; /* 200, or the error */
    char text[200];
    uint64_t id; /* of the alert (new, or the first of that key) */
    int64_t posted;
    int64_t until;     /* 0: it has no end */
    bool repeated;     /* the key had been used: nothing was posted */
    bool over;         /* ... and that alert was delivered, or has ended */
    uint64_t accounts; /* in the audience, whether connected or not (test
                               only) */
    uint64_t target;   /* number of the target, for counting sessions */
};

/* Checks the rights, the text, the end and the key, then posts.  STORE_OK:
 * result->code says whether it was done (200, 501, 510, 512, 513, 518, 522, 526) and
 * result->text why not.  An alert for the cluster is refused with 501 as long
 * as there is no cluster. */
enum store_result admin_alert_post(struct admin_context *x,
                                   const struct post *post,
                                   struct post_result *result,
                                   struct errbuf *err) WARN_UNUSED;

/* Removes by id.  code 200 or 514 "no such alert" (also where not allowed). */
enum store_result admin_alert_remove(struct admin_context *x, uint64_t id,
                                     int *code_r,
                                     struct errbuf *err) WARN_UNUSED;

/* Names a scope's target by number and checks that the caller may list or
 * (watch) follow it.  code 200, 510, 512, 513. */
enum store_result admin_scope_check(struct admin_context *x,
                                    enum alert_scope scope, const char *target,
                                    uint64_t *target_r, bool *may_post_r,
                                    int *code_r,
                                    struct errbuf *err) WARN_UNUSED;

/* Removes some alerts whose end has come (up to `max`), as effects.  *next_r: the
 * next end, 0 if none; there may be more whose end has come. */
enum store_result admin_alerts_expire(struct admin_context *x, unsigned max,
                                      int64_t *next_r,
                                      struct errbuf *err) WARN_UNUSED;

#endif
