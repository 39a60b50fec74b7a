/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/lib/dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/address.h"
#include "util/blank.h"
#include "util/text.h"
#include "util/xmalloc.h"

/* A peer that acknowledges nothing for this long is gone (milliseconds). */
#define DIAL_USER_TIMEOUT 60000

/* Behind the host: nothing, or ":PORT". */
static int
take_port(const char *text, unsigned *port_r)
{
    unsigned long long port = 0;

    if (*text != '\0' &&
        (*text != ':' || text_parse_u64(text + 1, 65535, &port) < 0 ||
         port == 0))
        return -1;
    *port_r = (unsigned)port;
    return 0;
}

char *
dial_host(const char *text, unsigned *port_r)
{
    char *all = blank_trimmed(text), *host = all, *end;

    *port_r = 0;
    if (*host == '[') {
        host++;
        end = strchr(host, ']');
    } else {
        end = strchr(host, ':');
        /* A second colon: an IPv6 address, which has no port behind it. */
        if (end == NULL || strchr(end + 1, ':') != NULL)
            end = host + strlen(host);
    }
    if (end == NULL || end == host ||
        take_port(end + (*end == ']'), port_r) < 0) {
        free(all);
        return NULL;
    }
    host = xstrndup(host, (size_t)(end - host));
    free(all);
    return host;
}

int
dial_resolve(struct dial *d, const char *host, unsigned port,
             struct errbuf *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICSERV};
    char service[16];
    int r;

    dial_clear(d);
    snprintf(service, sizeof service, "%u", port);
    snprintf(d->where, sizeof d->where, "%.250s port %u", host, port);
    r = getaddrinfo(host, service, &hints, &d->list);
    if (r != 0) {
        d->list = NULL;
        return err_set(err,
                       "finding the address of %s: %s; check the host's name "
                       "and the network",
                       host,
                       r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r));
    }
    d->next = d->list;
    return 0;
}

int
dial_failed(const struct dial *d, int e, struct errbuf *err)
{
    const char *hint = "";

    if (e == ECONNREFUSED || e == ENOENT)
        hint = "; is the server running, and does it listen there?";
    else if (e == ETIMEDOUT || e == EHOSTUNREACH || e == ENETUNREACH)
        hint = "; check the network, a firewall, and the address";
    else if (e == EACCES || e == EPERM)
        hint = "; only root and the server's own user can use this socket";
    return err_set(err, "connecting to %s: %s%s", d->where, strerror(e), hint);
}

/* Connects without waiting; takes fd. */
static int
begin(const struct dial *d, int fd, const struct sockaddr *addr, socklen_t len,
      struct errbuf *err)
{
    int e;

    if (fd >= 0 && (connect(fd, addr, len) == 0 || errno == EINPROGRESS))
        return fd;
    e = errno;
    if (fd >= 0)
        close(fd);
    return dial_failed(d, e, err);
}

static void
set_options(int fd)
{
    int on = 1, timeout = DIAL_USER_TIMEOUT;

    /* Neither is needed for the connection to work. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout,
                     sizeof timeout);
}

int
dial_next(struct dial *d, struct errbuf *err)
{
    char host[NI_MAXHOST], service[NI_MAXSERV];

    while (d->next != NULL) {
        struct addrinfo *a = d->next;
        int fd;

        d->next = a->ai_next;
        if (getnameinfo(a->ai_addr, a->ai_addrlen, host, sizeof host, service,
                        sizeof service, NI_NUMERICHOST | NI_NUMERICSERV) == 0)
            snprintf(d->where, sizeof d->where, "%.250s port %.20s", host,
                     service);
        fd =
            socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd >= 0)
            set_options(fd);
        fd = begin(d, fd, a->ai_addr, a->ai_addrlen, err);
        if (fd >= 0)
            return fd;
    }
    return -1;
}

int
dial_unix(struct dial *d, const char *path, struct errbuf *err)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd;

    dial_clear(d);
    snprintf(d->where, sizeof d->where, "%.250s", path);
    if (strlen(path) >= sizeof addr.sun_path)
        return err_set(err, "the socket's path is longer than %zu bytes: %s",
                       sizeof addr.sun_path - 1, path);
    strcpy(addr.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return begin(d, fd, (struct sockaddr *)&addr, sizeof addr, err);
}

int
dial_finish(const struct dial *d, int fd, struct errbuf *err)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    socklen_t len = sizeof(int);
    int e = 0;

    if (poll(&p, 1, 0) == 0)
        return 1;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len) != 0)
        e = errno;
    return e == 0 ? 0 : dial_failed(d, e, err);
}

void
dial_clear(struct dial *d)
{
    if (d->list != NULL)
        freeaddrinfo(d->list);
    d->list = d->next = NULL;
}

bool
dial_is_local(int fd)
{
    struct sockaddr_storage s;
    socklen_t len = sizeof s;

    memset(&s, 0, sizeof s);
    return getpeername(fd, (struct sockaddr *)&s, &len) == 0 &&
           address_is_local((const struct sockaddr *)&s);
}
