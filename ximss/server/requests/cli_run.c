/* SPDX-License-Identifier: BSD-2-Clause */
/* One line of the CLI, from its request to its answer.
 *
 * Most are one job of the store.  A password that is set passes through the
 * hash pool before the line takes its turn, so that a bulk load has the hashes
 * of many lines in work while their effects keep the order; but only if the line
 * would be carried out as things stand, and an account has not too many in work.
 * What was not is looked at again when it is its turn, behind those before it.
 * A password that is checked is looked up, hashed and judged in its turn.  Long changes are
 * submitted again until they are done; listings come in pieces, as the client
 * reads them. */
#include "config.h"

#include "ximss/server/requests/cli_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/log.h"
#include "ximss/server/auth/hash_pool.h"
#include "ximss/server/auth/password.h"
#include "ximss/server/auth/password_quality.h"
#include "ximss/server/auth/throttle.h"
#include "ximss/server/base/stat.h"
#include "ximss/server/live/alias_renew.h"
#include "ximss/server/live/dialect.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/requests/cli_job.h"
#include "ximss/server/requests/cli_live.h"

/* Passwords of one account that are hashed before their turn; with more of them
 * each session has one in work. */
#define AHEAD_MOST 256

/* The next job of what takes several. */
static void
submit_again(struct cli_job *c)
{
    admin_parts_clear(&c->q.parts);
    admin_plan_wait(&c->plan);
    req_job_submit(&c->q);
}

/* --- listings in pieces --- */

static void
submit_next_piece(struct cli_job *c)
{
    free(c->from);
    c->from = c->answer.next;
    c->answer.next = NULL;
    c->in_flight = true;
    submit_again(c);
}

static enum req_step
send_piece(struct req *r)
{
    struct cli_job *c = r->state;
    const struct admin_answer *a = &c->answer;

    if (c->in_flight)
        return STEP_WAIT;
    if (c->q.job.result != STORE_OK || c->q.code != ANSWER_OK) {
        log_error("a listing broke off: %s",
                  c->q.job.result != STORE_OK ? c->q.job.err.text : c->q.text);
        return STEP_FAIL;
    }
    r->dialect->result(r, a->data.data, a->data.len, c->first, !a->more);
    c->first = false;
    if (!a->more)
        return STEP_LAST;
    submit_next_piece(c);
    return STEP_MORE;
}

static void
free_listing(void *state)
{
    struct cli_job *c = state;

    c->q.req = NULL;
    if (!c->in_flight)
        req_job_free(&c->q);
}

static void
take_piece(struct cli_job *c)
{
    c->in_flight = false;
    if (c->q.req == NULL)
        req_job_free(&c->q);
    else
        req_run_steps(c->q.req->session);
}

/* --- commands in the store --- */

/* The account that was changed; 0 if there is none, or it is a new one: those
 * have no aliases. */
static uint64_t
account_with_aliases(const struct effect_list *effects)
{
    const struct effect *e;

    STAILQ_FOREACH(e, effects, link) {
        if (e->kind == EFFECT_ACCOUNT_CHANGED && e->account.cred_serial > 1)
            return e->account.number;
    }
    return 0;
}

static enum store_result
command_body(struct req_job *q, struct admin_context *x, struct errbuf *err)
{
    struct cli_job *c = (struct cli_job *)q;
    enum store_result r;

    cli_job_context(x, c);
    admin_answer_clear(&c->answer);
    r = admin_execute(x, &c->plan, &c->hashed, &c->answer, err);
    c->changed = c->hashed.made != NULL ? account_with_aliases(x->effects) : 0;
    return cli_job_take(c, r);
}

static void
command_finish(struct req_job *q)
{
    struct cli_job *c = (struct cli_job *)q;
    struct job *j = &q->job;
    bool more = j->result == STORE_OK && c->answer.more;

    if (c->in_flight) {
        take_piece(c);
    } else if (more && c->answer.next != NULL) {
        c->first = true;
        req_stream(q->req, send_piece, c, free_listing);
    } else if (more) {
        c->target = c->answer.target;
        submit_again(c);
    } else {
        if (j->result == STORE_OK && c->changed != 0)
            alias_renew(j->worker, j->lane, c->changed, c->plan.password);
        req_job_answer(q);
    }
}

