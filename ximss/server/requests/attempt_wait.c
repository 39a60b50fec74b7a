/* SPDX-License-Identifier: BSD-2-Clause */
/* An attempt waits until the throttle lets it try, then for one of the slots of
 * its address.  An attempt that is already known to be wrong waits only for the
 * throttle. */
#include "config.h"

#include "ximss/server/requests/attempt.h"

#include <stddef.h>

#include <event2/event.h>

#include "util/clock.h"
#include "util/log_event.h"
#include "ximss/server/auth/throttle.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/requests/login_private.h"
#include "ximss/server/requests/login_stat.h"

/* --- the throttle --- */

static void
on_wait_over(evutil_socket_t fd, short what, void *arg)
{
    struct attempt *a = arg;

    (void)fd;
    (void)what;
    a->req->session->login->waiting = NULL;
    attempt_wait(a);
}

static int64_t
longest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t
delay_of(const struct attempt *a)
{
    int64_t now = clock_mono();

    if (a->outside.is_counted) /* the throttle has let it try */
        return a->not_before - now;
    if (a->counted_as[0] == '\0')
        return 0;
    return longest(
        throttle_delay(a->job.server->throttle, a->name, a->counted_as, now),
        a->not_before - now);
}

static void
log_waiting(const struct attempt *a, int64_t wait)
{
    char user[ACCOUNT_NAME_SIZE];

    if (!log_wants(LOG_DEBUG_))
        return;
    attempt_log_name(a, user);
    log_event(LOG_DEBUG_, "login held up", LOG_WORD("user", user),
              LOG_WORD("address", a->address),
              LOG_NUMBER("ms", wait / (CLOCK_SECOND / 1000)));
}

/* Nothing that costs, and nothing that tells whether a guess is right, comes
 * before this. */
void
attempt_wait(struct attempt *a)
{
    int64_t wait = delay_of(a);
    struct timeval tv = {wait / CLOCK_SECOND, wait % CLOCK_SECOND};

    if (wait <= 0) {
        a->first(a);
        return;
    }
    login_slot_release(&a->slot);
    attempt_guess_release(a);
    if (!a->throttled && !a->outside.is_counted)
        login_stat_throttled(a);
    a->throttled = true;
    if (a->timer == NULL)
        a->timer = evtimer_new(a->job.worker->base, on_wait_over, a);
    if (a->timer == NULL || event_add(a->timer, &tv) < 0) {
        attempt_answer(a, ANSWER(FAILED_LOGINS));
        return;
    }
    a->waits = NULL;
    a->req->session->login->waiting = a;
    log_waiting(a, wait);
}

void
attempt_begin(struct attempt *a)
{
    struct session *s = a->req->session;

    session_set_state(s, SESSION_LOGIN);
    conn_pause(&s->conn, PAUSE_BUSY);
}

enum req_result
attempt_start(struct attempt *a, attempt_step *first)
{
    attempt_begin(a);
    a->first = first;
    attempt_wait(a);
    return REQ_PENDING;
}

bool
attempt_wait_cancel(struct attempt *a)
{
    return a->waits == NULL || login_slot_cancel(a->waits);
}

/* --- slots --- */

static void
has_slot(struct attempt *a)
{
    a->req->session->login->waiting = NULL;
    attempt_wait(a); /* others may have failed meanwhile */
}

static void
on_slot_granted(struct login_slot *slot)
{
    struct attempt *a =
        (struct attempt *)(void *)((char *)slot -
                                   offsetof(struct attempt, slot));

    attempt_send_home(a, has_slot);
}

void
attempt_take_slot(struct attempt *a)
{
    struct server *server = a->job.server;

    if (a->slot.state == LOGIN_SLOT_HELD) {
        attempt_look_up(a);
        return;
    }
    a->waits = &a->slot;
    a->req->session->login->waiting = a;
    if (login_slot_take(server->login_slots,
                        throttle_address(server->throttle, a->address),
                        &a->slot, on_slot_granted)) {
        a->req->session->login->waiting = NULL;
        attempt_look_up(a);
    }
}

/* --- refusals that wait --- */

void
attempt_refuse_now(struct attempt *a)
{
    attempt_refuse(a, a->refused);
}

void
attempt_refuse_in_time(struct attempt *a, const char *reason)
{
    a->refused = reason;
    a->first = attempt_refuse_now;
    attempt_wait(a);
}

void
attempt_refuse_shown(struct attempt *a)
{
    attempt_refuse_in_time(a, a->method);
}

void
attempt_refuse_malformed(struct attempt *a)
{
    struct session *s = a->req->session;

    attempt_count_failure(a, "malformed");
    a->req->close = ++s->malformed >= session_worker(s)->cfg->max_malformed;
    attempt_answer(a, a->answer_code, a->answer_text);
}

enum req_result
attempt_start_malformed(struct req *r, const char *method, unsigned code,
                        const char *text)
{
    struct attempt *a = attempt_new(r, NULL, method);

    a->answer_code = code;
    a->answer_text = text;
    return attempt_start(a, attempt_refuse_malformed);
}
