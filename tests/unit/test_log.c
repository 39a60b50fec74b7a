/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of the log: their two forms, what a peer's text can do to them, and how
 * many there are. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/log_capture.h"
#include "tests/unit/suite.h"
#include "util/clock.h"
#include "util/log_budget.h"
#include "util/log_event.h"

Suite *log_suite(void);

#define FIELDS(...)                                       \
    (const struct log_field[]){__VA_ARGS__},              \
        sizeof((const struct log_field[]){__VA_ARGS__}) / \
            sizeof(struct log_field)

static const struct log_origin origin = {"2026-11-22T13:30:01.000Z", "warn",
                                         "ximssd", 7};
#define ORIGIN                                                   \
    "{\"time\":\"2026-11-22T13:30:01.000Z\",\"level\":\"warn\"," \
    "\"program\":\"ximssd\",\"pid\":7,\"message\":"

START_TEST(fields_as_text)
{
    char out[2048];

    log_form_text(out, sizeof out, "login failed",
                  FIELDS(LOG_WORD("user", "joe@a.test"), LOG_NUMBER("id", -3),
                         LOG_YES_NO("tls", true), LOG_QUOTED("reason", "bye"),
                         LOG_WORD("door", NULL), LOG_WORD("empty", "")));
    ck_assert_str_eq(out, "login failed user=joe@a.test id=-3 tls=yes "
                          "reason=\"bye\" empty=\"\"");
}
END_TEST

/* A value cannot be taken for another field, nor end its quotes. */
START_TEST(hostile_values_as_text)
{
    static const struct {
        const char *value, *line;
    } rows[] = {
        {"a b", "m v=\"a b\""},
        {"a=b", "m v=a=b"},
        {"x\" user=\"root", "m v=\"x\\\" user=\\\"root\""},
        {"back\\slash", "m v=\"back\\\\slash\""},
        {"\xd0\xb6", "m v=\xd0\xb6"},
        {"tab\there", "m v=\"tab\there\""},
    };
    char out[2048];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        log_form_text(out, sizeof out, "m",
                      FIELDS(LOG_WORD("v", rows[i].value)));
        ck_assert_str_eq(out, rows[i].line);
    }
}
END_TEST

START_TEST(fields_as_json)
{
    char out[8192];

    log_form_json(out, sizeof out, &origin, "login failed",
                  FIELDS(LOG_WORD("user", "joe@a.test"), LOG_NUMBER("id", -3),
                         LOG_YES_NO("tls", false), LOG_QUOTED("reason", "a\"b"),
                         LOG_WORD("door", NULL)));
    ck_assert_str_eq(out, ORIGIN
                     "\"login failed\",\"user\":\"joe@a.test\",\"id\":-3,"
                     "\"tls\":false,\"reason\":\"a\\\"b\"}");
}
END_TEST

START_TEST(hostile_values_as_json)
{
    static const struct {
        const char *value, *json;
    } rows[] = {
        {"a\nb", "a\\u000ab"},
        {"\x7f", "\\u007f"},
        {"\\", "\\\\"},
        {"\xff", "\xef\xbf\xbd"},
        {"\xd0", "\xef\xbf\xbd"},
        {"\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xf0\x9f\x94\x94", "\xf0\x9f\x94\x94"},
    };
    char out[8192], wanted[256];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        log_form_json(out, sizeof out, &origin, "m",
                      FIELDS(LOG_WORD("v", rows[i].value)));
        snprintf(wanted, sizeof wanted, ORIGIN "\"m\",\"v\":\"%s\"}",
                 rows[i].json);
        ck_assert_str_eq(out, wanted);
    }
}
END_TEST

/* However long and however small the room: one whole object, and no byte
 * more. */
START_TEST(json_is_always_whole)
{
    static char huge[9000];
    char out[8193];

    memset(huge, '\n', sizeof huge - 1);
    for (size_t size = 1024; size < 8192; size += 97) {
        size_t n;

        memset(out, '#', sizeof out);
        n = log_form_json(out, size, &origin, huge,
                          FIELDS(LOG_WORD("a", huge), LOG_WORD("b", huge),
                                 LOG_NUMBER("c", 1)));
        ck_assert_uint_lt(n, size);
        ck_assert_int_eq(out[size], '#');
        ck_assert_int_eq(out[n - 1], '}');
        ck_assert_uint_eq(strlen(out), n);
        ck_assert_ptr_null(strstr(out, "\\u00\""));
    }
}
END_TEST

START_TEST(text_is_cut)
{
    static char huge[9000];
    char out[300];

    memset(huge, 'x', sizeof huge - 1);
    for (size_t size = 2; size < sizeof out; size++) {
        memset(out, '#', sizeof out);
        ck_assert_uint_lt(
            log_form_text(out, size, "short",
                          FIELDS(LOG_WORD("a", huge), LOG_NUMBER("b", 1))),
            size);
        ck_assert_int_eq(out[size], '#');
    }
}
END_TEST

START_TEST(lines_on_standard_error)
{
    log_capture_begin(LOG_INFO_);
    log_set_format(LOG_JSON);
    log_event(LOG_WARN_, "one", LOG_NUMBER("n", 1));
    log_info("two %s", "\"");
    log_event(LOG_DEBUG_, "not wanted", LOG_NUMBER("n", 2));
    log_set_format(LOG_TEXT);
    log_event(LOG_WARN_, "three", LOG_WORD("v", "a\nb"));
    log_capture_end();
    ck_assert_uint_eq(
        log_capture_count("\"level\":\"warn\",\"program\":\"ximss"), 1);
    ck_assert_uint_eq(log_capture_count(",\"message\":\"one\",\"n\":1}\n"), 1);
    ck_assert_uint_eq(log_capture_count(",\"message\":\"two \\\"\"}\n"), 1);
    ck_assert_uint_eq(log_capture_count("warn: three v=\"a\\x0ab\"\n"), 1);
    ck_assert_uint_eq(log_capture_count("\n"), 3);
}
END_TEST

START_TEST(so_many_lines_a_minute)
{
    struct log_budget b = LOG_BUDGET_INIT;
    unsigned left_out;

    for (unsigned i = 0; i < 5; i++) {
        ck_assert_int_eq(log_budget_take(&b, 3, &left_out), i < 3);
        ck_assert_uint_eq(left_out, 0);
    }
    clock_advance(20 * CLOCK_SECOND);
    ck_assert(!log_budget_take(&b, 3, &left_out));
    clock_advance(40 * CLOCK_SECOND);
    ck_assert(log_budget_take(&b, 3, &left_out));
    ck_assert_uint_eq(left_out, 3);
    ck_assert(log_budget_take(&b, 3, &left_out));
    ck_assert_uint_eq(left_out, 0);
}
END_TEST

Suite *
log_suite(void)
{
    Suite *s = suite_create("log");
    TCase *t = tcase_create("log");

    tcase_add_test(t, fields_as_text);
    tcase_add_test(t, hostile_values_as_text);
    tcase_add_test(t, fields_as_json);
    tcase_add_test(t, hostile_values_as_json);
    tcase_add_test(t, json_is_always_whole);
    tcase_add_test(t, text_is_cut);
    tcase_add_test(t, lines_on_standard_error);
    tcase_add_test(t, so_many_lines_a_minute);
    suite_add_tcase(s, t);
    return s;
}
