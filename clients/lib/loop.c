/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>

#include "clients/lib/ximss.h"

/* The ready loop: one object, poll(2), and nothing that a program could not do
 * itself with the public functions. */

static int
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

int
ximss_run_once(struct ximss *x, int max_ms)
{
    struct pollfd p = {.fd = ximss_fd(x),
                       .events = poll_events(ximss_wants(x))};
    int timeout = ximss_timeout(x);

    if (is_over(x))
        return -1;
    if (timeout < 0 || (max_ms >= 0 && max_ms < timeout))
        timeout = max_ms;
    if (poll(&p, 1, timeout) > 0)
        ximss_on_readable(x);
    if (ximss_timeout(x) == 0)
        ximss_on_timer(x);
    return 0;
}

int
ximss_run(struct ximss *x)
{
    while (ximss_run_once(x, -1) == 0)
        ;
    return ximss_state(x) == XIMSS_OFF ? 0 : -1;
}
