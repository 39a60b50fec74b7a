/* SPDX-License-Identifier: BSD-2-Clause */
/* A session: one connection, from accept to close.
 *
 * Messages are taken off the wire one by one while nothing forbids it; what
 * forbids it is a bit of conn's pause mask, and session_update_pauses is the
 * one place that clears those.  A session that ends is unlinked from
 * everything at once and freed at the end of the loop's turn, so no callback
 * ever sees freed memory. */
#include "config.h"

#include "ximss/server/live/session_log.h"
#include "ximss/server/live/session_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/proto/cli_data.h"
#include "ximss/server/base/counters.h"
#include "ximss/server/live/admission.h"
#include "ximss/server/live/delivery.h"
#include "ximss/server/live/dialect.h"
#include "ximss/server/live/lasting_session.h"
#include "ximss/server/live/proxy_door.h"
#include "ximss/server/live/push.h"
#include "ximss/server/live/quota_check.h"
#include "ximss/server/live/request.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/ticket_renew.h"
#include "ximss/server/live/watch.h"
#include "ximss/server/rules/lane.h"

/* A client that does not close after our end is given so long. */
#define LINGER_SECONDS 3

/* Of a message that has not come whole: from here on it is looked at what others
 * of the account keep of theirs. */
#define LONG_INPUT 65536

/* A session looks dead when it has said nothing for so long (clients are to say
 * something every five minutes), or has not read for so long. */
#define DEAD_SILENT_SECONDS  300
#define DEAD_BLOCKED_SECONDS 60

static const char *const state_names[] = {
    [SESSION_NEW] = "new",       [SESSION_LOGIN] = "login",
    [SESSION_OPEN] = "open",     [SESSION_ENDING] = "ending",
    [SESSION_CLOSED] = "closed",
};

static const char *const door_names[] = {
    [SESSION_TCP] = "ximss",    [SESSION_TLS] = "ximsss",
    [SESSION_LOCAL] = "socket", [SESSION_PWD] = "pwd",
    [SESSION_PWD_TLS] = "pwds", [SESSION_PWD_APOP] = "pwd",
};

const struct dialect *
session_dialect(const struct session *s)
{
    return s->dialect;
}

uint32_t
session_seconds(void)
{
    return (uint32_t)(clock_mono() / CLOCK_SECOND);
}

struct worker *
session_worker(const struct session *s)
{
    return conn_loop_owner(s->conn.loop);
}

const struct peer *
session_address(const struct session *s)
{
    return s->client != NULL ? s->client : &s->peer;
}

bool
session_is_encrypted(const struct session *s)
{
    return conn_is_encrypted(&s->conn) || s->proxy_tls;
}

bool
session_is_local(const struct session *s)
{
    return !s->proxied && peer_is_loopback(&s->peer);
}

void
session_user(const struct session *s, char out[ACCOUNT_NAME_SIZE])
{
    if (s->account != NULL)
        account_full_name(s->account, out);
    else if (s->local_admin)
        snprintf(out, ACCOUNT_NAME_SIZE, "local:%u", s->uid);
    else
        out[0] = '\0';
}

void
session_caller(const struct session *s, struct session_caller *c)
{
    char address[PEER_TEXT_SIZE];

    memset(&c->caller, 0, sizeof c->caller);
    session_user(s, c->name);
    peer_format(session_address(s), address);
    snprintf(c->from, sizeof c->from, "%s %s%s%s", address, door_names[s->door],
             s->token != NULL ? " token " : "",
             s->token != NULL ? s->token->name : "");
    c->caller.by_token = s->token != NULL;
    c->caller.name = c->name;
    c->caller.from = c->from;
    if (s->account != NULL) {
        c->caller.account = s->account->number;
        c->caller.domain = s->account->domain->number;
        c->caller.shared = s->account->domain->shared;
        c->caller.rights = s->account->rights;
    } else if (s->local_admin) {
        c->caller.rights = RIGHT_MASTER;
    }
}

uint64_t
session_lane(const struct session *s)
{
    return s->number != 0 ? s->lane : lane_of_stranger(session_address(s));
}

void
session_set_state(struct session *s, enum session_state state)
{
    char address[PEER_TEXT_SIZE];

    if (log_wants(LOG_DEBUG_)) {
        peer_format(session_address(s), address);
        log_debug("session=%llu address=%s state=%s was=%s",
                  (unsigned long long)s->number, address, state_names[state],
                  state_names[s->state]);
    }
    s->state = (uint8_t)state;
    push_audience_changed(session_worker(s));
}

