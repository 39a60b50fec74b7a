/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/errbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
err_set(struct errbuf *err, const char *fmt, ...)
{
    va_list ap;

    if (err != NULL) {
        va_start(ap, fmt);
        vsnprintf(err->text, sizeof err->text, fmt, ap);
        va_end(ap);
    }
    return -1;
}

int
err_prefix(struct errbuf *err, const char *fmt, ...)
{
    struct errbuf old;
    va_list ap;
    size_t n;

    if (err == NULL)
        return -1;
    old = *err;
    va_start(ap, fmt);
    vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    n = strlen(err->text);
    snprintf(err->text + n, sizeof err->text - n, ": %s", old.text);
    return -1;
}
