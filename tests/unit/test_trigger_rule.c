/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "tests/unit/suite.h"
#include "ximss/server/rules/trigger_rule.h"

Suite *trigger_rule_suite(void);

#define S INT64_C(1000000)

/* A row looks at a figure at a time and expects what becomes of it. */
struct look {
    int64_t at, figure;
    enum trigger_change expected;
};

static void
run(const struct trigger_rule *r, struct trigger_watch *w,
    const struct look *looks, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        enum trigger_change c =
            trigger_rule_look(r, w, looks[i].figure, looks[i].at * S);

        ck_assert_msg(c == looks[i].expected, "look %zu: %d", i, (int)c);
    }
}

#define RUN(r, w, looks) run(r, w, looks, sizeof looks / sizeof looks[0])

START_TEST(above_and_below_at_once)
{
    const struct trigger_rule above = {TRIGGER_ABOVE, 10, 10, 0, 0},
                              below = {TRIGGER_BELOW, 10, 10, 0, 0};
    const struct look up[] = {{1, 10, TRIGGER_SAME},  {2, 11, TRIGGER_BEGINS},
                              {3, 99, TRIGGER_SAME},  {4, 11, TRIGGER_SAME},
                              {5, 10, TRIGGER_OVER},  {6, 10, TRIGGER_SAME},
                              {7, 11, TRIGGER_BEGINS}};
    const struct look down[] = {{1, 10, TRIGGER_SAME},
                                {2, 9, TRIGGER_BEGINS},
                                {3, 9, TRIGGER_SAME},
                                {4, 10, TRIGGER_OVER}};
    struct trigger_watch w = {0}, v = {0};

    RUN(&above, &w, up);
    ck_assert_int_eq(w.value, 11);
    RUN(&below, &v, down);
}
END_TEST

START_TEST(hysteresis_holds_it)
{
    const struct trigger_rule above = {TRIGGER_ABOVE, 90, 80, 0, 0},
                              below = {TRIGGER_BELOW, 10, 20, 0, 0};
    const struct look up[] = {{1, 91, TRIGGER_BEGINS}, {2, 85, TRIGGER_SAME},
                              {3, 81, TRIGGER_SAME},   {4, 80, TRIGGER_OVER},
                              {5, 90, TRIGGER_SAME},   {6, 91, TRIGGER_BEGINS}};
    const struct look down[] = {
        {1, 9, TRIGGER_BEGINS}, {2, 19, TRIGGER_SAME}, {3, 20, TRIGGER_OVER}};
    struct trigger_watch w = {0}, v = {0};

    RUN(&above, &w, up);
    RUN(&below, &v, down);
}
END_TEST

START_TEST(it_must_last)
{
    const struct trigger_rule r = {TRIGGER_ABOVE, 10, 10, 60 * S, 0};
    const struct look looks[] = {
        {1, 11, TRIGGER_SAME},    {60, 11, TRIGGER_SAME},
        {61, 11, TRIGGER_BEGINS}, {62, 1, TRIGGER_OVER},
        {63, 11, TRIGGER_SAME},   {100, 10, TRIGGER_SAME}, /* anew */
        {101, 11, TRIGGER_SAME},  {160, 11, TRIGGER_SAME},
        {161, 11, TRIGGER_BEGINS}};
    struct trigger_watch w = {0};

    RUN(&r, &w, looks);
}
END_TEST

/* A counter's growth in 150 seconds, in steps of 10. */
START_TEST(a_counter_grows_within_a_period)
{
    const struct trigger_rule r = {TRIGGER_GROWTH, 100, 100, 0, 150 * S};
    const struct look looks[] = {
        {1, 5000, TRIGGER_SAME}, /* what it was before does not count */
        {10, 5100, TRIGGER_SAME},  {20, 5101, TRIGGER_BEGINS},
        {30, 5101, TRIGGER_SAME}, /* it stays within the period */
        {150, 5101, TRIGGER_SAME}, {171, 5101, TRIGGER_OVER},
        {172, 5201, TRIGGER_SAME}, {173, 5202, TRIGGER_BEGINS}};
    struct trigger_watch w = {0};

    RUN(&r, &w, looks);
}
END_TEST

START_TEST(slow_growth_is_none)
{
    const struct trigger_rule r = {TRIGGER_GROWTH, 100, 100, 0, 150 * S};
    struct trigger_watch w = {0};

    for (int64_t t = 1; t < 5000; t++) /* 80 to 86 in 150 to 160 seconds */
        ck_assert_int_eq(trigger_rule_look(&r, &w, t * 53 / 100, t * S),
                         TRIGGER_SAME);
    ck_assert_int_ge(w.value, 79);
    ck_assert_int_le(w.value, 86);
}
END_TEST

START_TEST(a_counter_that_is_set_back_is_watched_anew)
{
    const struct trigger_rule r = {TRIGGER_GROWTH, 100, 100, 0, 150 * S};
    const struct look looks[] = {{1, 5000, TRIGGER_SAME},
                                 {2, 0, TRIGGER_SAME},
                                 {3, 100, TRIGGER_SAME},
                                 {4, 101, TRIGGER_BEGINS}};
    struct trigger_watch w = {0};

    RUN(&r, &w, looks);
}
END_TEST

/* A long gap (the machine slept): the growth is that since the last look. */
START_TEST(a_gap_is_no_surge_of_the_past)
{
    const struct trigger_rule r = {TRIGGER_GROWTH, 100, 100, 0, 150 * S};
    const struct look looks[] = {{1, 0, TRIGGER_SAME},
                                 {2, 50, TRIGGER_SAME},
                                 {100000, 100, TRIGGER_SAME},
                                 {100001, 150, TRIGGER_SAME}};
    struct trigger_watch w = {0};

    RUN(&r, &w, looks);
}
END_TEST

START_TEST(what_had_begun_before_a_restart)
{
    const struct trigger_rule r = {TRIGGER_GROWTH, 100, 100, 0, 150 * S},
                              above = {TRIGGER_ABOVE, 10, 10, 60 * S, 0};
    const struct look counter[] = {
        {1, 0, TRIGGER_SAME}, {150, 0, TRIGGER_SAME}, {151, 0, TRIGGER_OVER}};
    const struct look integer[] = {{1, 11, TRIGGER_SAME},
                                   {2, 10, TRIGGER_OVER}};
    struct trigger_watch w = {.active = true}, v = {.active = true};

    RUN(&r, &w, counter);
    RUN(&above, &v, integer);
}
END_TEST

Suite *
trigger_rule_suite(void)
{
    Suite *s = suite_create("trigger_rule");
    TCase *tc = tcase_create("core");

    tcase_add_test(tc, above_and_below_at_once);
    tcase_add_test(tc, hysteresis_holds_it);
    tcase_add_test(tc, it_must_last);
    tcase_add_test(tc, a_counter_grows_within_a_period);
    tcase_add_test(tc, slow_growth_is_none);
    tcase_add_test(tc, a_counter_that_is_set_back_is_watched_anew);
    tcase_add_test(tc, a_gap_is_no_surge_of_the_past);
    tcase_add_test(tc, what_had_begun_before_a_restart);
    suite_add_tcase(s, tc);
    return s;
}
