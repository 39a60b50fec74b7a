/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"

Suite *text_suite(void);

#define T(s) s, sizeof s - 1

static const struct {
    const char *text;
    size_t len;
    size_t bad; /* offset of the first bad byte, or len */
} utf8[] = {
    {T(""), 0},
    {T("abc"), 3},
    {T("\xc3\xa4"), 2},
    {T("\xf0\x9f\x98\x80"), 4},
    {T("a\xf4\x8f\xbf\xbf"), 5},
    {T("a\x80"), 1},
    {T("a\xc3"), 1},
    {T("\xc0\x80"), 0},
    {T("\xe0\x9f\xbf"), 0},
    {T("\xed\xa0\x80"), 0},
    {T("\xf4\x90\x80\x80"), 0},
    {T("ab\xff"), 2},
    {T("\xf0\x9f\x98"), 0},
};

START_TEST(finds_bad_utf8)
{
    size_t bad = utf8[_i].len;

    ck_assert_int_eq(text_is_utf8(utf8[_i].text, utf8[_i].len, &bad),
                     utf8[_i].bad == utf8[_i].len);
    ck_assert_uint_eq(bad, utf8[_i].bad);
}
END_TEST

static const struct {
    const char *text;
    size_t len;
    const char *utf8;
} foreign[] = {
    {T(""), ""},
    {T("abc\x7f"), "abc\x7f"},
    {T("\xc3\xbc"), "\xc3\xbc"}, /* UTF-8 is left alone */
    {T("\xf0\x9f\x94\x94"), "\xf0\x9f\x94\x94"},
    {T("\xfc"), "\xc3\xbc"},
    {T("\xfc\xac"), "\xc3\xbc\xc2\xac"},
    {T("a\xc3\xbc\xfc"), "a\xc3\x83\xc2\xbc\xc3\xbc"},
    {T("\xa0\xff"), "\xc2\xa0\xc3\xbf"},
    {T("\x80"), "\xe2\x82\xac"},
    {T("\x81\x8d\x8f\x90\x9d"), "\xc2\x81\xc2\x8d\xc2\x8f\xc2\x90\xc2\x9d"},
    {T("\x9f"), "\xc5\xb8"},
    {T("\xed\xa0\x80"), "\xc3\xad\xc2\xa0\xe2\x82\xac"},
};

START_TEST(names_who_did_it)
{
    static const struct {
        const char *name, *who;
    } rows[] = {{"local:0", "root on this machine"},
                {"local:33", "user 33 on this machine"},
                {"local:", "local:"},
                {"local:3x", "local:3x"},
                {"local:0@a.test", "local:0@a.test"},
                {"joe@a.test", "joe@a.test"},
                {"", ""}};
    char out[TEXT_WHO_SIZE];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_str_eq(text_who(rows[i].name, out), rows[i].who);
}
END_TEST

START_TEST(makes_utf8)
{
    size_t len = 99;
    char *to = text_to_utf8(foreign[_i].text, foreign[_i].len, &len);

    ck_assert_str_eq(to, foreign[_i].utf8);
    ck_assert_uint_eq(len, strlen(foreign[_i].utf8));
    free(to);
}
END_TEST

/* Whatever comes, what goes out is UTF-8, and zeros stay where they are. */
START_TEST(makes_utf8_of_each_byte)
{
    for (unsigned n = 0; n < 256; n++) {
        char from[3] = {(char)n, '\0', (char)n};
        size_t len, bad;
        char *to = text_to_utf8(from, sizeof from, &len);

        ck_assert(text_is_utf8(to, len, &bad));
        ck_assert_uint_eq(to[len], 0);
        ck_assert_uint_eq(to[len / 2], 0);
        ck_assert_int_eq(memcmp(to, to + len / 2 + 1, len / 2), 0);
        free(to);
    }
}
END_TEST

