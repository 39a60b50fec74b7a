/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands about sessions in memory.  A job checks the rights and finds out
 * what is meant; then the command is carried out, mostly by asking all
 * workers. */
#include "config.h"

#include "ximss/server/requests/cli_live.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/backup.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/proto/cli_data.h"
#include "ximss/server/auth/hash_pool.h"
#include "ximss/server/auth/session_id.h"
#include "ximss/server/live/broadcast.h"
#include "ximss/server/live/dialect.h"
#include "ximss/server/live/lasting_session.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/upkeep.h"
#include "ximss/server/requests/cli_job.h"
#include "ximss/server/requests/cli_outside.h"

/* TESTLOOP: so long the test takes, and what it repeats. */
#define LOOP_US    10000
#define LOOP_STEPS 1000

static bool
same_address(const struct peer *a, const struct peer *b)
{
    return a->kind == b->kind &&
           memcmp(a->address, b->address, sizeof a->address) == 0;
}

/* Behind a proxy, the connection is the proxy's. */
static bool
is_at(const struct session *s, const struct admin_session_filter *f)
{
    if (f->address.kind == PEER_NONE)
        return true;
    if (f->proxied.kind == PEER_NONE)
        return same_address(session_address(s), &f->address);
    return s->client != NULL && same_address(&s->peer, &f->address) &&
           same_address(s->client, &f->proxied);
}

static bool
is_named(const char *asked, const char *name)
{
    return asked[0] == '\0' || text_equal_nocase(asked, name);
}

static bool
passes(const struct session *s, const struct admin_session_filter *f)
{
    const char *name = session_dialect(s)->name;
    const char *protocol = session_is_at_door(s) ? session_door_name(s) : name;

    return !f->nothing && is_named(f->protocol, protocol) &&
           is_named(f->transport, name) && is_at(s, f);
}

/* Whether they may end the session, or act in it.  Nobody acts on one who may
 * more: for them there is no such session. */
static bool
may_act(const struct caller *by, const struct session *s)
{
    uint64_t domain;

    if (s->account == NULL)
        return (by->rights & RIGHT_MASTER) != 0;
    domain = s->account->domain->number;
    return rights_administers(by, domain, RIGHT_SESSIONS) &&
           rights_cover(by, domain, s->account->rights);
}

/* number: that the id would have if it were one of a session that does not
 * last; 0: it would be none's. */
static bool
is_named_by(const struct session *s, const char *id, uint64_t number)
{
    return s->lasting != NULL ? lasting_session_is(s, id)
                              : number != 0 && s->number == number;
}

static bool
is_meant(const struct cli_job *c, const struct session *s, uint64_t number)
{
    if (s->state != SESSION_OPEN)
        return false;
    if (c->live.command == ADMIN_LIVE_LIST_ALL)
        return true;
    return is_named_by(s, c->live.session, number) &&
           may_act(&c->q.caller.caller, s) &&
           (c->live.domain == 0 ||
            (s->account != NULL &&
             s->account->domain->number == c->live.domain));
}

/* Who keeps a session that lasts has an idle timer, too. */
static void
touch(struct session *s)
{
    static const char touched[] = "<sessionTouched/>"; /* with its 0 */

    s->last_input = session_seconds();
    if (s->lasting != NULL)
        session_tell(s, touched, sizeof touched);
}

