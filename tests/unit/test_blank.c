/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/blank.h"

Suite *blank_suite(void);

/* Prepended_Concatenation_Mark */
static bool
encloses(gunichar c)
{
    return (c >= 0x600 && c <= 0x605) || c == 0x6dd || c == 0x70f ||
           c == 0x890 || c == 0x891 || c == 0x8e2 || c == 0x110bd ||
           c == 0x110cd;
}

/* As far as it follows from the general category. */
START_TEST(formats_and_spaces_are_blank)
{
    for (gunichar c = 0; c <= 0x10ffff; c++) {
        GUnicodeType type = g_unichar_type(c);
        bool space = type == G_UNICODE_SPACE_SEPARATOR ||
                     type == G_UNICODE_LINE_SEPARATOR ||
                     type == G_UNICODE_PARAGRAPH_SEPARATOR;

        if ((space || (type == G_UNICODE_FORMAT && !encloses(c))) &&
            !blank_is(c))
            ck_abort_msg("U+%04X is not blank", c);
    }
}
END_TEST

/* Nothing that people can read is, whatever the table says. */
START_TEST(letters_and_signs_are_not_blank)
{
    static const gunichar empty[] = {0x115f, 0x1160,  0x2800,  0x3164, 0xffa0,
                                     0xfffc, 0x13441, 0x13442, 0x1d159};

    for (gunichar c = 0; c <= 0x10ffff; c++) {
        bool named = false, readable;

        for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++)
            named = named || c == empty[i];
        readable = g_unichar_isgraph(c) && !g_unichar_isspace(c) &&
                   !g_unichar_ismark(c) &&
                   g_unichar_type(c) != G_UNICODE_FORMAT;
        if (named ? !blank_is(c) : readable && blank_is(c))
            ck_abort_msg("U+%04X is %sblank", c, named ? "not " : "");
    }
}
END_TEST

/* Default_Ignorable_Code_Point beyond the category: marks that select or join,
 * and what is kept free for more of them. */
static const struct {
    uint32_t first, last;
} ignored[] = {
    {0x034f, 0x034f}, {0x17b4, 0x17b5}, {0x180b, 0x180f},   {0x2060, 0x206f},
    {0xfe00, 0xfe0f}, {0xfff0, 0xfff8}, {0xe0000, 0xe0fff},
};

START_TEST(what_is_ignored_is_blank)
{
    for (uint32_t c = ignored[_i].first; c <= ignored[_i].last; c++)
        if (!blank_is(c))
            ck_abort_msg("U+%04X is not blank", c);
    ck_assert(!blank_is(ignored[_i].last + 1) || ignored[_i].last == 0xfff8);
}
END_TEST

/* The pages have the same, by properties (their unit test). */
START_TEST(the_table_is_that_of_the_pages)
{
    const char *dir = getenv("srcdir");
    unsigned first, last;
    uint32_t next = 0;
    char path[300], line[80];
    FILE *f;

    snprintf(path, sizeof path, "%s/tests/data/blanks",
             dir != NULL ? dir : ".");
    f = fopen(path, "r");
    ck_assert_msg(f != NULL, "%s cannot be read", path);
    while (fgets(line, sizeof line, f) != NULL) {
        if (line[0] == '#')
            continue;
        ck_assert_int_eq(sscanf(line, "%x %x", &first, &last), 2);
        for (; next <= last; next++)
            if (blank_is(next) != (next >= first))
                ck_abort_msg("U+%04X", next);
    }
    ck_assert_uint_gt(next, 0xe0000);
    for (; next <= 0x10ffff; next++)
        if (blank_is(next))
            ck_abort_msg("U+%04X", next);
    fclose(f);
}
END_TEST

static const struct {
    const char *text, *bare;
} trims[] = {
    {"", ""},
    {"joe", "joe"},
    {" joe ", "joe"},
    {"\tjoe\r\n", "joe"},
    {"\xc2\xa0joe@a.test\xe3\x80\x80", "joe@a.test"},
    {"\xef\xbb\xbfjoe\xe2\x80\x8b", "joe"},
    {"\xe2\x80\xaajoe\xe2\x80\xac", "joe"}, /* as some systems copy a name */
    {"jo e", "jo e"},
    {" \xc2\xa0\t", ""},
    {" \xff ", "\xff"},
    {"\xc3\xa4 ", "\xc3\xa4"},
};

START_TEST(trims_names)
{
    char *bare = blank_trimmed(trims[_i].text);

    ck_assert_str_eq(bare, trims[_i].bare);
    ck_assert(blank_all(trims[_i].text) == (*trims[_i].bare == '\0'));
    free(bare);
}
END_TEST

Suite *
blank_suite(void)
{
    Suite *s = suite_create("blank");
    TCase *t = tcase_create("blank");

    tcase_add_test(t, formats_and_spaces_are_blank);
    tcase_add_test(t, letters_and_signs_are_not_blank);
    tcase_add_loop_test(t, what_is_ignored_is_blank, 0,
                        sizeof ignored / sizeof ignored[0]);
    tcase_add_test(t, the_table_is_that_of_the_pages);
    tcase_add_loop_test(t, trims_names, 0, sizeof trims / sizeof trims[0]);
    suite_add_tcase(s, t);
    return s;
}