static const struct req_job_ops command_ops = {.body = command_body,
                                               .finish = command_finish,
                                               .answer = cli_job_say,
                                               .clear = cli_job_clear};

/* On the writer thread. */
static void
give_up_claim(struct job *j)
{
    struct cli_job *c = (struct cli_job *)j;

    if (c->claim.held)
        LIST_REMOVE(&c->claim, link);
    c->claim.held = false;
}

static void
submit_command(struct cli_job *c)
{
    c->q.job.ended = give_up_claim;
    req_job_next(&c->q, &command_ops);
}

/* --- passwords that are tried --- */

/* Callers who may not set a password try it no faster than by logging in.
 * Each account counts for itself: one who asks for many users (a web server)
 * is not held up by those who forgot their password. */
struct guess {
    char name[32], by[ACCOUNT_NAME_SIZE + 40];
};

static struct guess
guess_of(const struct cli_job *c)
{
    struct guess g;

    snprintf(g.name, sizeof g.name, "#%llu", (unsigned long long)c->guessed);
    /* What tells accounts apart comes first: of a long text only the beginning
     * counts. */
    snprintf(g.by, sizeof g.by, "%s %s", g.name, c->q.caller.caller.name);
    return g;
}

static bool
may_guess(struct cli_job *c)
{
    struct guess g = guess_of(c);

    if (c->guessed == 0 || throttle_delay(c->q.job.server->throttle, g.name,
                                          g.by, clock_mono()) <= 0)
        return true;
    req_job_refuse(&c->q, ANSWER(WRONG_PASSWORDS));
    return false;
}

static void
note_guess(const struct cli_job *c)
{
    struct guess g = guess_of(c);

    if (c->guessed != 0)
        (c->hashed.matches ? throttle_succeeded : throttle_failed)(
            c->q.job.server->throttle, g.name, g.by, clock_mono());
}

/* --- passwords --- */

static void take_turn_if_there(struct cli_job *c);

static void
on_hashed(struct mail *m, void *owner)
{
    struct cli_job *c = (struct cli_job *)(void *)m;

    (void)owner;
    if (c->plan.hash == ADMIN_HASH_VERIFY) {
        note_guess(c);
        submit_command(c);
    } else if (c->in_turn) {
        submit_command(c);
    } else {
        take_turn_if_there(c);
    }
}

static bool
is_weak(struct cli_job *c)
{
    if (!c->quality || c->plan.is_old ||
        password_quality_check(c->plan.password, c->plan.account, &c->weak) ==
            0)
        return false;
    c->hashed.weak = c->weak.text;
    return true;
}

static void
hash_work(void *arg)
{
    struct cli_job *c = arg;

    if (c->plan.hash == ADMIN_HASH_NEW) {
        if (is_weak(c))
            return;
        password_make(c->plan.password, c->iterations, true, &c->cred);
        c->hashed.made = &c->cred;
    } else {
        c->hashed.checked = credential_is_set(&c->cred);
        c->hashed.matches =
            c->hashed.checked &&
            password_matches(&c->cred, c->plan.password, &c->hash_limits);
    }
}

static void
hash_done(void *arg)
{
    struct cli_job *c = arg;

    c->q.job.mail.deliver = on_hashed;
    mailbox_put(c->q.job.worker->box, &c->q.job.mail);
}

/* -1: the answer says that it was not possible. */
static int
submit_hash(struct cli_job *c)
{
    admin_plan_wait(&c->plan);
    if (hash_pool_submit(c->q.job.server->hash_pool, c->q.caller.caller.account,
                         hash_work, hash_done, c) == 0)
        return 0;
    c->q.job.result = STORE_OK;
    req_job_refuse(&c->q, ANSWER(BUSY));
    return -1;
}

static enum store_result
verify_body(struct req_job *q, struct admin_context *x, struct errbuf *err)
{
    struct cli_job *c = (struct cli_job *)q;
    enum store_result r;

    cli_job_context(x, c);
    r = admin_verify_find(x, &c->plan, &c->cred, &c->checkable, &c->guessed,
                          err);
    return r == STORE_OK && !c->checkable ? command_body(q, x, err) : r;
}

