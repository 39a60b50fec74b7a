/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_MAILDIR_PASS_H
#define QUOTA_MAILDIR_PASS_H

#include <stdint.h>

struct event_base;
struct mailbox;
struct maildir_pass;
struct maildir_reader;

/* Reads the Maildirs of all accounts, now and then, one in a turn of the loop.
 * All for the loop's thread. */

/* The first pass begins at the first tick, the next ones `interval`
 * microseconds after it; 0: there is no other.  All pointers are borrowed. */
struct maildir_pass *maildir_pass_new(struct event_base *base,
                                      struct mailbox *box,
                                      struct maildir_reader *r,
                                      int64_t interval);

/* The mailbox is then to be flushed before it is freed. */
void maildir_pass_free(struct maildir_pass **p);

/* Time has passed: once a second or so.  now: clock_mono. */
void maildir_pass_tick(struct maildir_pass *p, int64_t now);

/* A pass is due (and QUOTA_ROUND_DUE was said): now, or behind the one that is
 * running. */
void maildir_pass_refresh(struct maildir_pass *p);

#endif
