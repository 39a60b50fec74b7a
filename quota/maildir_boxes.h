/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_MAILDIR_BOXES_H
#define QUOTA_MAILDIR_BOXES_H

#include <stdint.h>

struct event_base;
struct maildir_boxes;
struct maildir_reader;

/* The Maildirs of accounts that are logged in: read at once, and again when
 * their maildirsize changes, or, where that cannot be seen, from time to time.
 * All for the loop's thread, and slow as the disks. */

/* most_watches as for maildir_watch_new.  r is borrowed. */
struct maildir_boxes *maildir_boxes_new(struct event_base *base,
                                        struct maildir_reader *r,
                                        unsigned most_watches);
/* Frees it, and sets *b to NULL. */
void maildir_boxes_free(struct maildir_boxes **b);

/* Somebody logs in (again: it is read again); nobody is logged in any more. */
void maildir_boxes_online(struct maildir_boxes *b, const char *user);
/* Nobody is logged in to the account any more. */
void maildir_boxes_offline(struct maildir_boxes *b, const char *user);

/* Time has passed: once a second or so.  now: clock_mono. */
void maildir_boxes_tick(struct maildir_boxes *b, int64_t now);

#endif
