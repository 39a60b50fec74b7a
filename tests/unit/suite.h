/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_SUITE_H
#define TESTS_UNIT_SUITE_H

#include <check.h>
#include <stdlib.h>

/* A program of unit tests lists its suites and runs them. */
static inline int
suite_run(Suite *(*const suites[])(void), size_t n)
{
    SRunner *sr = srunner_create(NULL);
    int failed;

    for (size_t i = 0; i < n; i++)
        srunner_add_suite(sr, suites[i]());
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* A case of tests that do one thing thousands of times, or have a library do it:
 * valgrind leaves them out (scripts/check), because it would take minutes and
 * say the same thing each time. */
static inline TCase *
suite_add_many(Suite *s, void (*setup)(void), void (*teardown)(void))
{
    TCase *t = tcase_create("many");

    tcase_set_tags(t, "many");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 120);
    suite_add_tcase(s, t);
    return t;
}

#define SUITE_MAIN(...)                                             \
    int main(void)                                                  \
    {                                                               \
        Suite *(*const suites[])(void) = {__VA_ARGS__};             \
        return suite_run(suites, sizeof suites / sizeof suites[0]); \
    }

#endif
