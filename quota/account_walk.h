/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_ACCOUNT_WALK_H
#define QUOTA_ACCOUNT_WALK_H

#include <stdbool.h>
#include <stddef.h>

struct mailbox;
struct quota_sink;

/* The names of all accounts, page by page, for a loop: one walk has one
 * question on its way at most.  All functions are for the loop's thread. */
struct account_walk;

struct account_page {
    char **users; /* owned, as the names are */
    size_t n;
    bool last;   /* the next page is the first again */
    bool failed; /* and so empty: to be asked for again, later */
};

/* Takes the page.  May call account_walk_next, but not account_walk_free. */
typedef void account_walk_cb(struct account_page *page, void *arg);

/* Pages of so many names.  sink and box (of the loop) are borrowed. */
struct account_walk *account_walk_new(const struct quota_sink *sink,
                                      struct mailbox *box, unsigned most,
                                      account_walk_cb *on_page, void *arg);

/* Before the first page: the names are for a mail server (see
 * quota_listing). */
void account_walk_leave_own(struct account_walk *w);

/* Asks for the next page, which the loop delivers.  Not before the one that
 * was asked for last has come. */
void account_walk_next(struct account_walk *w);

/* on_page is not called any more: an answer that still comes is dropped.  The
 * mailbox may then be flushed, and freed. */
void account_walk_free(struct account_walk **w);

/* Frees a page, and sets *page to NULL. */
void account_page_free(struct account_page **page);

#endif
