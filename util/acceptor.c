/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/acceptor.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/event.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"

#define ACCEPTS_PER_TURN 64
#define COMPLAINT_PAUSE  (60 * CLOCK_SECOND)

struct acceptor {
    struct event *ev, *again; /* owned */
    const struct acceptor_ops *ops;
    void *arg;
    int64_t starved; /* clock_mono: when it was last said */
};

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
    struct acceptor *a = arg;

    (void)fd;
    (void)what;
    event_add(a->ev, NULL);
}

static void
complain(struct acceptor *a, int error)
{
    int64_t now = clock_mono();

    if (a->starved != 0 && now - a->starved < COMPLAINT_PAUSE)
        return;
    log_warn("accepting connections: %s; trying again as others leave (raise "
             "the limit of open files)",
             strerror(error));
    a->starved = now;
}

/* False: a listener that stays readable would spin. */
static bool
want(struct acceptor *a, int error)
{
    static const struct timeval wait = {0, 100000};

    if (a->ops->on_want == NULL)
        complain(a, error);
    else if (a->ops->on_want(a->arg))
        return true;
    event_del(a->ev);
    event_add(a->again, &wait);
    return false;
}

bool
acceptor_is_want(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS ||
           error == ENOMEM;
}

static void
on_accept(evutil_socket_t fd, short what, void *arg)
{
    struct acceptor *a = arg;
    struct sockaddr_storage sa;

    (void)what;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        socklen_t len = sizeof sa;
        int c = accept4(fd, (struct sockaddr *)&sa, &len,
                        SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (c >= 0)
            a->ops->on_accept(a->arg, c, (struct sockaddr *)&sa);
        else if (errno == EAGAIN ||
                 (acceptor_is_want(errno) && !want(a, errno)))
            return;
        /* ECONNABORTED and the like concern one connection only. */
    }
}

struct acceptor *
acceptor_new(struct event_base *base, int fd, const struct acceptor_ops *ops,
             void *arg)
{
    struct acceptor *a = xcalloc(1, sizeof *a);

    a->ops = ops;
    a->arg = arg;
    a->ev = event_new(base, fd, EV_READ | EV_PERSIST, on_accept, a);
    a->again = evtimer_new(base, on_again, a);
    if (a->ev == NULL || a->again == NULL || event_add(a->ev, NULL) < 0)
        log_fatal("making a listener: out of memory");
    return a;
}

void
acceptor_free(struct acceptor **ap)
{
    struct acceptor *a = *ap;

    if (a == NULL)
        return;
    event_free(a->ev);
    event_free(a->again);
    free(a);
    *ap = NULL;
}
