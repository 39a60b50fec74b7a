/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "quota/warning_line.h"

#include <check.h>
#include <string.h>

Suite *warning_line_suite(void);

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))
#define SCRIPT  "VERSION\tscript\t4\t0\n"

static const struct {
    const char *text;
    enum warning_outcome outcome;
    unsigned percent;
    const char *user; /* or why it is malformed */
    bool wants_reply;
} rows[] = {
    /* as captured */
    {SCRIPT "noreply\n80\nuser1@example.test\n\n", WARNING_DONE, 80,
     "user1@example.test", false},
    {SCRIPT "-\n95\nu\n\n", WARNING_DONE, 95, "u", true},
    {"VERSION\tscript\t3\t0\nnoreply\n80\nu\n\n", WARNING_DONE, 80, "u", false},
    {SCRIPT "alarm=10\nnoreply\n80\nu\n\n", WARNING_DONE, 80, "u", false},
    {SCRIPT "noreply\n80%\nu\nmore\nmore\n\n", WARNING_DONE, 80, "u", false},
    {SCRIPT "noreply\n0\na\001tb\n\n", WARNING_DONE, 0, "a\tb", false},
    {SCRIPT "noreply\n4294967295\nu\n\n", WARNING_DONE, 4294967295u, "u",
     false},
    {SCRIPT "noreply\n80\nu\n", WARNING_MORE, 0, NULL, false},
    {"", WARNING_MORE, 0, NULL, false},
    {"\n\n", WARNING_MALFORMED, 0, "not Dovecot's script protocol", false},
    {"noreply\n80\nu\n\n", WARNING_MALFORMED, 0,
     "not Dovecot's script protocol", false},
    {SCRIPT "\n", WARNING_MALFORMED, 0, "neither noreply nor -", false},
    {SCRIPT "80\nu\n\n", WARNING_MALFORMED, 0, "neither noreply nor -", false},
    {SCRIPT "noreply\n\n", WARNING_MALFORMED, 0, "no arguments", false},
    {SCRIPT "noreply\n80\n\n", WARNING_MALFORMED, 0, "no second argument",
     false},
    {SCRIPT "noreply\nu\n80\n\n", WARNING_MALFORMED, 0,
     "the first argument is no per cent", false},
    {SCRIPT "noreply\n%\nu\n\n", WARNING_MALFORMED, 0,
     "the first argument is no per cent", false},
    {SCRIPT "noreply\n-80\nu\n\n", WARNING_MALFORMED, 0,
     "the first argument is no per cent", false},
    {SCRIPT "noreply\n4294967296\nu\n\n", WARNING_MALFORMED, 0,
     "the first argument is no per cent", false},
    {SCRIPT "noreply\n80\na\001\060b\n\n", WARNING_MALFORMED, 0,
     "a zero byte in a user's name", false},
};

/* Whatever is there of it at first, the same comes out in the end. */
START_TEST(warnings)
{
    for (size_t i = 0; i < ROWS(rows); i++) {
        size_t len = strlen(rows[i].text);
        struct warning w = {0};
        struct errbuf err;
        enum warning_outcome o;

        for (size_t cut = 0; cut < len; cut++) {
            o = warning_parse(rows[i].text, cut, &w, &err);
            ck_assert_msg(o == WARNING_MORE, "row %zu cut at %zu: %d", i, cut,
                          o);
        }
        o = warning_parse(rows[i].text, len, &w, &err);
        ck_assert_msg(o == rows[i].outcome, "row %zu: %d", i, o);
        if (o == WARNING_MALFORMED)
            ck_assert_msg(strcmp(err.text, rows[i].user) == 0, "row %zu: %s", i,
                          err.text);
        if (o == WARNING_DONE)
            ck_assert_msg(w.percent == rows[i].percent &&
                              strcmp(w.user, rows[i].user) == 0 &&
                              w.wants_reply == rows[i].wants_reply,
                          "row %zu: %u %s", i, w.percent, w.user);
    }
}
END_TEST

START_TEST(long_warnings)
{
    static const char start[] = SCRIPT "noreply\n80\n";
    size_t n = sizeof start - 1;
    char text[WARNING_MOST + 4];
    struct warning w;
    struct errbuf err;

    memset(text, 'u', sizeof text);
    memcpy(text, start, n);
    memcpy(text + n + DICT_USER_MOST, "\n\n", 2);
    ck_assert_int_eq(warning_parse(text, sizeof text, &w, &err), WARNING_DONE);
    ck_assert_uint_eq(strlen(w.user), DICT_USER_MOST);
    memcpy(text + n + DICT_USER_MOST, "u\n\n", 3);
    ck_assert_int_eq(warning_parse(text, sizeof text, &w, &err),
                     WARNING_MALFORMED);
    ck_assert_str_eq(err.text, "a user's name longer than 512 bytes");
    memset(text, 'u', sizeof text);
    ck_assert_int_eq(warning_parse(text, WARNING_MOST, &w, &err), WARNING_MORE);
    ck_assert_int_eq(warning_parse(text, WARNING_MOST + 1, &w, &err),
                     WARNING_MALFORMED);
    ck_assert_str_eq(err.text, "more than 4096 bytes");
    memcpy(text, SCRIPT "noreply\n8\0\nu\n\n", sizeof SCRIPT - 1 + 14);
    ck_assert_int_eq(warning_parse(text, sizeof text, &w, &err),
                     WARNING_MALFORMED);
    ck_assert_str_eq(err.text, "a zero byte");
}
END_TEST

Suite *
warning_line_suite(void)
{
    Suite *s = suite_create("warning_line");
    TCase *tc = tcase_create("warning_line");

    tcase_add_test(tc, warnings);
    tcase_add_test(tc, long_warnings);
    suite_add_tcase(s, tc);
    return s;
}
