/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>

#include "util/bom.h"

Suite *bom_suite(void);

#define T(s) s, sizeof(s) - 1

static const struct {
    const char *text;
    size_t len;
    size_t mark;
    const char *fault;
} rows[] = {
    {T(""), 0, NULL},
    {T("a"), 0, NULL},
    {T("ab"), 0, NULL},
    {T("\xef\xbb\xbf"), 3, NULL},
    {T("\xef\xbb\xbf"
       "a"),
     3, NULL},
    {T("\xef\xbb"), 0, NULL},
    {T("a\xef\xbb\xbf"), 0, NULL},
    {T("\xff\xfe"
       "a\0"),
     0, "it is UTF-16: save it as UTF-8"},
    {T("\xfe\xff\0a"), 0, "it is UTF-16: save it as UTF-8"},
    {T("a\0b\0"), 0, "it is UTF-16: save it as UTF-8"},
    {T("\0a\0b"), 0, "it is UTF-16: save it as UTF-8"},
    {T("\xff\xfe"), 0, "it is UTF-16: save it as UTF-8"},
    {T("\xff\xfe\0\0a\0\0\0"), 0, "it is UTF-32: save it as UTF-8"},
    {T("\0\0\xfe\xff\0\0\0a"), 0, "it is UTF-32: save it as UTF-8"},
};

START_TEST(knows_marks)
{
    ck_assert_uint_eq(bom_length(rows[_i].text, rows[_i].len), rows[_i].mark);
    ck_assert_pstr_eq(bom_fault(rows[_i].text, rows[_i].len), rows[_i].fault);
}
END_TEST

Suite *
bom_suite(void)
{
    Suite *s = suite_create("bom");
    TCase *t = tcase_create("bom");

    tcase_add_loop_test(t, knows_marks, 0, sizeof rows / sizeof rows[0]);
    suite_add_tcase(s, t);
    return s;
}
