/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "util/name_private.h"
#include "util/text.h"
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
        step = text_character(s, left, &c[n++]);
        if (step == 0) {
            err_set(err, "the byte %zu is no UTF-8", len - left + 1);
            free(c);
            return NULL;
        }
    }
    *n_r = n;
    return c;
}
