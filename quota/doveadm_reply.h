/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_DOVEADM_REPLY_H
#define QUOTA_DOVEADM_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/errbuf.h"

/* What doveadm's HTTP interface is asked, and what it answers: JSON.  Several
 * commands go into one request; each has a tag, the user's place in it. */

/* quotaGet for these users; yours. */
char *doveadm_request_encode(const char *const *users, size_t n);

enum doveadm_outcome {
    DOVEADM_USAGE,    /* used and limit are known */
    DOVEADM_NO_QUOTA, /* the user has no storage quota, nor a count of it */
    DOVEADM_NO_USER,  /* Dovecot knows no such user */
    DOVEADM_ERROR     /* it could not tell */
};

struct doveadm_answer {
    size_t tag;
    enum doveadm_outcome outcome;
    uint64_t used, limit; /* bytes, whole KiB; limit 0: none */
    int exit_code;        /* of DOVEADM_ERROR; 0: the answer makes no sense */
};

typedef void doveadm_answer_fn(const struct doveadm_answer *a, void *arg);

/* Gives each answer to take, in their order; of several quotas of a user the
 * first counts.  -1 with err for what is no such reply, and then take may have
 * been called for a part of it.  Tags may be missing, twice, or of nobody. */
int doveadm_reply_parse(const char *body, size_t len, doveadm_answer_fn *take,
                        void *arg, struct errbuf *err) WARN_UNUSED;

#endif
