/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/pump.h"

#include <event2/event.h>

/* One loop waits so long while the others, or other threads, have work. */
#define TURN_US 2000
/* What a timer of 0 started is over after two turns; a chain of a cork, a push
 * and a deferred free takes some more. */
#define TURNS 16

/* Without EVLOOP_ONCE, libevent goes on as long as anything is active. */
static void
turn(struct event_base *base)
{
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

void
pump_until(struct event_base *const *bases, size_t n, bool (*holds)(void *arg),
           void *arg)
{
    static const struct timeval wait = {0, TURN_US};

    while (!holds(arg)) {
        for (size_t i = 1; i < n; i++)
            turn(bases[i]);
        event_base_loopexit(bases[0], &wait);
        event_base_loop(bases[0], EVLOOP_ONCE);
    }
}

static bool
is_set(void *arg)
{
    const unsigned *const *flag = arg;

    return **flag != 0;
}

void
pump_flag(struct event_base *base, const unsigned *flag)
{
    pump_until(&base, 1, is_set, &flag);
}

void
pump_turns(struct event_base *const *bases, size_t n)
{
    for (int i = 0; i < TURNS; i++)
        for (size_t k = 0; k < n; k++)
            turn(bases[k]);
}
