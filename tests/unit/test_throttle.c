/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "util/clock.h"
#include "ximss/server/auth/throttle.h"

Suite *throttle_suite(void);

#define S CLOCK_SECOND

static const struct throttle_limits limits = {
    .pair = {3, 1 * S, 8 * S, 100 * S},
    .address = {10, 2 * S, 4 * S, 50 * S},
    .known_good_us = 1000 * S,
    .max_entries = 1024,
};

static void
failures(struct throttle *t, unsigned times, const char *name,
         const char *address, int64_t now)
{
    for (unsigned i = 0; i < times; i++)
        throttle_failed(t, name, address, now);
}

/* Failures at second 1000, and the wait right after them. */
static const struct {
    unsigned failures;
    int64_t wait_s;
} waits[] = {
    {0, 0}, {3, 0}, {4, 1}, {5, 2}, {6, 4}, {7, 8}, {8, 8}, {1000, 8},
};

START_TEST(waits_double_up_to_the_longest)
{
    struct throttle_limits l = limits;
    struct throttle *t;
    int64_t wait = waits[_i].wait_s * S, now = 1000 * S;

    l.address.base_us = 0;
    t = throttle_new(&l);
    failures(t, waits[_i].failures, "joe", "192.0.2.1", now);
    ck_assert_int_eq(throttle_delay(t, "joe", "192.0.2.1", now), wait);
    if (wait > 0) {
        ck_assert_int_eq(throttle_delay(t, "joe", "192.0.2.1", now + wait - 1),
                         1);
        ck_assert_int_eq(throttle_delay(t, "joe", "192.0.2.1", now + wait), 0);
    }
    throttle_free(&t);
    ck_assert_ptr_null(t);
}
END_TEST

START_TEST(failures_are_forgotten_one_by_one)
{
    struct throttle *t = throttle_new(&limits);
    int64_t now = 1000 * S;

    failures(t, 5, "joe", "192.0.2.1", now);
    ck_assert_int_eq(throttle_delay(t, "joe", "192.0.2.1", now), 2 * S);
    /* Two forgotten: the next is the fourth. */
    now += 200 * S;
    ck_assert_int_eq(throttle_delay(t, "joe", "192.0.2.1", now), 0);
    failures(t, 1, "joe", "192.0.2.1", now);
    ck_assert_int_eq(throttle_delay(t, "joe", "192.0.2.1", now), 1 * S);
    /* All forgotten: three are free again. */
    now += 400 * S;
    failures(t, 3, "joe", "192.0.2.1", now);
    ck_assert_int_eq(throttle_delay(t, "joe", "192.0.2.1", now), 0);
    throttle_free(&t);
}
END_TEST

/* The wait is that of the last failure: it does not get shorter because the
 * count falls meanwhile, and ends when nothing is counted any more. */
START_TEST(a_wait_does_not_shrink)
{
    struct throttle_limits l = limits;
    struct throttle *t;
    int64_t now = 1000 * S;

    l.pair = (struct throttle_rule){0, 4 * S, 100 * S, 3 * S};
    t = throttle_new(&l);
    failures(t, 3, "joe", "192.0.2.1", now);
    ck_assert_int_eq(throttle_delay(t, "joe", "192.0.2.1", now), 16 * S);
    ck_assert_int_eq(throttle_delay(t, "joe", "192.0.2.1", now + 4 * S),
                     12 * S);
    ck_assert_int_eq(throttle_delay(t, "joe", "192.0.2.1", now + 9 * S), 0);
    throttle_free(&t);
}
END_TEST

START_TEST(forgives_in_a_bounded_time)
{
    struct throttle *t = throttle_new(&limits);
    int64_t now = 1000 * S;

    failures(t, 100000, "joe", "192.0.2.1", now);
    /* Seven failures reach the longest wait; no more are counted. */
    now += 700 * S;
    failures(t, 3, "joe", "192.0.2.1", now);
    ck_assert_int_eq(throttle_delay(t, "joe", "192.0.2.1", now), 0);
    throttle_free(&t);
}
END_TEST

START_TEST(nobody_locks_another_out)
{
    struct throttle *t = throttle_new(&limits);
    int64_t now = 1000 * S;
    char address[32];

    for (unsigned i = 0; i < 200; i++) {
        snprintf(address, sizeof address, "198.51.100.%u", i);
        failures(t, 10, "joe", address, now);
    }
    ck_assert_int_gt(throttle_delay(t, "joe", "198.51.100.199", now), 0);
    ck_assert_int_eq(throttle_delay(t, "joe", "192.0.2.1", now), 0);
    throttle_free(&t);
}
END_TEST

