/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_EXEC_PRIVATE_H
#define CLIENTS_BRIDGE_EXEC_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event_struct.h>
#include <event2/util.h>

#include "clients/bridge/exec.h"
#include "clients/bridge/web_session.h"
#include "util/buf.h"

struct arena;
struct xml_elem;

/* A body and its requests, for exec.c and exec_call.c. */

struct exec_item {
    struct exec *exec;
    char *id;       /* owned; the browser's */
    struct buf out; /* data and response */
    size_t bytes;   /* of data */
    bool cut;       /* its data was too much */
};

struct exec {
    struct http_waiter waiter; /* first */
    TAILQ_ENTRY(exec) link;
    struct web_session *session;
    struct http_conn *http;      /* NULL: nobody waits for the reply */
    struct arena *arena;         /* owned; NULL once all was sent */
    struct xml_elem *root;       /* in the arena */
    const struct xml_elem *next; /* the first that was not sent; NULL: none */
    struct exec_item *items;     /* owned */
    size_t n, n_sent, in_work;   /* in_work: ximssd has to answer */
    size_t base, bytes;          /* held for it; of data */
    struct budget_share share;
    uint64_t seq;
    struct buf pushed; /* what syncAsync asked for */
    char *headers;     /* owned; of the reply */
    struct event timer;
    bool async, numbered, has_bye;
    bool is_first; /* with a number, in its session */
    bool begun;
    bool cut;      /* the data of a request was too much */
    bool too_many; /* requests: the last item stands for all the others */
    bool orphan;   /* its session has another id now: nobody is told */
};

void exec_on_timer(evutil_socket_t fd, short what, void *arg);

/* Its requests were counted, items made and base was taken: it waits for its
 * turn.  The session may be over behind it. */
void exec_queue(struct exec *e);
void exec_free(struct exec *e);
void exec_wait(struct exec *e, struct http_conn *h);
void exec_fail(struct exec *e, unsigned status, const char *reason);

/* <response id="…"/>, text NULL: it went well. */
void exec_write_response(struct buf *out, const char *id, int number,
                         const char *text);

#endif