static const struct {
    const char *text;
    size_t len;
    const char *error; /* NULL: allowed */
} alerts[] = {
    {T("x"), NULL},
    {T(" a\tb\r\nc "), NULL},
    {T("\xe2\x80\xae right to left"), NULL},
    {T("e\xcc\x81"), NULL},
    {T(""), "alert text is blank"},
    {T(" \n\t\r"), "alert text is blank"},
    {T("\xe3\x80\x80"), "alert text is blank"},
    {T("\xe2\xa0\x80"), "alert text is blank"}, /* U+2800 */
    {T("\xe3\x85\xa4"), "alert text is blank"}, /* U+3164 */
    {T("\xe1\x85\x9f\xe1\x85\xa0"), "alert text is blank"},
    {T("\xef\xbe\xa0"), "alert text is blank"}, /* U+FFA0 */
    {T("\xc2\xad"), "alert text is blank"},     /* U+00AD */
    {T("\xe1\xa0\x8e"), "alert text is blank"}, /* U+180E */
    {T("\xcd\x8f"), "alert text is blank"},     /* U+034F */
    {T("\xe2\x80\xae\xe2\x81\xa6"), "alert text is blank"},
    {T("\xef\xb8\x8f"), "alert text is blank"},     /* U+FE0F */
    {T("\xf3\xa0\x84\x80"), "alert text is blank"}, /* U+E0100 */
    {T("\xf3\xa0\x81\xa1"), "alert text is blank"}, /* U+E0061 */
    {T(" \xcc\x81"), "alert text is blank"},        /* U+0301 */
    {T("\xef\xbf\xbc"), "alert text is blank"},     /* U+FFFC */
    {T("\xe2\x80\xae"
       "a"),
     NULL},
    {T("\xd8\x80"), NULL},     /* U+0600, a sign of its own */
    {T("\xef\xbf\xbd"), NULL}, /* U+FFFD */
    {T("\xe0\xa4\x95\xe0\xa4\xbf"), NULL},
    {T("\xf0\x9f\x8f\xb4"), NULL}, /* U+1F3F4 */
    {T("a\0b"), "alert text has the character U+0000 at byte 1"},
    {T("\x1b[0m"), "alert text has the character U+001B at byte 0"},
    {T("a\x7f"), "alert text has the character U+007F at byte 1"},
    {T("a\xc2\x85"), "alert text has the character U+0085 at byte 1"},
    {T("\xef\xbf\xbe"), "alert text has the character U+FFFE at byte 0"},
    {T("ab\xff"), "alert text is not UTF-8 at byte 2"},
    {T("123456789"), "alert text of 9 bytes is longer than 8"},
};

START_TEST(checks_alert_texts)
{
    size_t max =
        alerts[_i].error != NULL && alerts[_i].text[0] == '1' ? 8 : 4096;
    struct errbuf err = {""};
    int r = text_check_alert(alerts[_i].text, alerts[_i].len, max, &err);

    if (alerts[_i].error == NULL) {
        ck_assert_int_eq(r, 0);
    } else {
        ck_assert_int_eq(r, -1);
        ck_assert_str_eq(err.text, alerts[_i].error);
    }
}
END_TEST

START_TEST(refuses_each_control_character)
{
    struct errbuf err;
    char s[3] = "a?";

    for (int c = 0; c < 0x20; c++) {
        s[1] = (char)c;
        ck_assert_int_eq(text_check_alert(s, 2, 10, &err),
                         c == '\t' || c == '\n' || c == '\r' ? 0 : -1);
    }
}
END_TEST

