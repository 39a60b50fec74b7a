/* SPDX-License-Identifier: BSD-2-Clause */
/* Three kinds wait, and take turns: sessions that were added by themselves, each
 * at most once; accounts of domains; and a walk over all sessions.  What comes
 * while a domain's accounts or all sessions are gone through makes that begin
 * anew, from where it stands: so a burst of alerts to all costs one round and
 * what is left of another. */
#include "config.h"

#include "ximss/server/live/push_queue.h"

#include <stdlib.h>

#include <event2/event.h>

#include "util/log.h"
#include "util/xmalloc.h"
#include "ximss/server/live/board.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/live/session_walk.h"

struct push_queue {
    struct session_list single;
    TAILQ_HEAD(, domain) domains;
    struct session_walk all;
    bool wanted[2]
               [2]; /* of these: in local, shared domains; by enum push_mode */
    unsigned turn;
    struct event *ev; /* owned */
    void (*on_turn)(struct worker *w);
};

/* --- adding --- */

static bool
gets_alerts(const struct session *s, enum push_mode mode)
{
    return s->state == SESSION_OPEN && s->opt_alerts && s->account != NULL &&
           (mode != PUSH_CHANGES || s->opt_changes);
}

void
push_queue_go_on(struct worker *w)
{
    static const struct timeval now = {0, 0};
    struct push_queue *q = w->push;

    if ((!TAILQ_EMPTY(&q->single) || !TAILQ_EMPTY(&q->domains) ||
         !session_walk_is_over(&q->all)) &&
        !evtimer_pending(q->ev, NULL))
        event_add(q->ev, &now);
}

void
push_queue_add(struct worker *w, struct session *s)
{
    if (!s->push_queued)
        TAILQ_INSERT_TAIL(&w->push->single, s, push);
    s->push_queued = true;
    push_queue_go_on(w);
}

unsigned
push_queue_add_account(struct worker *w, struct account *a, enum push_mode mode)
{
    struct session *s;
    unsigned n = 0;

    TAILQ_FOREACH(s, &a->sessions, of_account) {
        if (!gets_alerts(s, mode))
            continue;
        n++;
        if (mode != PUSH_COUNT)
            push_queue_add(w, s);
    }
    return n;
}

void
push_queue_add_domain(struct worker *w, struct domain *d, enum push_mode mode)
{
    if (d->push.left == 0) {
        TAILQ_INSERT_TAIL(&w->push->domains, d, push.link);
        d->push.tell = false;
    }
    d->push.left = d->n_online;
    d->push.tell = d->push.tell || mode == PUSH_TELL;
    push_queue_go_on(w);
}

void
push_queue_add_all(struct worker *w, bool shared, enum push_mode mode)
{
    struct push_queue *q = w->push;

    if (session_walk_is_over(&q->all))
        for (int i = 0; i < 2; i++)
            q->wanted[i][PUSH_TELL] = q->wanted[i][PUSH_CHANGES] = false;
    session_walk_begin(w, &q->all);
    q->wanted[shared][mode] = true;
    push_queue_go_on(w);
}

/* --- taking --- */

#define CACHE_LINE 64

static void
fetch_lines(const void *p, size_t size)
{
    for (size_t i = 0; i < size; i += CACHE_LINE)
        __builtin_prefetch((const char *)p + i, 1);
}

/* With many sessions none of them is in the processor's cache when its turn
 * comes; asked for while others are served, they are. */
static void
fetch(const struct session *s, const struct session *then)
{
    if (s != NULL && s->account != NULL)
        fetch_lines(s->account, sizeof *s->account);
    if (then != NULL)
        fetch_lines(then, sizeof *then);
}

static void
fetch_account(const struct account *a, const struct account *then)
{
    const struct session *s = a != NULL ? TAILQ_FIRST(&a->sessions) : NULL;

    if (s != NULL)
        fetch_lines(s, sizeof *s);
    if (then != NULL)
        fetch_lines(then, sizeof *then);
}

static bool
step_single(struct worker *w, struct session **s_r)
{
    struct push_queue *q = w->push;
    struct session *s = TAILQ_FIRST(&q->single);
    const struct session *next;

    if (s == NULL)
        return false;
    TAILQ_REMOVE(&q->single, s, push);
    s->push_queued = false;
    next = TAILQ_FIRST(&q->single);
    fetch(next, next != NULL ? TAILQ_NEXT(next, push) : NULL);
    *s_r = s;
    return true;
}

