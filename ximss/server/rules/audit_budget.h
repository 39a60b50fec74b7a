/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_AUDIT_BUDGET_H
#define XIMSS_SERVER_RULES_AUDIT_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/store.h"

/* How many audit records may be left by what changes nothing (refused commands,
 * and accepted ones without effect), so that nobody fills the disk with them:
 * so many an hour for each account, and so many for all accounts together.
 * What is beyond is counted, and told in one record of that account when its
 * hour is over.  One thread at a time (the store's writer), but for the
 * limits. */

struct audit_limits {
    unsigned account, all; /* records in an hour */
};

/* Accounts that are counted for themselves; the others share one count. */
#define AUDIT_BUDGET_ACCOUNTS 4096

struct audit_budget;

struct audit_budget *audit_budget_new(const struct audit_limits *l);
void audit_budget_free(struct audit_budget **b);

/* From any thread. */
void audit_budget_set_limits(struct audit_budget *b,
                             const struct audit_limits *l);

/* True if a record may be written now, else it is counted.  who: the account's
 * name, for audit_budget_tell.  now: microseconds UTC; a clock that was set
 * back begins a new hour. */
bool audit_budget_take(struct audit_budget *b, uint64_t account,
                       const char *who, int64_t now);

/* Calls fn for each account whose hour is over and of which something was
 * counted (all: for every one of which something was).  What fn said is
 * forgotten by audit_budget_told, after the commit; without it, it is said
 * again. */
typedef enum store_result audit_tell_fn(const char *who, unsigned n,
                                        int64_t since, void *arg,
                                        struct errbuf *err);
enum store_result audit_budget_tell(struct audit_budget *b, int64_t now,
                                    bool all, audit_tell_fn *fn, void *arg,
                                    struct errbuf *err) WARN_UNUSED;
void audit_budget_told(struct audit_budget *b, int64_t now);

#endif
