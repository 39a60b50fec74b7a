/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_WAKE_FILES_H
#define XIMSS_SERVER_LIVE_WAKE_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "util/buf.h"
#include "util/errbuf.h"

/* The files that Dovecot watches for IMAP sessions without a process: to write to
 * one wakes its sessions.  They have random names, and are in a directory of
 * ours, whose names nobody else can list; everything is done relative to that
 * directory, and no link is followed.  Any thread. */

struct wake_files;

#define WAKE_NAME_CHARS 32
#define WAKE_NAME_SIZE  (WAKE_NAME_CHARS + 1)

/* Opens the directory, which is made if it is missing; at most so many files at a
 * time.  NULL with err: it cannot be made, or is not ours alone to write to. */
struct wake_files *wake_files_open(const char *directory, unsigned most,
                                   struct errbuf *err) WARN_UNUSED;
/* The files stay: to remove them wakes whoever watches them.  NULL is allowed;
 * sets *f to NULL. */
void wake_files_close(struct wake_files **f);
/* Another limit from now on. */
void wake_files_set_limit(struct wake_files *f, unsigned most);

/* Makes a file.  False: there are too many, or it failed; the log says so. */
bool wake_files_make(struct wake_files *f, char name_r[WAKE_NAME_SIZE]);
/* Writes to it.  However often that is done, it has one byte.  If it was removed,
 * which has woken whoever watched it, another takes its place, with another name.
 * False: nobody was woken; the log says why. */
bool wake_files_touch(struct wake_files *f, char name[WAKE_NAME_SIZE]);
void wake_files_remove(struct wake_files *f, const char *name);
/* Appends its path. */
void wake_files_path(const struct wake_files *f, const char *name,
                     struct buf *b);

/* Removes some of those that a former life of the server left, which wakes their
 * sessions: they learn what has come meanwhile, and get files of ours.  Not all at
 * once, or all of their processes would start in the same second.  One thread
 * alone.  False: there are none left. */
bool wake_files_remove_old(struct wake_files *f, unsigned most);

#endif