START_TEST(addresses_are_slowed_for_all_names)
{
    struct throttle *t = throttle_new(&limits);
    int64_t now = 1000 * S;
    char name[32];

    for (unsigned i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "user%u", i);
        ck_assert_int_eq(throttle_delay(t, name, "192.0.2.1", now), 0);
        failures(t, 1, name, "192.0.2.1", now);
    }
    ck_assert_int_eq(throttle_delay(t, "ann", "192.0.2.1", now), 0);
    failures(t, 1, "joe", "192.0.2.1", now);
    ck_assert_int_eq(throttle_delay(t, "ann", "192.0.2.1", now), 2 * S);
    ck_assert_int_eq(throttle_delay(t, "ann", "192.0.2.2", now), 0);
    failures(t, 1, "joe", "192.0.2.1", now);
    ck_assert_int_eq(throttle_delay(t, "ann", "192.0.2.1", now), 4 * S);
    throttle_free(&t);
}
END_TEST

START_TEST(who_is_known_good_goes_on)
{
    struct throttle *t = throttle_new(&limits);
    int64_t now = 1000 * S;

    throttle_succeeded(t, "ann", "192.0.2.1", now);
    failures(t, 20, "joe", "192.0.2.1", now);
    ck_assert_int_eq(throttle_delay(t, "ann", "192.0.2.1", now), 0);
    ck_assert_int_eq(throttle_delay(t, "eve", "192.0.2.1", now), 4 * S);
    /* Good from there, not from elsewhere. */
    failures(t, 20, "joe", "192.0.2.2", now);
    ck_assert_int_eq(throttle_delay(t, "ann", "192.0.2.2", now), 4 * S);
    /* Its own failures count all the same. */
    failures(t, 4, "ann", "192.0.2.1", now);
    ck_assert_int_eq(throttle_delay(t, "ann", "192.0.2.1", now), 1 * S);
    /* And after its time it is like the others. */
    now += 1000 * S;
    failures(t, 20, "joe", "192.0.2.1", now);
    ck_assert_int_eq(throttle_delay(t, "ann", "192.0.2.1", now), 4 * S);
    throttle_free(&t);
}
END_TEST

START_TEST(says_how_many_may_fail)
{
    struct throttle *t = throttle_new(&limits);
    const char *const a = "192.0.2.1";
    int64_t now = 1000 * S;
    unsigned of_name = throttle_free_tries(t, "joe", a, now);
    unsigned of_address = throttle_free_tries(t, NULL, a, now);

    ck_assert_uint_eq(of_name, limits.pair.free);
    ck_assert_uint_eq(of_address, limits.address.free);
    failures(t, 2, "joe", a, now);
    ck_assert_uint_eq(throttle_free_tries(t, "joe", a, now), of_name - 2);
    ck_assert_uint_eq(throttle_free_tries(t, "ann", a, now), of_name);
    ck_assert_uint_eq(throttle_free_tries(t, NULL, a, now), of_address - 2);
    failures(t, 20, "joe", a, now);
    ck_assert_uint_eq(throttle_free_tries(t, "joe", a, now), 0);
    throttle_succeeded(t, "joe", a, now);
    ck_assert_uint_eq(throttle_free_tries(t, "joe", a, now), of_name);
    ck_assert(throttle_is_known(t, "joe", a, now));
    ck_assert(!throttle_is_known(t, "ann", a, now));
    throttle_free(&t);
}
END_TEST

