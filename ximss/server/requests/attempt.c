/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of an attempt: its ways to other threads and back, and how it ends
 * without success. */
#include "config.h"

#include "ximss/server/requests/attempt.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <openssl/crypto.h>

#include "util/blank.h"
#include "util/clock.h"
#include "util/log_budget.h"
#include "util/log_event.h"
#include "util/name.h"
#include "util/xmalloc.h"
#include "ximss/server/auth/hash_pool.h"
#include "ximss/server/auth/throttle.h"
#include "ximss/server/live/dialect.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/requests/login_door.h"
#include "ximss/server/requests/login_private.h"
#include "ximss/server/requests/login_stat.h"

/* --- beginning and end --- */

/* user@domain, as names are compared: whatever cannot be one is nobody's, and counts
 * and costs as much.  The caller frees. */
static char *
full_name(struct req *r, const char *name)
{
    const char *domain = login_of(r->session)->domain;
    char *bare = blank_trimmed(name); /* people type, or paste, more */
    char *main_domain, *full, *key;

    if (strchr(bare, '@') == NULL) {
        main_domain = server_main_domain(r->worker->server);
        full = xasprintf("%s@%s", bare, domain != NULL ? domain : main_domain);
        free(main_domain);
        free(bare);
    } else {
        full = bare;
    }
    key = name_key(full);
    free(full);
    return key;
}

static void
take_settings(struct attempt *a, const struct config *cfg)
{
    a->ticket_time = cfg->ticket_time;
    a->tickets_most = cfg->max_account_tickets;
    a->iterations = cfg->password_iterations;
    a->hash_limits = cfg->hash_limits;
    a->keep_hashes = cfg->keep_hashes;
    a->device_rules.life = cfg->device_time;
    a->device_rules.most = cfg->max_account_devices;
    a->outside.timeout = cfg->auth_timeout;
    a->outside.cache_time = cfg->auth_cache_time;
}

static void
take_session(struct attempt *a, struct session *s)
{
    a->job.lane = session_lane(s);
    a->takes_tokens = s->door == SESSION_PWD || s->door == SESSION_PWD_TLS ||
                      s->door == SESSION_PWD_APOP;
    peer_format(session_address(s), a->address);
    strcpy(a->counted_as, a->address);
    a->peer = s->peer;
    if (s->client != NULL)
        a->client = *s->client;
    a->outside.is_secured = session_is_encrypted(s) || session_is_local(s);
    a->lasting = login_of(s)->lasting;
    a->device_wish = login_of(s)->device_wish;
}

struct attempt *
attempt_new(struct req *r, const char *name, const char *method)
{
    struct attempt *a = xcalloc(1, sizeof *a);

    job_init(&a->job, r->worker->server, r->worker);
    a->req = r;
    a->method = method;
    take_settings(a, r->worker->cfg);
    take_session(a, r->session);
    if (name != NULL)
        a->name = full_name(r, name);
    return a;
}

void
attempt_free(struct attempt *a)
{
    attempt_leave_place(a);
    login_slot_release(&a->slot);
    attempt_guess_release(a);
    if (a->timer != NULL)
        event_free(a->timer);
    if (a->password != NULL)
        OPENSSL_cleanse(a->password, strlen(a->password));
    free(a->password);
    free(a->proof);
    free(a->challenge);
    free(a->digest);
    token_set_clear(&a->tokens);
    free(a->name);
    free(a->account_name);
    free(a->keep.number);
    login_door_free(&a->door);
    attempt_outside_clear(&a->outside);
    job_clear(&a->job);
    OPENSSL_cleanse(a, sizeof *a);
    free(a);
}

bool
attempt_free_orphan(struct attempt *a)
{
    if (a->req->session != NULL)
        return false;
    req_finish(a->req);
    attempt_free(a);
    return true;
}

/* --- to the store, to the hash pool, and back --- */

static enum store_result
run_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct attempt *a = (struct attempt *)j;

    return a->body(a, t, err);
}

static void
on_stored(struct job *j)
{
    struct attempt *a = (struct attempt *)j;

    if (attempt_free_orphan(a))
        return;
    if (j->result != STORE_OK && !a->may_fail)
        attempt_answer_store(a);
    else
        a->next(a);
}

static void
submit(struct attempt *a, attempt_body *body, attempt_step *next, bool may_fail)
{
    a->body = body;
    a->next = next;
    a->may_fail = may_fail;
    a->job.body = run_body;
    a->job.finish = on_stored;
    job_submit(&a->job);
}