static void
verify_go_on(struct req_job *q)
{
    struct cli_job *c = (struct cli_job *)q;

    /* One without a password takes as long as others. */
    if (c->checkable && !credential_is_set(&c->cred))
        password_dummy(q->job.server->secret, c->plan.account, c->iterations,
                       &c->cred);
    if (!c->checkable || !may_guess(c) || submit_hash(c) < 0)
        req_job_answer(q);
}

static const struct req_job_ops verify_ops = {.body = verify_body,
                                              .go_on = verify_go_on,
                                              .answer = cli_job_say,
                                              .clear = cli_job_clear};

/* --- passwords that are set --- */

static enum store_result
ask_body(struct req_job *q, struct admin_context *x, struct errbuf *err)
{
    struct cli_job *c = (struct cli_job *)q;

    cli_job_context(x, c);
    return admin_hash_wanted(x, &c->plan, &c->wanted, err);
}

static void
ahead_finish(struct req_job *q)
{
    struct cli_job *c = (struct cli_job *)q;
    struct hash_pool *pool = q->job.server->hash_pool;

    if (q->job.result == STORE_OK && c->wanted && q->req->session != NULL &&
        hash_pool_waiting_of(pool, q->caller.caller.account) < AHEAD_MOST &&
        submit_hash(c) == 0)
        return;
    admin_answer_clear(&c->answer);
    c->in_turn = true;
    q->req->alone = true; /* a hash between two jobs, as above */
    take_turn_if_there(c);
}

static const struct req_job_ops ahead_ops = {
    .body = ask_body, .finish = ahead_finish, .clear = cli_job_clear};

/* In its turn: hashes it if that is wanted now, else carries out what is to be
 * said instead. */
static enum store_result
turn_body(struct req_job *q, struct admin_context *x, struct errbuf *err)
{
    const struct cli_job *c = (const struct cli_job *)q;
    enum store_result r = ask_body(q, x, err);

    return r == STORE_OK && !c->wanted ? command_body(q, x, err) : r;
}

static void
turn_go_on(struct req_job *q)
{
    struct cli_job *c = (struct cli_job *)q;

    if (!c->wanted || submit_hash(c) < 0)
        req_job_answer(q);
}

static const struct req_job_ops turn_ops = {.body = turn_body,
                                            .go_on = turn_go_on,
                                            .answer = cli_job_say,
                                            .clear = cli_job_clear};

/* --- the request --- */

static void
begin(struct req *r)
{
    struct cli_job *c = r->state;

    r->state = NULL;
    r->free_state = NULL;
    if (admin_plan_is_live(&c->plan)) {
        cli_live_begin(c);
    } else if (c->plan.hash == ADMIN_HASH_VERIFY) {
        req_job_next(&c->q, &verify_ops);
    } else if (c->in_turn) {
        req_job_next(&c->q, &turn_ops);
    } else {
        submit_command(c);
    }
}

static void
free_waiting(void *state)
{
    req_job_free(state);
}

static void
take_turn(struct cli_job *c)
{
    admin_plan_wait(&c->plan);
    req_take_turn(c->q.req, begin, c, free_waiting);
}

static void
take_turn_if_there(struct cli_job *c)
{
    if (c->q.req->session != NULL) {
        take_turn(c);
        return;
    }
    req_finish(c->q.req);
    req_job_free(&c->q);
}

enum req_result
cli_run(struct req *r, const char *line, size_t len, bool report)
{
    struct cli_job *c = cli_job_new(r, line, len);

    c->report = report;
    stat_add(STAT_CLI_COMMANDS, 1);
    /* One without any right is refused anyway. */
    if (c->q.caller.caller.rights != 0)
        admin_plan_look_for_password(&c->plan);
    admin_plan_wait(&c->plan);
    r->bytes = admin_plan_bytes(&c->plan);
    r->alone = admin_plan_is_alone(&c->plan);
    if (c->plan.hash == ADMIN_HASH_NEW)
        return req_job_next(&c->q, &ahead_ops);
    take_turn(c);
    return REQ_PENDING;
}