/* Nobody gets more tries at ann by ann+1, ann+2, ... */
START_TEST(a_detail_is_no_other_name)
{
    struct throttle *t = throttle_new(&limits);
    const char *const a = "192.0.2.1";
    int64_t now = 1000 * S;

    failures(t, 2, "ann+x@a.test", a, now);
    failures(t, 2, "ann@a.test", a, now);
    ck_assert_int_eq(throttle_delay(t, "ann+y@a.test", a, now), 1 * S);
    ck_assert_int_eq(throttle_delay(t, "ann+y+z@a.test", a, now), 1 * S);
    ck_assert_int_eq(throttle_delay(t, "ann@a.test", a, now), 1 * S);
    ck_assert_uint_eq(throttle_free_tries(t, "ann+y@a.test", a, now), 0);
    ck_assert_uint_eq(throttle_pair(t, "ann+y@a.test", a),
                      throttle_pair(t, "ann@a.test", a));
    ck_assert_int_eq(throttle_delay(t, "ann@b.test", a, now), 0);
    ck_assert_int_eq(throttle_delay(t, "+ann@a.test", a, now), 0);
    /* It may be an account of its own, and let nobody guess at ann. */
    throttle_succeeded(t, "ann+x@a.test", a, now);
    ck_assert_int_eq(throttle_delay(t, "ann@a.test", a, now), 1 * S);
    throttle_succeeded(t, "ann@a.test", a, now);
    ck_assert_int_eq(throttle_delay(t, "ann+x@a.test", a, now), 0);
    throttle_free(&t);
}
END_TEST

/* An account whose own name has a "+" is not held up by others at its address. */
START_TEST(a_whole_name_is_known_good)
{
    struct throttle *t = throttle_new(&limits);
    const char *const a = "192.0.2.1";
    int64_t now = 1000 * S;

    throttle_succeeded(t, "ann+x@a.test", a, now);
    ck_assert(throttle_is_known(t, "ann+x@a.test", a, now));
    ck_assert(!throttle_is_known(t, "ann@a.test", a, now));
    failures(t, 40, NULL, a, now);
    ck_assert_int_eq(throttle_delay(t, "ann+x@a.test", a, now), 0);
    ck_assert_int_gt(throttle_delay(t, "ann@a.test", a, now), 0);
    ck_assert_int_gt(throttle_delay(t, "ann+y@a.test", a, now), 0);
    /* Its own failures do. */
    failures(t, 4, "ann+y@a.test", a, now);
    ck_assert_int_eq(throttle_delay(t, "ann+x@a.test", a, now), 1 * S);
    throttle_free(&t);
}
END_TEST

START_TEST(success_clears_the_pair_but_not_the_address)
{
    struct throttle *t = throttle_new(&limits);
    int64_t now = 1000 * S;

    failures(t, 12, "joe", "192.0.2.1", now);
    ck_assert_int_eq(throttle_delay(t, "joe", "192.0.2.1", now), 8 * S);
    throttle_succeeded(t, "joe", "192.0.2.1", now);
    ck_assert_int_eq(throttle_delay(t, "joe", "192.0.2.1", now), 0);
    ck_assert_int_eq(throttle_delay(t, "ann", "192.0.2.1", now), 4 * S);
    failures(t, 3, "joe", "192.0.2.1", now);
    ck_assert_int_eq(throttle_delay(t, "joe", "192.0.2.1", now), 0);
    throttle_free(&t);
}
END_TEST

static const struct {
    const char *one, *other;
    bool same;
} addresses[] = {
    {"192.0.2.1", "::ffff:192.0.2.1", true},
    {"2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true},
    {"2001:db8:1:2::1", "2001:DB8:1:2::9", true},
    {"2001:db8:1:2::1", "2001:db8:1:3::1", false},
    {"192.0.2.1", "192.0.2.2", false},
    {"local:0", "local:0", true},
    {"local:0", "local:1000", false},
    {"", "0.0.0.0", false},
    {"abc", "97.98.99.0", false},
    {"abc", "97.98.99.255", false},
};

START_TEST(groups_addresses)
{
    struct throttle *t = throttle_new(&limits);
    int64_t now = 1000 * S;

    failures(t, 5, "joe", addresses[_i].one, now);
    ck_assert_int_eq(throttle_delay(t, "joe", addresses[_i].other, now),
                     addresses[_i].same ? 2 * S : 0);
    throttle_free(&t);
}
END_TEST

/* However many fail, the table stays as it is, and what is known good stays
 * known. */
START_TEST(a_flood_does_not_push_out_the_known_good)
{
    struct throttle_limits l = limits;
    struct throttle *t;
    int64_t now = 1000 * S;
    char text[32];

    l.max_entries = 16;
    t = throttle_new(&l);
    throttle_succeeded(t, "ann", "192.0.2.1", now);
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(text, sizeof text, "10.1.%u.%u", i / 250, i % 250);
        failures(t, 1, "joe", text, now + i);
    }
    failures(t, 20, "joe", "192.0.2.1", now + 5000);
    ck_assert_int_eq(throttle_delay(t, "ann", "192.0.2.1", now + 5000), 0);
    /* Who failed most is kept longer than who failed once. */
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(text, sizeof text, "10.2.%u.%u", i / 250, i % 250);
        failures(t, 1, "joe", text, now + 5000);
    }
    ck_assert_int_gt(throttle_delay(t, "joe", "192.0.2.1", now + 5000), 0);
    throttle_free(&t);
}
END_TEST

