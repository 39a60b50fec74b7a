/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_DOVECOT_DOOR_QUEUE_H
#define CLIENTS_DOVECOT_DOOR_QUEUE_H

#include "clients/dovecot/door_wire.h"

/* The alerts of one mail session, oldest first.  Each waits, is written to the
 * mail program, and counts as shown some time later; it leaves when the server
 * has confirmed that, or does not name it any more.  Nothing of Dovecot is used
 * here. */

enum door_state {
    DOOR_WAITS,
    DOOR_SENT, /* written, but perhaps nobody has it yet */
    DOOR_SHOWN /* the server is to be told, or to answer */
};

struct door_alert {
    struct door_alert *next;
    uint64_t id;
    struct door_kind kind;
    enum door_state state;
    bool listed;   /* the server named it on this connection */
    bool told;     /* it was told on this connection that the alert was shown */
    uint64_t mark; /* DOOR_SENT: what the sender wants to know */
    int64_t sent_at;  /* ditto */
    char *line;       /* owned; NULL as soon as it was written */
    size_t line_size; /* bytes of it */
};

/* A zeroed struct is an empty queue. */
struct door_queue {
    struct door_alert *first;
    unsigned n_waiting, n_sent, n_shown;
    size_t bytes; /* of what waits or was sent */
};

/* Beyond this much, no more is to be read from the server.  One read more does
 * no harm: an alert takes about as much here as it took on the wire. */
#define DOOR_QUEUE_BYTES ((size_t)128 * 1024)
/* So many unanswered confirmations mean that the server does not answer. */
#define DOOR_QUEUE_SHOWN 2048

/* True if no more should be read. */
bool door_queue_is_full(const struct door_queue *q);

/* A message of the type DOOR_ALERT, as one line of at most `max` bytes (and of
 * DOOR_TEXT_IMAP).  An alert that is there is only listed again.  False: there is no memory for it. */
bool door_queue_add(struct door_queue *q, const struct door_message *m,
                    size_t max);
/* Forgets the alert, if it is there. */
void door_queue_remove(struct door_queue *q, uint64_t id);

/* A new connection: the server will name all alerts that count. */
void door_queue_begin(struct door_queue *q);
/* It has: those it did not name have been seen or withdrawn meanwhile. */
void door_queue_end(struct door_queue *q);

/* The oldest that waits; NULL if none does.  Borrowed until the queue changes. */
struct door_alert *door_queue_waiting(const struct door_queue *q);

/* It was written; mark and sent_at are kept for the caller. */
void door_queue_sent(struct door_queue *q, struct door_alert *a, uint64_t mark,
                     int64_t sent_at);
/* It was shown. */
void door_queue_shown(struct door_queue *q, struct door_alert *a);

/* Frees all alerts. */
void door_queue_clear(struct door_queue *q);

#endif
