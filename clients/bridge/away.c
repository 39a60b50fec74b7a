/* SPDX-License-Identifier: BSD-2-Clause */
/* Each session has a time of its own for its next try, which grows to a minute,
 * so that ten thousand of them do not hammer at a server that is down.  A
 * connection that only looks tells what a lost session means: at once, and then
 * once a second until it is made.  If ximssd was there all the time (it ended a
 * session, or refuses one), sessions are left to their own times. */
#include "config.h"

#include "clients/bridge/away.h"

#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "clients/bridge/bridge.h"
#include "clients/bridge/server_link.h"
#include "clients/bridge/web_session.h"
#include "util/log.h"

#define CALLED_AT_ONCE 100

static const struct timeval now = {0, 0}, later = {1, 0}, between = {0, 50000},
                            patience = {5, 0}, watch_pause = {5, 0};

static void
look_later(struct away *a, const struct timeval *when)
{
    a->state = AWAY_LOOKING;
    evtimer_add(&a->timer, when);
}

/* Nobody has lost it. */
static void
rest(struct away *a)
{
    a->state = AWAY_NOT;
    if (a->is_watched)
        evtimer_add(&a->timer, &watch_pause);
}

static void
hang_up(struct away *a)
{
    event_del(&a->io);
    if (a->fd >= 0)
        close(a->fd);
    a->fd = -1;
}

/* --- it is there --- */

static void
call_some(struct bridge *b)
{
    struct away *a = &b->away;
    struct web_session *s;
    unsigned n = 0;

    for (; a->bucket < BRIDGE_BUCKETS && n < CALLED_AT_ONCE; a->bucket++)
        LIST_FOREACH(s, &b->sessions[a->bucket], link)
            n += web_session_retry(s);
    if (a->bucket < BRIDGE_BUCKETS) {
        evtimer_add(&a->timer, &between);
    } else if (a->again) {
        look_later(a, &later);
    } else {
        rest(a);
    }
}

static void
found(struct bridge *b)
{
    struct away *a = &b->away;

    a->was_there = true;
    if (!a->is_known && a->again) { /* lost while this connection was made */
        a->again = false;
        look_later(a, &now);
        return;
    }
    rest(a);
    if (!a->is_known)
        return;
    log_info("ximssd is back");
    a->is_known = a->again = false;
    a->bucket = 0;
    a->state = AWAY_CALLING;
    call_some(b);
}

/* --- it is not --- */

static void
tell_all(struct bridge *b)
{
    struct web_session *s;

    for (size_t i = 0; i < BRIDGE_BUCKETS; i++)
        LIST_FOREACH(s, &b->sessions[i], link)
            web_session_away(s);
}

static void
missed(struct bridge *b)
{
    bool is_news = !b->away.is_known;

    b->away.is_known = true;
    look_later(&b->away, &later);
    if (!is_news)
        return;
    log_warn("ximssd cannot be reached: web sessions wait for it");
    tell_all(b);
}

static void
on_connected(evutil_socket_t fd, short what, void *arg)
{
    struct bridge *b = arg;
    int error = 0;
    socklen_t len = sizeof error;
    bool made = (what & EV_WRITE) != 0 &&
                getsockopt((int)fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 &&
                error == 0;

    hang_up(&b->away);
    if (made)
        found(b);
    else
        missed(b);
}

static void
look(struct bridge *b)
{
    struct away *a = &b->away;

    a->fd = server_link_open(b->cfg);
    if (a->fd < 0) {
        missed(b);
        return;
    }
    event_assign(&a->io, b->base, a->fd, EV_WRITE, on_connected, b);
    event_add(&a->io, &patience);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct bridge *b = arg;

    (void)fd;
    (void)what;
    if (b->away.state == AWAY_NOT)
        b->away.state = AWAY_LOOKING;
    if (b->away.state == AWAY_LOOKING)
        look(b);
    else if (b->away.state == AWAY_CALLING)
        call_some(b);
}

void
away_init(struct bridge *b)
{
    b->away.fd = -1;
    evtimer_assign(&b->away.timer, b->base, on_timer, b);
    event_assign(&b->away.io, b->base, -1, 0, on_connected, b);
}

bool
away_noticed(struct bridge *b)
{
    if (b->away.state == AWAY_NOT)
        look_later(&b->away, &now);
    else
        b->away.again = true;
    return b->away.is_known;
}

void
away_watch(struct bridge *b)
{
    b->away.is_watched = true;
    look_later(&b->away, &now);
}

void
away_clear(struct bridge *b)
{
    hang_up(&b->away);
    event_del(&b->away.timer);
    b->away.state = AWAY_NOT;
}
