/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_WORKER_H
#define XIMSS_SERVER_LIVE_WORKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "util/mailbox.h"
#include "util/queue_safe.h"
#include "util/shared_buf.h"
#include "ximss/server/base/configuration.h"
#include "ximss/server/live/board.h"
#include "ximss/server/live/session_walk.h"

struct alert_cache;
struct account;
struct alive_loop;
struct arena;
struct conn_loop;
struct door_told;
struct door_wakes;
struct event;
struct event_base;
struct listener;
struct push_queue;
struct quota_check;
struct server;
struct session;
struct session_times;
struct ssl_ctx_st;
struct watch;
struct xml_parser;
struct zone;

TAILQ_HEAD(session_list, session);
TAILQ_HEAD(account_list, account);
LIST_HEAD(watch_list, watch);

#define WATCH_BUCKETS 1024

/* A worker: one thread, one event loop, its own sessions, and the accounts
 * whose number modulo the number of workers is its own.  All members belong to
 * its thread once it runs. */
struct worker {
    struct server *server; /* borrowed */
    unsigned index;
    pthread_t thread;
    struct alive_loop *alive;   /* owned; while the thread runs */
    struct event_base *base;    /* owned */
    struct conn_loop *loop;     /* owned */
    struct mailbox *box;        /* owned; the way in for other threads */
    struct event *tick;         /* owned; once a second */
    struct event *keep_house;   /* owned; the rest of that, in the next turns */
    const struct config *cfg;   /* borrowed from the server, see reload */
    struct ssl_ctx_st *tls;     /* counted; NULL: no TLS */
    const struct zone *zone;    /* the server's default */
    struct listener *listeners; /* owned list */
    struct xml_parser *parser;  /* owned */
    struct arena *arena;        /* owned; the request that is being read */

    struct session_list sessions; /* all of this worker */
    unsigned n_sessions;
    LIST_HEAD(, session_walk) walks;
    GHashTable *accounts;     /* number -> struct account, owned */
    struct account_list idle; /* without sessions, oldest first */
    unsigned n_idle;
    GArray *dirty;       /* numbers of accounts to be saved */
    GArray *delivered;   /* ids of account alerts to be removed */
    bool saving;         /* a save is on its way to the store */
    bool saving_waiters; /* the last one was for those who wait */
    TAILQ_HEAD(, save_waiter) save_waiters; /* owned; see account_save.c */

    struct board board;
    struct watch_list watches[WATCH_BUCKETS]; /* by what is watched */
    unsigned n_watches;
    struct watch *next_watch; /* borrowed; to be told after this one */

    /* push.c */
    struct alert_cache *alert_cache; /* owned */
    struct push_queue *push;         /* owned */
    struct audience audience[2];     /* of alerts to all: local, shared */
    int64_t
        push_since; /* when the first of the alerts was posted that are being
                           sent; 0: none is */
    struct {        /* what the last session was sent */
        uint64_t from, to, version;
        unsigned n[4]; /* alerts, by scope - 1 */
        const struct zone *zone;
        uint64_t domain;
        struct shared_buf *bytes; /* counted */
    } last_gather;

    struct quota_check *quota;   /* owned */
    struct session_times *times; /* owned */
    struct door_wakes *wakes;    /* owned; of door_wake.c */
    struct door_told *told;      /* owned */

    /* delivery.c */
    struct session_list in_flight; /* pushed to, not known to be delivered */
    struct event *delivery_ev;     /* owned */

    int64_t proxy_told; /* clock_mono; see proxy_door.c */

    bool draining, drained;
    struct session_walk drain_walk;
    int64_t drain_us, drain_deadline;
};

/* Makes a worker; its thread does not run yet. */
struct worker *worker_new(struct server *server, unsigned index);
void worker_start(struct worker *w);
/* After its loop has ended. */
void worker_join(struct worker *w);
void worker_free(struct worker **w);

/* The worker an account belongs to. */
struct worker *worker_of_account(struct server *server, uint64_t account);

/* What is in force from now on; both are borrowed (the context is counted). */
void worker_set_config(struct worker *w, const struct config *cfg,
                       struct ssl_ctx_st *tls);

/* Stops accepting, tells every session `bye` when its answers are out, saves
 * what is to be saved.  When all that is done, or after `us` microseconds,
 * server_worker_drained is called; the loop goes on, because other workers may
 * still wait for this one to read its mail, until worker_exit. */
void worker_drain(struct worker *w, int64_t us);
/* Ends the loop (its own thread). */
void worker_exit(struct worker *w);

/* Goes through all sessions for time-outs now (the tick, or a moved clock). */
void worker_check_times(struct worker *w);

#endif
