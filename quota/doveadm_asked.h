/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_DOVEADM_ASKED_H
#define QUOTA_DOVEADM_ASKED_H

#include <stddef.h>

struct doveadm_asked;
struct mailbox;

/* Users that are to be asked about: a set that any thread puts into, and one
 * loop takes from. */

/* box: of the loop, borrowed; on_more: called by it some time after users were
 * put. */
struct doveadm_asked *doveadm_asked_new(struct mailbox *box,
                                        void (*on_more)(void *arg), void *arg);

/* When the mailbox was flushed for the last time. */
void doveadm_asked_free(struct doveadm_asked **a);

/* Any thread; copies.  Beyond a number that is never reached while Dovecot
 * answers, it is dropped. */
void doveadm_asked_put(struct doveadm_asked *a, const char *user);

/* Up to `most` names, the caller's from now on.  How many it are. */
size_t doveadm_asked_take(struct doveadm_asked *a, char **users, size_t most);

#endif
