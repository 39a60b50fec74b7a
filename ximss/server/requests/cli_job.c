/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/requests/cli_job.h"

#include <stdlib.h>

#include <openssl/crypto.h>

#include "ximss/proto/xml_write.h"
#include "ximss/server/live/dialect.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/worker.h"

/* Until its first job. */
static const struct req_job_ops new_ops = {.answer = cli_job_say,
                                           .clear = cli_job_clear};

struct cli_job *
cli_job_new(struct req *r, const char *line, size_t len)
{
    struct cli_job *c = req_job_new(r, &new_ops, sizeof *c);

    pthread_mutex_init(&c->lock, NULL);
    admin_plan_init(&c->plan, line, len);
    c->q.job.is_trial = c->plan.is_trial;
    c->iterations = r->worker->cfg->password_iterations;
    c->hash_limits = r->worker->cfg->hash_limits;
    c->quality = r->worker->cfg->password_quality;
    return c;
}

void
cli_job_clear(struct req_job *q)
{
    struct cli_job *c = (struct cli_job *)q;

    admin_plan_clear(&c->plan);
    free(c->from);
    OPENSSL_cleanse(&c->cred, sizeof c->cred);
    admin_answer_clear(&c->answer);
    admin_live_clear(&c->live);
    buf_clear(&c->found);
    pthread_mutex_destroy(&c->lock);
}

void
cli_job_say(struct req_job *q, struct req *r)
{
    const struct cli_job *c = (const struct cli_job *)q;
    const struct buf *data = &c->answer.data;

    if (c->report) {
        buf_append_str(&r->out, "<cliReport");
        xml_write_attr(&r->out, "id", r->id);
        xml_write_attr(&r->out, "changed", c->answer.changed ? "yes" : "no");
        buf_append(&r->out, "/>", sizeof "/>");
    }
    r->dialect->result(r, data->data, data->len, true, true);
}

void
cli_job_context(struct admin_context *x, struct cli_job *c)
{
    if (c->plan.is_trial)
        x->newcomer = NULL; /* nobody makes themselves */
    x->from = c->from;
    x->target = c->target;
    x->claims = &c->q.job.server->alert_claims;
    x->claim = &c->claim;
}

enum store_result
cli_job_take(struct cli_job *c, enum store_result r)
{
    const struct admin_answer *a = &c->answer;

    if (r == STORE_OK && a->code != ANSWER_OK)
        req_job_refuse(&c->q, a->code, a->text);
    return r;
}
