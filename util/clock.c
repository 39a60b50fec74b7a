/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static _Atomic int64_t now_offset, mono_offset;

static int64_t
read_clock(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * CLOCK_SECOND + ts.tv_nsec / 1000;
}

int64_t
clock_now(void)
{
    return read_clock(CLOCK_REALTIME) + now_offset;
}

int64_t
clock_mono(void)
{
    return read_clock(CLOCK_MONOTONIC) + mono_offset;
}

int64_t
clock_steady(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

void
clock_advance(int64_t us)
{
    now_offset += us;
    if (us > 0)
        mono_offset += us;
}

static int64_t
floor_seconds(int64_t us)
{
    return us / CLOCK_SECOND - (us % CLOCK_SECOND < 0);
}

void
clock_format_gmt(int64_t us, char out[CLOCK_GMT_SIZE])
{
    time_t t = (time_t)floor_seconds(us);
    struct tm tm = {0};

    gmtime_r(&t, &tm);
    if (strftime(out, CLOCK_GMT_SIZE, "%Y%m%dT%H%M%SZ", &tm) == 0)
        memcpy(out, "99991231T235959Z", CLOCK_GMT_SIZE);
}

void
clock_format_rfc3339(int64_t us, char out[CLOCK_RFC3339_SIZE])
{
    time_t t = (time_t)floor_seconds(us);
    struct tm tm = {0};

    gmtime_r(&t, &tm);
    if (tm.tm_year > 9999 - 1900 ||
        strftime(out, CLOCK_RFC3339_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        memcpy(out, "9999-12-31T23:59:59Z", sizeof "9999-12-31T23:59:59Z");
}

/* Reads exactly n digits at *p and moves on. */
static int
digits(const char **p, int n, int *value_r)
{
    *value_r = 0;
    for (; n > 0; n--, (*p)++) {
        if (**p < '0' || **p > '9')
            return -1;
        *value_r = *value_r * 10 + (**p - '0');
    }
    return 0;
}

static int
literal(const char **p, char c)
{
    if (**p != c)
        return -1;
    (*p)++;
    return 0;
}

static int
parse_compact(const char *p, struct tm *tm)
{
    if (digits(&p, 4, &tm->tm_year) < 0 || digits(&p, 2, &tm->tm_mon) < 0 ||
        digits(&p, 2, &tm->tm_mday) < 0)
        return -1;
    if (*p == 'T')
        p++;
    if (digits(&p, 2, &tm->tm_hour) < 0 || digits(&p, 2, &tm->tm_min) < 0 ||
        digits(&p, 2, &tm->tm_sec) < 0)
        return -1;
    if (*p == 'Z')
        p++;
    return *p == '\0' ? 0 : -1;
}

static int
parse_dashed(const char *p, struct tm *tm)
{
    if (strncmp(p, "#T", 2) == 0)
        p += 2;
    if (digits(&p, 2, &tm->tm_mday) < 0 || literal(&p, '-') < 0 ||
        digits(&p, 2, &tm->tm_mon) < 0 || literal(&p, '-') < 0 ||
        digits(&p, 4, &tm->tm_year) < 0 || literal(&p, '_') < 0 ||
        digits(&p, 2, &tm->tm_hour) < 0 || literal(&p, ':') < 0 ||
        digits(&p, 2, &tm->tm_min) < 0 || literal(&p, ':') < 0 ||
        digits(&p, 2, &tm->tm_sec) < 0)
        return -1;
    return *p == '\0' ? 0 : -1;
}

int
clock_parse_gmt(const char *text, int64_t *us_r)
{
    struct tm tm = {0}, back = {0};
    time_t t;

    if (parse_compact(text, &tm) < 0 && parse_dashed(text, &tm) < 0)
        return -1;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    back = tm;
    t = timegm(&back);
    if (back.tm_mday != tm.tm_mday || back.tm_mon != tm.tm_mon ||
        back.tm_hour != tm.tm_hour || back.tm_min != tm.tm_min ||
        back.tm_sec != tm.tm_sec)
        return -1;
    *us_r = (int64_t)t * CLOCK_SECOND;
    return 0;
}

int
clock_parse_span(const char *text, int64_t *us_r)
{
    static const char units[] = "smhdw";
    static const int64_t seconds[] = {1, 60, 3600, 86400, 7 * 86400};
    const int64_t most = INT64_C(100) * 366 * 86400;
    const char *unit;
    int64_t n = 0;

    for (; *text >= '0' && *text <= '9'; text++) {
        n = n * 10 + (*text - '0');
        if (n > most)
            return -1;
    }
    unit = *text != '\0' ? strchr(units, *text) : NULL;
    if (unit == NULL || text[1] != '\0' || n == 0 ||
        n > most / seconds[unit - units])
        return -1;
    *us_r = n * seconds[unit - units] * CLOCK_SECOND;
    return 0;
}
