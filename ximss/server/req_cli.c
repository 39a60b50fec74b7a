/* SPDX-License-Identifier: BSD-2-Clause */
/* cliExecute: one command of the administration engine.  Most are one job.
 * Those that carry a password pass through the hash pool first; those about
 * live sessions ask all workers; long ones are submitted again until they are
 * done. */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"
#include "ximss/proto/cli_data.h"
#include "ximss/proto/xml_parse.h"
#include "ximss/proto/xml_write.h"
#include "ximss/server/broadcast.h"
#include "ximss/server/hash_pool.h"
#include "ximss/server/job.h"
#include "ximss/server/password.h"
#include "ximss/server/request.h"
#include "ximss/server/server.h"
#include "ximss/server/session_id.h"
#include "ximss/server/session_private.h"
#include "ximss/server/settle.h"

struct cli_job {
    struct job job;
    struct req *req;
    struct job_caller caller;
    char *line; /* owned, wiped: it may hold a password */
    size_t len;
    enum admin_hash_kind kind;
    char *password, *account; /* owned, wiped */
    unsigned iterations;      /* of a new password */
    struct credential cred;
    struct admin_hashed hashed;
    struct admin_live live;
    struct admin_answer answer;
    /* What the workers find; under lock. */
    pthread_mutex_t lock;
    struct buf found;
    unsigned n_found;
};

