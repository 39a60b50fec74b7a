/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/ctl/ctl_until.h"

#include <string.h>
#include <time.h>

#include "util/clock.h"

#define MOST_SECONDS (INT64_C(100) * 366 * 86400)

static int
parse_relative(const char *text, int64_t now, int64_t *seconds_r)
{
    static const char units[] = "smhdw";
    static const int64_t seconds[] = {1, 60, 3600, 86400, 7 * 86400};
    const char *unit;
    int64_t n = 0;

    if (*text < '0' || *text > '9')
        return -1;
    for (; *text >= '0' && *text <= '9'; text++) {
        n = n * 10 + (*text - '0');
        if (n > MOST_SECONDS)
            return -1;
    }
    unit = *text != '\0' ? strchr(units, *text) : NULL;
    if (unit == NULL || text[1] != '\0' ||
        n > MOST_SECONDS / seconds[unit - units])
        return -1;
    *seconds_r = now + n * seconds[unit - units];
    return 0;
}

static int
parse_local(const char *text, int64_t *seconds_r)
{
    static const char *const formats[] = {"%Y-%m-%d", "%Y-%m-%d %H:%M",
                                          "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M",
                                          "%Y-%m-%dT%H:%M:%S"};

    for (unsigned i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        struct tm tm = {.tm_isdst = -1}, before;
        const char *end = strptime(text, formats[i], &tm);
        time_t t;

        if (end == NULL || *end != '\0')
            continue;
        before = tm;
        before.tm_isdst = tm.tm_isdst = -1;
        t = mktime(&tm);
        /* Days that do not exist are moved by mktime; here they are wrong. */
        if (t == (time_t)-1 || tm.tm_mday != before.tm_mday)
            return -1;
        *seconds_r = (int64_t)t;
        return 0;
    }
    return -1;
}

int
ctl_until_parse(const char *text, int64_t now, int64_t *seconds_r)
{
    int64_t us;

    if (text[0] == '+')
        return parse_relative(text + 1, now, seconds_r);
    if (clock_parse_gmt(text, &us) == 0) {
        *seconds_r = us / CLOCK_SECOND;
        return 0;
    }
    return parse_local(text, seconds_r);
}
