/* SPDX-License-Identifier: BSD-2-Clause */
/* A timing wheel.  Each session is in the slot of the second of its next check,
 * at most FAR ahead.  Input does not move it: it is checked at that second, and
 * put into a later slot if it is not due.  So input costs nothing here, and a
 * session costs one check per idle time-out, or per FAR seconds. */
#include "config.h"

#include "ximss/server/live/session_time.h"

#include <limits.h>
#include <stdlib.h>

#include <event2/event.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"
#include "ximss/server/live/admission.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/live/ticket_renew.h"

/* Seconds; a power of 2. */
#define FAR 1024

/* A client that has our end, and does not close, is given so long. */
#define LINGER_SECONDS 3

/* In a turn: looks, and what is done over one is worth so many of them. */
#define TURN_LOOKS 256
#define ACT_LOOKS  16

struct session_times {
    LIST_HEAD(look_list, session) looks[FAR]; /* by the second, modulo FAR */
    uint32_t at; /* the second that is worked off; none is added to it */
    struct event *go_on; /* owned; in the next turn */
};

static struct look_list *
looks_of(struct session_times *t, uint32_t second)
{
    return &t->looks[second % FAR];
}

/* --- when --- */

static uint32_t
earlier(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0 ? a : b;
}

static uint32_t
later(uint32_t a, uint32_t b)
{
    return earlier(a, b) == a ? b : a;
}

static uint32_t
seconds(int64_t us)
{
    return (uint32_t)(us / CLOCK_SECOND);
}

/* When a session that ends is closed, whatever its client has still to read.  One
 * that reads gets all. */
static uint32_t
end_due(const struct session *s, uint32_t now)
{
    if (s->conn.out == NULL)
        return s->last_input + LINGER_SECONDS;
    return now - session_blocked(s) + SESSION_BLOCKED_SECONDS;
}

/* The second in which something may be due. */
static uint32_t
next_look(const struct session *s, uint32_t now)
{
    const struct worker *w = session_worker(s);
    uint32_t next = now + FAR;

    switch ((enum session_state)s->state) {
    case SESSION_NEW:
    case SESSION_LOGIN:
        next = earlier(next, s->login_since + seconds(w->cfg->login_timeout));
        if (s->proxy == SESSION_PROXY_MUST)
            next =
                earlier(next, s->login_since + seconds(w->cfg->proxy_timeout));
        break;
    case SESSION_OPEN:
        if (s->idle_timeout != 0)
            next = earlier(next, s->last_input + s->idle_timeout);
        if (s->ticket_since != 0 && !w->draining)
            next = earlier(next, ticket_due(s));
        break;
    case SESSION_ENDING:
        next = earlier(next, end_due(s, now));
        break;
    case SESSION_CLOSED:
        break;
    }
    return next;
}

void
session_time_forget(struct session *s)
{
    if (s->is_timed)
        LIST_REMOVE(s, look);
    s->is_timed = false;
}

void
session_time_set(struct session *s)
{
    struct session_times *t = session_worker(s)->times;
    uint32_t now = session_seconds(), next = later(next_look(s, now), now + 1);

    session_time_forget(s);
    next = earlier(next, t->at + FAR - 1);
    LIST_INSERT_HEAD(looks_of(t, next), s, look);
    s->is_timed = true;
}

/* --- what --- */

/* Nothing is under way for it; an answer that it has left half read is not. */
static bool
is_idle(const struct session *s)
{
    return s->n_reqs == 0 || s->conn.out != NULL;
}

static void
end_silent(struct session *s)
{
    if (s->conn.out == NULL)
        session_close(s, "the client does not close");
    else
        session_cut(s, "the client does not read");
}

/* True if something was due. */
static bool
act(struct session *s, uint32_t now)
{
    const struct worker *w = session_worker(s);
    uint32_t silent = now - s->last_input, age = now - s->login_since;

    if ((int32_t)silent < 0) /* it came from a worker that was further */
        return false;
    if (s->state == SESSION_OPEN && s->idle_timeout != 0 &&
        silent >= s->idle_timeout && is_idle(s))
        session_say_bye(s, "idle");
    else if (s->state == SESSION_OPEN && !w->draining && s->ticket_since != 0 &&
             (int32_t)(now - ticket_due(s)) >= 0)
        ticket_renew(s);
    else if (s->state == SESSION_ENDING &&
             (int32_t)(now - end_due(s, now)) >= 0)
        end_silent(s);
    else if (s->proxy == SESSION_PROXY_MUST &&
             age >= seconds(w->cfg->proxy_timeout))
        session_close(s, "no PROXY header in time");
    else if (s->state < SESSION_OPEN && age >= seconds(w->cfg->login_timeout))
        session_close(s, "no log-in in time");
    else
        return false;
    return true;
}

/* Returns what it was worth. */
static unsigned
look(struct session *s, uint32_t now)
{
    bool acted = act(s, now);

    if (s->state != SESSION_CLOSED)
        session_time_set(s);
    return acted ? ACT_LOOKS : 1;
}

/* False: there are more. */
static bool
work_off(struct worker *w, unsigned most)
{
    struct session_times *t = w->times;
    uint32_t now = session_seconds();
    unsigned done = 0;

    if ((int32_t)(now - t->at) > FAR) /* one round of the wheel is enough */
        t->at = now - FAR;
    for (;;) {
        struct session *s = LIST_FIRST(looks_of(t, t->at));

        if (s == NULL && t->at == now)
            return true;
        if (done >= most)
            return false;
        if (s != NULL)
            done += look(s, now);
        else
            t->at++;
    }
}

static void
go_on(struct worker *w)
{
    static const struct timeval soon = {0, 0};

    if (!work_off(w, TURN_LOOKS))
        event_add(w->times->go_on, &soon);
}

static void
on_go_on(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    go_on(arg);
}

void
session_time_tick(struct worker *w)
{
    admission_send_away(w); /* who came from another worker meanwhile */
    go_on(w);
}

void
session_time_catch_up(struct worker *w)
{
    admission_send_away(w);
    work_off(w, UINT_MAX);
}

void
session_time_set_all(struct worker *w)
{
    w->times->at = session_seconds() - FAR;
    go_on(w);
}

void
session_time_init(struct worker *w)
{
    struct session_times *t = xcalloc(1, sizeof *t);

    t->at = session_seconds();
    t->go_on = evtimer_new(w->base, on_go_on, w);
    if (t->go_on == NULL)
        log_fatal("making a worker: out of memory");
    w->times = t;
}

void
session_time_clear(struct worker *w)
{
    event_free(w->times->go_on);
    free(w->times);
    w->times = NULL;
}
