/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_EFFECT_H
#define XIMSS_SERVER_RULES_EFFECT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "storage/tables.h"

struct zone;

/* What a committed change means to those who are connected.
 *
 * Bodies of store jobs note effects while they run; when the commit is on
 * disk, the job's `done` hands them, in order, to the publisher, which tells
 * every worker.  A body that is run again starts with effect_list_clear. */

enum effect_kind {
    EFFECT_ALERT_ADDED,      /* alert */
    EFFECT_ALERT_REMOVED,    /* alert: id, scope, target (no text needed) */
    EFFECT_ACCOUNT_CHANGED,  /* account: rights, name, credential, settings */
    EFFECT_ACCOUNT_REMOVED,  /* account: number, domain */
    EFFECT_PREFS_CHANGED,    /* account: number; zone */
    EFFECT_DOMAIN_CHANGED,   /* domain */
    EFFECT_DOMAIN_REMOVED,   /* domain: number */
    EFFECT_KILL_SESSIONS,    /* account: number; all its sessions end */
    EFFECT_KILL_SESSION,     /* session: its number */
    EFFECT_SHUTDOWN,         /* the server drains and ends */
    EFFECT_COUNT_AUDIENCE,   /* alert: scope, target; counts, tells nobody */
    EFFECT_COUNT_DELIVERED,  /* alert: id, target; 1 if that account's alert was
                               delivered already */
    EFFECT_QUOTA_ALERT,      /* alert, used, limit: generated, of an account */
    EFFECT_QUOTA_OVER,       /* alert: id, target; a generated one is to go */
    EFFECT_QUOTA_LEVEL,      /* account: number; reached */
    EFFECT_QUOTA_DEFAULTS,   /* limits of whoever may have changed */
    EFFECT_TOKEN_REVOKED,    /* account: number; token */
    EFFECT_LOGINS_CHANGED,   /* what is kept of passwords may be another now */
    EFFECT_STAT_SET,         /* element: it is `value` from now on */
    EFFECT_STAT_ADD,         /* element: it is so much more */
    EFFECT_QUOTA_ASK,        /* account, domain: sources are asked about it;
                               without a name: about all */
    EFFECT_TRIGGERS_CHANGED, /* definitions of triggers or handlers */
    EFFECT_HANDLER_TEST      /* account: name, of the handler to be tested */
};

struct effect {
    STAILQ_ENTRY(effect) link;
    enum effect_kind kind;
    struct alert_rec alert; /* owned */
    char *target;           /* owned; of `alert`: its domain or account; NULL */
    char *by;               /* owned; who removed `alert`; NULL: its end came */
    struct account_rec account; /* owned */
    struct domain_rec domain;   /* owned; also the domain of `account`, and
                                   of `alert` where it has one */
    bool is_replaced; /* ALERT_REMOVED: another has come in its place, and only
                         the sessions that are told of that one count */
    uint64_t session;
    uint64_t token;       /* its id */
    uint64_t used, limit; /* bytes */
    bool reached;         /* the level at which quota alerts come */
    bool by_trigger;      /* an alert that a trigger posts or takes back */
    bool expired;         /* an alert is removed because its end has come */
    unsigned element;     /* enum stat_id */
    int64_t value;
    const struct zone *zone; /* lives for ever; NULL: the server's */
};

STAILQ_HEAD(effect_list, effect);

/* Appends an empty effect of that kind; fill it with copies. */
struct effect *effect_add(struct effect_list *list, enum effect_kind kind);
/* The same, with copies of an account and its domain, or of a domain. */
void effect_add_account(struct effect_list *list, enum effect_kind kind,
                        const struct domain_rec *d,
                        const struct account_rec *a);
void effect_add_domain(struct effect_list *list, enum effect_kind kind,
                       const struct domain_rec *d);
void effect_list_clear(struct effect_list *list);

/* Deep copies, for filling effects. */
void alert_rec_copy(struct alert_rec *to, const struct alert_rec *from);
void account_rec_copy(struct account_rec *to, const struct account_rec *from);
void domain_rec_copy(struct domain_rec *to, const struct domain_rec *from);

#endif
