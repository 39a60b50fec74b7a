/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PASSDB_PASSDB_H
#define PASSDB_PASSDB_H

#include <stdbool.h>
#include <stdint.h>

#include "passdb/source.h"
#include "util/errbuf.h"

/* Asks programs outside for passwords: one thread, with a loop of its own, on
 * which the sources work (source.h).  It keeps what waits within bounds, gives
 * those who wait their turns, and ends what takes too long. */

struct conn_loop;
struct event_base;
struct passdb;
struct passdb_call;

enum passdb_kind {
    PASSDB_DOVECOT,
    PASSDB_PAM
};
#define PASSDB_KINDS 2

struct passdb_limits {
    unsigned most;      /* that wait for one source, or are being answered */
    unsigned most_each; /* of them by one asker */
};

/* Without sources, and without its thread, yet. */
struct passdb *passdb_new(const struct passdb_limits *limits);
/* The loop, on which sources are made before passdb_run, and its connections. */
struct event_base *passdb_base(struct passdb *db);
struct conn_loop *passdb_loop(struct passdb *db);
/* Takes the source. */
void passdb_add(struct passdb *db, enum passdb_kind kind,
                struct passdb_source *source);
/* Starts the thread. */
void passdb_run(struct passdb *db);
/* Any thread. */
void passdb_set_limits(struct passdb *db, const struct passdb_limits *limits);
/* Ends the thread and the sources, once no other thread asks any more.  Who waits
 * is answered PASSDB_AWAY, and so is who asks later. */
void passdb_stop(struct passdb *db);
/* Stops it.  Calls may be left, and must be freed before. */
void passdb_free(struct passdb **db);

/* Any thread, at once: the source is there, even if it is away. */
bool passdb_has(const struct passdb *db, enum passdb_kind kind);
/* Any thread, at once: the source is there, and would take that mechanism. */
bool passdb_offers(const struct passdb *db, enum passdb_kind kind,
                   const char *mechanism);

/* Copied. */
struct passdb_question {
    const char *user; /* as in struct passdb_request, as the next five */
    const char *mechanism;
    const char *password;
    const char *initial;
    const char *address;
    bool is_secured;
    uint64_t who;     /* the asker: a number that nobody outside can choose */
    int64_t deadline; /* clock_mono; then the answer is PASSDB_AWAY */
};

/* The answer is there.  On the thread of passdb, or before the call that asked has
 * returned.  The call is the asker's when both are over, until it goes on. */
typedef void passdb_answered_fn(void *arg, enum passdb_answer answer);

/* Asks one source, with one answer for this, and one for each passdb_go_on.  Any
 * thread. */
struct passdb_call *passdb_ask(struct passdb *db, enum passdb_kind kind,
                               const struct passdb_question *q,
                               passdb_answered_fn *answered,
                               void *arg) WARN_UNUSED;
/* Goes on after PASSDB_CHALLENGE.  Any thread. */
void passdb_go_on(struct passdb_call *c, const char *base64, int64_t deadline,
                  passdb_answered_fn *answered, void *arg);
/* The answer; borrowed until the call goes on or is freed. */
const struct passdb_request *passdb_call_answer(const struct passdb_call *c);
/* Any thread, but not while an answer is due.  NULL is fine. */
void passdb_call_free(struct passdb_call **c);

/* Since the start, but for what waits now. */
struct passdb_counts {
    uint64_t asked, ok, wrong, away, busy;
    unsigned waiting;
};
/* Any thread; wrong: with unknown and disabled users. */
void passdb_get_counts(const struct passdb *db, enum passdb_kind kind,
                       struct passdb_counts *counts_r);

#endif
