/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/config_scale.h"

#include <string.h>

#include "util/text.h"

struct unit {
    const char *name;
    unsigned long long factor;
};

/* Largest first; the first of a table is also what a bare number means. */
static const struct unit size_units[] = {
    {"", 1},
    {"G", 1ULL << 30},
    {"M", 1ULL << 20},
    {"K", 1ULL << 10},
};
static const struct unit time_units[] = {
    {"s", 1000000},  {"d", 86400000000}, {"h", 3600000000},
    {"m", 60000000}, {"s", 1000000},     {"ms", 1000},
};

/* As people write it; the first of a table is what a bare number means. */
static const struct unit size_words[] = {
    {"bytes", 1},       {"byte", 1},         {"b", 1},
    {"gb", 1ULL << 30}, {"gib", 1ULL << 30}, {"gigabytes", 1ULL << 30},
    {"mb", 1ULL << 20}, {"mib", 1ULL << 20}, {"megabytes", 1ULL << 20},
    {"kb", 1ULL << 10}, {"kib", 1ULL << 10}, {"kilobytes", 1ULL << 10},
    {"g", 1ULL << 30},  {"m", 1ULL << 20},   {"k", 1ULL << 10},
};
static const struct unit time_words[] = {
    {"seconds", 1000000},   {"second", 1000000},   {"secs", 1000000},
    {"sec", 1000000},       {"s", 1000000},        {"weeks", 604800000000},
    {"week", 604800000000}, {"w", 604800000000},   {"days", 86400000000},
    {"day", 86400000000},   {"d", 86400000000},    {"hours", 3600000000},
    {"hour", 3600000000},   {"hrs", 3600000000},   {"hr", 3600000000},
    {"h", 3600000000},      {"minutes", 60000000}, {"minute", 60000000},
    {"mins", 60000000},     {"min", 60000000},     {"m", 60000000},
    {"milliseconds", 1000}, {"millisecond", 1000}, {"msec", 1000},
    {"ms", 1000},
};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

struct config_scale {
    const struct unit *units, *words;
    size_t n_units, n_words;
};

const struct config_scale config_scale_plain = {size_units, NULL, 1, 0};
const struct config_scale config_scale_bytes = {
    size_units, size_words, COUNT(size_units), COUNT(size_words)};
const struct config_scale config_scale_time = {
    time_units, time_words, COUNT(time_units), COUNT(time_words)};

static int
parse(const char *text, const struct unit *units, size_t n,
      unsigned long long *value_r)
{
    size_t digits = strspn(text, "0123456789");
    const char *name = text + digits;
    const struct unit *u = units, *end = units + n;
    char number[24];

    if (digits == 0 || digits >= sizeof number)
        return -1;
    memcpy(number, text, digits);
    number[digits] = '\0';
    while (u < end && !text_equal_nocase(name, u->name) && *name != '\0')
        u++;
    if (u == end || text_parse_u64(number, ~0ULL / u->factor, value_r) != 0)
        return -1;
    *value_r *= u->factor;
    return 0;
}

int
config_scale_parse(const struct config_scale *s, const char *text,
                   unsigned long long *value_r)
{
    return parse(text, s->units, s->n_units, value_r);
}

int
config_scale_guess(const struct config_scale *s, const char *text,
                   unsigned long long *value_r)
{
    char tight[40];
    size_t len = 0;

    for (; *text != '\0'; text++)
        if (*text != ' ' && *text != '\t') {
            if (len == sizeof tight - 1)
                return -1;
            tight[len++] = *text;
        }
    tight[len] = '\0';
    return parse(tight, s->words, s->n_words, value_r);
}

void
config_scale_print(const struct config_scale *s, unsigned long long v,
                   struct buf *out)
{
    const struct unit *u = &s->units[0];

    for (size_t i = 1; i < s->n_units && v != 0; i++)
        if (v % s->units[i].factor == 0) {
            u = &s->units[i];
            break;
        }
    buf_appendf(out, "%llu%s", v / u->factor, u->name);
}
