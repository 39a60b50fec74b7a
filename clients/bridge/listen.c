/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"

#define ACCEPTS_PER_TURN 64
#define BACKLOG          4096
#define COMPLAINT_PAUSE  (60 * CLOCK_SECOND)

struct bridge_listener {
    struct bridge_listener *next;
    struct event *ev, *again; /* owned */
    listen_fn *fn;
    void *arg;
    int fd;
    bool tls;
    bool proxied;
    int64_t starved; /* clock_mono: when it was last said */
};

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
    struct bridge_listener *l = arg;

    (void)fd;
    (void)what;
    event_add(l->ev, NULL);
}

/* Out of descriptors: a listener that stays readable would spin. */
static void
starve(struct bridge_listener *l)
{
    static const struct timeval wait = {0, 100000};

    int64_t now = clock_mono();

    if (l->starved == 0 || now - l->starved >= COMPLAINT_PAUSE) {
        log_warn("accepting connections: %s; trying again as others leave "
                 "(raise the limit of open files)",
                 strerror(errno));
        l->starved = now;
    }
    event_del(l->ev);
    event_add(l->again, &wait);
}

static void
on_accept(evutil_socket_t fd, short what, void *arg)
{
    struct bridge_listener *l = arg;
    struct sockaddr_storage sa;

    (void)what;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        socklen_t len = sizeof sa;
        int c = accept4(fd, (struct sockaddr *)&sa, &len,
                        SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (c >= 0) {
            l->fn(l->arg, c, (struct sockaddr *)&sa, l->tls, l->proxied);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
                   errno == ENOMEM) {
            starve(l);
            return;
        } else if (errno == EAGAIN) {
            return;
        }
        /* ECONNABORTED and the like concern one connection only. */
    }
}

static int
open_socket(const struct config_address *a)
{
    struct sockaddr_storage sa;
    socklen_t len = config_address_make(a, a->port, &sa);
    int one = 1, off = a->host == NULL ? 0 : 1, saved, fd;

    if (len == 0) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (sa.ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, (struct sockaddr *)&sa, len) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static unsigned
port_of(int fd)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;

    if (getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
        return 0;
    return ntohs(sa.ss_family == AF_INET
                     ? ((struct sockaddr_in *)&sa)->sin_port
                     : ((struct sockaddr_in6 *)&sa)->sin6_port);
}

static void
say(const struct config_address *a, int fd, bool tls)
{
    const char *host = a->host != NULL ? a->host : "*";

    log_info(strchr(host, ':') != NULL ? "listening on %s [%s]:%u"
                                       : "listening on %s %s:%u",
             tls ? "https" : "http", host, port_of(fd));
}

static int
open_one(struct bridge_listener **list, struct event_base *base,
         const struct config_address *a, bool tls, struct errbuf *err)
{
    struct bridge_listener *l;
    int fd = open_socket(a);

    if (fd < 0 && a->host == NULL && errno == EAFNOSUPPORT) {
        /* No IPv6 on this machine. */
        const struct config_address v4 = {(char *)(uintptr_t) "0.0.0.0",
                                          a->port};

        fd = open_socket(&v4);
    }
    if (fd < 0)
        return err_set(err, "listening on %s:%u: %s",
                       a->host != NULL ? a->host : "*", (unsigned)a->port,
                       strerror(errno));
    l = xcalloc(1, sizeof *l);
    l->fd = fd;
    l->tls = tls;
    l->ev = event_new(base, fd, EV_READ | EV_PERSIST, on_accept, l);
    l->again = evtimer_new(base, on_again, l);
    if (l->ev == NULL || l->again == NULL || event_add(l->ev, NULL) < 0)
        log_fatal("making a listener: out of memory");
    l->next = *list;
    *list = l;
    say(a, fd, tls);
    return 0;
}

int
listen_open(struct bridge_listener **list, struct event_base *base,
            const struct config_listen *addresses,
            const struct config_listen *proxied, bool tls, listen_fn *fn,
            void *arg, struct errbuf *err)
{
    for (size_t i = 0; i < addresses->count; i++) {
        if (open_one(list, base, &addresses->items[i], tls, err) < 0)
            return -1;
        (*list)->fn = fn;
        (*list)->proxied = config_listen_holds(proxied, &addresses->items[i]);
        (*list)->arg = arg;
    }
    return 0;
}

void
listen_close_all(struct bridge_listener **list)
{
    struct bridge_listener *l;

    while ((l = *list) != NULL) {
        *list = l->next;
        event_free(l->ev);
        event_free(l->again);
        close(l->fd);
        free(l);
    }
}
