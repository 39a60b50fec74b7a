/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_LOCAL_SOCKET_H
#define UTIL_LOCAL_SOCKET_H

#include <sys/types.h>

#include "util/errbuf.h"

/* A UNIX stream socket that listens, and its file.
 *
 * A file on which nobody listens costs every mail delivery four seconds.  So it
 * is never there without a listener while we can help it: it appears by a
 * rename over whatever a former life left, and goes before we stop to listen;
 * quota/socket_guard.h is for the rest. */

/* Bytes of a path.  Less than the system's limit (107), as the socket is bound
 * under a longer name first. */
#define LOCAL_SOCKET_PATH_MOST 99

struct local_socket {
    char path[LOCAL_SOCKET_PATH_MOST + 1];
    dev_t dev; /* what the file was when we made it */
    ino_t ino;
    int fd; /* listens, non-blocking; -1: closed */
};

/* mode: of the file; who may write to it may connect.  group: a name or a
 * number; NULL or "": as the system sets it.  -1 with err: the path is too long
 * or cannot be used, somebody listens there, what is there is no socket, or
 * there is no such group. */
int local_socket_open(struct local_socket *s, const char *path, unsigned mode,
                      const char *group, struct errbuf *err) WARN_UNUSED;

/* The group of that name, or number.  -1 with err: there is none. */
int local_socket_group(const char *name, gid_t *gid_r,
                       struct errbuf *err) WARN_UNUSED;

/* Removes the file if it is still ours, and closes.  Connections that nobody
 * has accepted are closed. */
void local_socket_close(struct local_socket *s);

#endif
