/* SPDX-License-Identifier: BSD-2-Clause */
/* Most texts are ASCII, and for those nothing is looked up in tables. */
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

/* NULL: it is not UTF-8. */
static char *
fold_wide(const char *s, size_t len)
{
    char *composed, *folded = NULL;

    if (!g_utf8_validate(s, (gssize)len, NULL))
        return NULL;
    composed = g_utf8_normalize(s, (gssize)len, G_NORMALIZE_DEFAULT_COMPOSE);
    if (composed != NULL)
        folded = g_utf8_casefold(composed, -1);
    g_free(composed);
    return folded;
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

bool
fold_contains(const char *s, size_t len, const char *folded)
{
    char *text = fold_text(s, len);
    bool yes = strstr(text, folded) != NULL;

    free(text);
    return yes;
}
