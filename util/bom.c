/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/bom.h"

#include <string.h>

static const char utf16[] = "it is UTF-16: save it as UTF-8";
static const char utf32[] = "it is UTF-32: save it as UTF-8";

size_t
bom_length(const void *text, size_t len)
{
    static const unsigned char mark[BOM_LENGTH] = {0xef, 0xbb, 0xbf};

    return len >= sizeof mark && memcmp(text, mark, sizeof mark) == 0
               ? sizeof mark
               : 0;
}

const char *
bom_fault(const void *text, size_t len)
{
    static const unsigned char utf32_le[] = {0xff, 0xfe, 0, 0};
    static const unsigned char utf32_be[] = {0, 0, 0xfe, 0xff};
    const unsigned char *p = text;

    if (len >= 4 &&
        (memcmp(p, utf32_le, 4) == 0 || memcmp(p, utf32_be, 4) == 0))
        return utf32;
    if (len >= 2 &&
        ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff)))
        return utf16;
    /* Two characters of ASCII, in either order of bytes. */
    if (len >= 4 && (p[0] == 0) == (p[2] == 0) && (p[1] == 0) == (p[3] == 0) &&
        (p[0] == 0) != (p[1] == 0))
        return utf16;
    return NULL;
}
