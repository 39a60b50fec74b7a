/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_CONN_END_H
#define TESTS_UNIT_CONN_END_H

#include <stdbool.h>

#include "util/buf.h"
#include "util/conn.h"

struct event_base;

/* A connection under test, with a record of what its owner was told, and the
 * other end as a plain non-blocking descriptor. */
struct conn_end {
    struct conn c; /* first */
    int peer;      /* -1: closed */
    /* What each on_data was offered, with '|' behind it. */
    struct buf offers;
    struct buf got; /* what was taken */
    unsigned n_data, n_drained, n_closed;
    enum conn_close_reason reason; /* the last one */
    /* Instead of taking everything; NULL: take it. */
    size_t (*on_data)(struct conn_end *e, const char *data, size_t len);
    void (*on_drained)(struct conn_end *e); /* after the record; NULL: none */
    /* Instead of conn_close. */
    void (*on_closed)(struct conn_end *e);
    struct conn_end *other; /* the test's */
    size_t n;               /* the test's */
};

enum conn_end_kind {
    CONN_END_STREAM,  /* a socketpair */
    CONN_END_PACKETS, /* a socketpair where each write is one packet */
    CONN_END_TCP      /* over the loopback interface */
};

/* NULL only for CONN_END_TCP, on a machine without a loopback interface. */
struct conn_end *conn_end_new(struct conn_loop *loop, enum conn_end_kind kind);
void conn_end_free(struct conn_end **e);

/* The peer's side.  Sends all of it. */
void conn_end_say(struct conn_end *e, const char *data, size_t len);
/* Appends what is there; true at the end of the stream.  Fails the test if the
 * connection was broken off. */
bool conn_end_hear(struct conn_end *e, struct buf *b);
/* Receives one packet (or one piece) as text, "" if there is none. */
const char *conn_end_packet(struct conn_end *e);
void conn_end_hang_up(struct conn_end *e);

/* n bytes in which every place can be told from its neighbours. */
void conn_end_pattern(struct buf *b, size_t n);

#endif