static void
wipe(char **text)
{
    if (*text != NULL)
        OPENSSL_cleanse(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

static void
cli_free(struct cli_job *c)
{
    wipe(&c->line);
    wipe(&c->password);
    free(c->account);
    OPENSSL_cleanse(&c->cred, sizeof c->cred);
    admin_answer_clear(&c->answer);
    job_caller_clear(&c->caller);
    job_clear(&c->job);
    buf_clear(&c->found);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

static void
answer(struct cli_job *c)
{
    struct req *r = c->req;
    const struct admin_answer *a = &c->answer;

    if (c->job.result != STORE_OK) {
        req_fail_store(r, c->job.result, &c->job.err);
    } else if (a->code != 200) {
        req_fail(r, (unsigned)a->code, a->text);
    } else {
        if (a->data.len > 0) {
            buf_append_str(&r->out, "<cliResult");
            xml_write_attr(&r->out, "id", r->id);
            buf_append_char(&r->out, '>');
            xml_write_text(&r->out, a->data.data, a->data.len);
            buf_append(&r->out, "</cliResult>", sizeof "</cliResult>");
        }
        req_ok(r);
    }
    req_finish(r);
    cli_free(c);
}

static void
fill_context(struct admin_context *x, struct cli_job *c, struct store_txn *t)
{
    *x = (struct admin_context){.txn = t,
                                .caller = &c->caller.caller,
                                .now = clock_now(),
                                .effects = &c->job.effects,
                                .settings = &c->job.server->admin};
}

/* --- commands on live sessions --- */

static bool
is_meant(const struct cli_job *c, const struct session *s, uint64_t number)
{
    if (s->state != SESSION_OPEN)
        return false;
    if (c->live.command == ADMIN_LIVE_LIST_ALL)
        return true;
    if (c->live.command == ADMIN_LIVE_LIST_SESSIONS)
        return s->user != NULL && s->user->number == c->live.account;
    if (s->number != number)
        return false;
    if (s->user == NULL)
        return c->live.domain == 0 && (c->caller.caller.rights & RIGHT_MASTER);
    /* Nobody acts on one who may more: for him there is no such session. */
    if (!rights_cover(&c->caller.caller, s->user->domain->number,
                      s->user->rights))
        return false;
    return c->live.domain == 0 || s->user->domain->number == c->live.domain;
}

static void
take_session(struct cli_job *c, struct session *s)
{
    char id[SESSION_ID_TEXT_SIZE];

    pthread_mutex_lock(&c->lock);
    if (c->live.command == ADMIN_LIVE_LIST_SESSIONS) {
        session_id_format(s->number, id);
        buf_append_str(&c->found, c->n_found > 0 ? "," : "");
        cli_data_write_string(&c->found, id, strlen(id));
    } else if (c->live.command == ADMIN_LIVE_GET_SESSION) {
        session_describe(s, &c->found);
    } else if (c->live.command == ADMIN_LIVE_LIST_ALL &&
               c->n_found < c->live.limit) {
        buf_append_str(&c->found, c->n_found > 0 ? "," : "");
        session_describe(s, &c->found);
    }
    c->n_found++;
    pthread_mutex_unlock(&c->lock);
    if (c->live.command == ADMIN_LIVE_GET_SESSION)
        s->last_input = session_seconds();
}

static void
visit_live(struct worker *w, void *arg)
{
    struct cli_job *c = arg;
    struct session *s, *next;
    uint64_t number = 0;

    if (c->live.command == ADMIN_LIVE_TEST_CLOCK) {
        worker_check_times(w);
        return;
    }
    if (c->live.command != ADMIN_LIVE_LIST_SESSIONS &&
        c->live.command != ADMIN_LIVE_LIST_ALL &&
        !session_id_parse(c->live.session, &number))
        return;
    TAILQ_FOREACH_SAFE(s, &w->sessions, all, next) {
        if (!is_meant(c, s, number))
            continue;
        take_session(c, s);
        if (c->live.command == ADMIN_LIVE_KILL_SESSION)
            session_kill(w, number);
    }
}

static void
deliver_live(struct mail *m, void *owner)
{
    struct cli_job *c = (struct cli_job *)(void *)m;

    (void)owner;
    switch (c->live.command) {
    case ADMIN_LIVE_NONE:
    case ADMIN_LIVE_TEST_CLOCK:
        break;
    case ADMIN_LIVE_LIST_SESSIONS:
    case ADMIN_LIVE_LIST_ALL:
        buf_append_char(&c->answer.data, '(');
        buf_append(&c->answer.data, c->found.data, c->found.len);
        buf_append_char(&c->answer.data, ')');
        break;
    case ADMIN_LIVE_GET_SESSION:
        buf_append(&c->answer.data, c->found.data, c->found.len);
        __attribute__((fallthrough));
    case ADMIN_LIVE_KILL_SESSION:
        if (c->n_found == 0) {
            c->answer.code = 501;
            strcpy(c->answer.text, "unknown session");
        }
        break;
    }
    answer(c);
}

static void
live_done(void *arg)
{
    struct cli_job *c = arg;

    c->job.mail.deliver = deliver_live;
    mailbox_put(c->job.worker->box, &c->job.mail);
}

/* On the writer thread: what the new time has brought about is on its way to
 * the workers, and what is asked of them now comes behind it. */
static void
clock_settled(enum store_result result, void *arg, const struct errbuf *err)
{
    struct cli_job *c = arg;

    (void)result;
    (void)err;
    broadcast(c->job.server, visit_live, live_done, c);
}

static enum store_result
do_nothing(struct store_txn *t, void *arg, struct errbuf *err)
{
    (void)t;
    (void)arg;
    (void)err;
    return STORE_OK;
}

static enum store_result
live_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct cli_job *c = (struct cli_job *)j;
    struct admin_context x;

    fill_context(&x, c, t);
    admin_answer_clear(&c->answer);
    return admin_live_begin(&x, c->line, c->len, &c->live, &c->answer, err);
}

static void
live_finish(struct job *j)
{
    struct cli_job *c = (struct cli_job *)j;

    if (j->result != STORE_OK || c->answer.code != 200) {
        answer(c);
        return;
    }
    if (c->live.command == ADMIN_LIVE_TEST_CLOCK) {
        clock_advance(c->live.advance);
        server_tick(j->server);
        store_submit(j->server->store, do_nothing, clock_settled, c);
        return;
    }
    broadcast(j->server, visit_live, live_done, c);
}

/* --- commands in the store --- */

static enum store_result
command_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct cli_job *c = (struct cli_job *)j;
    struct admin_context x;

    fill_context(&x, c, t);
    admin_answer_clear(&c->answer);
    if (c->kind == ADMIN_HASH_NONE)
        return admin_execute(&x, c->line, c->len, &c->answer, err);
    return admin_execute_hashed(&x, c->line, c->len, &c->hashed, &c->answer,
                                err);
}

static void
command_finish(struct job *j)
{
    struct cli_job *c = (struct cli_job *)j;

    if (j->result == STORE_OK && c->answer.more)
        job_submit(j);
    else
        answer(c);
}

static void
submit_command(struct cli_job *c)
{
    c->job.body = command_body;
    c->job.finish = command_finish;
    job_submit(&c->job);
}

/* --- passwords --- */

static void
on_hashed(struct mail *m, void *owner)
{
    (void)owner;
    submit_command((struct cli_job *)(void *)m);
}

static void
hash_work(void *arg)
{
    struct cli_job *c = arg;

    if (c->kind == ADMIN_HASH_NEW) {
        password_make(c->password, c->iterations, true, &c->cred);
        c->hashed.made = &c->cred;
    } else {
        c->hashed.checked = c->cred.iterations > 0;
        c->hashed.matches =
            c->hashed.checked && password_matches(&c->cred, c->password);
    }
}

static void
hash_done(void *arg)
{
    struct cli_job *c = arg;

    c->job.mail.deliver = on_hashed;
    mailbox_put(c->job.worker->box, &c->job.mail);
}

static void
submit_hash(struct cli_job *c)
{
    if (hash_pool_submit(c->job.server->hash_pool, hash_work, hash_done, c) ==
        0)
        return;
    c->job.result = STORE_OK;
    c->answer.code = 525;
    strcpy(c->answer.text, "too busy. try again later");
    answer(c);
}

static enum store_result
verify_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct cli_job *c = (struct cli_job *)j;
    struct admin_context x;

    fill_context(&x, c, t);
    return admin_verify_find(&x, c->account, &c->cred, err);
}

