/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "util/fold.h"

Suite *fold_suite(void);

static const struct {
    const char *text, *pattern;
    bool found;
} rows[] = {
    {"The mail stops at noon.", "MAIL STOPS", true},
    {"The mail stops at noon.", "", true},
    {"", "", true},
    {"", "a", false},
    {"mail", "mails", false},
    {"two\nlines", "O\nL", true},
    /* other scripts */
    {"Über Nacht", "ÜBER", true},
    {"Straße", "STRASSE", true},
    {"Strasse", "straße", true},
    {"ПОЧТА", "почта", true},
    {"ΣΊΣΥΦΟΣ", "σίσυφος", true},
    {"Über", "uber", false},
    /* a letter and its accent, in one or in two */
    {"caf\u00e9", "cafe\u0301", true},
    {"cafe\u0301", "CAF\u00c9", true},
    /* what is not UTF-8 hurts nobody */
    {"caf\xe9 AM", "am", true},
    {"caf\xe9", "\xe9", true},
};

START_TEST(finds_whatever_the_case)
{
    char *folded = fold_text(rows[_i].pattern, strlen(rows[_i].pattern));

    ck_assert_msg(fold_contains(rows[_i].text, strlen(rows[_i].text), folded) ==
                      rows[_i].found,
                  "%s in %s", rows[_i].pattern, rows[_i].text);
    free(folded);
}
END_TEST

START_TEST(takes_the_length_it_is_told)
{
    ck_assert(!fold_contains("Ünten", 4, "ünte"));
    ck_assert(fold_contains("Ünten", 5, "ünte"));
    ck_assert(!fold_contains("unten", 3, "unte"));
}
END_TEST

Suite *
fold_suite(void)
{
    Suite *s = suite_create("fold");
    TCase *t = tcase_create("fold");

    tcase_add_loop_test(t, finds_whatever_the_case, 0,
                        sizeof rows / sizeof rows[0]);
    tcase_add_test(t, takes_the_length_it_is_told);
    suite_add_tcase(s, t);
    return s;
}
