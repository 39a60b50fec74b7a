/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_REPLACE_H
#define STORAGE_REPLACE_H

#include <stdint.h>

#include "util/errbuf.h"

/* Puts a new store in the place of an old one.  Private to storage/. */

/* DIR/db.WHAT-TIME, which does not exist; the caller frees it. */
char *replace_kept_name(const char *dir, const char *what, int64_t now);

/* Gives all in `made` to whom `like` is of, so that the server may read it;
 * needed by root alone.  0, or -1 with err. */
int replace_owner(const char *made, const char *like,
                  struct errbuf *err) WARN_UNUSED;

/* Renames `home` to `kept` and `made` to `home`; at each moment, one of the two
 * is `home` (where the file system can swap names).  0: *kept_r, which the
 * caller frees, is where the old one is now.  -1 with err: all is as it was. */
int replace_store(const char *home, const char *made, const char *kept,
                  char **kept_r, struct errbuf *err) WARN_UNUSED;

#endif
