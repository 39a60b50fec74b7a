/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/alive.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "util/alive_loop.h"
#include "util/buf.h"
#include "util/clock.h"

Suite *alive_suite(void);

#define SHORT 100000 /* microseconds */

static struct {
    unsigned n;
    char name[ALIVE_NAME_SIZE];
    bool is_stuck;
    int64_t us;
} told;

static void
setup(void)
{
    memset(&told, 0, sizeof told);
    alive_set_limit(SHORT);
}

static void
on_news(void *arg, const char *name, bool is_stuck, int64_t us)
{
    ck_assert_ptr_eq(arg, &told);
    told.n++;
    snprintf(told.name, sizeof told.name, "%s", name);
    told.is_stuck = is_stuck;
    told.us = us;
}

static unsigned
look(void)
{
    return alive_look(on_news, &told);
}

static void
stand_still(int64_t us)
{
    int64_t end = clock_steady() + us;

    while (clock_steady() <= end)
        ;
}

/* However slow this machine is: a pause of the test is one of all. */
static void
until_stuck(unsigned n)
{
    int64_t end = clock_steady() + 60 * CLOCK_SECOND;

    while (look() != n)
        ck_assert_int_lt(clock_steady(), end);
}

/* While somebody looks. */
static void
pass(int64_t us)
{
    int64_t end = clock_steady() + us;

    while (clock_steady() <= end)
        look();
}

START_TEST(nothing_is_expected_of_who_rests)
{
    struct alive *a = alive_new("one");

    pass(2 * SHORT);
    ck_assert_uint_eq(look(), 0);
    alive_beat(a);
    alive_rest(a);
    pass(2 * SHORT);
    ck_assert_uint_eq(look(), 0);
    ck_assert_uint_eq(told.n, 0);
    alive_free(&a);
    ck_assert_ptr_null(a);
    alive_free(&a);
}
END_TEST

START_TEST(each_change_is_told_once)
{
    struct alive *a = alive_new("one"), *b = alive_new("two");
    struct buf names = {0};

    alive_beat(a);
    ck_assert_uint_eq(look(), 0);
    until_stuck(1);
    ck_assert_uint_eq(look(), 1);
    ck_assert_uint_eq(told.n, 1);
    ck_assert_str_eq(told.name, "one");
    ck_assert(told.is_stuck && told.us > SHORT);
    alive_beat(b);
    ck_assert_uint_eq(alive_stuck(&names), 1);
    ck_assert_str_eq(buf_cstr(&names), " one");
    ck_assert_uint_eq(alive_stuck(NULL), 1);
    alive_beat(a);
    ck_assert_uint_eq(look(), 0);
    ck_assert_uint_eq(look(), 0);
    ck_assert_uint_eq(told.n, 2);
    ck_assert(!told.is_stuck && told.us > SHORT);
    buf_clear(&names);
    alive_free(&a);
    alive_free(&b);
}
END_TEST

START_TEST(patience_is_a_multiple)
{
    struct alive *a = alive_new("slow");

    alive_set_patience(a, 1000);
    alive_beat(a);
    pass(2 * SHORT);
    ck_assert_uint_eq(look(), 0);
    alive_set_patience(a, 1);
    until_stuck(1);
    alive_free(&a);
    ck_assert_uint_eq(look(), 0);
}
END_TEST

START_TEST(a_pause_of_all_is_no_sickness)
{
    struct alive *a = alive_new("one");

    look();
    alive_beat(a);
    stand_still(2 * SHORT);
    ck_assert_uint_eq(look(), 0);
    ck_assert_uint_eq(alive_stuck(NULL), 0);
    until_stuck(1);
    alive_free(&a);
}
END_TEST

START_TEST(tests_do_not_move_its_clock)
{
    struct alive *a = alive_new("one");
    int64_t before = clock_steady();

    alive_set_limit(CLOCK_SECOND * 3600);
    alive_beat(a);
    clock_advance(CLOCK_SECOND * 86400);
    ck_assert_uint_eq(look(), 0);
    ck_assert_int_lt(clock_steady() - before, CLOCK_SECOND * 3600);
    alive_free(&a);
}
END_TEST

START_TEST(a_loop_beats_while_it_turns)
{
    struct event_base *base = event_base_new();
    struct alive_loop *l;

    alive_set_limit(CLOCK_SECOND / 2);
    l = alive_loop_new(base, "loop");
    until_stuck(1);
    ck_assert_str_eq(told.name, "loop");
    event_base_loop(base, EVLOOP_ONCE);
    ck_assert_uint_eq(look(), 0);
    alive_loop_free(&l);
    ck_assert_ptr_null(l);
    event_base_free(base);
}
END_TEST

Suite *
alive_suite(void)
{
    Suite *s = suite_create("alive");
    TCase *t = tcase_create("alive");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, nothing_is_expected_of_who_rests);
    tcase_add_test(t, each_change_is_told_once);
    tcase_add_test(t, patience_is_a_multiple);
    tcase_add_test(t, a_pause_of_all_is_no_sickness);
    tcase_add_test(t, tests_do_not_move_its_clock);
    tcase_add_test(t, a_loop_beats_while_it_turns);
    suite_add_tcase(s, t);
    return s;
}
