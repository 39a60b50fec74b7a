/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_MAIL_TALK_H
#define CLIENTS_BRIDGE_MAIL_TALK_H

struct bridge;

/* One log-in to a mail server, and whether an alert refuses it: a session with
 * ximssd that is made for it. */
struct mail_talk;

struct mail_order {
    const char *user, *password; /* UTF-8 that XML can carry */
    const char *address;         /* the client's */
};

/* The one thing that is heard.  refusal: the alert as one line for the mail
 * program, without CR and LF, at most 507 bytes; it counts as shown.  NULL: there
 * is nothing to show, or the log-in was refused, or ximssd did not answer in
 * time. */
typedef void mail_talk_fn(void *arg, const char *refusal);

/* fn is called later.  The order is copied, and wiped when it was sent. */
struct mail_talk *mail_talk_start(struct bridge *b,
                                  const struct mail_order *order,
                                  mail_talk_fn *fn, void *arg);
/* Nobody waits for it any more; not after fn.  An alert that was not confirmed
 * yet stays. */
void mail_talk_cancel(struct mail_talk *t);

#endif
