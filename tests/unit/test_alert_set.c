/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>

#include "storage/alert_set.h"
#include "tests/unit/suite.h"

Suite *alert_set_suite(void);

#define RANGE 200

/* Against an array of flags, for whatever order of insertions and removals. */
START_TEST(like_an_array_of_flags)
{
    struct alert_set *set = alert_set_new((struct alert_ref){ALERT_SERVER, 0});
    bool taken[RANGE + 1] = {false};
    unsigned seed = (unsigned)_i;

    for (unsigned step = 0; step < 1000; step++) {
        int64_t key = rand_r(&seed) % RANGE;
        int64_t want = key;

        while (taken[want])
            want++;
        ck_assert_int_eq(alert_set_first_free(set, key), want);
        if (rand_r(&seed) % 2 == 0 && want < RANGE) {
            alert_set_insert(set, want);
            taken[want] = true;
        } else {
            alert_set_remove(set, key); /* whether it is there or not */
            taken[key] = false;
        }
        for (size_t i = 0; i < set->n; i++) {
            ck_assert_int_le(set->runs[i].first, set->runs[i].last);
            if (i > 0)
                ck_assert_int_gt(set->runs[i].first, set->runs[i - 1].last + 1);
        }
    }
    alert_set_free(&set);
    ck_assert_ptr_null(set);
}
END_TEST

START_TEST(a_burst_is_one_run)
{
    struct alert_set *set = alert_set_new((struct alert_ref){ALERT_SERVER, 0});

    for (int64_t i = 0; i < 10000; i++) {
        int64_t key = alert_set_first_free(set, 1000);

        ck_assert_int_eq(key, 1000 + i);
        alert_set_insert(set, key);
        alert_set_insert(set, key); /* once more changes nothing */
    }
    ck_assert_uint_eq(set->n, 1);
    alert_set_insert(set, -5);
    ck_assert_uint_eq(set->n, 2);
    ck_assert_int_eq(alert_set_first_free(set, -5), -4);
    alert_set_free(&set);
}
END_TEST

Suite *
alert_set_suite(void)
{
    Suite *s = suite_create("alert_set");
    TCase *tc = tcase_create("alert_set");

    tcase_add_loop_test(tc, like_an_array_of_flags, 1, 6);
    tcase_add_test(tc, a_burst_is_one_run);
    suite_add_tcase(s, tc);
    return s;
}
