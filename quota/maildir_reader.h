/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_MAILDIR_READER_H
#define QUOTA_MAILDIR_READER_H

#include <stdbool.h>

#include "quota/maildir_scan.h"
#include "quota/source.h"

struct maildir_config;
struct maildir_reader;

/* Reads Maildirs of accounts and reports them.  But for maildir_reader_close,
 * for one thread. */

/* config is borrowed until maildir_reader_free, sink until
 * maildir_reader_close. */
struct maildir_reader *maildir_reader_new(const struct maildir_config *config,
                                          const struct quota_sink *sink);
/* Frees it, and sets *r to NULL. */
void maildir_reader_free(struct maildir_reader **r);

/* The user's Maildir, yours; NULL: none can be told by such a name. */
char *maildir_reader_path(const struct maildir_reader *r, const char *user);

/* Reads it, and reports what the user has.  *counted_r: there is a maildirsize,
 * whose changes tell everything.  What goes wrong is logged, the first time. */
enum maildir_result maildir_reader_read(struct maildir_reader *r,
                                        const char *user, const char *path,
                                        bool *counted_r);

/* What a walk over the accounts asks instead of the sink itself. */
const struct quota_sink *maildir_reader_sink(const struct maildir_reader *r);

/* Tells the sink, if there is one still. */
void maildir_reader_progress(struct maildir_reader *r, enum quota_progress what,
                             unsigned n);

/* All was well for some time: the next thing that goes wrong is logged. */
void maildir_reader_forgive(struct maildir_reader *r);

/* Any thread: from the return on the sink is not called; what is being read is
 * given up, soon, if the file system answers. */
void maildir_reader_close(struct maildir_reader *r);

#endif
