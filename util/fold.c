/* SPDX-License-Identifier: BSD-2-Clause */
/* Most texts are ASCII and need no look-up in tables.  GLib sorts accents that
 * follow each other by exchanging neighbours, so a text of nothing but accents
 * takes quadratic time.  Therefore at most RUN_MOST of them are sorted
 * together.  This is more than any language uses, and is the limit of Unicode's
 * stream-safe text format. */
#include "config.h"

#include "util/fold.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "util/xmalloc.h"

static bool
is_ascii(const char *s, size_t len)
{
    unsigned char all = 0;

    for (size_t i = 0; i < len; i++)
        all |= (unsigned char)s[i];
    return all < 0x80;
}

#define RUN_MOST 30

/* Where the text is cut, so that no piece has a longer run of accents. */
static const char *
piece_end(const char *s, const char *end)
{
    unsigned run = 0;

    for (; s < end; s += g_utf8_skip[*(const guchar *)s]) {
        run = g_unichar_combining_class(g_utf8_get_char(s)) != 0 ? run + 1 : 0;
        if (run > RUN_MOST)
            return s;
    }
    return end;
}

static void
fold_piece(GString *out, const char *s, size_t len)
{
    char *composed =
        g_utf8_normalize(s, (gssize)len, G_NORMALIZE_DEFAULT_COMPOSE);
    char *folded = composed != NULL ? g_utf8_casefold(composed, -1) : NULL;

    if (folded != NULL)
        g_string_append(out, folded);
    g_free(folded);
    g_free(composed);
}

/* NULL: it is not UTF-8. */
static char *
fold_wide(const char *s, size_t len)
{
    const char *end = s + len;
    GString *out;

    if (!g_utf8_validate(s, (gssize)len, NULL))
        return NULL;
    out = g_string_sized_new(len + len / 2);
    for (const char *stop; s < end; s = stop) {
        stop = piece_end(s, end);
        fold_piece(out, s, (size_t)(stop - s));
    }
    return g_string_free(out, FALSE);
}

char *
fold_text(const char *s, size_t len)
{
    char *folded = is_ascii(s, len) ? NULL : fold_wide(s, len), *copy;

    if (folded == NULL)
        folded = g_ascii_strdown(s, (gssize)len);
    copy = xstrdup(folded);
    g_free(folded);
    return copy;
}

/* Measured: 2 ns a byte of ASCII; 90 to 300 of anything else (some letters become
 * three), of which this is a share. */
#define WIDE_COST 16

size_t
fold_cost(const char *s, size_t len)
{
    return is_ascii(s, len) ? len : len * WIDE_COST;
}

bool
fold_contains(const char *s, size_t len, const char *folded)
{
    char *text = fold_text(s, len);
    bool yes = strstr(text, folded) != NULL;

    free(text);
    return yes;
}