static void
take_session(struct cli_job *c, struct session *s)
{
    char id[SESSION_ID_TEXT_SIZE];

    pthread_mutex_lock(&c->lock);
    if (c->live.command == ADMIN_LIVE_LIST_SESSIONS ||
        (c->live.command == ADMIN_LIVE_FIND_SESSION && c->n_found == 0)) {
        lasting_session_id(s, id);
        buf_append_str(&c->found, c->n_found > 0 ? "," : "");
        cli_data_write_string(&c->found, id, strlen(id));
    } else if (c->live.command == ADMIN_LIVE_GET_SESSION) {
        c->found.len = 0; /* another that came back to it meanwhile is newer */
        session_describe(s, true, &c->found);
    } else if (c->live.command == ADMIN_LIVE_LIST_ALL &&
               c->n_found < c->live.limit) {
        buf_append_str(&c->found, c->n_found > 0 ? "," : "");
        session_describe(s, may_act(&c->q.caller.caller, s), &c->found);
    }
    c->n_found++;
    pthread_mutex_unlock(&c->lock);
    if (c->live.command == ADMIN_LIVE_GET_SESSION && !c->live.is_trial)
        touch(s);
}

/* An account's sessions are few, and all on its worker. */
static void
visit_account(struct worker *w, struct cli_job *c)
{
    const struct account *a = account_lookup(w, c->live.account);
    struct session *s;

    if (a == NULL)
        return;
    TAILQ_FOREACH(s, &a->sessions, of_account)
        if (s->state == SESSION_OPEN && passes(s, &c->live.filter))
            take_session(c, s);
}

static void
kill_device(struct worker *w, const struct cli_job *c)
{
    struct account *a = account_lookup(w, c->live.account);

    if (a != NULL)
        session_kill_device(&a->sessions, c->live.device);
}

static void
visit_live(struct worker *w, void *arg)
{
    struct cli_job *c = arg;

    if (c->live.command == ADMIN_LIVE_TEST_CLOCK)
        worker_check_times(w);
    else if (c->live.command == ADMIN_LIVE_KILL_DEVICE)
        kill_device(w, c);
    else
        visit_account(w, c);
}

static void
visit_session(struct worker *w, struct session *s, void *arg)
{
    struct cli_job *c = arg;

    (void)w;
    if (!is_meant(c, s, c->session))
        return;
    take_session(c, s);
    if (c->live.command == ADMIN_LIVE_KILL_SESSION && !c->live.is_trial &&
        s->state == SESSION_OPEN)
        session_end_for_good(s, "killed by an administrator");
}

static void
tell_unknown(struct cli_job *c)
{
    if (c->n_found == 0)
        req_job_refuse(&c->q, ANSWER(NO_SESSION));
}

/* Ids of the store, beyond those that the workers have found. */
static void
add_stored(struct cli_job *c)
{
    char *text = xstrndup(c->answer.data.data, c->answer.data.len), *rest;
    const char *id;

    c->answer.data.len = 0;
    for (id = strtok_r(text, "(,)", &rest); id != NULL;
         id = strtok_r(NULL, "(,)", &rest))
        if (!text_list_has(buf_cstr(&c->found), ',', id)) {
            buf_append_str(&c->found, c->n_found++ > 0 ? "," : "");
            buf_append_str(&c->found, id);
        }
    free(text);
}

/* The first of the store, if the workers have found none. */
static void
take_first_stored(struct cli_job *c)
{
    if (c->n_found > 0)
        c->answer.data.len = 0;
    else
        add_stored(c);
    c->found.len = strcspn(buf_cstr(&c->found), ",");
}

/* --- the audit record of what is known only when it was tried --- */

static enum store_result
outcome_body(struct req_job *q, struct admin_context *x, struct errbuf *err)
{
    struct cli_job *c = (struct cli_job *)q;

    return admin_live_audit(x, &c->plan, c->came_code, c->came_text, err);
}

static void
outcome_finish(struct req_job *q)
{
    struct cli_job *c = (struct cli_job *)q;

    req_job_refuse(q, c->came_code, c->came_text);
    req_job_answer(q);
}

static const struct req_job_ops outcome_ops = {.body = outcome_body,
                                               .finish = outcome_finish,
                                               .answer = cli_job_say,
                                               .clear = cli_job_clear};

