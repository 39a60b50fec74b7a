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

/* True if the level is reached, or was when last looked at; for what an account
 * brings into memory.  Cheap for accounts that nobody reported on. */
enum store_result usage_is_reached(struct admin_context *x,
                                   const struct domain_rec *d,
                                   const struct account_rec *a, bool *reached_r,
                                   struct errbuf *err) WARN_UNUSED;

#endif
