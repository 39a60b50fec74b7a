/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_AUDIT_BUDGET_H
#define XIMSS_SERVER_AUDIT_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/* How many audit records accounts without any right may leave, so that nobody
 * fills the disk with refused commands: a few a minute; what is beyond is only
 * counted.  Accounts share a fixed number of budgets by their number.  One
 * thread at a time (the store's writer). */

#define AUDIT_BUDGET_RECORDS 20 /* in each minute */

struct audit_budget;

struct audit_budget *audit_budget_new(void);
void audit_budget_free(struct audit_budget **b);

/* True if a record may be written now; *skipped_r: how many were not since the
 * last that was.  now: microseconds UTC; a clock that was set back begins a new
 * minute. */
bool audit_budget_take(struct audit_budget *b, uint64_t account, int64_t now,
                       unsigned *skipped_r);

#endif
