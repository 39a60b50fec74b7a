/* SPDX-License-Identifier: BSD-2-Clause */
/* The table is made of properties of Unicode 15: White_Space,
 * Default_Ignorable_Code_Point (which has code points of the future in it), and
 * General_Category=Format but for the signs that enclose what follows
 * (Prepended_Concatenation_Mark), which are seen.  To these come the glyphs
 * that are blank by name: the pattern of braille without dots, the note without
 * a head, the hieroglyphs that are gaps, and what stands for an object that did
 * not come along.  The unit test holds it against GLib's tables. */
#include "config.h"

#include "util/blank.h"

#include <stdlib.h>
#include <string.h>

#include "util/text.h"
#include "util/utf8.h"
#include "util/xmalloc.h"

static const struct range {
    uint32_t first, last;
} ranges[] = {
    {0x0009, 0x000d},   {0x0020, 0x0020},   {0x0085, 0x0085},
    {0x00a0, 0x00a0},   {0x00ad, 0x00ad},   {0x034f, 0x034f},
    {0x061c, 0x061c},   {0x115f, 0x1160},   {0x1680, 0x1680},
    {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x2000, 0x200f},
    {0x2028, 0x202f},   {0x205f, 0x206f},   {0x2800, 0x2800},
    {0x3000, 0x3000},   {0x3164, 0x3164},   {0xfe00, 0xfe0f},
    {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffc},
    {0x13430, 0x1343f}, {0x13441, 0x13442}, {0x1bca0, 0x1bca3},
    {0x1d159, 0x1d159}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

static int
compare(const void *key, const void *item)
{
    uint32_t c = *(const uint32_t *)key;
    const struct range *r = item;

    return (c > r->last) - (c < r->first);
}

bool
blank_is(uint32_t c)
{
    if (c > ' ' && c < 0x7f)
        return false;
    return bsearch(&c, ranges, sizeof ranges / sizeof ranges[0],
                   sizeof ranges[0], compare) != NULL;
}

const char *
blank_trim(const char *s, size_t *len_r)
{
    size_t len = strlen(s), from = len, to = len, n;
    uint32_t c;

    for (size_t i = 0; i < len; i += n) {
        n = utf8_character(s + i, len - i, &c);
        if (n > 0 && blank_is(c))
            continue;
        n += n == 0;
        if (from == len)
            from = i;
        to = i + n;
    }
    *len_r = to - from;
    return s + from;
}

bool
blank_all(const char *s)
{
    size_t len;

    (void)blank_trim(s, &len);
    return len == 0;
}

char *
blank_trimmed(const char *s)
{
    size_t len;
    const char *from = blank_trim(s, &len);

    return xstrndup(from, len);
}
