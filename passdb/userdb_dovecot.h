/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PASSDB_USERDB_DOVECOT_H
#define PASSDB_USERDB_DOVECOT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct conn_loop;
struct event_base;

/* Whether users exist, by Dovecot's user database (auth-userdb).  Nothing here
 * waits; for the thread of the loop. */

enum userdb_answer {
    USERDB_IS_THERE,
    USERDB_IS_NOT, /* the user database says that there is no such user */
    USERDB_AWAY,   /* it cannot be asked, or cannot tell */
    USERDB_CROWDED /* too many questions wait */
};

struct userdb_dovecot;

/* A question, embedded in what the asker needs to go on with the answer. */
struct userdb_question {
    const char *name; /* "name@domain"; borrowed until the answer */
    /* Called once, also from within userdb_dovecot_ask.  why: for the log;
     * NULL: none. */
    void (*done)(struct userdb_question *q, enum userdb_answer answer,
                 const char *why);
    /* The user database's. */
    TAILQ_ENTRY(userdb_question) link;
    int64_t until; /* clock_mono */
    int64_t sent;  /* clock_mono; 0: not on this connection */
    uint32_t id;
    bool was_lost; /* with a connection */
};

struct userdb_dovecot_config {
    const char *socket; /* path; copied */
    int64_t timeout;    /* of a question, microseconds; 0: 5 s */
    int64_t retry;      /* the first pause after a failure, microseconds, which
                           doubles from failure to failure; 0: 0.1 s */
    unsigned most;      /* questions that wait; 0: 2000 */
};

/* Connects when the first question comes, and again after a pause when the
 * connection was lost. */
struct userdb_dovecot *
userdb_dovecot_new(struct event_base *base, struct conn_loop *loop,
                   const struct userdb_dovecot_config *config);
/* Who waits is answered USERDB_AWAY.  Not from within a callback. */
void userdb_dovecot_free(struct userdb_dovecot **u);

/* Those of one turn of the loop leave together.  One that a lost connection took
 * along is asked once more.  If nobody answers at the socket, or that went wrong
 * twice in a row, it is done at once, until the pause is over. */
void userdb_dovecot_ask(struct userdb_dovecot *u, struct userdb_question *q);

#endif
