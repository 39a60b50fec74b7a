/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/xmalloc.h"

void
buf_reserve(struct buf *b, size_t more)
{
    size_t cap = b->cap > 0 ? b->cap : 64;

    if (b->cap - b->len >= more)
        return;
    while (cap - b->len < more)
        cap *= 2;
    b->data = xrealloc(b->data, cap);
    b->cap = cap;
}

void
buf_reserve_below(struct buf *b, size_t more, size_t most)
{
    size_t cap = b->cap > 0 ? 2 * b->cap : 64;

    assert(b->len + more <= most);
    if (b->cap - b->len >= more)
        return;
    while (cap - b->len < more)
        cap *= 2;
    if (cap > most)
        cap = most;
    b->data = xrealloc(b->data, cap);
    b->cap = cap;
}

void
buf_append(struct buf *b, const void *data, size_t len)
{
    if (len == 0)
        return;
    buf_reserve(b, len);
    memcpy(b->data + b->len, data, len);
    b->len += len;
}

void
buf_append_str(struct buf *b, const char *s)
{
    buf_append(b, s, strlen(s));
}

void
buf_append_char(struct buf *b, char c)
{
    buf_append(b, &c, 1);
}

void
buf_append_u64(struct buf *b, unsigned long long n)
{
    char digits[20], *p = digits + sizeof digits;

    do {
        *--p = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    buf_append(b, p, (size_t)(digits + sizeof digits - p));
}

void
buf_appendf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        return;
    buf_reserve(b, (size_t)n + 1);
    va_start(ap, fmt);
    vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->len += (size_t)n;
}

void
buf_drop(struct buf *b, size_t n)
{
    b->len -= n;
    if (b->len > 0)
        memmove(b->data, b->data + n, b->len);
}

const char *
buf_cstr(struct buf *b)
{
    buf_reserve(b, 1);
    b->data[b->len] = '\0';
    return b->data;
}

char *
buf_take(struct buf *b)
{
    char *data;

    buf_cstr(b);
    data = b->data;
    *b = (struct buf){0};
    return data;
}

void
buf_clear(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}