/* --- ending --- */

static void free_held(struct session *s);

static void
run_free(struct conn_deferred *d)
{
    struct session *s =
        (struct session *)(void *)((char *)d -
                                   offsetof(struct session, deferred));
    const struct dialect *dialect = session_dialect(s);

    if (dialect->reset != NULL)
        dialect->reset(s);
    free_held(s);
    free(s->client);
    free(s->token);
    if (s->lasting != NULL)
        explicit_bzero(s->lasting, sizeof *s->lasting);
    free(s->lasting);
    free(s);
}

/* Also while its last words are still on their way. */
static void
leave_account(struct session *s, struct worker *w)
{
    conn_set_budget(&s->conn, NULL);
    if (s->account != NULL)
        account_session_removed(w, s->account, s);
    s->account = NULL;
}

static const struct session_login_ops *
login_ops(const struct session *s)
{
    return *(const struct session_login_ops *const *)(void *)s->login;
}

static void
free_login(struct session *s)
{
    if (s->login != NULL)
        login_ops(s)->free(&s->login);
}

static void
unlink_all(struct session *s, struct worker *w)
{
    req_abandon_all(s);
    free_login(s);
    push_forget(w, s);
    delivery_forget(w, s);
    if (s->n_watches > 0)
        watch_remove_all(w, s);
    leave_account(s, w);
    TAILQ_REMOVE(&w->sessions, s, all);
    w->n_sessions--;
    counter_add(COUNTER_CONNECTIONS_OPEN, -1);
    if (s->guest == NULL)
        counter_add(COUNTER_SESSIONS_OPEN, -1);
    admission_leave(w, s);
}

void
session_close(struct session *s, const char *reason)
{
    struct worker *w;

    if (s->state == SESSION_CLOSED)
        return;
    w = session_worker(s);
    session_log_end(s, reason);
    lasting_session_lost(s);
    session_set_state(s, SESSION_CLOSED);
    unlink_all(s, w);
    conn_close(&s->conn);
    s->deferred.run = run_free;
    conn_loop_defer(w->loop, &s->deferred);
}

void
session_finish(struct session *s, const char *reason)
{
    if (s->state >= SESSION_ENDING)
        return;
    log_debug("session ending id=%llu reason=\"%s\"",
              (unsigned long long)s->number, reason);
    session_set_state(s, SESSION_ENDING);
    s->last_input = session_seconds();
    conn_finish(&s->conn);
}

static void
on_closed(struct conn *c, enum conn_close_reason reason)
{
    static const char *const texts[] = {
        [CONN_EOF] = "closed by the client",
        [CONN_RESET] = "connection broken off",
        [CONN_TLS_ERROR] = "TLS error",
        [CONN_OUTPUT_LIMIT] = "the client does not read: output limit",
        [CONN_BUDGET] = ("the client does not read: account-output or "
                         "output-total"),
    };
    struct session *s = (struct session *)c;

    if (s->state == SESSION_CLOSED)
        return;
    if (reason == CONN_EOF) {
        delivery_on_eof(session_worker(s), s);
        if (s->state < SESSION_ENDING && !TAILQ_EMPTY(&s->reqs)) {
            /* It has asked and closed its side: it still wants the answers. */
            conn_pause(c, PAUSE_EOF);
            return;
        }
    }
    session_close(s, texts[reason]);
}

/* --- input --- */

static bool
may_go_on(const struct session *s)
{
    return s->state < SESSION_ENDING && s->conn.paused == 0 && !s->tls_started;
}

/* Behind the answer to starttls; what the client sent behind its request is
 * dropped, and what it said before is forgotten, so that nobody can slip
 * anything in before the encryption. */
static void
start_tls(struct session *s)
{
    const struct dialect *d = session_dialect(s);

    s->tls_started = false;
    free_login(s);
    if (d->reset != NULL)
        d->reset(s);
    free(s->client);
    s->client = NULL;
    conn_uncork(&s->conn);
    if (s->state >= SESSION_ENDING)
        return;
    if (s->conn.out != NULL ||
        conn_start_tls(&s->conn, session_worker(s)->tls,
                       admission_crowd(session_worker(s), s)) < 0)
        session_close(s, "TLS could not be started");
}

