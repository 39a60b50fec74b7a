/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ximss/server/auth/session_id.h"

Suite *session_id_suite(void);

START_TEST(has_the_form_that_clients_know)
{
    char id[SESSION_ID_TEXT_SIZE];

    session_id_format(SESSION_ID_FIRST, id);
    ck_assert_uint_eq(strlen(id), 27);
    ck_assert_int_eq(strncmp(id, "100000-", 7), 0);
    for (const char *p = id + 7; *p != '\0'; p++)
        ck_assert_msg(isalnum((unsigned char)*p), "%s", id);
}
END_TEST

static const uint64_t numbers[] = {0, 1, 100000, 999999, UINT64_MAX};

START_TEST(parses_what_it_formats)
{
    char id[SESSION_ID_TEXT_SIZE], again[SESSION_ID_TEXT_SIZE];
    uint64_t number = 7;

    session_id_format(numbers[_i], id);
    session_id_format(numbers[_i], again);
    ck_assert_str_eq(id, again);
    ck_assert(session_id_parse(id, &number));
    ck_assert(number == numbers[_i]);
}
END_TEST

START_TEST(refuses_each_changed_character)
{
    char id[SESSION_ID_TEXT_SIZE];
    uint64_t number = 7;

    session_id_format(123456, id);
    for (size_t i = 0; i < strlen(id); i++) {
        char was = id[i];

        id[i] = was == '2' ? '3' : '2';
        ck_assert_msg(!session_id_parse(id, &number), "at %zu", i);
        id[i] = '\0';
        ck_assert_msg(!session_id_parse(id, &number), "cut at %zu", i);
        id[i] = was;
    }
    ck_assert(session_id_parse(id, &number));
    ck_assert_uint_eq(number, 123456);
}
END_TEST

START_TEST(refuses_other_spellings)
{
    char id[SESSION_ID_TEXT_SIZE], other[SESSION_ID_TEXT_SIZE + 2];
    uint64_t number = 7;

    session_id_format(123456, id);
    strcpy(other, "0");
    strcat(other, id);
    ck_assert(!session_id_parse(other, &number));
    strcpy(other, "+");
    strcat(other, id);
    ck_assert(!session_id_parse(other, &number));
    strcpy(other, id);
    strcat(other, "a");
    ck_assert(!session_id_parse(other, &number));
    ck_assert(!session_id_parse("", &number));
    ck_assert(!session_id_parse("-", &number));
    ck_assert(!session_id_parse("-Ab12Cd34Ef56Gh78Ij90", &number));
    ck_assert(!session_id_parse("18446744073709551616-Ab12Cd34Ef56Gh78Ij90",
                                &number));
    ck_assert(!session_id_parse("184467440737095516160-Ab12Cd34Ef56Gh78Ij90",
                                &number));
    ck_assert_uint_eq(number, 7);
}
END_TEST

/* Each of the 62 characters is expected 1,000 times.  A byte taken modulo 62
 * would give the first eight a quarter more: 20 standard deviations of their
 * sum, where 6 are allowed. */
START_TEST(characters_are_equally_likely)
{
    unsigned seen[256] = {0}, first_eight = 0;
    char id[SESSION_ID_TEXT_SIZE];

    for (uint64_t n = 0; n < 3100; n++) {
        session_id_format(n, id);
        for (const char *p = strchr(id, '-') + 1; *p != '\0'; p++)
            seen[(unsigned char)*p]++;
    }
    for (int c = 0; c < 256; c++)
        if (isalnum(c))
            ck_assert_msg(seen[c] > 650 && seen[c] < 1350, "%c: %u", c,
                          seen[c]);
    for (int c = 'A'; c <= 'H'; c++)
        first_eight += seen[c];
    ck_assert_uint_gt(first_eight, 7500);
    ck_assert_uint_lt(first_eight, 8500);
}
END_TEST

START_TEST(random_is_16_upper_case_hex_digits)
{
    char one[SESSION_ID_RANDOM_SIZE], two[SESSION_ID_RANDOM_SIZE];
    char id[SESSION_ID_TEXT_SIZE];

    session_id_random(100000, one);
    session_id_random(100001, two);
    ck_assert_uint_eq(strspn(one, "0123456789ABCDEF"), 16);
    ck_assert_uint_eq(strlen(one), 16);
    ck_assert_str_ne(one, two);
    session_id_random(100001, one);
    ck_assert_str_eq(one, two);
    session_id_format(100001, id);
    ck_assert_ptr_null(strstr(id, one));
}
END_TEST

Suite *
session_id_suite(void)
{
    Suite *s = suite_create("session_id");
    TCase *t = tcase_create("session_id");

    tcase_add_test(t, has_the_form_that_clients_know);
    tcase_add_loop_test(t, parses_what_it_formats, 0,
                        sizeof numbers / sizeof numbers[0]);
    tcase_add_test(t, refuses_each_changed_character);
    tcase_add_test(t, refuses_other_spellings);
    tcase_add_test(t, characters_are_equally_likely);
    tcase_add_test(t, random_is_16_upper_case_hex_digits);
    suite_add_tcase(s, t);
    return s;
}
