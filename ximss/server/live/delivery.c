/* SPDX-License-Identifier: BSD-2-Clause */
/* When a process dies with unread data, its connection is reset, but its kernel
 * has already acknowledged that data.  So acknowledgement alone proves nothing;
 * something must have followed it. conn_is_acknowledged says yes only while no
 * input waits, so whatever is read later was sent later. */
#include "config.h"

#include "ximss/server/live/delivery.h"

#include <event2/event.h>

#include "util/clock.h"
#include "util/log.h"
#include "ximss/server/live/session_private.h"

/* So many sessions are asked about in a turn; the next ones come soon. */
#define CHECK_US  250000
#define MORE_US   30000
#define PER_CHECK 256

static void
drop(struct worker *w, struct session *s)
{
    if (s->in_flight)
        TAILQ_REMOVE(&w->in_flight, s, flight);
    s->in_flight = false;
    s->acked_id = 0;
}

static uint32_t
milliseconds(void)
{
    return (uint32_t)(clock_mono() / 1000);
}

static void
arm(struct worker *w, suseconds_t us)
{
    const struct timeval wait = {0, us};

    if (!evtimer_pending(w->delivery_ev, NULL))
        event_add(w->delivery_ev, &wait);
}

void
delivery_add(struct worker *w, struct session *s)
{
    s->plain_id = s->cursor;
    if (s->in_flight)
        return;
    TAILQ_INSERT_TAIL(&w->in_flight, s, flight);
    s->in_flight = true;
    s->acked_id = 0;
    arm(w, CHECK_US);
}

static void
delivered(struct worker *w, struct session *s)
{
    uint64_t id = s->acked_id;

    s->acked_id = 0;
    if (s->plain_id <= id)
        drop(w, s);
    if (s->account != NULL)
        account_shown_up_to(w, s->account, id);
}

/* True if TCP has acknowledged all that was sent just now. */
static bool
acknowledged(struct session *s)
{
    if (conn_pending(&s->conn) > 0 || !conn_is_acknowledged(&s->conn))
        return false;
    s->acked_id = s->plain_id;
    s->acked_at = milliseconds();
    return true;
}

void
delivery_on_input(struct worker *w, struct session *s)
{
    if (!s->in_flight)
        return;
    /* acked_id was noted before this message was read. */
    if (s->acked_id != 0)
        delivered(w, s);
}

uint64_t
delivery_before_input(const struct session *s)
{
    if (!s->in_flight || s->acked_id != 0 || conn_pending(&s->conn) > 0)
        return 0;
    return conn_is_acknowledged_but(&s->conn) ? s->plain_id : 0;
}

void
delivery_after_input(struct session *s, uint64_t acked)
{
    if (acked == 0 || !s->in_flight || s->acked_id != 0)
        return;
    s->acked_id = acked;
    s->acked_at = milliseconds();
}

void
delivery_on_eof(struct worker *w, struct session *s)
{
    if (s->in_flight && s->acked_id != 0)
        delivered(w, s);
    if (s->in_flight && acknowledged(s))
        delivered(w, s);
}

void
delivery_forget(struct worker *w, struct session *s)
{
    drop(w, s);
}

static void
check_one(struct worker *w, struct session *s, uint32_t now, uint32_t wait)
{
    TAILQ_REMOVE(&w->in_flight, s, flight);
    TAILQ_INSERT_TAIL(&w->in_flight, s, flight);
    if (s->acked_id == 0)
        acknowledged(s);
    else if (now - s->acked_at >= wait && !conn_is_broken(&s->conn))
        delivered(w, s);
}

void
delivery_check(struct worker *w)
{
    uint32_t now = milliseconds();
    uint32_t wait = (uint32_t)(w->cfg->settle_time / 1000);
    struct session *s = NULL, *last = TAILQ_LAST(&w->in_flight, session_list);

    for (int i = 0; i < PER_CHECK && s != last; i++) {
        s = TAILQ_FIRST(&w->in_flight);
        check_one(w, s, now, wait);
    }
    if (!TAILQ_EMPTY(&w->in_flight))
        arm(w, s == last ? CHECK_US : MORE_US);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    delivery_check(arg);
}

void
delivery_init(struct worker *w)
{
    TAILQ_INIT(&w->in_flight);
    w->delivery_ev = evtimer_new(w->base, on_timer, w);
    if (w->delivery_ev == NULL)
        log_fatal("making a worker: out of memory");
}

void
delivery_clear(struct worker *w)
{
    event_free(w->delivery_ev);
}
