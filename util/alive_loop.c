/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/alive_loop.h"

#include <stdlib.h>

#include <event2/event.h>

#include "util/alive.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"

#define LEAST (CLOCK_SECOND / 4)

struct alive_loop {
    struct alive *alive; /* owned */
    struct event *timer; /* owned */
};

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct alive_loop *l = arg;

    (void)fd;
    (void)what;
    alive_beat(l->alive);
}

/* At most once a second: nobody is woken for nothing. */
static int64_t
interval(void)
{
    int64_t us = alive_limit() / 4;

    if (us < LEAST)
        return LEAST;
    return us < CLOCK_SECOND ? us : CLOCK_SECOND;
}

struct alive_loop *
alive_loop_new(struct event_base *base, const char *name)
{
    struct alive_loop *l = xcalloc(1, sizeof *l);
    int64_t us = interval();
    struct timeval tv = {us / CLOCK_SECOND, us % CLOCK_SECOND};

    l->alive = alive_new(name);
    l->timer = event_new(base, -1, EV_PERSIST, on_timer, l);
    if (l->timer == NULL || event_add(l->timer, &tv) < 0)
        log_fatal("making a timer: out of memory");
    alive_beat(l->alive);
    return l;
}

void
alive_loop_rest(struct alive_loop *l)
{
    alive_rest(l->alive);
}

void
alive_loop_free(struct alive_loop **l)
{
    if (*l == NULL)
        return;
    event_free((*l)->timer);
    alive_free(&(*l)->alive);
    free(*l);
    *l = NULL;
}
