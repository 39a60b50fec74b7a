/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_MAILDIR_SCAN_H
#define QUOTA_MAILDIR_SCAN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "util/errbuf.h"

/* What comes of reading a Maildir. */
enum maildir_result {
    MAILDIR_OK,
    MAILDIR_ABSENT, /* there is none; or it went while it was read */
    MAILDIR_DENIED, /* permission is lacking; err says where */
    MAILDIR_FAILED  /* anything else; err says what */
};

/* Opening and reading have failed with errno: says so in err ("PATH/NAME: what";
 * name may be NULL), and which of the three it is. */
enum maildir_result maildir_failure(const char *path, const char *name,
                                    struct errbuf *err);

/* The size that the name of a message says ("...,S=5166,W=5246:2,S"). */
bool maildir_scan_name_size(const char *name, uint64_t *bytes_r);

/* Adds up the messages of a Maildir and of its Maildir++ folders.  fd: the
 * directory, kept open for its owner; path: what err calls it.  Blocks as long
 * as the disks do; given up with MAILDIR_FAILED soon after *stop is true, or
 * when there is more than any Maildir holds. */
enum maildir_result maildir_scan(int fd, const char *path,
                                 const atomic_bool *stop, uint64_t *bytes_r,
                                 struct errbuf *err) WARN_UNUSED;

#endif
