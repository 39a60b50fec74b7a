/* SPDX-License-Identifier: BSD-2-Clause */
/* How a session ends: by itself, by an administrator, or with the server.  It
 * is removed from everything at once, and freed at the end of the loop's turn,
 * so no callback sees freed memory. */
#include "config.h"

#include "ximss/server/live/session_private.h"

#include <stdlib.h>
#include <string.h>

#include "util/log_event.h"
#include "ximss/server/base/stat.h"
#include "ximss/server/live/admission.h"
#include "ximss/server/live/delivery.h"
#include "ximss/server/live/dialect.h"
#include "ximss/server/live/door_wake.h"
#include "ximss/server/live/lasting_session.h"
#include "ximss/server/live/push.h"
#include "ximss/server/live/request.h"
#include "ximss/server/live/session_log.h"
#include "ximss/server/live/session_stat.h"
#include "ximss/server/live/session_time.h"
#include "ximss/server/live/session_walk.h"
#include "ximss/server/live/watch.h"

/* Sessions that are ended in a turn when the server ends. */
#define END_BATCH 16

static void
run_free(struct conn_deferred *d)
{
    struct session *s =
        (struct session *)(void *)((char *)d -
                                   offsetof(struct session, deferred));
    const struct dialect *dialect = session_dialect(s);

    if (dialect->reset != NULL)
        dialect->reset(s);
    session_free_held(s);
    free(s->client);
    free(s->token);
    if (s->lasting != NULL)
        explicit_bzero(s->lasting, sizeof *s->lasting);
    free(s->lasting);
    free(s);
}

/* Who has the answer to bye may log in again at once: the session takes no
 * place of its account any more, though its connection may take seconds to
 * end, and says only then what was delivered.  One that does not read its last
 * words keeps its place: there are never more of those than may log in. */
static void
give_place(struct session *s)
{
    if (s->account == NULL || s->gave_place)
        return;
    s->gave_place = true;
    s->account->n_ending++;
    s->account->n_doors -= session_is_at_door(s);
}

/* Also while its last words are still on their way. */
static void
leave_account(struct session *s, struct worker *w)
{
    conn_set_budget(&s->conn, NULL);
    if (s->account == NULL)
        return;
    if (s->gave_place)
        s->account->n_ending--;
    else
        s->account->n_doors -= session_is_at_door(s);
    door_wake_leave(w, s);
    account_session_removed(w, s->account, s);
    s->account = NULL;
}

static const struct session_login_ops *
login_ops(const struct session *s)
{
    return *(const struct session_login_ops *const *)(void *)s->login;
}

void
session_free_login(struct session *s)
{
    if (s->login != NULL)
        login_ops(s)->free(&s->login);
}

static void
unlink_all(struct session *s, struct worker *w)
{
    req_abandon_all(s);
    session_free_login(s);
    push_forget(w, s);
    delivery_forget(w, s);
    if (s->n_watches > 0)
        watch_remove_all(w, s);
    leave_account(s, w);
    session_time_forget(s);
    session_walk_removed(w, s);
    TAILQ_REMOVE(&w->sessions, s, all);
    w->n_sessions--;
    session_stat_ended(s);
    admission_leave(w, s);
}

/* Once. */
static void
log_end(struct session *s, const char *reason)
{
    if (!s->end_logged)
        session_log_end(s, reason);
    s->end_logged = true;
}

void
session_close(struct session *s, const char *reason)
{
    struct worker *w;

    if (s->state == SESSION_CLOSED)
        return;
    w = session_worker(s);
    log_end(s, reason);
    lasting_session_lost(s);
    /* Its last words may have been that it goes to sleep: what is sent to it
     * fails, and then nobody reads them. */
    if (s->state == SESSION_OPEN && s->account != NULL)
        door_wake_sleep(w, s);
    session_set_state(s, SESSION_CLOSED);
    unlink_all(s, w);
    conn_close(&s->conn);
    s->deferred.run = run_free;
    conn_loop_defer(w->loop, &s->deferred);
}

void
session_cut(struct session *s, const char *reason)
{
    if (s->state != SESSION_CLOSED)
        stat_add(STAT_SESSIONS_CUT, 1);
    session_close(s, reason);
}

void
session_finish(struct session *s, const char *reason)
{
    if (s->state >= SESSION_ENDING)
        return;
    log_event(LOG_DEBUG_, "session ending", LOG_NUMBER("id", s->number),
              LOG_QUOTED("reason", reason));
    s->last_input = session_seconds();
    s->end_reason = reason;
    session_set_state(s, SESSION_ENDING);
    if (s->conn.out == NULL)
        give_place(s);
    conn_finish(&s->conn);
}

void
session_said_all(struct session *s)
{
    give_place(s);
    s->last_input = session_seconds();
    session_time_set(s);
}

void
session_say_bye(struct session *s, const char *reason)
{
    if (s->state == SESSION_OPEN)
        session_dialect(s)->bye(s);
    session_finish(s, reason);
}

void
session_kill_now(struct session *s, const char *reason)
{
    struct worker *w = session_worker(s);

    session_say_bye(s, reason);
    if (s->state == SESSION_CLOSED)
        return;
    /* While its account is known. */
    log_end(s, reason);
    lasting_session_lost(s);
    req_abandon_all(s);
    leave_account(s, w);
    push_forget(w, s);
    delivery_forget(w, s);
}

void
session_end_for_good(struct session *s, const char *reason)
{
    static const char ended[] = "<sessionEnded/>"; /* with its 0 */

    if (s->lasting != NULL) {
        s->lasting->over = true;
        session_tell(s, ended, sizeof ended);
    }
    if (s->state != SESSION_CLOSED)
        session_kill_now(s, reason);
}

void
session_kill(struct worker *w, uint64_t number)
{
    struct session *s;

    TAILQ_FOREACH(s, &w->sessions, all)
        if (s->number == number && s->state == SESSION_OPEN) {
            session_end_for_good(s, "killed by an administrator");
            return;
        }
}

/* --- the server ends --- */

static bool
is_held_up(const struct session *s)
{
    return s->login != NULL && login_ops(s)->is_held_up(s->login);
}

static void
drain(struct session *s)
{
    if (s->state >= SESSION_ENDING)
        return;
    if (is_held_up(s) || s->proxy == SESSION_PROXY_MUST) {
        session_close(s, "the server ends");
        return;
    }
    conn_pause(&s->conn, PAUSE_DRAIN);
    session_update_pauses(s);
}

bool
session_drain_some(struct worker *w)
{
    struct session *s;

    for (int i = 0; i < END_BATCH; i++) {
        s = session_walk_step(w, &w->drain_walk);
        if (s == NULL)
            return true;
        drain(s);
    }
    return false;
}

bool
session_close_some(struct worker *w)
{
    for (int i = 0; i < END_BATCH && !TAILQ_EMPTY(&w->sessions); i++)
        session_close(TAILQ_FIRST(&w->sessions), "the server ends");
    return TAILQ_EMPTY(&w->sessions);
}

void
session_close_all(struct worker *w)
{
    struct session *s, *next;

    TAILQ_FOREACH_SAFE(s, &w->sessions, all, next)
        session_close(s, "the server ends");
}
