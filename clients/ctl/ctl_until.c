/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/ctl/ctl_until.h"

#include <string.h>
#include <time.h>

#include "util/clock.h"

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
ctl_until_parse(const char *text, int64_t *seconds_r, const char **lifetime_r)
{
    int64_t us;

    *seconds_r = 0;
    *lifetime_r = NULL;
    if (text[0] == '+') {
        *lifetime_r = text + 1;
        return clock_parse_span(text + 1, &us);
    }
    if (clock_parse_gmt(text, &us) == 0) {
        *seconds_r = us / CLOCK_SECOND;
        return 0;
    }
    return parse_local(text, seconds_r);
}