static void
end_live(struct cli_job *c)
{
    if (!c->live.audit_later) {
        req_job_answer(&c->q);
        return;
    }
    c->came_code = c->q.code;
    snprintf(c->came_text, sizeof c->came_text, "%s", c->q.text);
    req_job_next(&c->q, &outcome_ops);
}

static void
deliver_live(struct mail *m, void *owner)
{
    struct cli_job *c = (struct cli_job *)(void *)m;

    (void)owner;
    switch (c->live.command) {
    case ADMIN_LIVE_NONE:
    case ADMIN_LIVE_WRITE_LOG:
    case ADMIN_LIVE_LOG_ALL:
    case ADMIN_LIVE_TEST_CLOCK:
    case ADMIN_LIVE_TEST_HANG:
    case ADMIN_LIVE_KILL_DEVICE:
    case ADMIN_LIVE_LIST_USERS:
    case ADMIN_LIVE_CHECK_USERS:
    case ADMIN_LIVE_START_BACKUP:
        break;
    case ADMIN_LIVE_TEST_LOOP:
        buf_append(&c->answer.data, c->found.data, c->found.len);
        break;
    case ADMIN_LIVE_LIST_SESSIONS:
        add_stored(c);
        __attribute__((fallthrough));
    case ADMIN_LIVE_LIST_ALL:
        buf_append_char(&c->answer.data, '(');
        buf_append(&c->answer.data, c->found.data, c->found.len);
        buf_append_char(&c->answer.data, ')');
        break;
    case ADMIN_LIVE_FIND_SESSION:
        take_first_stored(c);
        buf_append(&c->answer.data, c->found.data, c->found.len);
        tell_unknown(c);
        break;
    case ADMIN_LIVE_GET_SESSION:
        if (c->n_found > 0)
            c->answer.data.len = 0;
        buf_append(&c->answer.data, c->found.data, c->found.len);
        __attribute__((fallthrough));
    case ADMIN_LIVE_KILL_SESSION:
        if (!c->live.lasts)
            tell_unknown(c);
        break;
    }
    end_live(c);
}

static void
live_done(void *arg)
{
    struct cli_job *c = arg;

    c->q.job.mail.deliver = deliver_live;
    mailbox_put(c->q.job.worker->box, &c->q.job.mail);
}

/* On the writer thread: what the new time has brought about is on its way to
 * the workers, and what is asked of them now comes behind it. */
static void
clock_settled(enum store_result result, void *arg, const struct errbuf *err)
{
    struct cli_job *c = arg;

    (void)result;
    (void)err;
    broadcast(c->q.job.server, visit_live, live_done, c);
}

static enum store_result
do_nothing(struct store_txn *t, void *arg, struct errbuf *err)
{
    (void)t;
    (void)arg;
    (void)err;
    return STORE_OK;
}

/* --- log and machine: no worker is asked --- */

static void
write_log(const struct cli_job *c)
{
    static void (*const writers[])(const char *fmt, ...) = {
        [LOG_DEBUG_] = log_debug,
        [LOG_INFO_] = log_info,
        [LOG_WARN_] = log_warn,
        [LOG_ERROR_] = log_error,
    };

    writers[c->live.level]("SYSTEM user=%s %s", c->q.caller.caller.name,
                           c->live.text);
}

/* How often a fixed piece of work can be done in a second. */
static void
loop_work(void *arg)
{
    struct cli_job *c = arg;
    volatile uint32_t x = 1;
    unsigned long long n = 0;
    int64_t begin = clock_mono(), took;

    do {
        for (unsigned i = 0; i < LOOP_STEPS; i++)
            x = x * 1664525 + 1013904223;
        n++;
        took = clock_mono() - begin;
    } while (took < LOOP_US);
    buf_appendf(&c->found, "%llu",
                n * (unsigned long long)CLOCK_SECOND /
                    (unsigned long long)took);
}

