/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_NEWCOMERS_H
#define XIMSS_SERVER_LIVE_NEWCOMERS_H

#include <stdbool.h>
#include <sys/queue.h>

struct server;

/* Names without an account, of which the user database of a source of passwords
 * may know: it is asked, and the account made.
 *
 * Whoever names users must not cost that source anything by it: a name is asked
 * about once at a time, only so many at once, and one that is unknown there not
 * again for a minute. */

struct newcomers;

enum newcomer_outcome {
    NEWCOMER_HERE,    /* there is an account of that name by now */
    NEWCOMER_UNKNOWN, /* there is no such user, or no account for one */
    NEWCOMER_UNSURE   /* nobody can tell now: nothing was made */
};

/* Who waits for a name, embedded in what they need to go on. */
struct newcomer_wait {
    STAILQ_ENTRY(newcomer_wait) link;
    /* Nobody looks at the outcome: such ones have at most half of the room. */
    bool is_report;
    /* Any thread, also from within newcomers_ask. */
    void (*done)(struct newcomer_wait *w, enum newcomer_outcome outcome);
};

struct newcomers *newcomers_new(struct server *server);
/* Nobody waits any more. */
void newcomers_free(struct newcomers **n);

/* Any thread, while there is a user database; it has its answer some seconds
 * later at most.  name: of auto_account_wanted, copied. */
void newcomers_ask(struct newcomers *n, const char *name,
                   struct newcomer_wait *w);

#endif
