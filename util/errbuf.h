/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_ERRBUF_H
#define UTIL_ERRBUF_H

#include <stddef.h>

#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define WARN_UNUSED       __attribute__((warn_unused_result))

/* A caller-owned error text: always terminated, never too long. */
struct errbuf {
    char text[256];
};

/* Writes the text (cut where it does not fit) and returns -1, so that a
 * function can `return err_set(err, ...)`.  err may be NULL. */
int err_set(struct errbuf *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Puts "prefix: " before the text that is there.  Returns -1. */
int err_prefix(struct errbuf *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
