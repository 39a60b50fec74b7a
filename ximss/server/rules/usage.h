/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_USAGE_H
#define XIMSS_SERVER_RULES_USAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "quota/policy.h"
#include "quota/source.h"
#include "storage/tables.h"
#include "ximss/server/rules/admin_context.h"

/* How much storage accounts use, and the quota alerts that follow from it.  For
 * bodies of jobs: the decision is made in the store, where it is one whatever
 * door, session or thread it comes from, and what is to be shown or taken away
 * follows by effects. */

/* What is known of an account's storage. */
struct usage {
    struct domain_rec domain;
    struct account_rec account;
    struct usage_rec rec;
    struct quota_level level; /* what is in force */
    uint64_t lost; /* for usage_check: id of an alert that is in no memory any
                      more; 0: of none that is known */
};

void usage_clear(struct usage *u);

/* By the account's number.  STORE_NOTFOUND.  u_r is to be cleared in any
 * case. */
enum store_result usage_find(struct admin_context *x, uint64_t account,
                             struct usage *u_r, struct errbuf *err) WARN_UNUSED;
/* The same with records the caller has; copies them. */
enum store_result usage_of(struct admin_context *x, const struct domain_rec *d,
                           const struct account_rec *a, struct usage *u_r,
                           struct errbuf *err) WARN_UNUSED;

/* Stores what a source says of the account. */
enum store_result usage_report(struct admin_context *x, struct usage *u,
                               const struct quota_report *report,
                               struct errbuf *err) WARN_UNUSED;

/* Decides about an alert, now.  *due_r: when to look again, 0: no need. */
enum store_result usage_check(struct admin_context *x, struct usage *u,
                              enum quota_occasion occasion, int64_t *due_r,
                              struct errbuf *err) WARN_UNUSED;

/* Somebody was shown the alert of that id, now.  Nothing happens if it is not
 * the account's last one. */
enum store_result usage_shown(struct admin_context *x, uint64_t account,
                              uint64_t alert, struct errbuf *err) WARN_UNUSED;

/* What an account brings into memory. */
struct usage_state {
    bool reached;     /* the level is, or was when last looked at */
    uint64_t unshown; /* id of the alert that nobody was shown; 0: none */
};

/* Cheap for accounts that nobody reported on. */
enum store_result usage_load(struct admin_context *x,
                             const struct domain_rec *d,
                             const struct account_rec *a,
                             struct usage_state *state_r,
                             struct errbuf *err) WARN_UNUSED;

#endif