START_TEST(limits_can_change)
{
    struct throttle *t = throttle_new(&limits);
    struct throttle_limits l = limits;
    int64_t now = 1000 * S;

    failures(t, 4, "joe", "192.0.2.1", now);
    ck_assert_int_eq(throttle_delay(t, "joe", "192.0.2.1", now), 1 * S);
    l.pair.base_us = 3 * S;
    throttle_set_limits(t, &l);
    ck_assert_int_eq(throttle_delay(t, "joe", "192.0.2.1", now), 3 * S);
    l.pair.base_us = 0;
    throttle_set_limits(t, &l);
    ck_assert_int_eq(throttle_delay(t, "joe", "192.0.2.1", now), 0);
    throttle_free(&t);
}
END_TEST

START_TEST(defaults_let_a_typist_try)
{
    struct throttle *t = throttle_new(&throttle_defaults);
    int64_t now = 1000 * S;

    failures(t, 5, "joe", "192.0.2.1", now);
    ck_assert_int_eq(throttle_delay(t, "joe", "192.0.2.1", now), 0);
    failures(t, 1, "joe", "192.0.2.1", now);
    ck_assert_int_eq(throttle_delay(t, "joe", "192.0.2.1", now), 1 * S);
    failures(t, 100, "joe", "192.0.2.1", now);
    ck_assert_int_eq(throttle_delay(t, "joe", "192.0.2.1", now), 300 * S);
    ck_assert_int_eq(throttle_delay(t, "ann", "192.0.2.1", now), 30 * S);
    throttle_free(&t);
}
END_TEST

struct runner {
    pthread_t thread;
    struct throttle *t;
    unsigned number;
};

static void *
run(void *arg)
{
    struct runner *runner = arg;
    char name[32];

    snprintf(name, sizeof name, "user%u", runner->number);
    for (unsigned i = 0; i < 500; i++) {
        throttle_failed(runner->t, name, "192.0.2.1", 1000 * S);
        (void)throttle_delay(runner->t, name, "192.0.2.1", 1000 * S);
        throttle_succeeded(runner->t, name, "192.0.2.9", 1000 * S);
        if (i % 100 == 0)
            throttle_set_limits(runner->t, &limits);
    }
    return NULL;
}

/* A message from which no name could be read counts for its address, and is
 * held up as all names there are, but those that are known good. */
START_TEST(nameless_failures_count_for_the_address)
{
    struct throttle *t = throttle_new(&limits);
    int64_t now = 1000 * S;

    throttle_succeeded(t, "ann", "192.0.2.1", now);
    failures(t, 10, NULL, "192.0.2.1", now);
    ck_assert_int_eq(throttle_delay(t, NULL, "192.0.2.1", now), 0);
    failures(t, 1, NULL, "192.0.2.1", now);
    ck_assert_int_eq(throttle_delay(t, NULL, "192.0.2.1", now), 2 * S);
    ck_assert_int_eq(throttle_delay(t, "joe", "192.0.2.1", now), 2 * S);
    ck_assert_int_eq(throttle_delay(t, "ann", "192.0.2.1", now), 0);
    ck_assert_int_eq(throttle_delay(t, NULL, "192.0.2.2", now), 0);
    throttle_free(&t);
}
END_TEST

/* With a network one has 65,536 addresses. */
START_TEST(networks_are_slowed)
{
    struct throttle_limits l = limits;
    struct throttle *t;
    int64_t now = 1000 * S;
    char address[40];

    l.network = (struct throttle_rule){30, 2 * S, 4 * S, 50 * S};
    t = throttle_new(&l);
    for (int i = 0; i < 31; i++) {
        ck_assert_int_eq(throttle_delay(t, "joe", "2001:db8:1:999::1", now), 0);
        snprintf(address, sizeof address, "2001:db8:1:%d::1", i);
        throttle_failed(t, NULL, address, now);
        throttle_failed(t, NULL, "192.0.2.1", now);
    }
    ck_assert_int_eq(throttle_delay(t, "joe", "2001:db8:1:999::1", now), 2 * S);
    ck_assert_int_eq(throttle_delay(t, "joe", "2001:db8:2::1", now), 0);
    ck_assert_int_eq(throttle_delay(t, "joe", "192.0.2.2", now), 0);
    throttle_succeeded(t, "ann", "2001:db8:1:999::1", now);
    ck_assert_int_eq(throttle_delay(t, "ann", "2001:db8:1:999::1", now), 0);
    throttle_free(&t);
}
END_TEST

