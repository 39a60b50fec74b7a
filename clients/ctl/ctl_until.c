/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/ctl/ctl_until.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "util/clock.h"

#define DAY 86400 /* longer than any clock is put forward or back */

/* Seconds that the clock on the wall is ahead of GMT at that moment. */
static time_t
offset_at(time_t t)
{
    struct tm tm;

    return localtime_r(&t, &tm) != NULL ? (time_t)tm.tm_gmtoff : 0;
}

/* When the clock on the wall shows this, which is given as if it were GMT.  It
 * does so twice when it was put back, and never when it was put forward: the
 * later moment of those that its counts before and behind the change give. */
static time_t
from_wall(time_t wall)
{
    time_t before = wall - offset_at(wall - DAY);
    time_t behind = wall - offset_at(wall + DAY);
    time_t early = before < behind ? before : behind;
    time_t late = before < behind ? behind : before;
    bool early_fits = early + offset_at(early) == wall;
    bool late_fits = late + offset_at(late) == wall;

    return early_fits && !late_fits ? early : late;
}

static int
parse_local(const char *text, int64_t *seconds_r)
{
    static const char *const formats[] = {"%Y-%m-%d", "%Y-%m-%d %H:%M",
                                          "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M",
                                          "%Y-%m-%dT%H:%M:%S"};

    tzset();
    for (unsigned i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        struct tm tm = {.tm_mday = 0};
        const char *end = strptime(text, formats[i], &tm);
        int day = tm.tm_mday;
        time_t wall;

        if (end == NULL || *end != '\0')
            continue;
        wall = timegm(&tm);
        /* Days that do not exist are moved by timegm; here they are wrong. */
        if (wall == (time_t)-1 || tm.tm_mday != day)
            return -1;
        *seconds_r = (int64_t)from_wall(wall);
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
