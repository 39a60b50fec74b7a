/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_SIZE_H
#define QUOTA_SIZE_H

#include <stdint.h>

#include "util/errbuf.h"

/* Amounts of storage and levels, as people and settings write them
 * (protocol.md C.8).  K, M, G and T are powers of 1024. */

/* "unlimited" (or -1) gives 0; "50M", "100k", "1048576", "2G", "50 MB" bytes.
 * -1 with err for anything else, and for what does not fit into 64 bits. */
int quota_size_parse(const char *text, uint64_t *bytes_r,
                     struct errbuf *err) WARN_UNUSED;

/* A level: "80", "80%"; "never" (or off, unlimited) gives 0.  At most
 * QUOTA_PERCENT_MAX: more than the limit can be used. */
#define QUOTA_PERCENT_MAX 1000
/* 0, or -1 with err. */
int quota_percent_parse(const char *text, unsigned *percent_r,
                        struct errbuf *err) WARN_UNUSED;

#endif
