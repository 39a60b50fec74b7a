/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_CONN_H
#define UTIL_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <event2/event_struct.h>

#include "util/shared_buf.h"

struct event_base;
struct ssl_st;
struct ssl_ctx_st;

/* The one wrapper of sockets.
 *
 * A connection costs its struct and nothing more while it is idle: what is
 * read goes through a buffer of the thread (struct conn_loop), bytes are kept
 * only for a message that is not complete, and output only while the socket
 * does not take it.  A conn is embedded in its owner's struct.  All calls are
 * made on the thread of its loop. */

struct conn;

enum conn_close_reason {
    CONN_EOF,   /* the peer closed in order */
    CONN_RESET, /* the peer, or the network, broke it off */
    CONN_TLS_ERROR,
    CONN_OUTPUT_LIMIT, /* the peer does not read */
    CONN_BUDGET        /* it does not, and all of its kind hold too much */
};

/* What the owner is told, all three of them.  on_data and on_drained may close
 * the connection (conn_close); it must not be freed before the end of the
 * loop's turn (conn_loop_defer). */
struct conn_ops {
    /* Bytes arrived (or conn_continue was asked for).  Returns how many of
     * them are done with; the rest is kept and comes again with what follows.
     * After conn_close its result does not matter. */
    size_t (*on_data)(struct conn *c, const char *data, size_t len);
    /* All output is with the kernel, after some was not, or after the cork had
     * reached the soft limit.  After conn_finish: the peer has been told, too. */
    void (*on_drained)(struct conn *c);
    /* The connection ended by itself.  The owner calls conn_close. */
    void (*on_closed)(struct conn *c, enum conn_close_reason reason);
};

/* Something to be done at the end of the loop's turn. */
struct conn_deferred {
    STAILQ_ENTRY(conn_deferred) link;
    void (*run)(struct conn_deferred *d);
};

/* One per thread. */
struct conn_loop;
/* The connections of one thread, on its event base.  owner is only passed back
 * by conn_loop_owner. */
struct conn_loop *conn_loop_new(struct event_base *base, void *owner);
/* Runs what was deferred, and frees the loop; no connection may be open.  Sets
 * *loop to NULL. */
void conn_loop_free(struct conn_loop **loop);
/* The owner that was given to conn_loop_new. */
void *conn_loop_owner(const struct conn_loop *loop);
/* Bytes of output above which a connection is cut off (CONN_OUTPUT_LIMIT). */
void conn_loop_set_hard_limit(struct conn_loop *loop, size_t bytes);
/* Bytes of corked output from which on its leaving is told (on_drained): where
 * owners stop to send more.  None by default. */
void conn_loop_set_soft_limit(struct conn_loop *loop, size_t bytes);
/* Runs d->run at the end of this turn of the loop.  d is borrowed until
 * then. */
void conn_loop_defer(struct conn_loop *loop, struct conn_deferred *d);

struct conn_out;
struct conn_handshake;

/* What several connections of a loop may leave unread together: of one owner
 * (conn_set_budget), or all (conn_loop_set_total_limit).  Above that those that
 * hold most, and have read nothing for longest, are cut off (CONN_BUDGET, in
 * the next turn of the loop), until what is left fits or is one connection's,
 * for which the hard limit is enough.  Bytes that several share count for none
 * of them. */
struct conn_budget {
    size_t most, bytes; /* most: may change at any time */
    LIST_HEAD(conn_budget_list, conn_out) outs;
};
/* A budget that counts nothing yet. */
void conn_budget_init(struct conn_budget *b, size_t most);
/* The same limit for all connections of the loop. */
void conn_loop_set_total_limit(struct conn_loop *loop, size_t bytes);
/* Bytes of output that all connections of the loop hold.  Any thread. */
size_t conn_loop_total(const struct conn_loop *loop);

