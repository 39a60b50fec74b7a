/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "util/name_private.h"
#include "util/text.h"
#include "util/utf8.h"
#include "util/xmalloc.h"

uint32_t *
name_characters(const char *s, size_t *n_r, struct errbuf *err)
{
    size_t len = strlen(s), left = len, n = 0, step;
    uint32_t *c;

    if (len > NAME_INPUT_BYTES) {
        err_set(err, "a name of %zu bytes is too long", len);
        return NULL;
    }
    c = xmalloc((len + 1) * sizeof *c);
    for (; left > 0; left -= step, s += step) {
        step = utf8_character(s, left, &c[n++]);
        if (step == 0) {
            err_set(err, "the byte %zu is no UTF-8", len - left + 1);
            free(c);
            return NULL;
        }
    }
    *n_r = n;
    return c;
}

static size_t
encode(uint32_t c, char *to)
{
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        to[i] = (char)(0x80 | (c & 0x3f));
    to[0] = (char)(n == 1 ? c : (0xf00u >> n & 0xff) | c);
    return n;
}

char *
name_text(const uint32_t *s, size_t n)
{
    char *text = xmalloc(4 * n + 1);
    size_t len = 0;

    for (size_t i = 0; i < n; i++)
        len += encode(s[i], text + len);
    text[len] = '\0';
    return text;
}
