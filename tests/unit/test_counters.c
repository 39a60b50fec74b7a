/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/base/counters.h"

#include <check.h>
#include <pthread.h>

Suite *counters_suite(void);

START_TEST(counts)
{
    ck_assert_int_eq(counter_get(COUNTER_LOGINS), 0);
    counter_add(COUNTER_LOGINS, 1);
    counter_add(COUNTER_LOGINS, 41);
    counter_add(COUNTER_LOGINS_FAILED, 5);
    counter_add(COUNTER_LOGINS_FAILED, -2);
    ck_assert_int_eq(counter_get(COUNTER_LOGINS), 42);
    ck_assert_int_eq(counter_get(COUNTER_LOGINS_FAILED), 3);
    ck_assert_int_eq(counter_get(COUNTER_ALERTS_SENT), 0);
}
END_TEST

static void *
count_up(void *arg)
{
    for (int i = 0; i < 10000; i++)
        counter_add(COUNTER_ALERTS_SENT, 1);
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
    ck_assert_int_eq(counter_get(COUNTER_ALERTS_SENT), 400000);
}
END_TEST

START_TEST(has_names)
{
    for (unsigned i = 0; i < COUNTER_N; i++) {
        ck_assert_ptr_nonnull(counter_name((enum counter)i));
        ck_assert_uint_eq(counter_find(counter_name((enum counter)i)), i);
    }
    ck_assert_uint_eq(counter_find("LOGINSFAILED"), COUNTER_LOGINS_FAILED);
    ck_assert_uint_eq(counter_find("login"), COUNTER_N);
    ck_assert_uint_eq(counter_find(""), COUNTER_N);
}
END_TEST

Suite *
counters_suite(void)
{
    Suite *s = suite_create("counters");
    TCase *t = tcase_create("counters");

    tcase_add_test(t, counts);
    tcase_add_test(t, counts_of_all_threads);
    tcase_add_test(t, has_names);
    suite_add_tcase(s, t);
    return s;
}
