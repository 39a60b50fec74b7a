/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_REQUEST_H
#define XIMSS_SERVER_LIVE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/store.h"
#include "util/buf.h"
#include "util/errbuf.h"
#include "util/queue_safe.h"
#include "ximss/proto/answer.h"

struct attr_rule;
struct attrs;
struct dialect;
struct session;
struct worker;

/* What a step of a long answer has done. */
enum req_step {
    STEP_MORE, /* appended to out; call again */
    STEP_WAIT, /* nothing yet: req_run_steps will be called */
    STEP_LAST, /* appended the end, with the response */
    STEP_FAIL  /* cannot go on: the session ends in the middle of the answer */
};

/* A request in work.  It outlives its session if a job or a check is under
 * way: then session is NULL, and the answer goes nowhere. */
struct req {
    TAILQ_ENTRY(req) link;         /* session->reqs */
    struct session *session;       /* NULL: gone */
    struct worker *worker;         /* whose thread finishes it */
    const struct dialect *dialect; /* of its session */
    const struct req_desc *desc;   /* NULL: an error message's */
    struct buf out;                /* the answer so far */
    int64_t started;               /* clock_mono; 0: exeTime is not wanted */
    /* A long answer is made piece by piece, as the client reads it.  NULL:
     * none. */
    enum req_step (*step)(struct req *r);
    void (*begin)(struct req *r); /* see req_take_turn */
    void *state;                  /* of step and begin; owned */
    void (*free_state)(void *state);
    size_t bytes;        /* of what it came from, for what waits; 0: short */
    const char *ok_text; /* PWD: what success is called; NULL: OK */
    bool stepping;
    bool ready;  /* waits for its turn only */
    bool begun;  /* those behind it may begin, unless it is alone */
    bool alone;  /* overlaps with no other */
    bool parked; /* its message waits; nothing comes in behind it */
    bool done;
    bool close; /* the session ends after the answer */
    char id[];  /* as it came; "" in PWD */
};

enum req_result {
    REQ_DONE,    /* answered */
    REQ_PENDING, /* req_finish will be called */
    REQ_CLOSE    /* answered, and the connection ends */
};

enum {
    REQ_BEFORE_LOGIN = 1, /* allowed then */
    REQ_IN_SESSION = 2,   /* allowed in a session */
    REQ_OVERLAP = 4,      /* may start while others with this flag are in
                             work: its effect goes through the store's queue,
                             which keeps the order */
    REQ_TURNS = 8,        /* the same, but its effect comes later, when it
                             takes its turn (req_take_turn) */
    REQ_LENIENT = 16,     /* of the XIMSS family, whose clients send more than
                             the server looks at: attributes and elements that
                             its row does not have mean nothing.  Without this
                             flag they are refused */
    REQ_ELEMENTS = 32,    /* its handler looks at the elements in it */
    REQ_AT_DOOR = 64      /* a mail process may send it, too; nothing else */
};

/* A request's row in its table. */
struct req_desc {
    const char *name;
    unsigned flags;
    enum req_result (*handle)(struct req *r, const struct attrs *in);
    const struct attr_rule *attrs; /* its own; NULL: none.  `id` and `exeTime`
                                      any request may have */
};

/* A request that has come, at the end of the session's queue.  id is copied. */
struct req *req_new(struct session *s, const char *id);

/* What a handler returned. */
void req_handled(struct req *r, enum req_result result);

/* Must one with such flags wait until those in work are answered?  With all
 * flags: must any? */
bool req_must_wait(const struct session *s, unsigned flags);

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
void req_stream(struct req *r, enum req_step (*step)(struct req *r),
                void *state, void (*free_state)(void *state));
/* Goes on with it, if the session's output has room. */
void req_run_steps(struct session *s);
/* The output has room again: sends the answers that wait. */
void req_go_on(struct session *s);

/* For REQ_TURNS: begin is called when all requests before it have begun; if it
 * is alone, or the one before it is, when that is answered.  Preparations may
 * thus overlap while effects keep the order.  Until then state is the request's
 * (freed if the session ends); in begin the caller takes it back. */
void req_take_turn(struct req *r, void (*begin)(struct req *r), void *state,
                   void (*free_state)(void *state));

/* For a message that was read and must wait until all before it are answered.
 * Nothing else is read meanwhile, so a session has one of these at most.  As
 * req_take_turn, but begin is where the request comes in, and may take a turn.
 * bytes: that state keeps. */
void req_park(struct req *r, void (*begin)(struct req *r), void *state,
              void (*free_state)(void *state), size_t bytes);
/* Of the session's parked request; 0: it has none. */
size_t req_parked_bytes(const struct session *s);

/* Closes the session's requests: those in work lose their session. */
void req_abandon_all(struct session *s);

#endif
