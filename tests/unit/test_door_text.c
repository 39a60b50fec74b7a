/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <string.h>

#include "clients/dovecot/door_text.h"

Suite *door_text_suite(void);

#define T(s)  s, sizeof s - 1
#define DOTS  "\xe2\x80\xa6"
#define OTHER "\xef\xbf\xbd"

static const struct {
    const char *text;
    size_t len;
    bool cut;
    size_t max;
    const char *line;
} rows[] = {
    {T(""), false, 20, ""},
    {T("plain"), false, 20, "plain"},
    {T("two\nlines"), false, 20, "two | lines"},
    {T("two\r\nlines"), false, 20, "two | lines"},
    {T("two\rlines"), false, 20, "two | lines"},
    {T("an\n\n \r\n\nempty one"), false, 30, "an | empty one"},
    {T("a \n  b"), false, 20, "a | b"},
    {T("\n\n a\n\n"), false, 20, "a"},
    {T("a\xc2\x85"
       "b\xe2\x80\xa8"
       "c\xe2\x80\xa9"
       "d"),
     false, 20, "a | b | c | d"},
    {T("a\tb\x01"
       "c\x7f"
       "d\xc2\x9f"
       "e"),
     false, 20, "a b c d e"},
    {T("a\0b"), false, 20, "a b"},
    {T("\xff"
       "a\xc3("),
     false, 20, OTHER "a" OTHER "("},
    {T("\xed\xa0\x80"), false, 20, OTHER OTHER OTHER},
    /* cut between characters: at the last byte it fits, then it does not */
    {T("1234567890"), false, 10, "1234567890"},
    {T("12345678901"), false, 10, "1234567" DOTS},
    {T("123456\xc3\xa4\xc3\xa4\xc3\xa4"), false, 10, "123456" DOTS},
    {T("12345\xe2\x82\xac\xe2\x82\xac"), false, 10, "12345" DOTS},
    {T("1234\xf0\x9f\x98\x80\xf0\x9f\x98\x80"), false, 10, "1234" DOTS},
    {T("123456 78901"), false, 10, "123456" DOTS},
    {T("1234567\n8901"), false, 10, "1234567" DOTS},
    {T("1234\n56789"), false, 10, "1234 |" DOTS},
    {T("abcdef"), false, 3, DOTS},
    /* came cut: the part of a character at its end is no character */
    {T("abc"), true, 20, "abc" DOTS},
    {T("abc \n"), true, 20, "abc" DOTS},
    {T("abc\xe2\x82"), true, 20, "abc" DOTS},
    {T("abc\xf0"), true, 20, "abc" DOTS},
    {T("abc\xff"), true, 20, "abc" OTHER DOTS},
    {T("1234567890"), true, 10, "1234567" DOTS},
    {T("12345678"), true, 10, "1234567" DOTS},
    {T("1234567"), true, 10, "1234567" DOTS},
    {T("1234567\xc3\xa4"), true, 10, "1234567" DOTS},
    /* no literal */
    {T("see {5}"), false, 20, "see {5)"},
    {T("see {123+}\r\n"), false, 20, "see {123+)"},
    {T("{5} is seen"), false, 20, "{5} is seen"},
    {T("{}"), false, 20, "{}"},
    {T("{+}"), false, 20, "{+)"},
    {T("{a}"), false, 20, "{a}"},
    {T("5}"), false, 20, "5}"},
};

START_TEST(makes_one_line)
{
    char out[64];
    size_t n = door_text_line(rows[_i].text, rows[_i].len, rows[_i].cut, out,
                              rows[_i].max);

    ck_assert_str_eq(out, rows[_i].line);
    ck_assert_uint_eq(n, strlen(out));
    ck_assert_uint_le(n, rows[_i].max);
}
END_TEST

/* Whatever comes in, and however little room there is. */
START_TEST(never_ends_a_line)
{
    static const char text[] =
        "a\r\nb\n\rc\xc2\x85\xe2\x80\xa8{1}\r\xff\n{22}\n";
    char out[64];

    for (size_t len = 0; len < sizeof text; len++)
        for (size_t max = 3; max < 50; max++)
            for (int cut = 0; cut < 2; cut++) {
                size_t n = door_text_line(text, len, cut, out, max);

                ck_assert_uint_le(n, max);
                ck_assert_uint_eq(strlen(out), n);
                ck_assert_ptr_null(strpbrk(out, "\r\n"));
                ck_assert(n == 0 || out[n - 1] != '}');
            }
}
END_TEST

START_TEST(refuses_in_one_line)
{
    char out[DOOR_TEXT_POP3_LINE], longer[2000];
    size_t n;

    n = door_text_refusal("SYS/TEMP", "Full.", "(please wait and retry)", out);
    ck_assert_str_eq(out, "-ERR [SYS/TEMP] Full. (please wait and retry)");
    ck_assert_uint_eq(n, strlen(out));
    door_text_refusal("", "Full.", "", out);
    ck_assert_str_eq(out, "-ERR Full.");
    door_text_refusal("IN-USE]\r\n+OK", "a", "b\r\n+OK", out);
    ck_assert_str_eq(out, "-ERR [IN-USEOK] a b | +OK");

    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    n = door_text_refusal("SYS/TEMP", longer, "(please wait and retry)", out);
    ck_assert_uint_eq(n, strlen("-ERR [SYS/TEMP] ") + DOOR_TEXT_POP3 +
                             strlen(" (please wait and retry)"));
    ck_assert_str_eq(strstr(out, DOTS), DOTS " (please wait and retry)");
    n = door_text_refusal(longer, longer, longer, out);
    ck_assert_uint_eq(n + 2, DOOR_TEXT_POP3_LINE);
    ck_assert_uint_eq(n, strlen(out));
}
END_TEST

Suite *
door_text_suite(void)
{
    Suite *s = suite_create("door_text");
    TCase *t = tcase_create("door_text");

    tcase_add_loop_test(t, makes_one_line, 0, sizeof rows / sizeof rows[0]);
    tcase_add_test(t, never_ends_a_line);
    tcase_add_test(t, refuses_in_one_line);
    suite_add_tcase(s, t);
    return s;
}
