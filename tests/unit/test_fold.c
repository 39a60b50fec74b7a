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

#define GRAVE_BELOW "\xcc\x96"
#define ACUTE       "\xcc\x81"

static char *
repeat(const char *a, int n_a, const char *b, int n_b)
{
    char *text = calloc((size_t)(n_a + n_b) * 2 + 1, 1);

    for (int i = 0; i < n_a; i++)
        strcat(text, a);
    for (int i = 0; i < n_b; i++)
        strcat(text, b);
    return text;
}

/* A run of accents is put in order as far as there are languages with so many;
 * one that is longer, in pieces: else it would take the square of its length. */
START_TEST(orders_few_accents_at_a_time)
{
    static const struct {
        int above, below;
        const char *first;
    } runs[] = {{10, 20, GRAVE_BELOW}, {30, 1, ACUTE}, {30, 1000, ACUTE}};
    char *text = repeat(ACUTE, runs[_i].above, GRAVE_BELOW, runs[_i].below);
    char *folded = fold_text(text, strlen(text));

    ck_assert_uint_eq(strlen(folded), strlen(text));
    ck_assert_int_eq(strncmp(folded, runs[_i].first, 2), 0);
    ck_assert(fold_contains(text, strlen(text), folded));
    free(folded);
    free(text);
}
END_TEST

START_TEST(costs_more_for_letters_beyond_ascii)
{
    ck_assert_uint_eq(fold_cost("", 0), 0);
    ck_assert_uint_eq(fold_cost("noon", 4), 4);
    ck_assert_uint_gt(fold_cost("n\u00f6on", 5), 20);
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
    tcase_add_loop_test(t, orders_few_accents_at_a_time, 0, 3);
    tcase_add_test(t, costs_more_for_letters_beyond_ascii);
    suite_add_tcase(s, t);
    return s;
}
