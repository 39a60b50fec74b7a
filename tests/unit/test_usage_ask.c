/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>

#include "ximss/server/live/usage_ask.h"

Suite *usage_ask_suite(void);

#define MINUTE USAGE_ASK_AGAIN
#define AGE    (10 * MINUTE)

static struct usage_ask *ask;

static void
setup(void)
{
    ask = usage_ask_new(3, 0);
}

static void
teardown(void)
{
    usage_ask_free(&ask);
}

/* Each report of an account whose limit nobody tells. */
START_TEST(asks_less_and_less_often)
{
    static const int64_t asked[] = {0, 1, 3, 7, 15, 25, 35};
    size_t n = 0;

    for (int64_t minute = 0; minute < 36; minute++) {
        bool due = usage_ask_is_due(ask, 1, false, AGE, minute * MINUTE);

        ck_assert_msg(due == (minute == asked[n]), "minute %d", (int)minute);
        ck_assert(!usage_ask_is_due(ask, 1, false, AGE, minute * MINUTE + 1));
        n += due;
    }
    ck_assert_uint_eq(n, sizeof asked / sizeof asked[0]);
}
END_TEST

START_TEST(asks_again_when_it_is_old)
{
    ck_assert(!usage_ask_is_due(ask, 1, true, AGE, AGE - 1));
    ck_assert(usage_ask_is_due(ask, 1, true, AGE, AGE));
    ck_assert(!usage_ask_is_due(ask, 1, true, AGE, AGE + 1));
    usage_ask_told(ask, 1, AGE, AGE + MINUTE);
    ck_assert(!usage_ask_is_due(ask, 1, true, AGE, 2 * AGE));
    ck_assert(usage_ask_is_due(ask, 1, true, AGE, 2 * AGE + MINUTE));
}
END_TEST

/* The clock is moved back: no longer than the age. */
START_TEST(asks_in_a_changed_time)
{
    ck_assert(usage_ask_is_due(ask, 1, false, AGE, 100 * AGE));
    ck_assert(usage_ask_is_due(ask, 1, false, AGE, 50 * AGE));
}
END_TEST

START_TEST(remembers_a_bounded_number)
{
    for (uint64_t i = 1; i <= 3; i++)
        ck_assert(usage_ask_is_due(ask, i, false, AGE, 0));
    ck_assert(!usage_ask_is_due(ask, 4, false, AGE, 1));
    ck_assert(!usage_ask_is_due(ask, 1, false, AGE, 1));
    ck_assert(usage_ask_is_due(ask, 4, false, AGE, MINUTE));
    ck_assert(usage_ask_is_due(ask, 1, false, AGE, MINUTE));
}
END_TEST

Suite *
usage_ask_suite(void)
{
    Suite *s = suite_create("usage_ask");
    TCase *tc = tcase_create("usage_ask");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, asks_less_and_less_often);
    tcase_add_test(tc, asks_again_when_it_is_old);
    tcase_add_test(tc, asks_in_a_changed_time);
    tcase_add_test(tc, remembers_a_bounded_number);
    suite_add_tcase(s, tc);
    return s;
}
