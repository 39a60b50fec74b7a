/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_LOG_FILES_H
#define STORAGE_LOG_FILES_H

#include <stdbool.h>

#include "storage/log_walk.h"
#include "util/errbuf.h"

/* The files of the log in a directory.  Private to storage/. */

/* HOME/log.N; the caller frees it. */
char *log_file_path(const char *home, uint32_t file);

/* The numbers of the files, ascending; the caller frees them.  0, or -1 with
 * err. */
int log_files_list(const char *home, uint32_t **files_r, size_t *n_r,
                   struct errbuf *err) WARN_UNUSED;

/* Walks the log of a directory, from the oldest file behind which none
 * is missing.  0, or -1 with err. */
int log_walk_home(struct log_walk *w, const char *home, const uint8_t *uid,
                  struct errbuf *err) WARN_UNUSED;

/* Makes a file without a record, to follow one whose last record is at `last`;
 * on the disk, complete, or not there. */
bool log_files_make(const char *home, uint32_t file, uint32_t last) WARN_UNUSED;

/* Gives such a file its length and its blocks, which makes each commit wait for
 * its own bytes alone and not for the file system's notes about them.  Where
 * there is no room for that, it grows. */
void log_files_fill(const char *home, uint32_t file);

/* Removes the files before that one. */
void log_files_remove(const char *home, uint32_t before);

/* Puts all of them on the disk: what was read of them after a crash need not
 * have been there.  0, or -1 with err. */
int log_files_sync(const char *home, struct errbuf *err) WARN_UNUSED;

/* Puts the names in a directory on the disk.  0 or -1, errno. */
int log_files_sync_dir(const char *path);

#endif
