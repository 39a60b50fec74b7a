/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PASSDB_USERDB_H
#define PASSDB_USERDB_H

#include <stdbool.h>

#include "passdb/userdb_dovecot.h"
#include "util/mailbox.h"

struct event_base;

/* The user database, for all threads: which users there are.  It works on a loop
 * that another thread turns. */

struct userdb;

/* Made before that thread runs. */
struct userdb *userdb_new(struct event_base *base,
                          const struct userdb_dovecot_config *config);
/* Any thread: who waits is answered USERDB_AWAY, and so is who asks later.  NULL
 * is allowed. */
void userdb_stop(struct userdb *u);
/* The thread has ended: whoever it has not come to is told.  NULL is allowed. */
void userdb_flush(struct userdb *u);
/* Stops it, when the thread has ended and nobody may ask any more; before the
 * loop is freed. */
void userdb_free(struct userdb **u);

/* A question, embedded in what the asker needs to go on with the answer. */
struct userdb_asking {
    struct userdb_question question; /* first; name and done are the asker's */
    struct mail mail;
};

/* Any thread.  question.done is called on that of the loop, or at once. */
void userdb_ask(struct userdb *u, struct userdb_asking *a);

/* A list of all users, likewise. */
struct userdb_listing {
    struct mail mail;
    /* Both on the thread of the loop.  name: a user, borrowed; false: it is
     * enough, and the list is broken by that. */
    bool (*name)(struct userdb_listing *l, const char *name);
    /* The end, as of userdb_list_ops.on_end. */
    void (*done)(struct userdb_listing *l, const char *why);
};

/* Any thread.  One at a time: others wait, but not many. */
void userdb_list(struct userdb *u, struct userdb_listing *l);

#endif
