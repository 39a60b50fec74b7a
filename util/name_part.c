/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of names, for filters.  A part need not be what a name can be, and a sigma at its
 * end is not at the end of the name: so nothing is checked, and both small sigmas are
 * one. */
#include "config.h"

#include "util/name.h"

#include <stdlib.h>
#include <string.h>

#include "util/name_private.h"
#include "util/precis.h"
#include "util/text.h"
#include "util/xmalloc.h"

#define FINAL_SIGMA \
    "\xcf\x82" /* U+03C2, and the other small one is next to it */

static char *
with_one_sigma(char *s)
{
    for (char *p = s; (p = strstr(p, FINAL_SIGMA)) != NULL; p += 2)
        p[1]++;
    return s;
}

static char *
mapped(const uint32_t *given, size_t n)
{
    size_t len = 0;
    uint32_t *form = precis_mapped(given, n, &len);
    char *text;

    if (form == NULL)
        return NULL;
    text = name_text(form, len);
    free(form);
    return text;
}

char *
name_part(const char *s)
{
    size_t n = 0;
    uint32_t *given = name_characters(s, &n, NULL);
    char *part = given != NULL && n > 0 ? mapped(given, n) : NULL;

    free(given);
    if (part == NULL) {
        part = xstrdup(s);
        text_lower(part);
    }
    return with_one_sigma(part);
}

bool
name_has_part(const char *name, const char *part)
{
    char *folded;
    bool has;

    if (strstr(name, FINAL_SIGMA) == NULL)
        return strstr(name, part) != NULL;
    folded = with_one_sigma(xstrdup(name));
    has = strstr(folded, part) != NULL;
    free(folded);
    return has;
}
