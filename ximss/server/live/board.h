/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_BOARD_H
#define XIMSS_SERVER_LIVE_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "util/queue_safe.h"
#include "ximss/server/live/alert.h"

struct account;

/* The board: what is active for many, as one worker sees it.  Each worker has
 * its own index of the shared alerts, changed by its mail only, so looking at
 * it needs no lock. */

/* Sessions that get alerts (push_audience.c). */
struct audience {
    unsigned alerts;
    unsigned changes; /* of these: they asked for alertChanges */
};

/* Removals that sessions with alertChanges are to be told: those of one audience,
 * in order.  A zeroed one is empty. */
struct removal {
    uint64_t id;
    uint64_t order; /* grows with each removal of the board */
};
struct removals {
    struct removal *kept; /* owned */
    uint32_t n, room;
    uint64_t first; /* number of the first one that is kept */
};

/* A domain that has alerts, or accounts in memory. */
struct domain {
    uint64_t number;
    char *name; /* counted (GRefString) */
    bool shared;
    bool suspended; /* nobody logs in; as of the accounts in memory */
    struct alert_array alerts;
    TAILQ_HEAD(, account) online; /* accounts of this worker with sessions */
    unsigned accounts;            /* in memory that point here */
    unsigned n_online;
    struct audience audience;
    struct {
        TAILQ_ENTRY(domain) link; /* if left > 0 */
        unsigned left;            /* of online: the first so many, at least */
        bool tell;                /* also those without alertChanges */
    } push;                       /* push_queue.c */
    struct removals removals; /* of its alerts: who removes many is nothing to
                                 other domains */
};

struct board {
    struct alert_array server, cluster;
    GHashTable *domains;         /* number -> struct domain, owned */
    uint64_t last_id;            /* the newest alert this worker has heard of */
    uint64_t version;            /* grows with every change */
    struct removals removals[2]; /* of alerts to all: local, shared */
    uint64_t removal_order;      /* of the last one */
    bool counts;                 /* of all boards the one that the statistics
                                    are of */
    struct alert_array all;      /* if so: of all scopes */
};

void board_init(struct board *b);
void board_clear(struct board *b);

/* The domain of that number, made if there is none yet. */
struct domain *board_domain(struct board *b, uint64_t number, const char *name,
                            bool shared);
struct domain *board_find_domain(const struct board *b, uint64_t number);
void board_rename_domain(struct domain *d, const char *name);
/* Forgets a domain that nothing points to any more. */
void board_release_domain(struct board *b, struct domain *d);

/* Not for account alerts: those hang on their accounts. */
void board_add(struct board *b, struct alert *a, const char *domain_name,
               bool shared);
/* All of a domain go. */
void board_clear_domain(struct board *b, struct domain *d);
void board_remove(struct board *b, enum alert_scope scope, uint64_t target,
                  uint64_t id);
/* The set of a scope; NULL if it is empty. */
const struct alert_array *board_set(const struct board *b,
                                    enum alert_scope scope, uint64_t target);

/* Notes a removal for its audience, if there is one here; those beyond the newest
 * BOARD_REMOVALS of an audience are forgotten. */
#define BOARD_REMOVALS 16384
void board_note_removal(struct board *b, enum alert_scope scope,
                        uint64_t target, uint64_t id);

/* The number that the next removal will get. */
uint64_t removals_next(const struct removals *r);
/* That one; NULL: there is none yet. */
const struct removal *removals_at(const struct removals *r, uint64_t number);

#endif
