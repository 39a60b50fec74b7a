/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/listen_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/address.h"
#include "util/buf.h"

#define BACKLOG 4096

struct place {
    struct sockaddr_storage sa;
    socklen_t len;
};

/* A socket that may be bound to the place; -1 with errno. */
static int
new_socket(const struct config_address *a, uint16_t port, struct place *p)
{
    int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, one = 1, fd;
    int only = a->host != NULL;

    p->len = address_make(a->host != NULL ? a->host : "::", port, &p->sa);
    if (p->len == 0) {
        errno = EADDRNOTAVAIL; /* of an interface that is gone */
        return -1;
    }
    fd = socket(p->sa.ss_family, type, 0);
    if (fd < 0 && a->host == NULL && errno == EAFNOSUPPORT) {
        p->len = address_make("0.0.0.0", port, &p->sa);
        fd = socket(AF_INET, type, 0);
    }
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (p->sa.ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
    return fd;
}

static int
close_failed(int fd)
{
    int saved = errno;

    close(fd);
    errno = saved;
    return -1;
}

int
listen_socket_try(const struct config_address *a, uint16_t port)
{
    struct place p;
    int fd = new_socket(a, port, &p), r = 0;

    if (fd < 0)
        return errno;
    if (bind(fd, (struct sockaddr *)&p.sa, p.len) < 0)
        r = errno;
    close(fd);
    return r;
}

/* Options that accepted sockets inherit, so that accepting costs one call. */
static void
set_options(int fd, bool shared)
{
    int one = 1, idle = 120, probe = 30, tries = 4;

    if (shared)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &probe, sizeof probe);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &tries, sizeof tries);
}

static int
open_one(const struct config_address *a, uint16_t port, bool shared)
{
    struct place p;
    int fd = new_socket(a, port, &p);

    if (fd < 0)
        return -1;
    set_options(fd, shared);
    if (bind(fd, (struct sockaddr *)&p.sa, p.len) < 0 ||
        listen(fd, BACKLOG) < 0)
        return close_failed(fd);
    return fd;
}

int
listen_socket_open(const struct config_address *a, uint16_t port,
                   enum listen_socket_share share, struct errbuf *err)
{
    /* SO_REUSEPORT, which lets us share the port, would let a second server take
     * half of the connections. */
    int error = share == LISTEN_FIRST ? listen_socket_try(a, port) : 0;
    int fd = error == 0 ? open_one(a, port, share != LISTEN_ALONE) : -1;

    struct buf where = {0};

    if (fd >= 0)
        return fd;
    error = error != 0 ? error : errno;
    config_address_print(a, port, &where);
    err_set(err, "listening on %s: %s", buf_cstr(&where), strerror(error));
    buf_clear(&where);
    return -1;
}

uint16_t
listen_socket_port(int fd)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;

    if (getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
        return 0;
    return address_port((struct sockaddr *)&sa);
}
