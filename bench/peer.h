/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/buf.h"
#include "util/errbuf.h"

struct ssl_st;
struct ssl_ctx_st;

/* One connection of the load generator: bytes in, messages out. */

enum peer_state {
    PEER_NONE,      /* no socket */
    PEER_HANDSHAKE, /* TLS is being agreed upon */
    PEER_LOGIN,     /* the log-in is on its way */
    PEER_READY,     /* logged in */
    PEER_LEAVING    /* bye is on its way */
};

struct peer {
    int fd; /* -1 unless connected */
    enum peer_state state;
    bool admin;         /* posts and executes; gets no alerts */
    unsigned number;    /* of its account */
    unsigned alerts;    /* delivered since its log-in */
    unsigned since;     /* alerts that had been posted before it */
    unsigned pending;   /* requests without a response */
    struct ssl_st *ssl; /* owned; NULL: clear text */
    struct buf in;      /* the beginning of a message */
    struct buf out;     /* what the socket did not take yet */
};

struct peer_target {
    const char *address;    /* "HOST:PORT" in IPv4, or a UNIX socket's path */
    unsigned sources;       /* how many source addresses 127.0.1.x take turns */
    struct ssl_ctx_st *tls; /* borrowed; NULL: clear text */
};

/* Connects (waits for it: on one machine that is no wait) from the source
 * address whose turn `turn` is.  -1 with err. */
int peer_connect(struct peer *p, const struct peer_target *t, unsigned turn,
                 struct errbuf *err) WARN_UNUSED;

/* Goes on with TLS: 1 agreed, 0 wait for the socket, -1 failed. */
int peer_handshake(struct peer *p, struct errbuf *err) WARN_UNUSED;

/* Sends, or keeps what the socket does not take for peer_flush. */
int peer_send(struct peer *p, const void *data, size_t len,
              struct errbuf *err) WARN_UNUSED;
int peer_flush(struct peer *p, struct errbuf *err) WARN_UNUSED;

/* Reads once.  > 0: bytes; 0: nothing there now; -1: the end (err empty) or a
 * failure (err says which). */
ssize_t peer_read(struct peer *p, void *data, size_t size,
                  struct errbuf *err) WARN_UNUSED;

typedef void peer_message_fn(struct peer *p, const char *msg, size_t len,
                             void *arg);

/* Hands over each message that is complete with these bytes.  The messages
 * are terminated by their 0. */
void peer_feed(struct peer *p, const char *data, size_t len,
               peer_message_fn *on_message, void *arg);

void peer_close(struct peer *p);

#endif