void
attempt_ask(struct attempt *a, attempt_body *body, attempt_step *next)
{
    submit(a, body, next, false);
}

void
attempt_ask_anyway(struct attempt *a, attempt_body *body, attempt_step *next)
{
    submit(a, body, next, true);
}

static void
on_mail(struct mail *m, void *owner)
{
    struct attempt *a = (struct attempt *)(void *)m; /* the job's mail */

    (void)owner;
    if (!attempt_free_orphan(a))
        a->next(a);
}

void
attempt_send_home(struct attempt *a, attempt_step *next)
{
    a->next = next;
    a->job.mail.deliver = on_mail;
    mailbox_put(a->job.worker->box, &a->job.mail);
}

static void
run_work(void *arg)
{
    struct attempt *a = arg;

    a->work(a);
}

static void
on_worked(void *arg)
{
    struct attempt *a = arg;

    attempt_send_home(a, a->next);
}

static void
submit_work(struct attempt *a, struct hash_pool *pool, hash_pool_owner owner,
            attempt_work *work, attempt_step *next)
{
    a->work = work;
    a->next = next;
    if (hash_pool_submit(pool, owner, run_work, on_worked, a) < 0)
        attempt_answer(a, ANSWER(BUSY));
}

void
attempt_hash(struct attempt *a, attempt_work *work, attempt_step *next)
{
    struct server *server = a->job.server;

    submit_work(a, server->hash_pool,
                throttle_network(server->throttle, a->address), work, next);
}

void
attempt_ask_system(struct attempt *a, uint32_t uid, attempt_work *work,
                   attempt_step *next)
{
    submit_work(a, a->job.server->name_pool, uid, work, next);
}

/* --- answers --- */

void
attempt_answer(struct attempt *a, unsigned code, const char *text)
{
    struct req *r = a->req;

    if (r->session != NULL) {
        login_drop_exchange(r->session->login); /* the target domain stays */
        session_set_state(r->session, SESSION_NEW);
    }
    req_fail(r, code, text);
    attempt_free(a);
    req_finish(r);
}

void
attempt_answer_store(struct attempt *a)
{
    if (a->job.result == STORE_FULL) {
        attempt_answer(a, ANSWER(STORE_FULL));
        return;
    }
    log_error("log-in failed in the store: %s", a->job.err.text);
    attempt_answer(a, ANSWER(STORE_FAILED));
}

void
attempt_log_name(const struct attempt *a, char out[ACCOUNT_NAME_SIZE])
{
    const char *text = a->name != NULL ? a->name : "-";
    size_t n = 0;

    /* A normal form is one word, of characters that are seen. */
    if (name_address(text, out, NULL) == 0 && strcmp(text, out) == 0)
        return;
    for (; *text != '\0' && n + 1 < ACCOUNT_NAME_SIZE; text++)
        out[n++] = *text > ' ' && *text < 0x7f && *text != '"' ? *text : '?';
    out[n] = '\0';
}

/* Strangers cause these lines. */
static void
log_failure(const struct attempt *a, const char *reason)
{
    static struct log_budget budget = LOG_BUDGET_INIT;
    unsigned most = atomic_load_explicit(&a->job.server->log_failures,
                                         memory_order_relaxed);
    char user[ACCOUNT_NAME_SIZE];
    unsigned left_out;
    bool may = log_budget_take(&budget, most, &left_out);

    if (left_out > 0)
        log_event(LOG_WARN_, "failed logins left out",
                  LOG_NUMBER("count", left_out));
    if (!may)
        return;
    attempt_log_name(a, user);
    log_event(LOG_WARN_, "login failed", LOG_WORD("user", user),
              LOG_WORD("address", a->address), LOG_WORD("method", a->method),
              LOG_WORD("reason", reason));
}

void
attempt_count_failure(const struct attempt *a, const char *reason)
{
    throttle_failed(a->job.server->throttle, a->name, a->address, clock_mono());
    log_failure(a, reason);
    login_stat_failed(a);
}

void
attempt_refuse(struct attempt *a, const char *reason)
{
    if (a->door != NULL) {
        login_door_refuse(a, reason);
        return;
    }
    attempt_count_failure(a, reason);
    attempt_answer(a, ANSWER(WRONG_LOGIN));
}