static void
test_loop(struct cli_job *c)
{
    if (hash_pool_submit(c->q.job.server->hash_pool, c->q.caller.caller.account,
                         loop_work, live_done, c) == 0)
        return;
    req_job_refuse(&c->q, ANSWER(BUSY));
    req_job_answer(&c->q);
}

/* The thread that makes it does all that can take long. */
static void
start_backup(struct cli_job *c)
{
    const struct backup_wanted wanted = {
        .dir = c->live.text,
        .keep = c->live.limit,
        .timeout_us = c->q.job.worker->cfg->backup_timeout,
        .version = PACKAGE_VERSION};
    char id[BACKUP_ID_SIZE];
    struct errbuf err;

    if (backup_start(c->q.job.server->backups, &wanted, id, &err) == 0)
        cli_data_write_string(&c->answer.data, id, strlen(id));
    else
        req_job_refuse(&c->q, ANSWER_BUSY, err.text);
}

/* --- from the job to what is asked --- */

static void
move_clock(struct cli_job *c)
{
    clock_advance(c->live.advance);
    upkeep_tick(c->q.job.server);
    store_submit(c->q.job.server->store, do_nothing, clock_settled, c);
}

/* This thread, or at its next tick the main one. */
static void
hang(struct cli_job *c)
{
    if (c->live.on)
        atomic_store(&c->q.job.server->hang, c->live.advance);
    else
        poll(NULL, 0, (int)(c->live.advance / 1000));
}

static enum store_result
live_body(struct req_job *q, struct admin_context *x, struct errbuf *err)
{
    struct cli_job *c = (struct cli_job *)q;

    cli_job_context(x, c);
    admin_answer_clear(&c->answer);
    return cli_job_take(
        c, admin_live_begin(x, &c->plan, &c->live, &c->answer, err));
}

static void
live_go_on(struct req_job *q)
{
    struct cli_job *c = (struct cli_job *)q;

    /* Whether the session is there is still to be found out. */
    if (c->live.is_trial && admin_live_acts(c->live.command) &&
        c->live.command != ADMIN_LIVE_KILL_SESSION) {
        req_job_answer(q);
        return;
    }
    switch (c->live.command) {
    case ADMIN_LIVE_WRITE_LOG:
        write_log(c);
        req_job_answer(q);
        break;
    case ADMIN_LIVE_LOG_ALL:
        log_set_level(c->live.on ? LOG_DEBUG_ : q->job.worker->cfg->log_level);
        req_job_answer(q);
        break;
    case ADMIN_LIVE_TEST_LOOP:
        test_loop(c);
        break;
    case ADMIN_LIVE_TEST_CLOCK:
        move_clock(c);
        break;
    case ADMIN_LIVE_TEST_HANG:
        hang(c);
        req_job_answer(q);
        break;
    case ADMIN_LIVE_START_BACKUP:
        start_backup(c);
        end_live(c);
        break;
    case ADMIN_LIVE_LIST_USERS:
        cli_outside_list(c);
        break;
    case ADMIN_LIVE_CHECK_USERS:
        cli_outside_check(c);
        break;
    case ADMIN_LIVE_LIST_ALL:
    case ADMIN_LIVE_GET_SESSION:
    case ADMIN_LIVE_KILL_SESSION:
        session_id_parse(c->live.session, &c->session);
        broadcast_sessions(q->job.server, visit_session, live_done, c);
        break;
    case ADMIN_LIVE_NONE:
    case ADMIN_LIVE_LIST_SESSIONS:
    case ADMIN_LIVE_FIND_SESSION:
    case ADMIN_LIVE_KILL_DEVICE:
        broadcast(q->job.server, visit_live, live_done, c);
        break;
    }
}

static const struct req_job_ops live_ops = {.body = live_body,
                                            .go_on = live_go_on,
                                            .answer = cli_job_say,
                                            .clear = cli_job_clear};

void
cli_live_begin(struct cli_job *c)
{
    req_job_next(&c->q, &live_ops);
}
