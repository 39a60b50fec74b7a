/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_DOVECOT_DOOR_H
#define CLIENTS_DOVECOT_DOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clients/dovecot/door_queue.h"

/* The connection of a mail process to ximssd: one for each mail session, on
 * Dovecot's loop.  It blocks in door_wait and door_close only, and not for long.  While ximssd is away it tries
 * again after a random time, later and later, at last once a minute.  A server
 * that sends too much is read slowly, and no further while the queue is full. */

struct event;
struct door;

struct door_settings { /* copied; the strings live as long as the door */
    const char *socket;
    struct door_login login;
    size_t line_max;      /* of the text of an alert in one line */
    struct event *event;  /* for log lines */
    unsigned retry_msecs; /* to the first new try; 0: a second */
};

/* The queue has changed, or the door has a wake file now.  Never called from
 * within a function of this header.  It may not close the door. */
typedef void door_changed_cb(void *arg);

/* Begins to connect and to log in.  Never fails.  changed may be NULL. */
struct door *door_open(const struct door_settings *settings,
                       door_changed_cb *changed, void *arg);

/* Ends the session and frees the door; NULL is allowed.  asleep: the process
 * hibernates, and wants to be woken by the wake file.  Waits at most 50 ms, if the
 * server has yet to answer that, or what was shown. */
void door_close(struct door **d, bool asleep);

/* Waits until the server has told all alerts that waited, at most so many
 * milliseconds.  False: it has not. */
bool door_wait(struct door *d, unsigned msecs);

/* The alerts; borrowed, to be changed by the functions below only. */
struct door_queue *door_alerts(struct door *d);

/* The alert was written (door_queue_sent). */
void door_sent(struct door *d, struct door_alert *a, uint64_t mark,
               int64_t sent_at);
/* The alert was shown (door_queue_shown).  The server is told by door_flush. */
void door_shown(struct door *d, struct door_alert *a);
/* Tells the server what was shown, and reads on if there is room again. */
void door_flush(struct door *d);

/* From now on somebody sits in front of the mail program.  Alerts that the server
 * kept back may come. */
void door_attend(struct door *d);

/* NULL: there is none now.  Borrowed until the loop turns. */
const char *door_wake_file(const struct door *d);

#endif
