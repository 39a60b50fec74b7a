/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_SOCKET_GUARD_H
#define QUOTA_SOCKET_GUARD_H

#include <stddef.h>
#include <sys/types.h>

#include "util/errbuf.h"

struct local_socket;
struct socket_guard;

/* A child process that outlives the server by a moment: however the server
 * ended, also by SIGKILL or for want of memory, it removes the files of its
 * sockets, on which nobody listens any more.
 *
 * It is a fork that does not exec: until then it only waits for the end of a
 * line whose other end is the server's.  It has no descriptor beside that one,
 * so it keeps no listener, connection or log open; it is in a session of its
 * own and takes no signal but SIGKILL and SIGSTOP.  A file is removed only if
 * it is the one that was made (device and inode): one that a successor has
 * renamed over it stays.
 *
 * What it cannot see to: SIGKILL for all processes of a control group at once
 * (then systemd's RuntimeDirectory= is what removes the sockets), and a machine
 * that loses power (then the start replaces them). */

/* Sockets of one guard. */
#define SOCKET_GUARD_MOST 8

/* For sockets that are open; their paths are copied and, if not absolute, are
 * taken from the directory that is the current one now.  Call it early: what
 * memory the server has by then is shared with the child, and each page of it
 * that the server changes later is there twice.  Other threads may run: the
 * child makes only calls that are safe after a fork.  NULL with err: no
 * descriptor or no process. */
struct socket_guard *socket_guard_start(const struct local_socket *const *list,
                                        size_t n, struct errbuf *err);

/* The process id of the child. */
pid_t socket_guard_pid(const struct socket_guard *g);

/* The sockets are closed: sends the child home and waits for its end, which
 * comes at once.  A child that has ended before is no error. */
void socket_guard_stop(struct socket_guard **g);

#endif
