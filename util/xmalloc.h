/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_XMALLOC_H
#define UTIL_XMALLOC_H

#include <stddef.h>

#include "util/errbuf.h"

/* Allocation that never returns NULL: out of memory ends the process with a
 * message (util/log.h, log_fatal).  Sizes that a peer names are limited by the
 * caller before they get here.  What comes back is freed with free(3). */
void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n); /* terminates the copy */
void *xmemdup(const void *p, size_t n);
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
