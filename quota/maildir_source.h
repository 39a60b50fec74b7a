/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_MAILDIR_SOURCE_H
#define QUOTA_MAILDIR_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "util/errbuf.h"

struct maildir_source;
struct quota_sink;

/* Use by the Maildirs of accounts (QUOTA_SOURCE_MAILDIR): all of them are read
 * at the start and from time to time, those of accounts that are logged in
 * also when they change.  A thread of its own reads, so that only the source
 * waits for a file system that hangs. */

struct maildir_config {
    const char *path;        /* where they are: quota/maildir_path.h */
    const char *main_domain; /* of accounts without one; NULL: none */
    int64_t interval;        /* microseconds from one reading of all to the
                                next; 0: only at the start */
    bool use_limits;         /* report the limits of maildirsize too */
    unsigned most_watches;   /* 0: as many as the system has */
    int64_t stop_wait;       /* microseconds that maildir_source_stop waits for
                                a read; 0: five seconds */
};

/* Copies the config; sink is borrowed until maildir_source_stop.  NULL with err
 * for a path that cannot be used. */
struct maildir_source *maildir_source_start(const struct maildir_config *config,
                                            const struct quota_sink *sink,
                                            struct errbuf *err) WARN_UNUSED;

/* Any thread, at once: somebody has logged in to the account (each time: it is
 * read again); nobody is logged in any more. */
void maildir_source_online(struct maildir_source *s, const char *user);
/* Any thread, at once: nobody is logged in to the account any more. */
void maildir_source_offline(struct maildir_source *s, const char *user);

/* Any thread, at once: reads this account's, or all of them (behind the reading
 * of all that is under way). */
void maildir_source_ask(struct maildir_source *s, const char *user);
/* Any thread, at once: reads all accounts. */
void maildir_source_refresh(struct maildir_source *s);

/* Ends it, and its thread; NULL is fine.  Nobody may call those above any
 * more; the sink is not called any more.  A thread that hangs in a read is left
 * behind after stop_wait, and frees what is its own if it ever comes back. */
void maildir_source_stop(struct maildir_source **s);

#endif
