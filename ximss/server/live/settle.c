/* SPDX-License-Identifier: BSD-2-Clause */
/* A process that dies with unread data resets its connection, but its kernel
 * has acknowledged that data before.  So acknowledgement alone proves nothing:
 * it takes something that came after it.  conn_is_acknowledged is asked, and
 * says yes only while no input waits, so that whatever is read later was sent
 * later. */
#include "config.h"

#include "ximss/server/live/settle.h"

#include <event2/event.h>

#include "util/clock.h"
#include "util/log.h"
#include "ximss/server/live/session_private.h"

#define CHECK_US  250000
#define PER_CHECK 2048

static void
drop(struct worker *w, struct session *s)
{
    if (s->settling)
        TAILQ_REMOVE(&w->settling, s, settle);
    s->settling = false;
    s->acked_id = 0;
}

static uint32_t
milliseconds(void)
{
    return (uint32_t)(clock_mono() / 1000);
}

static void
arm(struct worker *w)
{
    static const struct timeval wait = {0, CHECK_US};

    if (!evtimer_pending(w->settle_ev, NULL))
        event_add(w->settle_ev, &wait);
}

void
settle_add(struct worker *w, struct session *s)
{
    s->plain_id = s->cursor;
    if (s->settling)
        return;
    TAILQ_INSERT_TAIL(&w->settling, s, settle);
    s->settling = true;
    s->acked_id = 0;
    arm(w);
}

static void
delivered(struct worker *w, struct session *s)
{
    uint64_t id = s->acked_id;

    s->acked_id = 0;
    if (s->plain_id <= id)
        drop(w, s);
    if (s->user != NULL)
        user_shown_up_to(w, s->user, id);
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
settle_on_input(struct worker *w, struct session *s)
{
    if (!s->settling)
        return;
    /* acked_id was noted before this message was read. */
    if (s->acked_id != 0)
        delivered(w, s);
}

uint64_t
settle_before_input(const struct session *s)
{
    if (!s->settling || s->acked_id != 0 || conn_pending(&s->conn) > 0)
        return 0;
    return conn_is_acknowledged_but(&s->conn) ? s->plain_id : 0;
}

void
settle_after_input(struct session *s, uint64_t acked)
{
    if (acked == 0 || !s->settling || s->acked_id != 0)
        return;
    s->acked_id = acked;
    s->acked_at = milliseconds();
}

void
settle_on_eof(struct worker *w, struct session *s)
{
    if (s->settling && s->acked_id != 0)
        delivered(w, s);
    if (s->settling && acknowledged(s))
        delivered(w, s);
}

void
settle_forget(struct worker *w, struct session *s)
{
    drop(w, s);
}

static void
check_one(struct worker *w, struct session *s, uint32_t now, uint32_t wait)
{
    TAILQ_REMOVE(&w->settling, s, settle);
    TAILQ_INSERT_TAIL(&w->settling, s, settle);
    if (s->acked_id == 0)
        acknowledged(s);
    else if (now - s->acked_at >= wait && !conn_is_broken(&s->conn))
        delivered(w, s);
}

void
settle_check(struct worker *w)
{
    uint32_t now = milliseconds();
    uint32_t wait = (uint32_t)(w->cfg->settle_time / 1000);
    struct session *s, *last = TAILQ_LAST(&w->settling, session_list);

    for (int i = 0; i < PER_CHECK && last != NULL; i++) {
        s = TAILQ_FIRST(&w->settling);
        check_one(w, s, now, wait);
        if (s == last)
            break;
    }
    if (!TAILQ_EMPTY(&w->settling))
        arm(w);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    settle_check(arg);
}

void
settle_init(struct worker *w)
{
    TAILQ_INIT(&w->settling);
    w->settle_ev = evtimer_new(w->base, on_timer, w);
    if (w->settle_ev == NULL)
        log_fatal("making a worker: out of memory");
}

void
settle_clear(struct worker *w)
{
    event_free(w->settle_ev);
}