START_TEST(finds_control_characters)
{
    static const struct {
        const char *text;
        bool has;
    } rows[] = {
        {"", false},
        {"a b", false},
        {"\xc2\xa0", false}, /* U+00A0 */
        {"\xe2\x80\xa7", false},
        {"\xe2\x80\xaa", false},
        {"\xf0\x9f\x98\x80", false},
        {"a\x01", true},
        {"a\tb", true},
        {"a\r", true},
        {"\n", true},
        {"\x7f", true},
        {"\x1f", true},
        {"\xc2\x80", true},
        {"\xc2\x9f", true},
        {"\xe2\x80\xa8", true},
        {"\xe2\x80\xa9x", true},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_msg(text_has_controls(rows[i].text) == rows[i].has, "row %zu",
                      i);
}
END_TEST

START_TEST(knows_names)
{
    char longest[130];

    memset(longest, 'a', sizeof longest);
    longest[128] = '\0';
    ck_assert(text_is_host(longest));
    longest[128] = 'a';
    longest[129] = '\0';
    ck_assert(!text_is_host(longest));
    ck_assert(text_is_host("Joe_1.x-y"));
    ck_assert(!text_is_host(""));
    ck_assert(!text_is_host(".a"));
    ck_assert(!text_is_host("a."));
    ck_assert(!text_is_host("a..b"));
    ck_assert(!text_is_host("a b"));
    ck_assert(!text_is_host("a@b"));
    ck_assert(!text_is_host("\xc3\xa4"));
}
END_TEST

START_TEST(parses_numbers)
{
    unsigned long long v = 0;
    bool yes = false;

    ck_assert_int_eq(text_parse_u64("0", 9, &v), 0);
    ck_assert_uint_eq(v, 0);
    ck_assert_int_eq(text_parse_u64("18446744073709551615", ~0ULL, &v), 0);
    ck_assert(v == ~0ULL);
    ck_assert_int_eq(text_parse_u64("18446744073709551616", ~0ULL, &v), -1);
    ck_assert_int_eq(text_parse_u64("7", 5, &v), -1);
    ck_assert_int_eq(text_parse_u64("10", 9, &v), -1);
    ck_assert_int_eq(text_parse_u64("", 9, &v), -1);
    ck_assert_int_eq(text_parse_u64("-1", 9, &v), -1);
    ck_assert_int_eq(text_parse_u64("1 ", 9, &v), -1);
    ck_assert_int_eq(text_parse_bool("YES", &yes), 0);
    ck_assert(yes);
    ck_assert_int_eq(text_parse_bool("no", &yes), 0);
    ck_assert(!yes);
    ck_assert_int_eq(text_parse_bool("perhaps", &yes), -1);
}
END_TEST

START_TEST(ignores_case)
{
    char s[] = "AbC@Z";

    text_lower(s);
    ck_assert_str_eq(s, "abc@z");
    ck_assert(text_equal_nocase("aBc", "AbC"));
    ck_assert(!text_equal_nocase("abc", "abcd"));
    ck_assert(!text_equal_nocase("abcd", "abc"));
}
END_TEST

START_TEST(finds_whole_words_in_lists)
{
    static const char list[] = "1-ab,12-abc,2-x";

    ck_assert(text_list_has(list, ',', "1-ab"));
    ck_assert(text_list_has(list, ',', "12-abc"));
    ck_assert(text_list_has(list, ',', "2-x"));
    ck_assert(!text_list_has(list, ',', "2-ab"));
    ck_assert(!text_list_has(list, ',', "2-abc"));
    ck_assert(!text_list_has(list, ',', "12-ab"));
    ck_assert(!text_list_has(list, ',', "1-ab,12-abc"));
    ck_assert(!text_list_has(list, ',', ""));
    ck_assert(!text_list_has("", ',', "a"));
    ck_assert(text_list_has(",", ',', ""));
    ck_assert(text_list_has("a", ',', "a"));
}
END_TEST

static const struct {
    uint64_t bytes;
    const char *text;
} sizes[] = {
    {0, "0 bytes"},
    {1, "1 byte"},
    {1023, "1023 bytes"},
    {1024, "1 KB"},
    {1075, "1 KB"},
    {1076, "1.1 KB"},
    {1536, "1.5 KB"},
    {102348, "99.9 KB"},
    {102400, "100 KB"},
    {102500, "100 KB"},
    {1048575, "1 MB"},
    {1048576, "1 MB"},
    {43200000, "41.2 MB"},
    {52428800, "50 MB"},
    {UINT64_C(1073741823), "1 GB"},
    {UINT64_C(2199023255552), "2 TB"},
    {UINT64_MAX, "16 EB"},
};

START_TEST(shows_sizes)
{
    char out[TEXT_SIZE];

    text_format_size(sizes[_i].bytes, out);
    ck_assert_msg(strcmp(out, sizes[_i].text) == 0, "%" PRIu64 ": %s",
                  sizes[_i].bytes, out);
}
END_TEST

Suite *
text_suite(void)
{
    Suite *s = suite_create("text");
    TCase *t = tcase_create("text");

    tcase_add_loop_test(t, finds_bad_utf8, 0, sizeof utf8 / sizeof utf8[0]);
    tcase_add_test(t, names_who_did_it);
    tcase_add_loop_test(t, makes_utf8, 0, sizeof foreign / sizeof foreign[0]);
    tcase_add_test(t, makes_utf8_of_each_byte);
    tcase_add_loop_test(t, checks_alert_texts, 0,
                        sizeof alerts / sizeof alerts[0]);
    tcase_add_test(t, refuses_each_control_character);
    tcase_add_test(t, finds_control_characters);
    tcase_add_test(t, knows_names);
    tcase_add_test(t, parses_numbers);
    tcase_add_test(t, ignores_case);
    tcase_add_test(t, finds_whole_words_in_lists);
    tcase_add_loop_test(t, shows_sizes, 0, sizeof sizes / sizeof sizes[0]);
    suite_add_tcase(s, t);
    return s;
}
