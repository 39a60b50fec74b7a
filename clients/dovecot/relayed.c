/* SPDX-License-Identifier: BSD-2-Clause */
#include "clients/dovecot/compat.h"

#include "clients/dovecot/relayed.h"

#include <sys/socket.h>

bool
relayed(int fd)
{
    int domain = AF_UNSPEC;
    socklen_t len = sizeof domain;

    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0 ||
           (domain != AF_INET && domain != AF_INET6);
}