/* What is kept of messages that have not come whole, together. */
static void
check_input(struct session *s, size_t kept)
{
    const struct session *o;
    size_t sum = kept;

    if (s->account == NULL || s->state >= SESSION_ENDING)
        return;
    TAILQ_FOREACH(o, &s->account->sessions, of_account)
        sum += o != s ? o->conn.in_len : 0;
    if (sum > session_worker(s)->cfg->account_input)
        session_close(s, "account-input: too many unfinished messages");
}

/* False: it ends the session, or waits and comes again. */
static bool
take_message(struct session *s, const char *msg, size_t len)
{
    struct worker *w = session_worker(s);

    s->last_input = session_seconds();
    admission_spoke(w, s);
    delivery_on_input(w, s);
    /* What this worker has heard of goes before the answer. */
    if (s->push_queued)
        push_session(w, s);
    if (s->state >= SESSION_ENDING)
        return false;
    if (session_dialect(s)->dispatch(s, msg, len))
        return true;
    conn_pause(&s->conn, PAUSE_BUSY);
    return false;
}

/* What is left over stays with the connection. */
static void
end_input(struct session *s, size_t left, uint64_t acked)
{
    if (left == 0)
        delivery_after_input(s, acked);
    else if (left > LONG_INPUT)
        check_input(s, left);
}

static size_t
on_data(struct conn *c, const char *data, size_t len)
{
    struct session *s = (struct session *)c;
    struct worker *w = session_worker(s);
    const struct dialect *d = session_dialect(s);
    uint64_t acked;
    size_t used = 0, scanned = c->scanned, n;
    const char *msg;

    if (s->proxy != SESSION_PROXY_OVER) {
        used = proxy_door_take(s, data, len);
        if (s->proxy != SESSION_PROXY_OVER || s->conn.exact ||
            s->state == SESSION_CLOSED)
            return used;
    }
    acked = delivery_before_input(s);
    c->scanned = 0;
    s->turn_over = false;
    for (unsigned turn = 0; may_go_on(s); turn++) {
        size_t step = d->next(s, data + used, len - used, scanned, &msg, &n);

        scanned = 0;
        if (msg == NULL) {
            used += step;
            if (len - used > d->limit(s) && d->too_big(s, false))
                used = len;
            c->scanned = (uint32_t)(len - used);
            break;
        }
        if (n > d->limit(s)) {
            if (!d->too_big(s, true))
                break;
            used += step;
            continue;
        }
        if (turn >= w->cfg->requests_per_turn || s->turn_over) {
            conn_continue(c);
            break;
        }
        if (!take_message(s, msg, n))
            break;
        used += step;
    }
    if (s->tls_started) {
        start_tls(s);
        return len;
    }
    end_input(s, len - used, acked);
    return used;
}

void
session_update_pauses(struct session *s)
{
    const struct config *cfg;
    struct worker *w;

    if (s->state >= SESSION_ENDING)
        return;
    w = session_worker(s);
    cfg = w->cfg;
    if (s->n_reqs == 0 && (s->conn.paused & PAUSE_EOF) != 0) {
        session_finish(s, "closed by the client");
        return;
    }
    if (s->n_reqs == 0 && (s->conn.paused & PAUSE_DRAIN) != 0) {
        session_dialect(s)->bye(s);
        session_finish(s, "the server ends");
        return;
    }
    if (s->state != SESSION_OPEN ||
        (s->cursor >= s->login_id && !s->quota_wait))
        conn_resume(&s->conn, PAUSE_PENDING);
    if (conn_pending(&s->conn) < cfg->output_soft)
        conn_resume(&s->conn, PAUSE_OUTPUT);
    else
        conn_pause(&s->conn, PAUSE_OUTPUT);
    if (s->n_reqs == 0)
        conn_resume(&s->conn, PAUSE_BUSY);
}

static void
on_drained(struct conn *c)
{
    struct session *s = (struct session *)c;

    if (s->n_reqs > 0)
        s->last_input = session_seconds(); /* it reads a long answer */
    if (s->state == SESSION_OPEN)
        push_session(session_worker(s), s);
    if (s->state < SESSION_ENDING)
        req_go_on(s);
    session_update_pauses(s);
}

static const struct conn_ops session_ops = {
    .on_data = on_data,
    .on_drained = on_drained,
    .on_closed = on_closed,
};

/* --- beginning --- */

