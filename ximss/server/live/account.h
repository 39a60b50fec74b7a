/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_ACCOUNT_H
#define XIMSS_SERVER_LIVE_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/tables.h"
#include "util/conn.h"
#include "util/name.h"
#include "util/queue_safe.h"
#include "ximss/server/base/peer.h"
#include "ximss/server/live/alert.h"
#include "ximss/server/live/session.h"

struct domain;
struct door_wake;
struct worker;
struct zone;

/* An account in the memory of its worker: while it has sessions, and after
 * that as long as the cache keeps it.  Changes in the store reach it by the
 * worker's mail (publish.c), so what stands here is as of the last mail. */
struct account {
    uint64_t number;
    struct domain *domain;   /* borrowed from the board, counted there */
    const struct zone *zone; /* of its localTime; lives for ever */
    char *name;              /* owned; without domain */
    char *real_name;         /* owned; NULL: none */
    char *told_domain;       /* counted; see quota_presence.c; NULL: nobody */
    /* domain->online with sessions, worker->idle without. */
    TAILQ_ENTRY(account) link;
    struct account_sessions sessions;
    struct conn_budget output; /* what they leave unread together */
    struct alert_array alerts; /* its own, not yet removed */

    uint64_t position;   /* every alert up to it was shown */
    uint64_t *shown;     /* owned; ids beyond it that were shown, ascending */
    uint64_t *dismissed; /* owned; ids of active alerts taken off, ascending */
    uint32_t n_shown, n_dismissed;
    int64_t last_login;     /* microseconds UTC */
    uint64_t quota_unshown; /* id of the quota alert in memory if nobody was
                               shown it; 0: none */
    uint64_t quota_lost; /* id of one that was there, and is no more, perhaps in
                            an earlier life; 0: none */
    struct peer last_peer;

    /* Of the minute that began then (clock_mono): see session_log.h. */
    int64_t log_since;
    unsigned log_lines, log_left_out;

    unsigned rights; /* enum right */
    uint32_t cred_serial;
    unsigned n_sessions;
    unsigned n_ending; /* of these: only their connections are still there */
    unsigned n_coming; /* log-ins that have a place, and are not sessions yet */
    unsigned
        n_doors; /* of the sessions that are not ending: at the mail door */
    unsigned n_doors_coming; /* of the log-ins with a place: there */
    uint32_t quota_round;    /* of the sweep that has met it last */
    uint32_t quota_version;  /* of the worker's quota_check when: */
    bool quota_reached;      /* the level of quota alerts was reached */
    bool has_delivered;      /* some of the alerts may be delivered */
    bool dropping;           /* ... and more of them are dropped soon */
    bool dirty;              /* is in worker->dirty */
    bool being_saved;        /* the store has, perhaps, older than this */
    bool loading; /* the store is asked; nothing above is valid yet */
    struct account_waiter *waiters; /* owned; while loading */
    struct door_wake *wake;         /* owned; NULL: no mail session of it may
                                       sleep (door_wake.h) */
};

/* The account in memory, or NULL (also while it is loading). */
struct account *account_lookup(struct worker *w, uint64_t number);

/* Calls back, on the worker's thread, with the account when it is in memory:
 * at once if it is, else after the store was asked, in that lane.  NULL: there is none, or
 * the store failed (err says which; "" for none). */
typedef void account_ready_fn(struct account *a, void *arg,
                              const struct errbuf *err);
void account_open(struct worker *w, uint64_t number, uint64_t lane,
                  account_ready_fn *ready, void *arg);

/* "name@domain" into out (cut if too small). */
#define ACCOUNT_NAME_SIZE NAME_ADDRESS_SIZE
void account_full_name(const struct account *a, char out[ACCOUNT_NAME_SIZE]);

/* A session of the account begins and ends. */
void account_session_added(struct worker *w, struct account *a,
                           struct session *s);
void account_session_removed(struct worker *w, struct account *a,
                             struct session *s);

/* --- what the account has been shown --- */

bool account_was_shown(const struct account *a, uint64_t id);
/* Whether that alert of the account's own, which the store has, was delivered
 * and is on its way to being removed there. */
bool account_has_delivered(struct worker *w, uint64_t account, uint64_t id);
bool account_has_dismissed(const struct account *a, uint64_t id);
/* Everything of its audience up to id was delivered to one of its sessions. */
void account_shown_up_to(struct worker *w, struct account *a, uint64_t id);
/* One alert was confirmed. */
void account_shown(struct worker *w, struct account *a, uint64_t id);
/* Takes an alert off all screens; it counts as shown. */
void account_dismiss(struct worker *w, struct account *a, uint64_t id);
/* The active alert of that id if it is in the account's audience. */
struct alert *account_find_alert(struct worker *w, const struct account *a,
                                 uint64_t id);
/* The audience's first active alert beyond id, in the order of ids; NULL. */
struct alert *account_next_alert(struct worker *w, const struct account *a,
                                 uint64_t id);
/* Its last one below id; NULL. */
struct alert *account_prev_alert(struct worker *w, const struct account *a,
                                 uint64_t id);
/* Notes that the account's state is to be saved. */
void account_touch(struct worker *w, struct account *a);

/* --- what the mail brings (publish.c) --- */

void account_alert_added(struct worker *w, struct alert *a);
/* Returns how many sessions are told of it. */
unsigned account_alert_removed(struct worker *w, uint64_t account, uint64_t id);
void account_changed(struct worker *w, const struct account_rec *rec,
                     const struct domain_rec *domain);
void account_removed(struct worker *w, uint64_t number);
/* zone NULL: the server's. */
void account_prefs_changed(struct worker *w, uint64_t number,
                           const struct zone *zone);
void account_kill_sessions(struct worker *w, uint64_t number);
void account_token_revoked(struct worker *w, uint64_t number, uint64_t token);
void account_domain_changed(struct worker *w, const struct domain_rec *rec);
void account_domain_removed(struct worker *w, uint64_t number);

/* --- upkeep --- */

/* Sends states that changed, and removals of delivered account alerts, to the
 * store, a batch at a time.  True if there is nothing left to save. */
bool account_save(struct worker *w);
/* Saves the account's state as it is now, in turns with all others', and
 * removes the alert of that id if it is the account's own.  saved runs later, on
 * the worker's thread: STORE_OK when it is on disk, else with the error; also
 * where the account was deleted meanwhile. */
typedef void account_saved_fn(void *arg, enum store_result result,
                              const struct errbuf *err);
void account_when_saved(struct worker *w, struct account *a, uint64_t id,
                        account_saved_fn *saved, void *arg);
/* Removes delivered account alerts that every session has got. */
void account_drop_delivered(struct worker *w, struct account *a);
/* Empties the cache of accounts without sessions down to its limit, some in a
 * call.  True: there are more. */
bool account_trim(struct worker *w, unsigned keep);
void account_free_all(struct worker *w);

#endif
