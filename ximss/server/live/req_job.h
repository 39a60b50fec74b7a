/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_REQ_JOB_H
#define XIMSS_SERVER_LIVE_REQ_JOB_H

#include <stddef.h>

#include "ximss/server/live/job.h"
#include "ximss/server/live/newcomers.h"
#include "ximss/server/live/request.h"
#include "ximss/server/rules/admin_context.h"

/* A request that the store answers.  What is special to it stands in its ops;
 * the rest is done here, the same for all: who asks, the context of the body,
 * the answer if the store failed or the body refused, an asker who is gone
 * meanwhile, and the end of it all. */

struct req_job;

/* All but body may be NULL. */
struct req_job_ops {
    /* On the writer thread.  It may be run again, so what it notes in its
     * struct must not depend on what stands there.  What is not to be it says
     * by req_job_refuse, and returns STORE_OK. */
    enum store_result (*body)(struct req_job *q, struct admin_context *x,
                              struct errbuf *err);
    /* It has been done, and the answer is next: what this worker has to know
     * of it.  Also if nobody waits for the answer any more. */
    void (*done)(struct req_job *q);
    /* Says that it has been done, with the response.  NULL: just that. */
    void (*answer)(struct req_job *q, struct req *r);
    /* Instead of the answer: the request is not at its end.  It calls
     * req_job_submit or req_job_answer some time, or frees it.  r->session may
     * be NULL. */
    void (*go_on)(struct req_job *q);
    /* Instead of all of these, whatever came of the job. */
    void (*finish)(struct req_job *q);
    /* Frees what the rest of its struct owns. */
    void (*clear)(struct req_job *q);
};

/* The first member of a struct with what the body needs. */
struct req_job {
    struct job job; /* first */
    const struct req_job_ops *ops;
    struct req *req;          /* whose it is until it is answered */
    struct job_caller caller; /* who asks */
    struct admin_parts parts; /* of a body that returns STORE_AGAIN */
    int code;                 /* 200, or why it was refused */
    char text[200];
    /* An account that it is about makes itself if a source of passwords knows
     * the user: the body sets x->newcomer, and is run once more.  If nobody can
     * tell, it is not, and the answer is USERS_UNSURE; a body that sets it
     * has therefore changed nothing. */
    char *newcomer; /* owned; who; NULL: nobody */
    bool was_asked;
    struct newcomer_wait wait;
};

/* For a request of a session; size: of the whole struct, which is zeroed. */
void *req_job_new(struct req *r, const struct req_job_ops *ops, size_t size);
/* Runs the body of q->ops, and then what they say.  REQ_PENDING, for
 * handlers. */
enum req_result req_job_submit(struct req_job *q);
/* The same with other ops: a request with several jobs. */
enum req_result req_job_next(struct req_job *q, const struct req_job_ops *ops);
/* The answer will be this. */
void req_job_refuse(struct req_job *q, int code, const char *text);
/* Answers as the job and the refusals say, and frees it. */
void req_job_answer(struct req_job *q);
/* Without an answer.  NULL is fine. */
void req_job_free(struct req_job *q);

#endif
