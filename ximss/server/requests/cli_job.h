/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_REQUESTS_CLI_JOB_H
#define XIMSS_SERVER_REQUESTS_CLI_JOB_H

#include <pthread.h>
#include <stdbool.h>

#include "ximss/server/base/hash_limits.h"
#include "ximss/server/cli/admin.h"
#include "ximss/server/live/req_job.h"

/* A line of the CLI in work: what cli_run.c and cli_live.c share. */
struct cli_job {
    struct req_job
        q; /* first; req NULL: a listing that nobody reads any more */
    struct admin_plan plan;
    unsigned iterations; /* of a new password */
    struct hash_limits hash_limits;
    bool quality;       /* it is looked at */
    struct errbuf weak; /* what was found */
    bool in_turn;       /* it is not hashed before its turn, but in it */
    bool wanted;        /* see admin_hash_wanted */
    struct credential cred;
    bool checkable;   /* see admin_verify_find */
    uint64_t guessed; /* the same */
    struct admin_hashed hashed;
    bool report;      /* the answer says whether something has changed */
    uint64_t changed; /* the account that has a new password; 0: none */
    struct admin_live live;
    int came_code; /* of a live command, for the audit log: what came of it */
    char came_text[200];
    struct admin_answer answer;
    struct alert_claim claim; /* given up when the job has ended */
    uint64_t target;          /* of a long change, see admin_answer */
    /* A listing in pieces. */
    char *from; /* owned; where the next piece begins */
    bool first; /* no piece has been sent */
    bool in_flight;
    /* What the workers find; under lock. */
    pthread_mutex_t lock;
    struct buf found;
    size_t sent; /* of it */
    unsigned n_found;
    uint64_t
        session; /* number that live.session would be the id of; 0: of none */
};

/* Of the request's session; the line is copied. */
struct cli_job *cli_job_new(struct req *r, const char *line, size_t len);

/* For the ops of its jobs: the result as the answer, and the end. */
void cli_job_say(struct req_job *q, struct req *r);
void cli_job_clear(struct req_job *q);

/* For bodies: adds to the context what commands need besides. */
void cli_job_context(struct admin_context *x, struct cli_job *c);
/* Takes what a body got from the engine: refuses what that refused. */
enum store_result cli_job_take(struct cli_job *c, enum store_result r);

#endif