static void
link_to_worker(struct session *s, struct worker *w)
{
    TAILQ_INSERT_TAIL(&w->sessions, s, all);
    w->n_sessions++;
    conn_attach(&s->conn, w->loop);
}

void
session_begin(struct session *s)
{
    const struct dialect *d = session_dialect(s);
    struct worker *w = session_worker(s);

    if (s->door == SESSION_TLS || s->door == SESSION_PWD_TLS) {
        if (w->tls == NULL ||
            conn_start_tls(&s->conn, w->tls, admission_crowd(w, s)) < 0) {
            session_close(s, "no TLS");
            return;
        }
    }
    if (d->greet != NULL)
        d->greet(s);
}

void
session_new(struct worker *w, int fd, enum session_door door,
            const struct dialect *d, const struct peer *peer, unsigned uid,
            bool proxied)
{
    struct session *s = xcalloc(1, d->session_size);
    void *away;

    s->dialect = d;
    s->peer = *peer;
    s->uid = uid;
    if (!admission_enter(w, s, &away)) {
        close(fd);
        free(s);
        return;
    }
    counter_add(COUNTER_CONNECTIONS, 1);
    counter_add(COUNTER_CONNECTIONS_OPEN, 1);
    conn_init(&s->conn, fd, &session_ops);
    TAILQ_INIT(&s->reqs);
    s->door = (uint8_t)door;
    s->opt_alerts = true;
    s->last_input = s->login_since = session_seconds();
    s->idle_timeout = (uint32_t)(d->idle_timeout(w->cfg) / CLOCK_SECOND);
    link_to_worker(s, w);
    admission_make_room(w, away);
    if (s->state == SESSION_CLOSED) /* others came at the same time */
        return;
    proxy_door_open(s, proxied);
    if (s->state != SESSION_CLOSED && s->proxy != SESSION_PROXY_MUST)
        session_begin(s);
}

void
session_detach(struct session *s)
{
    struct worker *w = session_worker(s);

    TAILQ_REMOVE(&w->sessions, s, all);
    w->n_sessions--;
    lobby_set_owner(w->server->lobby, s->guest, NULL, s);
    conn_detach(&s->conn);
}

void
session_attach(struct session *s, struct worker *w)
{
    link_to_worker(s, w);
    lobby_set_owner(w->server->lobby, s->guest, w, s);
    if (w->draining)
        conn_pause(&s->conn, PAUSE_DRAIN);
}

void
session_open(struct session *s, struct account *a)
{
    struct worker *w = session_worker(s);
    struct session_caller caller;

    if (s->number == 0)
        s->number = atomic_fetch_add(&w->server->next_session, 1);
    s->account = a;
    push_skip_removals(w, s);
    s->local_admin = a == NULL;
    session_caller(s, &caller);
    s->lane = lane_of_caller(&caller.caller);
    if (s->guest != NULL) {
        admission_logged_in(w, s);
        counter_add(COUNTER_SESSIONS_OPEN, 1);
    }
    if (a != NULL) {
        account_session_added(w, a, s);
        a->output.most = w->cfg->account_output;
        conn_set_budget(&s->conn, &a->output);
        a->last_login = clock_now();
        a->last_peer = *session_address(s);
        account_touch(w, a);
    }
    session_set_state(s, SESSION_OPEN);
}

void
session_start_alerts(struct session *s)
{
    struct worker *w = session_worker(s);

    s->login_id = w->board.last_id;
    s->cursor = s->account != NULL ? s->account->position : s->login_id;
    push_skip_removals(w, s);
    if (s->account == NULL || !s->opt_alerts)
        s->cursor = s->login_id;
    else
        s->quota_wait = quota_check_login(w, s);
    push_session(w, s);
    if (s->state == SESSION_OPEN && (s->cursor < s->login_id || s->quota_wait))
        conn_pause(&s->conn, PAUSE_PENDING);
}

void
session_quota_known(struct session *s)
{
    if (!s->quota_wait)
        return;
    s->quota_wait = false;
    push_session(session_worker(s), s);
    session_update_pauses(s);
}

/* --- messages that are no answers --- */

static void
free_held(struct session *s)
{
    if (s->held != NULL)
        buf_clear(s->held);
    free(s->held);
    s->held = NULL;
}

