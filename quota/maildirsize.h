/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_MAILDIRSIZE_H
#define QUOTA_MAILDIRSIZE_H

#include <stddef.h>
#include <stdint.h>

#include "util/errbuf.h"

/* The file `maildirsize` of a Maildir++, which the `maildir` quota of Dovecot,
 * Courier and others keep. */

struct maildirsize {
    uint64_t used;  /* bytes */
    uint64_t limit; /* bytes; 0: none */
};

/* A last line without its end is still being written, and does not count.  -1
 * for what adds up to no use that can be: err says which line, and whoever
 * called knows the file. */
int maildirsize_parse(const char *data, size_t len, struct maildirsize *size_r,
                      struct errbuf *err) WARN_UNUSED;

#endif
