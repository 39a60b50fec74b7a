/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/tabbed.h"

#include <string.h>

static char
unescape_one(char c)
{
    switch (c) {
    case '0':
        return '\0';
    case '1':
        return '\001';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case 'n':
        return '\n';
    default:
        return c;
    }
}

size_t
tabbed_unescape(char *s)
{
    char *from = strchr(s, '\001'), *to;

    if (from == NULL)
        return strlen(s);
    for (to = from; *from != '\0'; from++) {
        char c = *from;

        if (c == '\001') {
            if (*++from == '\0')
                break; /* cut off */
            c = unescape_one(*from);
        }
        *to++ = c;
    }
    *to = '\0';
    return (size_t)(to - s);
}
