/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/event.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"
#include "ximss/server/base/peer.h"
#include "ximss/server/live/worker.h"

#define ACCEPTS_PER_TURN 64
#define BACKLOG          4096
#define COMPLAINT_PAUSE  (60 * CLOCK_SECOND)

struct listener {
    struct listener *next;
    struct worker *worker;
    struct event *ev, *again; /* owned */
    enum session_door door;
    const struct dialect *dialect;
    int fd;
    bool proxied;    /* each connection begins with a PROXY header */
    int64_t starved; /* clock_mono: when it was last said */
};

/* --- accepting --- */

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
    struct listener *l = arg;

    (void)fd;
    (void)what;
    event_add(l->ev, NULL);
}

/* Out of descriptors: a listener that stays readable would spin. */
static void
starve(struct listener *l)
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
accepted(struct listener *l, int fd, const struct sockaddr *sa)
{
    struct ucred cred = {.uid = (uid_t)-1};
    socklen_t len = sizeof cred;
    struct peer peer;

    peer_from_sockaddr(&peer, sa);
    if (l->door == SESSION_LOCAL)
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len);
    session_new(l->worker, fd, l->door, l->dialect, &peer, cred.uid,
                l->proxied);
}

static void
on_accept(evutil_socket_t fd, short what, void *arg)
{
    struct listener *l = arg;
    struct sockaddr_storage sa;

    (void)what;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        socklen_t len = sizeof sa;
        int c = accept4(fd, (struct sockaddr *)&sa, &len,
                        SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (c >= 0) {
            accepted(l, c, (struct sockaddr *)&sa);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
            errno == ENOMEM) {
            starve(l);
            return;
        }
        if (errno == EAGAIN)
            return;
        /* ECONNABORTED and the like concern one connection only. */
    }
}

/* --- opening --- */

static void
add(struct worker *w, int fd, enum session_door door,
    const struct dialect *dialect, bool proxied)
{
    struct listener *l = xcalloc(1, sizeof *l);

    l->worker = w;
    l->fd = fd;
    l->door = door;
    l->dialect = dialect;
    l->proxied = proxied;
    l->ev = event_new(w->base, fd, EV_READ | EV_PERSIST, on_accept, l);
    l->again = evtimer_new(w->base, on_again, l);
    if (l->ev == NULL || l->again == NULL || event_add(l->ev, NULL) < 0)
        log_fatal("making a listener: out of memory");
    l->next = w->listeners;
    w->listeners = l;
}

/* Options that accepted sockets inherit, so that accepting costs one call. */
static void
set_options(int fd, const struct sockaddr_storage *sa, bool any)
{
    int one = 1, off = any ? 0 : 1, idle = 120, probe = 30, tries = 4;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &probe, sizeof probe);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &tries, sizeof tries);
    if (sa->ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
}

/* SO_REUSEPORT, which lets our workers share the port, would let a second
 * server take half of the connections.  -1: somebody else listens there. */
static int
check_free(const struct sockaddr_storage *sa, socklen_t len, bool any)
{
    int one = 1, off = any ? 0 : 1;
    int fd = socket(sa->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int r, saved;

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (sa->ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    r = bind(fd, (const struct sockaddr *)sa, len);
    saved = errno;
    close(fd);
    errno = saved;
    return r;
}

static int
open_socket(const struct sockaddr_storage *sa, socklen_t len, bool any)
{
    int fd =
        socket(sa->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int saved;

    if (fd < 0)
        return -1;
    set_options(fd, sa, any);
    if (bind(fd, (const struct sockaddr *)sa, len) == 0 &&
        listen(fd, BACKLOG) == 0)
        return fd;
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static uint16_t
port_of(int fd)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;
    struct peer p;

    if (getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
        return 0;
    peer_from_sockaddr(&p, (struct sockaddr *)&sa);
    return p.port;
}

static const char *const kinds[] = {[SESSION_TCP] = "tcp",
                                    [SESSION_TLS] = "tls",
                                    [SESSION_PWD] = "pwd",
                                    [SESSION_PWD_TLS] = "pwds",
                                    [SESSION_PWD_APOP] = "pwd-apop"};

static int
open_address(struct worker **workers, unsigned n,
             const struct config_address *a, enum session_door door,
             const struct dialect *dialect, struct buf *ports,
             struct errbuf *err)
{
    const char *host = a->host != NULL ? a->host : "*";
    struct sockaddr_storage sa;
    uint16_t port = a->port;

    for (unsigned i = 0; i < n; i++) {
        socklen_t len = config_address_make(a, port, &sa);
        int fd = -1;

        if (len > 0 && (i > 0 || check_free(&sa, len, a->host == NULL) == 0))
            fd = open_socket(&sa, len, a->host == NULL);

        if (fd < 0 && len > 0 && errno == EAFNOSUPPORT && a->host == NULL) {
            /* No IPv6 on this machine. */
            struct config_address v4 = {(char *)(uintptr_t) "0.0.0.0", port};

            len = config_address_make(&v4, port, &sa);
            fd = open_socket(&sa, len, false);
        }
        if (fd < 0)
            return err_set(err, "listening on %s:%u: %s", host, port,
                           strerror(len > 0 ? errno : EADDRNOTAVAIL));
        port = port_of(fd); /* 0 was a free one; the others take the same */
        add(workers[i], fd, door, dialect,
            config_listen_holds(&workers[i]->cfg->proxy_protocol, a));
    }
    buf_appendf(ports,
                a->host != NULL && strchr(a->host, ':') != NULL ? "%s [%s]:%u\n"
                                                                : "%s %s:%u\n",
                kinds[door], host, port);
    return 0;
}

int
listener_open_all(struct worker **workers, unsigned n,
                  const struct config_listen *addresses, enum session_door door,
                  const struct dialect *dialect, struct buf *ports,
                  struct errbuf *err)
{
    for (size_t i = 0; i < addresses->count; i++)
        if (open_address(workers, n, &addresses->items[i], door, dialect, ports,
                         err) < 0)
            return -1;
    return 0;
}

/* True if somebody answers on the socket. */
static bool
is_alive(const struct sockaddr_un *sun)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool alive;

    if (fd < 0)
        return false;
    alive = connect(fd, (const struct sockaddr *)sun, sizeof *sun) == 0;
    close(fd);
    return alive;
}

int
listener_open_local(struct worker *w, const char *path,
                    const struct dialect *dialect, struct buf *ports,
                    struct errbuf *err)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    struct stat st;
    int fd;

    if (strlen(path) >= sizeof sun.sun_path)
        return err_set(err, "the control socket's path is longer than %zu: %s",
                       sizeof sun.sun_path - 1, path);
    strcpy(sun.sun_path, path);
    if (is_alive(&sun))
        return err_set(err, "another server listens on %s", path);
    if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
        return err_set(err, "%s is there and is not a socket", path);
    unlink(path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&sun, sizeof sun) < 0 ||
        chmod(path, 0660) < 0 || listen(fd, BACKLOG) < 0) {
        err_set(err, "listening on %s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    add(w, fd, SESSION_LOCAL, dialect, false);
    buf_appendf(ports, "socket %s\n", path);
    return 0;
}

void
listener_close_all(struct worker *w)
{
    struct listener *l;

    while ((l = w->listeners) != NULL) {
        w->listeners = l->next;
        event_free(l->ev);
        event_free(l->again);
        close(l->fd);
        free(l);
    }
}
