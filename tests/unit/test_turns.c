/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <string.h>

#include "util/turns.h"

Suite *turns_suite(void);

static struct turns *turns;
static struct turn waiting[40];

static void
setup(void)
{
    memset(waiting, 0, sizeof waiting);
    turns = turns_new();
}

static void
teardown(void)
{
    turns_free(&turns);
    ck_assert_ptr_null(turns);
    turns_free(&turns);
}

/* One for each letter, which says who. */
static void
wait_all(const char *who)
{
    for (size_t i = 0; who[i] != '\0'; i++)
        turns_wait(turns, &waiting[i], (uint64_t)who[i]);
}

/* The places in `who` of those whose turn it is, as letters from 'A' on. */
static void
take_all(char *out)
{
    struct turn *t;

    while ((t = turns_next(turns)) != NULL) {
        ck_assert_ptr_null(t->queue);
        *out++ = (char)('A' + (t - waiting));
    }
    *out = '\0';
    ck_assert(turns_is_empty(turns));
}

START_TEST(test_each_in_turn)
{
    char order[41];

    ck_assert_ptr_null(turns_next(turns));
    wait_all("aaaabbc");
    ck_assert(!turns_is_empty(turns));
    take_all(order);
    ck_assert_str_eq(order, "AEGBFCD");
    /* Whoever comes late has his turn before the others of a crowd. */
    wait_all("aaaa");
    turns_next(turns);
    turns_wait(turns, &waiting[10], 'b');
    take_all(order);
    ck_assert_str_eq(order, "BKCD");
}
END_TEST

START_TEST(test_some_leave)
{
    char order[41];

    wait_all("aaabb");
    turns_leave(turns, &waiting[0]);
    turns_leave(turns, &waiting[0]); /* it does not wait */
    turns_leave(turns, &waiting[3]);
    turns_leave(turns, &waiting[4]);
    take_all(order);
    ck_assert_str_eq(order, "BC");
    wait_all("b");
    turns_leave(turns, &waiting[0]);
    ck_assert(turns_is_empty(turns));
}
END_TEST

/* Numbers that fall together are not taken for each other. */
START_TEST(test_numbers)
{
    char order[41];

    turns_wait(turns, &waiting[0], 1);
    turns_wait(turns, &waiting[1], 1);
    turns_wait(turns, &waiting[2], 1 + (UINT64_C(1) << 40));
    turns_wait(turns, &waiting[3], UINT64_MAX);
    take_all(order);
    ck_assert_str_eq(order, "ACDB");
}
END_TEST

Suite *
turns_suite(void)
{
    Suite *s = suite_create("turns");
    TCase *t = tcase_create("turns");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_each_in_turn);
    tcase_add_test(t, test_some_leave);
    tcase_add_test(t, test_numbers);
    suite_add_tcase(s, t);
    return s;
}
