/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/server_link.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/address.h"

static unsigned most = UINT_MAX;

void
server_link_set_most(unsigned n)
{
    most = n;
}

static socklen_t
make_address(const struct bridge_config *cfg, bool by_socket,
             struct sockaddr_storage *sa)
{
    struct sockaddr_un *sun = (struct sockaddr_un *)sa;

    memset(sa, 0, sizeof *sa);
    if (by_socket) {
        sun->sun_family = AF_UNIX;
        snprintf(sun->sun_path, sizeof sun->sun_path, "%s", cfg->server_socket);
        return sizeof *sun;
    }
    return address_make(cfg->server_address, (uint16_t)cfg->server_port, sa);
}

bool
server_link_is_local(const struct bridge_config *cfg)
{
    struct sockaddr_storage sa;

    make_address(cfg, *cfg->server_socket != '\0', &sa);
    return address_is_local((const struct sockaddr *)&sa);
}

int
server_link_open(const struct bridge_config *cfg)
{
    struct sockaddr_storage sa;
    socklen_t len = make_address(cfg, *cfg->server_socket != '\0', &sa);
    int one = 1, fd = -1;

    if (len > 0)
        fd =
            socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if ((unsigned)fd >= most) { /* the lowest that is free */
        close(fd);
        return -1;
    }
    if (sa.ss_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (struct sockaddr *)&sa, len) == 0 || errno == EINPROGRESS)
        return fd;
    close(fd);
    return -1;
}