static void
verify_finish(struct job *j)
{
    struct cli_job *c = (struct cli_job *)j;

    if (j->result != STORE_OK)
        answer(c);
    else
        submit_hash(c);
}

/* --- the request --- */

static void
start(struct cli_job *c)
{
    if (admin_is_live(c->line, c->len)) {
        c->job.body = live_body;
        c->job.finish = live_finish;
        job_submit(&c->job);
        return;
    }
    /* One without any right is refused anyway, and costs no hash. */
    if (c->caller.caller.rights != 0)
        c->kind = admin_needs_hash(c->line, c->len, &c->password, &c->account);
    switch (c->kind) {
    case ADMIN_HASH_NONE:
        submit_command(c);
        break;
    case ADMIN_HASH_NEW:
        submit_hash(c);
        break;
    case ADMIN_HASH_VERIFY:
        c->job.body = verify_body;
        c->job.finish = verify_finish;
        job_submit(&c->job);
        break;
    }
}

static enum req_result
handle_cli(struct req *r, const struct xml_elem *e)
{
    struct session_caller caller;
    struct cli_job *c;

    if (e->first != NULL) {
        req_fail(r, 501, "the command must not have elements in it");
        return REQ_DONE;
    }
    c = xcalloc(1, sizeof *c);
    job_init(&c->job, r->worker->server, r->worker);
    pthread_mutex_init(&c->lock, NULL);
    session_caller(r->session, &caller);
    job_caller_set(&c->caller, &caller.caller);
    c->req = r;
    c->line = xmemdup(e->text, e->text_len + 1);
    c->len = e->text_len;
    c->iterations = r->worker->cfg->password_iterations;
    start(c);
    return REQ_PENDING;
}

const struct req_desc req_cli_table[] = {
    {"cliExecute", REQ_IN_SESSION, handle_cli},
    {NULL, 0, NULL},
};
