/* SPDX-License-Identifier: BSD-2-Clause */
/* How a session begins: the connection is admitted and greeted, perhaps moved
 * to the worker of its account, and logged in; then its alerts start. */
#include "config.h"

#include "ximss/server/live/session_private.h"

#include <stdlib.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/xmalloc.h"
#include "ximss/server/live/admission.h"
#include "ximss/server/live/dialect.h"
#include "ximss/server/live/proxy_door.h"
#include "ximss/server/live/push.h"
#include "ximss/server/live/quota_check.h"
#include "ximss/server/live/session_stat.h"
#include "ximss/server/live/session_time.h"
#include "ximss/server/live/session_walk.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/rules/lane.h"

static void
link_to_worker(struct session *s, struct worker *w)
{
    TAILQ_INSERT_TAIL(&w->sessions, s, all);
    w->n_sessions++;
    session_walk_added(w);
    conn_attach(&s->conn, w->loop);
    session_time_set(s);
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
    s->door = (uint8_t)door;
    if (!admission_enter(w, s, &away)) {
        close(fd);
        free(s);
        return;
    }
    session_stat_connected(s);
    conn_init(&s->conn, fd, &session_conn_ops);
    TAILQ_INIT(&s->reqs);
    s->opt_alerts = true;
    s->last_input = s->login_since = session_seconds();
    s->idle_timeout = (uint32_t)(d->idle_timeout(w->cfg) / CLOCK_SECOND);
    link_to_worker(s, w);
    admission_make_room(w, away);
    if (s->state == SESSION_CLOSED) /* others came at the same time */
        return;
    proxy_door_open(s, proxied);
    if (s->state != SESSION_CLOSED)
        session_time_set(s);
    if (s->state != SESSION_CLOSED && s->proxy != SESSION_PROXY_MUST)
        session_begin(s);
}

void
session_detach(struct session *s)
{
    struct worker *w = session_worker(s);

    session_time_forget(s);
    session_walk_removed(w, s);
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

/* Log-ins to the mail server are none of ours: each would be written to the
 * store, and POP3 clients come all the time. */
static void
note_login(struct worker *w, struct account *a, const struct session *s)
{
    a->last_login = clock_now();
    a->last_peer = *session_address(s);
    account_touch(w, a);
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
        session_stat_opened(s);
    }
    if (a != NULL) {
        account_session_added(w, a, s);
        a->output.most = w->cfg->account_output;
        conn_set_budget(&s->conn, &a->output);
        if (session_is_at_door(s))
            a->n_doors++;
        else
            note_login(w, a, s);
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

/* It begins as if it had just logged in, but is not told again what it was told
 * already (push_gather.c). */
bool
session_attend(struct session *s)
{
    struct worker *w = session_worker(s);

    if (!s->unattended)
        return false;
    s->unattended = false;
    s->attended_id = s->cursor;
    s->cursor = s->account->position;
    if (s->login_id < s->attended_id)
        s->login_id = s->attended_id;
    s->quota_wait = quota_check_login(w, s);
    push_session(w, s);
    if (s->state != SESSION_OPEN ||
        (s->cursor >= s->login_id && !s->quota_wait))
        return false;
    conn_pause(&s->conn, PAUSE_PENDING);
    return true;
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
