/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_REQUEST_H
#define XIMSS_SERVER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/store.h"
#include "util/buf.h"
#include "util/errbuf.h"
#include "util/queue_safe.h"

struct session;
struct worker;
struct xml_elem;

/* A request in work.  It outlives its session if a job or a check is under
 * way: then session is NULL, and the answer goes nowhere. */
struct req {
    TAILQ_ENTRY(req) link;       /* session->reqs */
    struct session *session;     /* NULL: gone */
    struct worker *worker;       /* whose thread finishes it */
    const struct req_desc *desc; /* NULL: an error message's */
    struct buf out;              /* the answer so far */
    int64_t started;             /* clock_mono; 0: exeTime is not wanted */
    /* A long answer is made piece by piece, as the client reads it: appends to
     * out, returns true with the last piece (the response).  NULL: none. */
    bool (*step)(struct req *r);
    void *state; /* of step; owned */
    void (*free_state)(void *state);
    bool stepping;
    bool done;
    bool close; /* the session ends after the answer */
    char id[];  /* as it came */
};

enum req_result {
    REQ_DONE,    /* answered */
    REQ_PENDING, /* req_finish will be called */
    REQ_CLOSE    /* answered, and the connection ends */
};

enum {
    REQ_BEFORE_LOGIN = 1, /* allowed then */
    REQ_IN_SESSION = 2,   /* allowed in a session */
    REQ_OVERLAP = 4       /* may start while others with this flag are in
                             work: its effect goes through the store's queue,
                             which keeps the order */
};

struct req_desc {
    const char *name;
    unsigned flags;
    enum req_result (*handle)(struct req *r, const struct xml_elem *e);
};

/* Takes one message off the wire.  False: it has to wait until the requests in
 * work are answered (the caller keeps it and pauses). */
bool req_dispatch(struct session *s, const char *msg, size_t len);

/* The answer's parts.  Data messages first: r->out is appended to directly. */
void req_ok(struct req *r);
void req_fail(struct req *r, unsigned code, const char *text);
void req_failf(struct req *r, unsigned code, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* For a store that failed: 530 or 531. */
void req_fail_store(struct req *r, enum store_result result,
                    const struct errbuf *err);

/* An answer that was pending is complete: it leaves when those before it have
 * left.  Frees r.  On the worker's thread. */
void req_finish(struct req *r);

/* Begins an answer in pieces; the request is pending until its last step. */
void req_stream(struct req *r, bool (*step)(struct req *r), void *state,
                void (*free_state)(void *state));
/* Goes on with it, if the session's output has room. */
void req_run_steps(struct session *s);

/* Closes the session's requests: those in work lose their session. */
void req_abandon_all(struct session *s);

/* An attribute, or def if absent. */
const char *req_attr(const struct xml_elem *e, const char *name,
                     const char *def);

/* The tables of requests, one per file. */
extern const struct req_desc req_login_table[];
extern const struct req_desc req_session_table[];
extern const struct req_desc req_prefs_table[];
extern const struct req_desc req_password_table[];
extern const struct req_desc req_alert_table[];
extern const struct req_desc req_cli_table[];

#endif
