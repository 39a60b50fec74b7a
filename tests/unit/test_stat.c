/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/base/stat.h"

#include <check.h>
#include <pthread.h>

Suite *stat_suite(void);

START_TEST(counts)
{
    ck_assert_int_eq(stat_get(STAT_LOGINS), 0);
    stat_add(STAT_LOGINS, 1);
    stat_add(STAT_LOGINS, 41);
    stat_add(STAT_LOGINS_FAILED, 5);
    stat_add(STAT_LOGINS_FAILED, -2);
    ck_assert_int_eq(stat_get(STAT_LOGINS), 42);
    ck_assert_int_eq(stat_get(STAT_LOGINS_FAILED), 3);
    ck_assert_int_eq(stat_get(STAT_ALERTS_SENT), 0);
}
END_TEST

static void *
count_up(void *arg)
{
    for (int i = 0; i < 10000; i++)
        stat_add(STAT_ALERTS_SENT, 1);
    return arg;
}

/* More threads than have a set of their own. */
START_TEST(counts_of_all_threads)
{
    pthread_t threads[40];
    size_t n = sizeof threads / sizeof threads[0];

    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, count_up, NULL), 0);
    for (size_t i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(stat_get(STAT_ALERTS_SENT), 400000);
}
END_TEST

START_TEST(has_names)
{
    for (unsigned i = 0; i < STAT_N; i++) {
        ck_assert_ptr_nonnull(stat_name((enum stat)i));
        ck_assert_uint_eq(stat_find(stat_name((enum stat)i)), i);
    }
    ck_assert_uint_eq(stat_find("LOGINSFAILED"), STAT_LOGINS_FAILED);
    ck_assert_uint_eq(stat_find("login"), STAT_N);
    ck_assert_uint_eq(stat_find(""), STAT_N);
}
END_TEST

Suite *
stat_suite(void)
{
    Suite *s = suite_create("stat");
    TCase *t = tcase_create("stat");

    tcase_add_test(t, counts);
    tcase_add_test(t, counts_of_all_threads);
    tcase_add_test(t, has_names);
    suite_add_tcase(s, t);
    return s;
}