static void
end_domain(struct worker *w, struct domain *d)
{
    TAILQ_REMOVE(&w->push->domains, d, push.link);
    d->push.left = 0;
    board_release_domain(&w->board, d);
}

/* Its only session, whose turn it is at once; several are queued. */
static struct session *
take_account(struct worker *w, struct account *a, enum push_mode mode)
{
    struct session *s = TAILQ_FIRST(&a->sessions);

    if (TAILQ_NEXT(s, of_account) == NULL)
        return gets_alerts(s, mode) ? s : NULL;
    push_queue_add_account(w, a, mode);
    return NULL;
}

/* The accounts that are still to be met are the first ones of the list: who comes
 * goes to its end, and so does who was met. */
static bool
step_domain(struct worker *w, struct session **s_r)
{
    struct domain *d = TAILQ_FIRST(&w->push->domains);
    const struct account *next;
    struct account *a;

    if (d == NULL)
        return false;
    a = TAILQ_FIRST(&d->online);
    if (a != NULL) {
        next = TAILQ_NEXT(a, link);
        fetch_account(next, next != NULL ? TAILQ_NEXT(next, link) : NULL);
        TAILQ_REMOVE(&d->online, a, link);
        TAILQ_INSERT_TAIL(&d->online, a, link);
        *s_r = take_account(w, a, d->push.tell ? PUSH_TELL : PUSH_CHANGES);
    }
    if (a == NULL || --d->push.left == 0) {
        end_domain(w, d);
        return true;
    }
    TAILQ_REMOVE(&w->push->domains, d, push.link);
    TAILQ_INSERT_TAIL(&w->push->domains, d, push.link);
    return true;
}

static bool
is_wanted(const struct push_queue *q, const struct session *s)
{
    const bool *wanted;

    if (s->account == NULL)
        return false;
    wanted = q->wanted[s->account->domain->shared];
    return (wanted[PUSH_TELL] && gets_alerts(s, PUSH_TELL)) ||
           (wanted[PUSH_CHANGES] && gets_alerts(s, PUSH_CHANGES));
}

static bool
step_all(struct worker *w, struct session **s_r)
{
    struct push_queue *q = w->push;
    struct session *s = session_walk_step(w, &q->all);
    const struct session *next = q->all.next;

    if (s == NULL)
        return false;
    fetch(next, next != NULL ? TAILQ_NEXT(next, all) : NULL);
    *s_r = is_wanted(q, s) ? s : NULL;
    return true;
}

bool
push_queue_step(struct worker *w, struct session **s_r)
{
    *s_r = NULL;
    for (int i = 0; i < 3; i++) {
        w->push->turn = (w->push->turn + 1) % 3;
        switch (w->push->turn) {
        case 0:
            if (step_single(w, s_r))
                return true;
            break;
        case 1:
            if (step_domain(w, s_r))
                return true;
            break;
        default:
            if (step_all(w, s_r))
                return true;
            break;
        }
    }
    return false;
}

bool
push_queue_may_hold(const struct worker *w, const struct session *s)
{
    return s->push_queued || !session_walk_is_over(&w->push->all) ||
           (s->account != NULL && s->account->domain->push.left > 0);
}

void
push_queue_forget(struct worker *w, struct session *s)
{
    if (s->push_queued)
        TAILQ_REMOVE(&w->push->single, s, push);
    s->push_queued = false;
}

/* --- its life --- */

static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
    struct worker *w = arg;

    (void)fd;
    (void)what;
    w->push->on_turn(w);
}

void
push_queue_init(struct worker *w, void (*turn)(struct worker *w))
{
    struct push_queue *q = xcalloc(1, sizeof *q);

    TAILQ_INIT(&q->single);
    TAILQ_INIT(&q->domains);
    session_walk_init(w, &q->all);
    q->on_turn = turn;
    q->ev = evtimer_new(w->base, on_turn, w);
    if (q->ev == NULL)
        log_fatal("making a worker: out of memory");
    w->push = q;
}

void
push_queue_clear(struct worker *w)
{
    event_free(w->push->ev);
    free(w->push);
    w->push = NULL;
}
