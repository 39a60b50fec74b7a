/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clients/ctl/ctl.h"
#include "clients/ctl/ctl_until.h"

Suite *ctl_output_suite(void);

#define T(s) s, sizeof s - 1

static const struct {
    const char *text;
    size_t len;
    const char *json, *plain;
} texts[] = {
    {T(""), "\"\"", ""},
    {T("a b"), "\"a b\"", "a b"},
    {T("\"\\/"), "\"\\\"\\\\/\"", "\"\\/"},
    {T("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"", "\\x08\\x0C\\n\\x0D\\t"},
    {T("\x01\x1b[31m\x7f"), "\"\\u0001\\u001b[31m\\u007f\"",
     "\\x01\\x1B[31m\\x7F"},
    {T("a\0b"), "\"a\\u0000b\"", "a\\x00b"},
    {T("\xc3\xa9\xf0\x9f\x98\x80"), "\"\xc3\xa9\xf0\x9f\x98\x80\"",
     "\xc3\xa9\xf0\x9f\x98\x80"},
    {T("\xc2\x9b"
       "31m\xc2\xa0"),
     "\"\xc2\x9b"
     "31m\xc2\xa0\"",
     "\\x9B31m\xc2\xa0"},
};

START_TEST(escapes_texts)
{
    struct buf b = {0};

    ctl_json_string(&b, texts[_i].text, texts[_i].len);
    ck_assert_str_eq(buf_cstr(&b), texts[_i].json);
    b.len = 0;
    ctl_plain(&b, texts[_i].text, texts[_i].len);
    ck_assert_str_eq(buf_cstr(&b), texts[_i].plain);
    buf_clear(&b);
}
END_TEST

static const struct {
    const char *data, *json;
} values[] = {
    {"()", "[]"},
    {"{}", "{}"},
    {"joe", "\"joe\""},
    {"(a,\"b c\",{k=v;l=(#1,#-2.5);})",
     "[\"a\",\"b c\",{\"k\":\"v\",\"l\":[1,-2.5]}]"},
    {"(#0x17,#01,#0)", "[\"0x17\",\"01\",0]"},
    {"#NULL#", "null"},
    {"[YWJjZA==]", "\"YWJjZA==\""},
    {"#T22-11-2026_13:30:00", "\"2026-11-22T13:30:00Z\""},
    {"{\"a\\\"b\"=\"c\\ed\";}", "{\"a\\\"b\":\"c\\nd\"}"},
};

START_TEST(turns_data_into_json)
{
    struct arena *a = arena_new();
    struct cli_value *v = NULL;
    struct errbuf err = {""};
    struct buf b = {0};

    ck_assert_msg(cli_data_parse(values[_i].data, strlen(values[_i].data), NULL,
                                 a, &v, &err) == 0,
                  "%s: %s", values[_i].data, err.text);
    ctl_json_value(&b, v);
    ck_assert_str_eq(buf_cstr(&b), values[_i].json);
    buf_clear(&b);
    arena_free(&a);
}
END_TEST

static const struct {
    const char *text;
    int64_t seconds;
    const char *lifetime; /* neither: refused */
} untils[] = {
    {"+90m", 0, "90m"},
    {"+2h", 0, "2h"},
    {"+3d", 0, "3d"},
    {"+1w", 0, "1w"},
    {"+10s", 0, "10s"},
    {"20261201T060000Z", 1796104800, NULL},
    {"20261201T060000", 1796104800, NULL},
    {"2026-12-01", 1796083200, NULL},
    {"2026-12-01 06:00", 1796104800, NULL},
    {"2026-12-01T06:00:30", 1796104830, NULL},
    {"+", 0, NULL},
    {"+h", 0, NULL},
    {"+2", 0, NULL},
    {"+0h", 0, NULL},
    {"+2hh", 0, NULL},
    {"+-2h", 0, NULL},
    {"+99999999999999999999d", 0, NULL},
    {"2026-02-30", 0, NULL},
    {"tomorrow", 0, NULL},
    {"", 0, NULL},
    {"2026-12-01 06:00 x", 0, NULL},
};

START_TEST(reads_ends)
{
    bool good = untils[_i].seconds != 0 || untils[_i].lifetime != NULL;
    const char *lifetime;
    int64_t seconds;
    int r;

    setenv("TZ", "UTC", 1);
    tzset();
    r = ctl_until_parse(untils[_i].text, &seconds, &lifetime);
    ck_assert_msg((r == 0) == good, "%s", untils[_i].text);
    if (!good)
        return;
    ck_assert_int_eq(seconds, untils[_i].seconds);
    ck_assert_pstr_eq(lifetime, untils[_i].lifetime);
}
END_TEST

START_TEST(reads_ends_in_the_local_zone)
{
    const char *lifetime;
    int64_t seconds = 0;

    setenv("TZ", "XXX-3", 1);
    tzset();
    ck_assert_int_eq(ctl_until_parse("2026-12-01 09:00", &seconds, &lifetime),
                     0);
    ck_assert_int_eq(seconds, 1796104800);
}
END_TEST

/* The same table is that of the pages' unit test. */
START_TEST(reads_the_clock_on_the_wall)
{
    const char *dir = getenv("srcdir"), *lifetime;
    char path[300], line[200], wall[40], zone[40], gmt[40], found[40];
    int64_t seconds;
    unsigned n = 0;
    time_t t;
    FILE *f;

    snprintf(path, sizeof path, "%s/tests/data/walls", dir != NULL ? dir : ".");
    f = fopen(path, "r");
    ck_assert_msg(f != NULL, "%s cannot be read", path);
    while (fgets(line, sizeof line, f) != NULL) {
        if (line[0] == '#')
            continue;
        ck_assert_int_eq(sscanf(line, "%39s %39s %39s", wall, zone, gmt), 3);
        setenv("TZ", zone, 1);
        ck_assert_int_eq(ctl_until_parse(wall, &seconds, &lifetime), 0);
        t = (time_t)seconds;
        strftime(found, sizeof found, "%Y-%m-%dT%H:%M:%SZ", gmtime(&t));
        ck_assert_msg(strcmp(found, gmt) == 0, "%s in %s is %s, not %s", wall,
                      zone, gmt, found);
        n++;
    }
    ck_assert_uint_ge(n, 30);
    fclose(f);
}
END_TEST

/* There is none on that day in Beirut. */
START_TEST(a_day_begins_when_there_is_no_midnight)
{
    const char *lifetime;
    int64_t seconds = 0;

    setenv("TZ", "Asia/Beirut", 1);
    ck_assert_int_eq(ctl_until_parse("2026-03-29", &seconds, &lifetime), 0);
    ck_assert_int_eq(seconds, 1774735200); /* 2026-03-28 22:00 GMT */
}
END_TEST

Suite *
ctl_output_suite(void)
{
    Suite *s = suite_create("ctl_output");
    TCase *t = tcase_create("ctl_output");

    tcase_add_loop_test(t, escapes_texts, 0, sizeof texts / sizeof texts[0]);
    tcase_add_loop_test(t, turns_data_into_json, 0,
                        sizeof values / sizeof values[0]);
    tcase_add_loop_test(t, reads_ends, 0, sizeof untils / sizeof untils[0]);
    tcase_add_test(t, reads_ends_in_the_local_zone);
    tcase_add_test(t, reads_the_clock_on_the_wall);
    tcase_add_test(t, a_day_begins_when_there_is_no_midnight);
    suite_add_tcase(s, t);
    return s;
}