struct conn {
    struct event ev; /* the struct's size is most of a connection's cost */
    const struct conn_ops *ops;
    struct conn_loop *loop; /* borrowed */
    struct ssl_st *tls;     /* owned; NULL: clear text */
    char *in;               /* owned: the beginning of a message */
    uint32_t in_len, in_cap;
    /* The owner's: that many bytes at the start of the rest that on_data left
     * need not be looked at again. */
    uint32_t scanned;
    struct conn_handshake *tls_handshake; /* owned; NULL: none, or over */
    struct conn_out *out;       /* owned: what the kernel did not take */
    struct conn_budget *budget; /* borrowed; NULL: none but the loop's */
    STAILQ_ENTRY(conn) again_link;
    int fd;
    uint8_t paused; /* bits: reasons why input waits */
    bool reading;   /* the event is on the loop */
    bool writing;   /* ... also for writing */
    bool closed;
    bool again;     /* on the loop's list: look at its input in the next turn */
    bool finish;    /* closes once the output is out */
    bool lingering; /* output is out; waits for the peer to close */
    bool cut;       /* by a budget: ends in the next turn */
    bool exact;     /* conn_read_exactly */
};

/* Takes the descriptor (non-blocking).  It is not on the loop yet.  An
 * operation that is missing ends the process. */
void conn_init(struct conn *c, int fd, const struct conn_ops *ops);
/* Puts it on a loop, and starts to read.  A connection that was detached keeps
 * its bytes and they are looked at again. */
void conn_attach(struct conn *c, struct conn_loop *loop);
/* Takes it off its loop, to be attached to another thread's. */
void conn_detach(struct conn *c);

/* Begins TLS as the server.  Input that is there in clear is dropped.  0, or -1
 * if OpenSSL has no memory.  Handshakes are what strangers can have of us that
 * costs most: a loop does few in a turn, and the rest waits, so that everybody
 * else is served in between.  crowd: a number for all that come from the same
 * place; those that wait have their turns by it. */
int conn_start_tls(struct conn *c, struct ssl_ctx_st *ctx, uint64_t crowd);
/* True if TLS has been started on the connection. */
bool conn_is_encrypted(const struct conn *c);
/* Before TLS: no byte is taken from the kernel beyond those that on_data is
 * done with.  Until then it uses none, and sees them all again; with the call
 * that uses some, that ends, and conn_start_tls finds all that follows. */
void conn_read_exactly(struct conn *c);

/* Output.  What is sent in between conn_cork and conn_uncork of the same
 * connection leaves in one write; only one connection of a loop is corked at a
 * time. */
void conn_send(struct conn *c, const void *data, size_t len);
void conn_send_shared(struct conn *c, struct shared_buf *b); /* borrowed */
void conn_cork(struct conn *c);
/* Sends what was corked, in one write. */
void conn_uncork(struct conn *c);
/* True between conn_cork and conn_uncork. */
bool conn_is_corked(const struct conn *c);
/* Bytes that the kernel has not taken yet (corked ones count). */
size_t conn_pending(const struct conn *c);
/* For how many microseconds the kernel has taken nothing of what waits; 0:
 * nothing waits. */
int64_t conn_blocked_us(const struct conn *c);

/* Bytes that the peer's kernel has not acknowledged: those, and what ours
 * has. */
size_t conn_unacknowledged(const struct conn *c);

/* Whom the output counts for from now on; NULL: nobody.  The budget must stay
 * until that is changed or the connection is closed. */
void conn_set_budget(struct conn *c, struct conn_budget *b);

/* Input waits while any bit is set; bits are the owner's. */
void conn_pause(struct conn *c, uint8_t bit);
/* Clears a bit; input goes on when none is set. */
void conn_resume(struct conn *c, uint8_t bit);
/* Looks at kept input again in the next turn of the loop. */
void conn_continue(struct conn *c);

/* True if the peer's kernel has acknowledged all that was sent, and no input
 * waits unread: the moment after which what comes from the peer was sent
 * later than the acknowledgement. */
bool conn_is_acknowledged(const struct conn *c);
/* The same but for the input that on_data has just been given. */
bool conn_is_acknowledged_but(const struct conn *c);
/* True if it was broken off, also while input waits and nobody looks. */
bool conn_is_broken(const struct conn *c);

/* Ends the connection in order: when the output is out, the peer is told (FIN)
 * and what it still sends is thrown away until it closes too (CONN_EOF): to
 * close with unread input would reset what it has not read yet.  The owner
 * bounds the time: that of the output (conn_blocked_us), and of the peer's end
 * from on_drained on, or from now if no output waits. */
void conn_finish(struct conn *c);
/* Closes now.  May be called more than once.  Callbacks end. */
void conn_close(struct conn *c);

#endif
