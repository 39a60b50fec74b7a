/* SPDX-License-Identifier: BSD-2-Clause */
/* mail check: what a link says of itself. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>

#include "clients/ctl/ctl_mail.h"

PRINTF_LIKE(2, 0)
static void
find(struct mail_check *m, const char *fmt, va_list ap)
{
    char text[1024];

    vsnprintf(text, sizeof text, fmt, ap);
    buf_append_str(&m->found, text);
}

#define FIND(m, fmt)        \
    do {                    \
        va_list ap;         \
        va_start(ap, fmt);  \
        find((m), fmt, ap); \
        va_end(ap);         \
    } while (0)

enum mail_state
mail_ok(struct mail_check *m, const char *fmt, ...)
{
    FIND(m, fmt);
    return MAIL_OK;
}

enum mail_state
mail_unknown(struct mail_check *m, const char *fmt, ...)
{
    FIND(m, fmt);
    return MAIL_UNKNOWN;
}

enum mail_state
mail_broken(struct mail_check *m, const char *fmt, ...)
{
    FIND(m, fmt);
    return MAIL_BROKEN;
}
