/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/job.h"

#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/xmalloc.h"
#include "ximss/server/live/publish.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/worker.h"
#include "ximss/server/rules/admin_context.h"

void
job_init(struct job *j, struct server *server, struct worker *worker)
{
    memset(j, 0, sizeof *j);
    j->server = server;
    j->worker = worker;
    STAILQ_INIT(&j->effects);
}

static enum store_result
run_body(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct job *j = arg;

    effect_list_clear(&j->effects); /* it may be a second try */
    return j->body(j, t, err);
}

static void
deliver(struct mail *m, void *owner)
{
    struct job *j = (struct job *)m;

    (void)owner;
    j->finish(j);
}

static void
go_home(void *arg)
{
    struct job *j = arg;

    j->mail.deliver = deliver;
    if (j->worker != NULL)
        mailbox_put(j->worker->box, &j->mail);
    else
        j->finish(j);
}

/* For a result that came without words, so that no log line and no answer goes
 * without. */
static const char *
words_of(enum store_result result)
{
    switch (result) {
    case STORE_OK:
    case STORE_AGAIN:
        return "";
    case STORE_NOTFOUND:
        return "there is no such thing";
    case STORE_EXISTS:
        return "it exists already";
    case STORE_REFUSED:
        return "refused";
    case STORE_FULL:
        return "no space left on the disk";
    case STORE_ERROR:
        return "the database failed";
    }
    return "";
}

static void
on_part(struct job *j)
{
    if (STAILQ_EMPTY(&j->effects))
        return;
    j->in_parts = true;
    publish(j->server, &j->effects, NULL, NULL, NULL);
}

/* On the writer thread, after the commit. */
static void
on_done(enum store_result result, void *arg, const struct errbuf *err)
{
    struct job *j = arg;

    if (result == STORE_AGAIN) {
        on_part(j);
        return;
    }
    j->result = result;
    if (j->ended != NULL)
        j->ended(j);
    if (err != NULL)
        j->err = *err;
    if (j->err.text[0] == '\0')
        err_set(&j->err, "%s", words_of(result));
    if (result != STORE_OK)
        effect_list_clear(&j->effects);
    /* All workers have followed when it comes home. */
    if (STAILQ_EMPTY(&j->effects) && !j->in_parts)
        go_home(j);
    else
        publish(j->server, &j->effects, &j->sessions, go_home, j);
}

void
job_submit(struct job *j)
{
    if (j->server->store == NULL) { /* the last mail, see server_stop */
        effect_list_clear(&j->effects);
        j->result = STORE_ERROR;
        err_set(&j->err, "the server ends");
        j->finish(j);
        return;
    }
    (j->is_trial ? store_submit_trial : store_submit_lane)(
        j->server->store, j->lane, run_body, on_done, j);
}

void
job_context(struct admin_context *x, struct job *j, struct store_txn *t,
            const struct caller *caller)
{
    struct server *s = j->server;

    *x = (struct admin_context){.txn = t,
                                .caller = caller,
                                .now = clock_now(),
                                .effects = &j->effects,
                                .settings = &s->admin,
                                .budget = s->audit_budget,
                                .token_key = &s->token_key};
}

void
job_clear(struct job *j)
{
    effect_list_clear(&j->effects);
}

void
job_caller_set(struct job_caller *to, const struct caller *from)
{
    to->caller = *from;
    to->caller.name = to->name = xstrdup(from->name);
    to->caller.from = to->from = xstrdup(from->from);
}

void
job_caller_clear(struct job_caller *c)
{
    free(c->name);
    free(c->from);
    memset(c, 0, sizeof *c);
}