START_TEST(numbers_stand_for_networks)
{
    struct throttle *t = throttle_new(&limits);

    ck_assert_uint_eq(throttle_network(t, "2001:db8:1:2::1"),
                      throttle_network(t, "2001:db8:1:3::1"));
    ck_assert_uint_ne(throttle_network(t, "2001:db8:1::1"),
                      throttle_network(t, "2001:db8:2::1"));
    ck_assert_uint_ne(throttle_network(t, "192.0.2.1"),
                      throttle_network(t, "192.0.2.2"));
    throttle_free(&t);
}
END_TEST

START_TEST(numbers_stand_for_addresses)
{
    struct throttle *t = throttle_new(&limits), *other = throttle_new(&limits);
    uint64_t v4 = throttle_address(t, "192.0.2.1");

    ck_assert_uint_eq(throttle_address(t, "::ffff:192.0.2.1"), v4);
    ck_assert_uint_ne(throttle_address(t, "192.0.2.2"), v4);
    ck_assert_uint_ne(throttle_address(other, "192.0.2.1"), v4);
    ck_assert_uint_eq(throttle_address(t, "2001:db8::1"),
                      throttle_address(t, "2001:db8::ffff:2"));
    throttle_free(&t);
    throttle_free(&other);
}
END_TEST

START_TEST(threads_count_together)
{
    struct throttle *t = throttle_new(&limits);
    struct runner runners[4] = {{0}};

    for (unsigned i = 0; i < 4; i++) {
        runners[i].t = t;
        runners[i].number = i;
        ck_assert_int_eq(
            pthread_create(&runners[i].thread, NULL, run, &runners[i]), 0);
    }
    for (unsigned i = 0; i < 4; i++)
        pthread_join(runners[i].thread, NULL);
    ck_assert_int_eq(throttle_delay(t, "user0", "192.0.2.1", 1000 * S), 8 * S);
    ck_assert_int_eq(throttle_delay(t, "eve", "192.0.2.1", 1000 * S), 4 * S);
    ck_assert_int_eq(throttle_delay(t, "user0", "192.0.2.9", 1000 * S), 0);
    throttle_free(&t);
    throttle_free(&t);
}
END_TEST

Suite *
throttle_suite(void)
{
    Suite *s = suite_create("throttle");
    TCase *t = tcase_create("throttle");

    tcase_add_loop_test(t, waits_double_up_to_the_longest, 0,
                        sizeof waits / sizeof waits[0]);
    tcase_add_test(t, failures_are_forgotten_one_by_one);
    tcase_add_test(t, a_wait_does_not_shrink);
    tcase_add_test(t, forgives_in_a_bounded_time);
    tcase_add_test(t, nobody_locks_another_out);
    tcase_add_test(t, addresses_are_slowed_for_all_names);
    tcase_add_test(t, who_is_known_good_goes_on);
    tcase_add_test(t, says_how_many_may_fail);
    tcase_add_test(t, a_detail_is_no_other_name);
    tcase_add_test(t, a_whole_name_is_known_good);
    tcase_add_test(t, success_clears_the_pair_but_not_the_address);
    tcase_add_loop_test(t, groups_addresses, 0,
                        sizeof addresses / sizeof addresses[0]);
    tcase_add_test(t, a_flood_does_not_push_out_the_known_good);
    tcase_add_test(t, limits_can_change);
    tcase_add_test(t, defaults_let_a_typist_try);
    tcase_add_test(t, nameless_failures_count_for_the_address);
    tcase_add_test(t, numbers_stand_for_addresses);
    tcase_add_test(t, networks_are_slowed);
    tcase_add_test(t, numbers_stand_for_networks);
    tcase_add_test(t, threads_count_together);
    suite_add_tcase(s, t);
    return s;
}