void
session_tell(struct session *s, const void *data, size_t len)
{
    if (!s->mid_message) {
        conn_send(&s->conn, data, len);
        return;
    }
    if (s->held == NULL)
        s->held = xcalloc(1, sizeof *s->held);
    buf_append(s->held, data, len);
    if (s->held->len > session_worker(s)->cfg->output_hard ||
        (s->account != NULL && session_held_bytes(&s->account->sessions) >
                                   session_worker(s)->cfg->account_output))
        session_close(s, "the client does not read: output limit");
}

void
session_tell_held(struct session *s)
{
    if (s->mid_message || s->state != SESSION_OPEN)
        return;
    if (s->held != NULL)
        conn_send(&s->conn, s->held->data, s->held->len);
    free_held(s);
    push_session(session_worker(s), s);
}

/* --- sessions of an account --- */

void
session_link_account(struct session *s, struct account_sessions *head)
{
    TAILQ_INSERT_TAIL(head, s, of_account);
}

void
session_unlink_account(struct session *s, struct account_sessions *head)
{
    TAILQ_REMOVE(head, s, of_account);
}

size_t
session_held_bytes(const struct account_sessions *head)
{
    const struct session *s;
    size_t n = 0;

    TAILQ_FOREACH(s, head, of_account)
        n += s->held != NULL ? s->held->len : 0;
    return n;
}

uint64_t
session_got(const struct account_sessions *head)
{
    const struct session *s;
    uint64_t got = UINT64_MAX;

    TAILQ_FOREACH(s, head, of_account) {
        uint64_t had = s->cursor > s->login_id ? s->cursor : s->login_id;

        if (s->state == SESSION_OPEN && s->opt_alerts && had < got)
            got = had;
    }
    return got;
}

unsigned
session_send_changes(const struct account_sessions *head, const void *data,
                     size_t len, const struct session *except)
{
    struct session *s, *next;
    unsigned n = 0;

    TAILQ_FOREACH_SAFE(s, head, of_account, next)
        if (s != except && s->state == SESSION_OPEN && s->opt_changes &&
            s->opt_alerts) {
            session_tell(s, data, len);
            n++;
        }
    return n;
}

/* --- ending from outside --- */

static void
say_bye(struct session *s, const char *reason)
{
    if (s->state == SESSION_OPEN)
        session_dialect(s)->bye(s);
    session_finish(s, reason);
}

/* Takes the session out of its account at once: it must not count any more
 * when whoever asked for its end is answered. */
static void
kill_session(struct session *s, const char *reason)
{
    struct worker *w = session_worker(s);

    say_bye(s, reason);
    if (s->state == SESSION_CLOSED)
        return;
    req_abandon_all(s);
    leave_account(s, w);
    push_forget(w, s);
    delivery_forget(w, s);
}

static bool
looks_dead(const struct session *s, uint32_t silent)
{
    return (int32_t)silent >= DEAD_SILENT_SECONDS ||
           ((int32_t)silent >= DEAD_BLOCKED_SECONDS && s->conn.out != NULL);
}

/* Whoever kept it alive from connection to connection is not to come back. */
static void
end_for_good(struct session *s, const char *reason)
{
    static const char ended[] = "<sessionEnded/>"; /* with its 0 */

    if (s->lasting != NULL) {
        s->lasting->over = true;
        session_tell(s, ended, sizeof ended);
    }
    if (s->state != SESSION_CLOSED)
        kill_session(s, reason);
}

bool
session_make_room(const struct account_sessions *head)
{
    struct session *s, *dead = NULL;
    uint32_t now = session_seconds(), longest = 0;
    char user[ACCOUNT_NAME_SIZE];

    TAILQ_FOREACH(s, head, of_account)
        if (looks_dead(s, now - s->last_input) &&
            (dead == NULL || now - s->last_input > longest)) {
            dead = s;
            longest = now - s->last_input;
        }
    if (dead == NULL)
        return false;
    session_user(dead, user);
    log_info("session makes room id=%llu user=%s silent=%u",
             (unsigned long long)dead->number, user, longest);
    kill_session(dead, "makes room for another of its account");
    return true;
}

void
session_kill_all(struct account_sessions *head)
{
    struct session *s, *next;

    TAILQ_FOREACH_SAFE(s, head, of_account, next)
        end_for_good(s, "killed by an administrator");
}

struct session *
session_of_id(const struct account_sessions *head, const char *id)
{
    struct session *s;

    TAILQ_FOREACH(s, head, of_account)
        if (s->state == SESSION_OPEN && lasting_session_is(s, id))
            return s;
    return NULL;
}

