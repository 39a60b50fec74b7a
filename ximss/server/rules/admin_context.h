/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_ADMIN_CONTEXT_H
#define XIMSS_SERVER_RULES_ADMIN_CONTEXT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "storage/store.h"
#include "storage/tables.h"
#include "util/errbuf.h"
#include "ximss/server/base/auth_list.h"
#include "ximss/server/base/hash_limits.h"
#include "ximss/server/rules/effect.h"
#include "ximss/server/rules/rights.h"

/* What a change of the store is made with: who asks, when, in which transaction,
 * within which limits, and where its effects go.  The CLI's commands and the
 * requests of XIMSS fill it alike.  The writer thread's, but for the settings. */

struct arena;
struct backups;
struct audit_budget;
struct config_texts;
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
    void *state;         /* in the arena; the command's own */
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

/* Whom a change, or an attempt at one, is about, for the audit log: what was
 * found first. */
#define ADMIN_ABOUT_SIZE 512
struct admin_about {
    uint64_t domain;             /* number; 0: no domain's */
    char name[ADMIN_ABOUT_SIZE]; /* user@domain, a domain, server or cluster;
                                    "": not known */
    char fresh[256]; /* with a domain as name: what is to be made in it.  Only
                        if it was made, or a password in the wrong place would be
                        told; "": nothing */
};

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
    struct admin_about about;
    char **newcomer; /* borrowed; NULL: nobody asks for them.  Set to the name,
                        owned, of an account that is missing, if it may be asked
                        whether a source of passwords knows the user */
};

/* Limits and defaults the engine needs (from the configuration). */
struct admin_settings {
    size_t alert_bytes; /* longest alert text; default 4096 */
    unsigned
        max_alerts[ALERT_ACCOUNT + 1];   /* of a set, by scope; 0: no limit */
    int64_t lifetime[ALERT_ACCOUNT + 1]; /* default end by scope, us; 0 none */
    unsigned iterations;                 /* for new passwords */
    unsigned min_length;            /* of new passwords, characters; 0: any */
    struct hash_limits hash_limits; /* for those brought along */
    unsigned max_tickets;           /* of one account */
    unsigned max_tokens;            /* the same */
    unsigned max_members;           /* of one group */
    unsigned max_groups, max_forwarders; /* of one domain; 0: no limit */
    unsigned max_triggers, max_handlers; /* that were set */
    atomic_uint_least64_t *next_session; /* borrowed: the next one's number */
    size_t prefs_bytes;                  /* longest preferences */
    char time_zone[65];                  /* of those who chose none */
    int64_t started;                     /* when the server began to run */
    const char *version;                 /* "ximssd 0.1.0" */
    bool test_hooks;                     /* TESTCLOCK allowed */
    bool source_limits;    /* what may be used is as sources of usage say */
    bool can_ask;          /* there are sources that can be asked */
    struct auth_list auth; /* where passwords are checked, unless a domain says
                              something else */
    bool has_userdb;       /* Dovecot can be asked which users there are */
    struct backups *backups; /* borrowed; NULL: none can be made */
    int64_t backup_max_age;  /* us; 0: not watched */
    const struct config_texts *auto_domains; /* borrowed; domains that make
                                themselves, "*": any; NULL: none */
};

#endif
