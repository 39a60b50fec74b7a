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
            alert_set_insert(set, want, (uint64_t)want + 1);
            taken[want] = true;
        } else {
            alert_set_remove(set, key); /* whether it is there or not */
            taken[key] = false;
        }
        for (int64_t k = 0; k < RANGE; k++)
            ck_assert_uint_eq(alert_set_id(set, k),
                              taken[k] ? (uint64_t)k + 1 : 0);
        for (size_t i = 1; i < set->n; i++)
            ck_assert_int_gt(set->entry[i].key, set->entry[i - 1].key);
        while (want > 0 && !taken[want - 1])
            want--;
        ck_assert(want == 0 || alert_set_next(set, want - 1)->key == want - 1);
    }
    alert_set_free(&set);
    ck_assert_ptr_null(set);
}
END_TEST

START_TEST(a_burst_of_one_second)
{
    struct alert_set *set = alert_set_new((struct alert_ref){ALERT_SERVER, 0});

    for (int64_t i = 0; i < 10000; i++) {
        int64_t key = alert_set_first_free(set, 1000);

        ck_assert_int_eq(key, 1000 + i);
        alert_set_insert(set, key, 7);
        alert_set_insert(set, key, 8); /* once more changes nothing */
    }
    ck_assert_uint_eq(set->n, 10000);
    ck_assert_uint_eq(alert_set_id(set, 10999), 7);
    alert_set_insert(set, -5, 9);
    ck_assert_int_eq(alert_set_first_free(set, 999), 999);
    ck_assert_int_eq(alert_set_first_free(set, 1000), 11000);
    ck_assert_int_eq(alert_set_next(set, -4)->key, 1000);
    ck_assert_ptr_null(alert_set_next(set, 11000));
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
    tcase_add_test(tc, a_burst_of_one_second);
    suite_add_tcase(s, tc);
    return s;
}
