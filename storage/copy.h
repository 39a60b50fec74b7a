/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_COPY_H
#define STORAGE_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "util/errbuf.h"

/* Directories of plain files: copies of stores.  Private to storage/. */

/* Copies one file; sharing its blocks where the file system can.  0, or -1
 * with err. */
int copy_file(const char *from, const char *to, struct errbuf *err) WARN_UNUSED;

/* Copies the files that `wanted` says (NULL: all) into a new directory, after a
 * look whether there is room for them.  0, or -1 with err; then there is no
 * such directory. */
int copy_dir(const char *from, const char *to, bool (*wanted)(const char *name),
             struct errbuf *err) WARN_UNUSED;

/* Removes a directory of plain files, if it is there.  0 or -1, errno. */
int copy_remove(const char *path) WARN_UNUSED;

#endif
