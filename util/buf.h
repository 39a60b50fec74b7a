/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_BUF_H
#define UTIL_BUF_H

#include <stddef.h>

#include "util/errbuf.h"

/* A growing byte buffer.  A zeroed struct is an empty buffer; data is owned
 * by it and moves when it grows. */
struct buf {
    char *data;
    size_t len;
    size_t cap;
};

void buf_reserve(struct buf *b, size_t more); /* room for more bytes */
/* The same, but so that it never takes more than `most` bytes. */
void buf_reserve_below(struct buf *b, size_t more, size_t most);
/* Each appends to the buffer, which grows as needed. */
void buf_append(struct buf *b, const void *data, size_t len);
void buf_append_str(struct buf *b, const char *s);
void buf_append_char(struct buf *b, char c);
void buf_append_u64(struct buf *b, unsigned long long n); /* in decimal */
void buf_appendf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Drops the first n bytes. */
void buf_drop(struct buf *b, size_t n);

/* The contents with a 0 behind them (not counted in len); borrowed until the
 * buffer changes. */
const char *buf_cstr(struct buf *b);

/* Gives the memory away (terminated as by buf_cstr); the buffer is empty. */
char *buf_take(struct buf *b);

void buf_clear(struct buf *b); /* frees and empties */

#endif
