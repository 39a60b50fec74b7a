/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_QUOTA_DUE_H
#define XIMSS_SERVER_LIVE_QUOTA_DUE_H

#include <stdbool.h>
#include <stdint.h>

/* Accounts that are to be checked again at a time, each at most once; the cost
 * of a call does not grow with their number. */

struct quota_due;

struct quota_due_entry {
    uint64_t account;
    int64_t at; /* microseconds UTC */
};

struct quota_due *quota_due_new(void);
void quota_due_free(struct quota_due **q);

/* Takes the place of what was said of the account before. */
void quota_due_set(struct quota_due *q, const struct quota_due_entry *e);

/* Takes one whose time has come, or is more than `most` away: that was set before
 * the clock went back.  False: there is none. */
bool quota_due_take(struct quota_due *q, int64_t now, int64_t most,
                    uint64_t *account_r);

#endif
