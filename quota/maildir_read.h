/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_MAILDIR_READ_H
#define QUOTA_MAILDIR_READ_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quota/maildir_scan.h"
#include "util/errbuf.h"

struct maildir_use {
    uint64_t used;  /* bytes */
    bool counted;   /* by maildirsize; else by the names of files */
    uint64_t limit; /* bytes, 0: none; only if counted */
};

/* What a Maildir holds: by its maildirsize, or where there is none that can be
 * used, by the names of its files.  Behind the first `root` bytes of the path
 * no link is followed (MAILDIR_ABSENT).  err is set with anything but MAILDIR_OK.
 * Blocks; *stop as for maildir_scan. */
enum maildir_result maildir_read(const char *path, size_t root,
                                 const atomic_bool *stop,
                                 struct maildir_use *use_r,
                                 struct errbuf *err) WARN_UNUSED;

#endif
