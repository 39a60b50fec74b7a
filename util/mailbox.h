/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_MAILBOX_H
#define UTIL_MAILBOX_H

#include <sys/queue.h>

struct event_base;
struct mailbox;

/* A queue into an event loop: any thread puts, the loop's thread delivers, in
 * the order of putting.  A mail is embedded in what is sent; whoever delivers
 * it owns it. */
struct mail {
    STAILQ_ENTRY(mail) link;
    void (*deliver)(struct mail *m, void *owner);
    unsigned work; /* how many ordinary mails it is worth; 0: one */
};

/* owner: handed to deliver, borrowed.  Ends the process if the system has no
 * descriptor left. */
struct mailbox *mailbox_new(struct event_base *base, void *owner);

/* Takes the mail.  Never blocks longer than another put. */
void mailbox_put(struct mailbox *box, struct mail *m);

/* Delivers what is there now (the loop's thread; for the end of the loop).
 * Returns how many mails it were. */
unsigned mailbox_flush(struct mailbox *box);

/* Mails that are left are not delivered: flush first. */
void mailbox_free(struct mailbox **box);

#endif
