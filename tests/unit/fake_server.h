/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_FAKE_SERVER_H
#define TESTS_UNIT_FAKE_SERVER_H

#include <stdbool.h>

#include "clients/lib/ximss.h"
#include "util/buf.h"

/* A scripted XIMSS server in the test's own thread: the test says what it
 * expects to be sent and what is answered; both sides are turned until it has
 * happened.  Every failure ends the test. */

struct fake_server {
    int listener, fd; /* -1: none */
    unsigned port;
    char path[108]; /* of the UNIX socket, "" for TCP */
    char dir[64];   /* temporary, removed by fake_clear */
    struct ssl_st *ssl;
    struct ssl_ctx_st *ctx;
    struct buf in;
    struct ximss *x;
};

/* Listens on the loopback address, or on a UNIX socket, and makes a client
 * that is set to connect there as joe@example.test with password "secret". */
void fake_init(struct fake_server *f, bool on_unix);
void fake_clear(struct fake_server *f);

/* Turns both sides until the client has connected. */
void fake_accept(struct fake_server *f);

/* Turns both sides until a whole message has come, and gives it (valid until
 * the next call). */
const char *fake_read(struct fake_server *f);

/* The next message is exactly this. */
void fake_expect(struct fake_server *f, const char *message);

/* Sends a message (with its byte 0), or raw bytes. */
void fake_send(struct fake_server *f, const char *message);
void fake_send_raw(struct fake_server *f, const char *data, size_t len);

/* Turns the client until it is in that state. */
void fake_wait(struct fake_server *f, enum ximss_state state);

/* One turn of both sides. */
void fake_turn(struct fake_server *f);

void fake_hang_up(struct fake_server *f);

/* Accepts, and answers a clear log-in as message `id`. */
void fake_log_in(struct fake_server *f);

/* A certificate for `name` (and the address 127.0.0.1 if with_address), which
 * is also its own authority, in f->dir/cert.pem; puts the server's side of TLS
 * on the connection at the next fake_tls. */
void fake_make_certificate(struct fake_server *f, const char *name,
                           bool with_address);
void fake_tls(struct fake_server *f);

#endif
