/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_DOVEADM_TALLY_H
#define QUOTA_DOVEADM_TALLY_H

#include <stdbool.h>
#include <stddef.h>

#include "util/errbuf.h"

struct doveadm_unknown;
struct quota_sink;

/* Reports what Dovecot tells, and counts users by what it told.  The owner sets
 * the first three, and zeroes the counts as it likes. */
struct doveadm_tally {
    const struct quota_sink *sink;   /* borrowed */
    struct doveadm_unknown *unknown; /* borrowed; NULL: not kept */
    bool use_limits;
    bool said; /* that one could not be told: the others are not logged */
    unsigned told, n_unknown, untold;
};

/* A reply to a question about n users, at most DOVEADM_BATCH.  Each is counted
 * once, also if it got no answer, or two.  -1 with err for what is no reply;
 * users in a part of it that is one are reported all the same. */
#define DOVEADM_BATCH 100
int doveadm_tally_reply(struct doveadm_tally *t, char *const *users, size_t n,
                        const char *body, size_t len,
                        struct errbuf *err) WARN_UNUSED;

#endif
