/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_ACCEPTOR_H
#define UTIL_ACCEPTOR_H

#include <stdbool.h>

struct event_base;
struct sockaddr;

/* Accepts what comes in on a socket that listens and does not block, some at a
 * turn of the loop. */

struct acceptor;

struct acceptor_ops {
    /* fd: now the callee's; it does not block. */
    void (*on_accept)(void *arg, int fd, const struct sockaddr *peer);
    /* There is no descriptor, or no memory, for what waits.  False: it will be
     * tried again a little later.  NULL: the same, and the log says so, once in a
     * minute. */
    bool (*on_want)(void *arg);
};

/* fd and ops: borrowed until acceptor_free.  Begins when the base turns. */
struct acceptor *acceptor_new(struct event_base *base, int fd,
                              const struct acceptor_ops *ops, void *arg);
void acceptor_free(struct acceptor **a);

/* True for the errno of an accept that found no descriptor or memory. */
bool acceptor_is_want(int error);

#endif
