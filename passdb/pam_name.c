/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "passdb/pam_name.h"

#include <string.h>

#include "passdb/pam_wire.h"
#include "util/buf.h"

bool
pam_name_format_is_good(const char *format)
{
    const char *at = strchr(format, '%');

    for (; at != NULL; at = strchr(at + 2, '%'))
        if (at[1] != 'u' && at[1] != 'n')
            return false;
    return strchr(format, '%') != NULL;
}

static bool
is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9');
}

bool
pam_name_service_is_good(const char *service)
{
    if (service[0] == '\0' || service[0] == '.')
        return false;
    for (; *service != '\0'; service++)
        if (!is_letter_or_digit(*service) && strchr("-_.", *service) == NULL)
            return false;
    return true;
}

/* Modules make paths, commands and queries of names.  So these have no "/",
 * quotes, blanks or the like, and do not look like an option or a hidden file;
 * letters of other alphabets may be in them. */
static bool
is_safe(const char *user)
{
    if (user[0] == '-' || user[0] == '.' || user[0] == '@')
        return false;
    for (; *user != '\0'; user++)
        if (!is_letter_or_digit(*user) && strchr("@._-+", *user) == NULL &&
            (unsigned char)*user < 0x80)
            return false;
    return true;
}

char *
pam_name_make(const char *format, const char *user)
{
    const char *at = strchr(user, '@');
    size_t whole = strlen(user),
           local = at != NULL ? (size_t)(at - user) : whole;
    struct buf b = {0};

    if (!is_safe(user))
        return NULL;
    for (const char *p = format; *p != '\0'; p++)
        if (*p != '%')
            buf_append_char(&b, *p);
        else
            buf_append(&b, user, *++p == 'u' ? whole : local);
    if (b.len <= PAM_WIRE_USER && b.data[0] != '-')
        return buf_take(&b);
    buf_clear(&b);
    return NULL;
}
