/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_LIB_WIRE_H
#define CLIENTS_LIB_WIRE_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/buf.h"
#include "util/errbuf.h"

/* Messages over a non-blocking descriptor, plain or under TLS.  What was sent
 * is wiped, because log-ins and commands carry passwords. */

enum wire_result {
    WIRE_OK = 0,
    WIRE_AGAIN, /* the descriptor has to get ready first */
    WIRE_EOF,   /* the peer has closed */
    WIRE_FAILED /* err says why */
};

struct wire {
    int fd;         /* owned; -1: closed */
    SSL *ssl;       /* owned; NULL: plain */
    struct buf in;  /* received */
    size_t in_used; /* of it, done with */
    size_t scanned; /* behind in_used, known to hold no 0 */
    struct buf out; /* to be sent */
    size_t sent;    /* of it */
    bool read_wants_write, write_wants_read; /* TLS renegotiates */
};

/* A wire without a connection. */
void wire_init(struct wire *w);
void wire_open(struct wire *w, int fd); /* takes fd; w must be closed */
void wire_close(struct wire *w);        /* wipes what was not sent */

/* Puts TLS on the connection; then wire_handshake until it is not AGAIN. */
int wire_tls(struct wire *w, const char *name, const char *ca_file,
             struct errbuf *err) WARN_UNUSED;
/* Goes on with the handshake. */
enum wire_result wire_handshake(struct wire *w, struct errbuf *err) WARN_UNUSED;

/* Receives once. */
enum wire_result wire_fill(struct wire *w, struct errbuf *err) WARN_UNUSED;

/* TLS has decrypted bytes in stock, of which the descriptor knows nothing. */
bool wire_has_stock(const struct wire *w);

/* The next complete message: valid until wire_fill, wire_close or wire_idle.
 * False: none (what has come of the next one is in wire_rest). */
bool wire_next(struct wire *w, const char **msg_r, size_t *len_r);
/* The bytes of a message that is not complete; valid as those of wire_next. */
const char *wire_rest(const struct wire *w, size_t *len_r);

/* Gives back the memory of buffers that hold nothing. */
void wire_idle(struct wire *w);

/* A buffer to append messages to, with room for `more` bytes: to use no more
 * than that keeps copies of secrets from being left behind. */
struct buf *wire_out(struct wire *w, size_t more);
/* True if there are bytes to be sent. */
bool wire_has_out(const struct wire *w);

/* Sends as much as goes.  OK: all is out. */
enum wire_result wire_flush(struct wire *w, struct errbuf *err) WARN_UNUSED;

#endif
