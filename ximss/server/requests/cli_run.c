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
#include "ximss/server/auth/throttle.h"
#include "ximss/server/base/counters.h"
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
    admin_parts_clear(&c->parts);
    admin_plan_wait(&c->plan);
    job_submit(&c->job);
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
    if (c->job.result != STORE_OK || a->code != 200) {
        log_error("a listing broke off: %s",
                  c->job.result != STORE_OK ? c->job.err.text : a->text);
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

    c->req = NULL;
    if (!c->in_flight)
        cli_job_free(c);
}

static void
take_piece(struct cli_job *c)
{
    c->in_flight = false;
    if (c->req == NULL)
        cli_job_free(c);
    else
        req_run_steps(c->req->session);
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
command_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct cli_job *c = (struct cli_job *)j;
    struct admin_context x;
    enum store_result r;

    cli_job_context(&x, c, t);
    admin_answer_clear(&c->answer);
    r = admin_execute(&x, &c->plan, &c->hashed, &c->answer, err);
    c->changed = c->hashed.made != NULL ? account_with_aliases(&j->effects) : 0;
    return r;
}

static void
command_finish(struct job *j)
{
    struct cli_job *c = (struct cli_job *)j;
    bool more = j->result == STORE_OK && c->answer.more;

    if (c->in_flight) {
        take_piece(c);
    } else if (more && c->answer.next != NULL) {
        c->first = true;
        req_stream(c->req, send_piece, c, free_listing);
    } else if (more) {
        c->target = c->answer.target;
        submit_again(c);
    } else {
        if (j->result == STORE_OK && c->changed != 0)
            alias_renew(j->worker, j->lane, c->changed, c->plan.password);
        cli_job_answer(c);
    }
}

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
    c->job.ended = give_up_claim;
    c->job.body = command_body;
    c->job.finish = command_finish;
    job_submit(&c->job);
}

/* --- passwords that are tried --- */

/* Whose passwords are not his to set, he tries no faster than by logging in.
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
    snprintf(g.by, sizeof g.by, "%s %s", g.name, c->caller.caller.name);
    return g;
}

static bool
may_guess(struct cli_job *c)
{
    struct guess g = guess_of(c);

    if (c->guessed == 0 || throttle_delay(c->job.server->throttle, g.name, g.by,
                                          clock_mono()) <= 0)
        return true;
    cli_job_refuse(c, ANSWER(WRONG_PASSWORDS));
    return false;
}

static void
note_guess(const struct cli_job *c)
{
    struct guess g = guess_of(c);

    if (c->guessed != 0)
        (c->hashed.matches ? throttle_succeeded : throttle_failed)(
            c->job.server->throttle, g.name, g.by, clock_mono());
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

static void
hash_work(void *arg)
{
    struct cli_job *c = arg;

    if (c->plan.hash == ADMIN_HASH_NEW) {
        password_make(c->plan.password, c->iterations, true, &c->cred);
        c->hashed.made = &c->cred;
    } else {
        c->hashed.checked = c->cred.iterations > 0;
        c->hashed.matches =
            c->hashed.checked && password_matches(&c->cred, c->plan.password);
    }
}

static void
hash_done(void *arg)
{
    struct cli_job *c = arg;

    c->job.mail.deliver = on_hashed;
    mailbox_put(c->job.worker->box, &c->job.mail);
}

/* -1: the answer says that it was not possible. */
static int
submit_hash(struct cli_job *c)
{
    admin_plan_wait(&c->plan);
    if (hash_pool_submit(c->job.server->hash_pool, c->caller.caller.account,
                         hash_work, hash_done, c) == 0)
        return 0;
    c->job.result = STORE_OK;
    cli_job_refuse(c, ANSWER(BUSY));
    return -1;
}

static enum store_result
verify_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct cli_job *c = (struct cli_job *)j;
    struct admin_context x;
    enum store_result r;

    cli_job_context(&x, c, t);
    r = admin_verify_find(&x, &c->plan, &c->cred, &c->checkable, &c->guessed,
                          err);
    return r == STORE_OK && !c->checkable ? command_body(j, t, err) : r;
}

static void
verify_finish(struct job *j)
{
    struct cli_job *c = (struct cli_job *)j;

    /* One without a password takes as long as others. */
    if (c->checkable && c->cred.iterations == 0)
        password_dummy(j->server->secret, c->plan.account, c->iterations,
                       &c->cred);
    if (j->result != STORE_OK || !c->checkable || !may_guess(c) ||
        submit_hash(c) < 0)
        cli_job_answer(c);
}

/* --- passwords that are set --- */

static enum store_result
ask_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct cli_job *c = (struct cli_job *)j;
    struct admin_context x;

    cli_job_context(&x, c, t);
    return admin_hash_wanted(&x, &c->plan, &c->wanted, err);
}

static void
ahead_finish(struct job *j)
{
    struct cli_job *c = (struct cli_job *)j;
    struct hash_pool *pool = j->server->hash_pool;

    if (j->result == STORE_OK && c->wanted && c->req->session != NULL &&
        hash_pool_waiting_of(pool, c->caller.caller.account) < AHEAD_MOST &&
        submit_hash(c) == 0)
        return;
    admin_answer_clear(&c->answer);
    c->in_turn = true;
    c->req->alone = true; /* a hash between two jobs, as above */
    take_turn_if_there(c);
}

/* In its turn: hashes it if that is wanted now, else carries out what is to be
 * said instead. */
static enum store_result
turn_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct cli_job *c = (struct cli_job *)j;
    enum store_result r = ask_body(j, t, err);

    return r == STORE_OK && !c->wanted ? command_body(j, t, err) : r;
}

static void
turn_finish(struct job *j)
{
    struct cli_job *c = (struct cli_job *)j;

    if (j->result != STORE_OK || !c->wanted || submit_hash(c) < 0)
        cli_job_answer(c);
}

static void
submit_ask(struct cli_job *c, bool in_turn)
{
    c->job.body = in_turn ? turn_body : ask_body;
    c->job.finish = in_turn ? turn_finish : ahead_finish;
    job_submit(&c->job);
}

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
        c->job.body = verify_body;
        c->job.finish = verify_finish;
        job_submit(&c->job);
    } else if (c->in_turn) {
        submit_ask(c, true);
    } else {
        submit_command(c);
    }
}

static void
free_waiting(void *state)
{
    cli_job_free(state);
}

static void
take_turn(struct cli_job *c)
{
    admin_plan_wait(&c->plan);
    req_take_turn(c->req, begin, c, free_waiting);
}

static void
take_turn_if_there(struct cli_job *c)
{
    if (c->req->session != NULL) {
        take_turn(c);
        return;
    }
    req_finish(c->req);
    cli_job_free(c);
}

enum req_result
cli_run(struct req *r, const char *line, size_t len)
{
    struct cli_job *c = cli_job_new(r, line, len);

    counter_add(COUNTER_CLI_COMMANDS, 1);
    /* One without any right is refused anyway. */
    if (c->caller.caller.rights != 0)
        admin_plan_look_for_password(&c->plan);
    admin_plan_wait(&c->plan);
    r->bytes = admin_plan_bytes(&c->plan);
    r->alone = admin_plan_is_alone(&c->plan);
    if (c->plan.hash == ADMIN_HASH_NEW)
        submit_ask(c, false);
    else
        take_turn(c);
    return REQ_PENDING;
}
