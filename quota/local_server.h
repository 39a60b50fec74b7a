/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_LOCAL_SERVER_H
#define QUOTA_LOCAL_SERVER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "util/conn.h"
#include "util/errbuf.h"

struct event_base;
struct local_socket;

/* A server on a UNIX socket, for peers that deliver mail meanwhile and must
 * never wait: what cannot be served is closed at once, which costs a peer
 * nothing but its message.  When there are as many connections as may be, the
 * one that has said nothing for longest makes room; who says nothing for too
 * long is closed; a listener without descriptors closes what comes.
 *
 * All calls are made on the thread of the loop, or while it does not run,
 * unless it says otherwise. */

struct local_server;

struct local_server_config {
    const char *path; /* borrowed for local_server_start, as is group */
    unsigned mode;
    const char *group; /* as for local_socket_open */
    unsigned most;     /* connections at once; 0: 512 */
    int64_t idle;      /* microseconds without input; 0: a minute */
};

/* Embedded first in what the owner keeps of a connection. */
struct local_conn {
    struct conn c; /* first */
    TAILQ_ENTRY(local_conn) link;
    struct conn_deferred deferred;
    const struct local_ops *ops;
    struct local_server *server; /* borrowed */
    int64_t active;              /* clock_mono of the last input */
};

struct local_ops {
    size_t size; /* of what the owner keeps; zeroed when it begins */
    void (*init)(struct local_conn *c); /* NULL: nothing to do */
    /* As conn_ops.on_data. */
    size_t (*on_data)(struct local_conn *c, const char *data, size_t len);
    /* The peer closed in order, and the connection is about to end.  NULL:
     * nothing to do. */
    void (*on_end)(struct local_conn *c);
    void (*clear)(struct local_conn *c); /* before it is freed; NULL as above */
};

/* Since the start. */
struct local_counts {
    uint64_t accepted;
    uint64_t malformed;   /* closed for what they said */
    uint64_t idle;        /* closed for saying nothing */
    uint64_t crowded_out; /* closed to make room */
    uint64_t refused;     /* closed for want of descriptors */
};

/* Listens, and accepts when the base turns.  owner: for local_server_owner,
 * borrowed.  NULL with err as local_socket_open. */
struct local_server *local_server_start(struct event_base *base,
                                        struct conn_loop *loop,
                                        const struct local_server_config *cfg,
                                        const struct local_ops *ops,
                                        void *owner, struct errbuf *err);

/* Removes the socket and closes all connections; they are freed at the end of
 * the loop's turn, or with the loop. */
void local_server_stop(struct local_server **s);

/* The owner given at the start. */
void *local_server_owner(const struct local_server *s);
/* The socket it listens on, borrowed. */
const struct local_socket *local_server_socket(const struct local_server *s);

/* Any thread. */
void local_server_get_counts(const struct local_server *s,
                             struct local_counts *counts_r);

/* Closes connections that have been idle for too long; a timer does that, too.
 */
void local_server_check_times(struct local_server *s);

/* Closes a connection that says what it should not, in one of its callbacks or
 * beside them; the log has a line about it, one in a second. */
void local_conn_end_malformed(struct local_conn *c, const char *why);

#endif
