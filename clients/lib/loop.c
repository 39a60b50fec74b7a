/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <poll.h>
#include <stddef.h>

#include "clients/lib/link.h"
#include "clients/lib/ximss.h"

/* The ready loop: one object and poll(2).  A turn is one call from outside, so
 * that an object that a callback frees is still there until its end. */

enum turn {
    TURN_DONE,
    TURN_OVER, /* OFF or FAILED: nothing was done */
    TURN_FREED /* by a callback: x is no more */
};

static bool
is_over(const struct ximss *x)
{
    enum ximss_state s = ximss_state(x);

    return s == XIMSS_OFF || s == XIMSS_FAILED;
}

static short
poll_events(unsigned wants)
{
    return (short)((wants & XIMSS_WANT_READ ? POLLIN : 0) |
                   (wants & XIMSS_WANT_WRITE ? POLLOUT : 0));
}

static enum turn
turn(struct ximss *x, int max_ms)
{
    struct pollfd p = {.fd = ximss_fd(x),
                       .events = poll_events(ximss_wants(x))};
    int timeout = ximss_timeout(x), ready;
    bool freed;

    if (is_over(x))
        return TURN_OVER;
    if (timeout < 0 || (max_ms >= 0 && max_ms < timeout))
        timeout = max_ms;
    ready = poll(&p, 1, timeout);
    link_enter(x);
    if (ready > 0)
        link_io(x);
    if (!x->doomed && ximss_timeout(x) == 0)
        link_tick(x);
    freed = x->doomed;
    link_leave(x);
    return freed ? TURN_FREED : TURN_DONE;
}

int
ximss_run_once(struct ximss *x, int max_ms)
{
    return turn(x, max_ms) == TURN_DONE ? 0 : -1;
}

int
ximss_run(struct ximss *x)
{
    enum turn t;

    do {
        t = turn(x, -1);
    } while (t == TURN_DONE);
    return t == TURN_OVER && ximss_state(x) == XIMSS_OFF ? 0 : -1;
}
