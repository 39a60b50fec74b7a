/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/xmalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/log.h"

static void *
checked(void *p, size_t size)
{
    if (p == NULL)
        log_fatal("out of memory asking for %zu bytes", size);
    return p;
}

void *
xmalloc(size_t size)
{
    return checked(malloc(size > 0 ? size : 1), size);
}

void *
xcalloc(size_t n, size_t size)
{
    return checked(calloc(n > 0 ? n : 1, size > 0 ? size : 1), n * size);
}

void *
xrealloc(void *p, size_t size)
{
    return checked(realloc(p, size > 0 ? size : 1), size);
}

char *
xstrdup(const char *s)
{
    return xmemdup(s, strlen(s) + 1);
}

char *
xstrndup(const char *s, size_t n)
{
    size_t len = strnlen(s, n);
    char *p = xmalloc(len + 1);

    memcpy(p, s, len);
    p[len] = '\0';
    return p;
}

void *
xmemdup(const void *src, size_t n)
{
    void *p = xmalloc(n);

    if (n > 0)
        memcpy(p, src, n);
    return p;
}

char *
xasprintf(const char *fmt, ...)
{
    va_list ap;
    char *p;
    int n;

    va_start(ap, fmt);
    n = vasprintf(&p, fmt, ap);
    va_end(ap);
    if (n < 0)
        log_fatal("out of memory formatting a text");
    return p;
}
