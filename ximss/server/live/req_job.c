/* SPDX-License-Identifier: BSD-2-Clause */
/* From a request to a job of the store and back to its answer. */
#include "config.h"

#include "ximss/server/live/req_job.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/xmalloc.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/worker.h"

static enum store_result
run_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct req_job *q = (struct req_job *)j;
    struct admin_context x;

    job_context(&x, j, t, &q->caller.caller);
    x.parts = &q->parts;
    q->code = ANSWER_OK; /* it may be a second try */
    free(q->newcomer);
    q->newcomer = NULL;
    x.newcomer = q->was_asked ? NULL : &q->newcomer;
    return q->ops->body(q, &x, err);
}

static void
end(struct req_job *q)
{
    bool done = q->job.result == STORE_OK && q->code == ANSWER_OK;

    if (q->ops->finish != NULL) {
        q->ops->finish(q);
        return;
    }
    if (done && q->ops->done != NULL)
        q->ops->done(q);
    if (done && q->ops->go_on != NULL)
        q->ops->go_on(q);
    else
        req_job_answer(q);
}

/* Whoever was told that there is no such account would not try again. */
static void
deliver_unsure(struct mail *m, void *owner)
{
    struct req_job *q = (struct req_job *)(void *)m;

    (void)owner;
    req_job_refuse(q, ANSWER(USERS_UNSURE));
    end(q);
}

static void
deliver_again(struct mail *m, void *owner)
{
    (void)owner;
    req_job_submit((struct req_job *)(void *)m);
}

/* Any thread. */
static void
on_newcomer(struct newcomer_wait *w, enum newcomer_outcome outcome)
{
    struct req_job *q =
        (struct req_job *)(void *)((char *)w - offsetof(struct req_job, wait));

    /* An account is looked for once more, whether it was made or not. */
    q->job.mail.deliver =
        outcome == NEWCOMER_UNSURE ? deliver_unsure : deliver_again;
    mailbox_put(q->job.worker->box, &q->job.mail);
}

static void
finish(struct job *j)
{
    struct req_job *q = (struct req_job *)j;

    if (j->result == STORE_OK && q->newcomer != NULL) {
        q->was_asked = true;
        q->wait.done = on_newcomer;
        newcomers_ask(j->server->newcomers, q->newcomer, &q->wait);
        return;
    }
    end(q);
}

void *
req_job_new(struct req *r, const struct req_job_ops *ops, size_t size)
{
    struct req_job *q = xcalloc(1, size);
    struct session_caller caller;

    job_init(&q->job, r->worker->server, r->worker);
    q->job.lane = session_lane(r->session);
    q->job.body = run_body;
    q->job.finish = finish;
    q->ops = ops;
    q->req = r;
    q->code = ANSWER_OK;
    session_caller(r->session, &caller);
    job_caller_set(&q->caller, &caller.caller);
    return q;
}

enum req_result
req_job_submit(struct req_job *q)
{
    job_submit(&q->job);
    return REQ_PENDING;
}

enum req_result
req_job_next(struct req_job *q, const struct req_job_ops *ops)
{
    q->ops = ops;
    return req_job_submit(q);
}

void
req_job_refuse(struct req_job *q, int code, const char *text)
{
    q->code = code;
    snprintf(q->text, sizeof q->text, "%s", text);
}

void
req_job_answer(struct req_job *q)
{
    const struct job *j = &q->job;
    struct req *r = q->req;

    if (j->result == STORE_REFUSED)
        req_fail(r, ANSWER_ARGUMENTS, j->err.text);
    else if (j->result != STORE_OK)
        req_fail_store(r, j->result, &j->err);
    else if (q->code != ANSWER_OK)
        req_fail(r, (unsigned)q->code, q->text);
    else if (q->ops->answer != NULL && r->session != NULL)
        q->ops->answer(q, r);
    else
        req_ok(r);
    req_finish(r);
    req_job_free(q);
}

void
req_job_free(struct req_job *q)
{
    if (q == NULL)
        return;
    if (q->ops->clear != NULL)
        q->ops->clear(q);
    free(q->newcomer);
    admin_parts_clear(&q->parts);
    job_caller_clear(&q->caller);
    job_clear(&q->job);
    free(q);
}
