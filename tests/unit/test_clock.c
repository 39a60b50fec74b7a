/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>

#include "util/clock.h"

Suite *clock_suite(void);

static const struct {
    const char *text;
    int64_t seconds; /* -1: refused */
} stamps[] = {
    {"20070502T083313Z", 1178094793},
    {"20070502T083313", 1178094793},
    {"20070502083313", 1178094793},
    {"20070502083313Z", 1178094793},
    {"02-05-2007_08:33:13", 1178094793},
    {"#T02-05-2007_08:33:13", 1178094793},
    {"19700101T000000Z", 0},
    {"20240229T000000Z", 1709164800},
    {"20230229T000000Z", -1},
    {"20070532T083313Z", -1},
    {"20070502T243313Z", -1},
    {"20070502T08331Z", -1},
    {"20070502T083313ZZ", -1},
    {"2007-05-02T08:33:13Z", -1},
    {"", -1},
    {"#T", -1},
    {"02-05-2007_08:33", -1},
};

START_TEST(parses)
{
    int64_t us = -2;

    if (stamps[_i].seconds < 0) {
        ck_assert_int_eq(clock_parse_gmt(stamps[_i].text, &us), -1);
        return;
    }
    ck_assert_int_eq(clock_parse_gmt(stamps[_i].text, &us), 0);
    ck_assert_int_eq(us, stamps[_i].seconds * CLOCK_SECOND);
}
END_TEST

START_TEST(formats_rfc3339)
{
    static const struct {
        int64_t us;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00Z"},
        {INT64_C(1709164800) * CLOCK_SECOND + 999999, "2024-02-29T00:00:00Z"},
        {-1, "1969-12-31T23:59:59Z"},
        {INT64_MAX, "9999-12-31T23:59:59Z"},
    };
    char out[CLOCK_RFC3339_SIZE];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        clock_format_rfc3339(rows[i].us, out);
        ck_assert_str_eq(out, rows[i].text);
    }
}
END_TEST

static const struct {
    const char *text;
    int64_t seconds; /* 0: it is none */
} spans[] = {
    {"1s", 1},
    {"90m", 5400},
    {"8h", 28800},
    {"08h", 28800},
    {"3d", 259200},
    {"1w", 604800},
    {"36600d", 3162240000},
    {"36601d", 0},
    {"0h", 0},
    {"", 0},
    {"8", 0},
    {"h", 0},
    {"8hh", 0},
    {"8 h", 0},
    {"+8h", 0},
    {"-8h", 0},
    {"1h30m", 0},
    {"8H", 0},
    {"1.5h", 0},
    {"99999999999999999999s", 0},
};

START_TEST(parses_spans)
{
    int64_t us = 0;
    int r = clock_parse_span(spans[_i].text, &us);

    ck_assert_int_eq(r, spans[_i].seconds > 0 ? 0 : -1);
    ck_assert_int_eq(us, spans[_i].seconds * CLOCK_SECOND);
}
END_TEST

START_TEST(formats)
{
    char out[CLOCK_GMT_SIZE];

    clock_format_gmt(1178094793 * CLOCK_SECOND + 999999, out);
    ck_assert_str_eq(out, "20070502T083313Z");
    clock_format_gmt(-1, out);
    ck_assert_str_eq(out, "19691231T235959Z");
    clock_format_gmt(INT64_MAX, out);
    ck_assert_uint_eq(sizeof out, CLOCK_GMT_SIZE);
}
END_TEST

START_TEST(moves)
{
    int64_t now = clock_now(), mono = clock_mono();

    clock_advance(600 * CLOCK_SECOND);
    ck_assert_int_ge(clock_now() - now, 600 * CLOCK_SECOND);
    ck_assert_int_ge(clock_mono() - mono, 600 * CLOCK_SECOND);
    mono = clock_mono();
    clock_advance(-600 * CLOCK_SECOND);
    ck_assert_int_lt(clock_now() - now, 60 * CLOCK_SECOND);
    ck_assert_int_ge(clock_mono(), mono);
}
END_TEST

Suite *
clock_suite(void)
{
    Suite *s = suite_create("clock");
    TCase *t = tcase_create("clock");

    tcase_add_test(t, formats_rfc3339);
    tcase_add_loop_test(t, parses, 0, sizeof stamps / sizeof stamps[0]);
    tcase_add_loop_test(t, parses_spans, 0, sizeof spans / sizeof spans[0]);
    tcase_add_test(t, formats);
    tcase_add_test(t, moves);
    suite_add_tcase(s, t);
    return s;
}