void
session_replace(struct account_sessions *head, const char *id)
{
    struct session *s;

    while ((s = session_of_id(head, id)) != NULL)
        end_for_good(s, "goes on by another connection");
}

void
session_kill_device(struct account_sessions *head, uint64_t device)
{
    struct session *s, *next;

    TAILQ_FOREACH_SAFE(s, head, of_account, next)
        if (s->state == SESSION_OPEN && s->device != 0 &&
            (device == 0 || s->device == device))
            end_for_good(s, "its device was revoked");
}

void
session_kill_token(struct account_sessions *head, uint64_t token)
{
    struct session *s, *next;

    TAILQ_FOREACH_SAFE(s, head, of_account, next)
        if (s->token != NULL && s->token->id == token)
            kill_session(s, "its token was revoked");
}

void
session_kill(struct worker *w, uint64_t number)
{
    struct session *s;

    TAILQ_FOREACH(s, &w->sessions, all)
        if (s->number == number && s->state == SESSION_OPEN) {
            end_for_good(s, "killed by an administrator");
            return;
        }
}

/* Nothing is under way for it; an answer that it has left half read is not. */
static bool
is_idle(const struct session *s)
{
    return s->n_reqs == 0 || s->conn.out != NULL;
}

void
session_check_times(struct worker *w)
{
    uint32_t now = session_seconds();
    uint32_t login = (uint32_t)(w->cfg->login_timeout / CLOCK_SECOND);
    uint32_t proxy = (uint32_t)(w->cfg->proxy_timeout / CLOCK_SECOND);
    struct session *s, *next;

    admission_send_away(w); /* who came from another worker meanwhile */
    TAILQ_FOREACH_SAFE(s, &w->sessions, all, next) {
        uint32_t silent = now - s->last_input;

        if ((int32_t)silent < 0)
            continue;
        if (s->state == SESSION_OPEN && s->idle_timeout != 0 &&
            silent >= s->idle_timeout && is_idle(s))
            say_bye(s, "idle");
        else if (s->state == SESSION_OPEN && !w->draining &&
                 ticket_is_due(s, now))
            ticket_renew(s);
        else if (s->state == SESSION_ENDING && silent >= LINGER_SECONDS)
            session_close(s, "the client does not close");
        else if (s->proxy == SESSION_PROXY_MUST &&
                 now - s->login_since >= proxy)
            session_close(s, "no PROXY header in time");
        else if (s->state < SESSION_OPEN && now - s->login_since >= login)
            session_close(s, "no log-in in time");
    }
}

static bool
is_held_up(const struct session *s)
{
    return s->login != NULL && login_ops(s)->is_held_up(s->login);
}

void
session_drain_all(struct worker *w)
{
    struct session *s, *next;

    TAILQ_FOREACH_SAFE(s, &w->sessions, all, next) {
        if (s->state >= SESSION_ENDING)
            continue;
        if (is_held_up(s) || s->proxy == SESSION_PROXY_MUST) {
            session_close(s, "the server ends");
            continue;
        }
        conn_pause(&s->conn, PAUSE_DRAIN);
        session_update_pauses(s);
    }
}

void
session_close_all(struct worker *w)
{
    struct session *s, *next;

    TAILQ_FOREACH_SAFE(s, &w->sessions, all, next)
        session_close(s, "the server ends");
}

void
session_describe(const struct session *s, bool whole_id, struct buf *b)
{
    char id[SESSION_ID_TEXT_SIZE], user[ACCOUNT_NAME_SIZE];
    char address[PEER_TEXT_SIZE];

    lasting_session_id(s, id);
    if (!whole_id)
        id[strcspn(id, "-")] = '\0';
    session_user(s, user);
    peer_format(session_address(s), address);
    buf_append_str(b, "{id=");
    cli_data_write_string(b, id, strlen(id));
    buf_append_str(b, ";user=");
    cli_data_write_string(b, user, strlen(user));
    buf_append_str(b, ";address=");
    cli_data_write_string(b, address, strlen(address));
    buf_appendf(b, ";door=%s;encrypted=%s;seconds=%u;idle=%u;}",
                door_names[s->door], session_is_encrypted(s) ? "YES" : "NO",
                session_seconds() - s->login_since,
                session_seconds() - s->last_input);
}
