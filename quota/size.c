/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "quota/size.h"

#include <string.h>

#include "util/text.h"

static const char units[] = "KMGT";

/* The number at the start, and what follows it.  -1: there is none, or it does
 * not fit. */
static int
parse_number(const char *text, uint64_t *n_r, const char **rest_r)
{
    uint64_t n = 0;
    const char *p = text;

    for (; *p >= '0' && *p <= '9'; p++) {
        unsigned digit = (unsigned)(*p - '0');

        if (n > (UINT64_MAX - digit) / 10)
            return -1;
        n = n * 10 + digit;
    }
    *n_r = n;
    *rest_r = p;
    return p == text ? -1 : 0;
}

/* "", "K", "k", " MB", "b": the power of two; -1 for anything else. */
static int
parse_unit(const char *text)
{
    const char *unit;
    int shift = 0;

    while (*text == ' ')
        text++;
    if (*text != '\0' && (unit = strchr(units, *text & ~0x20)) != NULL &&
        *unit != '\0') {
        shift = 10 * (int)(unit - units + 1);
        text++;
    }
    if (*text == 'B' || *text == 'b')
        text++;
    return *text == '\0' ? shift : -1;
}

int
quota_size_parse(const char *text, uint64_t *bytes_r, struct errbuf *err)
{
    const char *rest;
    uint64_t n;
    int shift;

    *bytes_r = 0;
    if (text_equal_nocase(text, "unlimited") || strcmp(text, "-1") == 0)
        return 0;
    if (parse_number(text, &n, &rest) < 0 || (shift = parse_unit(rest)) < 0 ||
        n > UINT64_MAX >> shift)
        return err_set(err, "must be a size like 50M or unlimited");
    *bytes_r = n << shift;
    return 0;
}

int
quota_percent_parse(const char *text, unsigned *percent_r, struct errbuf *err)
{
    const char *rest;
    uint64_t n;

    *percent_r = 0;
    if (text_equal_nocase(text, "never") || text_equal_nocase(text, "off") ||
        text_equal_nocase(text, "unlimited"))
        return 0;
    if (parse_number(text, &n, &rest) < 0 ||
        (*rest != '\0' && strcmp(rest, "%") != 0) || n > QUOTA_PERCENT_MAX)
        return err_set(err, "must be a per cent from 0 to %d or never",
                       QUOTA_PERCENT_MAX);
    *percent_r = (unsigned)n;
    return 0;
}
