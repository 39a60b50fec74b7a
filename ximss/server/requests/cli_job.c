/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/requests/cli_job.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/crypto.h>

#include "util/xmalloc.h"
#include "ximss/server/live/dialect.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/live/shared.h"

struct cli_job *
cli_job_new(struct req *r, const char *line, size_t len)
{
    struct cli_job *c = xcalloc(1, sizeof *c);
    struct session_caller caller;

    job_init(&c->job, r->worker->server, r->worker);
    c->job.lane = session_lane(r->session);
    pthread_mutex_init(&c->lock, NULL);
    session_caller(r->session, &caller);
    job_caller_set(&c->caller, &caller.caller);
    c->req = r;
    admin_plan_init(&c->plan, line, len);
    c->iterations = r->worker->cfg->password_iterations;
    return c;
}

void
cli_job_free(struct cli_job *c)
{
    admin_plan_clear(&c->plan);
    free(c->from);
    OPENSSL_cleanse(&c->cred, sizeof c->cred);
    admin_answer_clear(&c->answer);
    admin_parts_clear(&c->parts);
    job_caller_clear(&c->caller);
    job_clear(&c->job);
    buf_clear(&c->found);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

void
cli_job_refuse(struct cli_job *c, int number, const char *text)
{
    c->answer.code = number;
    snprintf(c->answer.text, sizeof c->answer.text, "%s", text);
}

void
cli_job_answer(struct cli_job *c)
{
    struct req *r = c->req;
    const struct admin_answer *a = &c->answer;

    if (c->job.result != STORE_OK)
        req_fail_store(r, c->job.result, &c->job.err);
    else if (a->code != 200)
        req_fail(r, (unsigned)a->code, a->text);
    else
        r->dialect->result(r, a->data.data, a->data.len, true, true);
    req_finish(r);
    cli_job_free(c);
}

void
cli_job_context(struct admin_context *x, struct cli_job *c, struct store_txn *t)
{
    job_context(x, &c->job, t, &c->caller.caller);
    x->from = c->from;
    x->target = c->target;
    x->parts = &c->parts;
    x->claims = &c->job.server->alert_claims;
    x->claim = &c->claim;
}
