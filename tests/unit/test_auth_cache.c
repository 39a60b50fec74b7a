/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ximss/server/auth/auth_cache.h"

Suite *auth_cache_suite(void);

#define LIFETIME 1000

static bool
find(struct auth_cache *r, const char *name, const char *password, int64_t now)
{
    uint64_t account;
    uint32_t serial;
    bool outside;

    return auth_cache_find(r, name, password, now, &account, &serial, &outside);
}

START_TEST(finds_what_was_added)
{
    struct auth_cache *r = auth_cache_new(100, LIFETIME);
    uint64_t account = 0;
    uint32_t serial = 0;
    bool outside = true;

    ck_assert(!find(r, "joe@a.test", "secret", 1));
    auth_cache_add(r, "joe@a.test", "secret", 1, 42, 7);
    ck_assert(auth_cache_find(r, "joe@a.test", "secret", 2, &account, &serial,
                              &outside));
    ck_assert(!outside);
    ck_assert_uint_eq(account, 42);
    ck_assert_uint_eq(serial, 7);
    ck_assert(!find(r, "joe@a.test", "Secret", 2));
    ck_assert(!find(r, "joe@a.test", "", 2));
    ck_assert(!find(r, "joe@b.test", "secret", 2));
    ck_assert(!find(r, "joe@a.tes", "tsecret", 2));
    ck_assert(!find(r, "joe@a.tests", "ecret", 2));
    ck_assert(!find(r, "", "joe@a.testsecret", 2));
    ck_assert_uint_eq(auth_cache_count(r), 1);
    auth_cache_free(&r);
    ck_assert_ptr_null(r);
    auth_cache_free(&r);
}
END_TEST

START_TEST(forgets_after_the_lifetime)
{
    struct auth_cache *r = auth_cache_new(100, LIFETIME);

    auth_cache_add(r, "joe", "secret", 50, 1, 1);
    ck_assert(find(r, "joe", "secret", 50 + LIFETIME - 1));
    ck_assert(!find(r, "joe", "secret", 50 + LIFETIME));
    ck_assert_uint_eq(auth_cache_count(r), 0);
    ck_assert(!find(r, "joe", "secret", 50));
    auth_cache_free(&r);
}
END_TEST

START_TEST(has_another_lifetime_for_outside)
{
    struct auth_cache *r = auth_cache_new(100, LIFETIME);
    uint64_t account;
    uint32_t serial;
    bool outside = false;

    auth_cache_add_outside(r, "joe", "secret", 50, 10, 1, 1);
    ck_assert(
        auth_cache_find(r, "joe", "secret", 59, &account, &serial, &outside));
    ck_assert(outside);
    ck_assert(!find(r, "joe", "secret", 60));
    auth_cache_add_outside(r, "joe", "secret", 50, 5 * LIFETIME, 1, 1);
    ck_assert(!find(r, "joe", "secret", 50 + LIFETIME));
    auth_cache_add_outside(r, "joe", "secret", 50, 0, 1, 1);
    ck_assert(!find(r, "joe", "secret", 50));
    auth_cache_free(&r);
}
END_TEST

START_TEST(another_success_renews)
{
    struct auth_cache *r = auth_cache_new(100, LIFETIME);
    uint64_t account;
    uint32_t serial = 0;

    auth_cache_add(r, "joe", "secret", 1, 1, 1);
    auth_cache_add(r, "joe", "secret", 900, 1, 2);
    ck_assert_uint_eq(auth_cache_count(r), 1);
    ck_assert(auth_cache_find(r, "joe", "secret", 1500, &account, &serial,
                              &(bool){false}));
    ck_assert_uint_eq(serial, 2);
    auth_cache_free(&r);
}
END_TEST

START_TEST(forgets_an_account_and_only_it)
{
    struct auth_cache *r = auth_cache_new(1000, LIFETIME);
    char name[32];

    for (unsigned i = 0; i < 60; i++) {
        snprintf(name, sizeof name, "user%u", i);
        auth_cache_add(r, name, "secret", 1, i % 3, 1);
    }
    ck_assert_uint_eq(auth_cache_count(r), 60);
    auth_cache_forget(r, 1);
    auth_cache_forget(r, 99);
    ck_assert_uint_eq(auth_cache_count(r), 40);
    for (unsigned i = 0; i < 60; i++) {
        snprintf(name, sizeof name, "user%u", i);
        ck_assert_int_eq(find(r, name, "secret", 2), i % 3 != 1);
    }
    auth_cache_clear(r);
    ck_assert_uint_eq(auth_cache_count(r), 0);
    for (unsigned i = 0; i < 60; i++) {
        snprintf(name, sizeof name, "user%u", i);
        ck_assert(!find(r, name, "secret", 2));
    }
    auth_cache_add(r, "user1", "secret", 1, 1, 1);
    ck_assert(find(r, "user1", "secret", 2));
    auth_cache_free(&r);
}
END_TEST

/* Full enough for accounts to share their chains. */
START_TEST(forgets_among_many)
{
    enum {
        MAX = 1600,
        ACCOUNTS = 600
    };
    struct auth_cache *r = auth_cache_new(MAX, LIFETIME);
    char name[32];

    for (unsigned i = 0; i < ACCOUNTS; i++) {
        snprintf(name, sizeof name, "user%u", i);
        auth_cache_add(r, name, "secret", 1, i, 1);
    }
    for (unsigned i = 0; i < ACCOUNTS; i += 2)
        auth_cache_forget(r, i);
    for (unsigned i = 0; i < ACCOUNTS; i++) {
        snprintf(name, sizeof name, "user%u", i);
        ck_assert_msg(find(r, name, "secret", 1) == (i % 2 == 1), "%s", name);
    }
    auth_cache_free(&r);
}
END_TEST

START_TEST(is_bounded_and_drops_the_oldest)
{
    enum {
        MAX = 160,
        ADDED = 2000
    };
    struct auth_cache *r = auth_cache_new(MAX, LIFETIME);
    unsigned found = 0, newest_half = 0;
    char name[32];

    for (unsigned i = 0; i < ADDED; i++) {
        snprintf(name, sizeof name, "user%u", i);
        auth_cache_add(r, name, "secret", 1, i, 1);
        ck_assert(find(r, name, "secret", 1));
        ck_assert_uint_le(auth_cache_count(r), MAX);
    }
    ck_assert_uint_eq(auth_cache_count(r), MAX);
    for (unsigned i = 0; i < ADDED; i++) {
        snprintf(name, sizeof name, "user%u", i);
        if (find(r, name, "secret", 1)) {
            found++;
            newest_half += i >= ADDED / 2;
        }
    }
    ck_assert_uint_eq(found, MAX);
    ck_assert_uint_eq(newest_half, MAX);
    auth_cache_free(&r);
}
END_TEST

START_TEST(remembers_nothing_if_told_so)
{
    struct auth_cache *r = auth_cache_new(0, LIFETIME);

    auth_cache_add(r, "joe", "secret", 1, 1, 1);
    ck_assert(!find(r, "joe", "secret", 1));
    auth_cache_forget(r, 1);
    auth_cache_clear(r);
    ck_assert_uint_eq(auth_cache_count(r), 0);
    auth_cache_free(&r);
}
END_TEST

/* The chains hold together whatever comes in whatever order: the same is done
 * to an array. */
START_TEST(agrees_with_a_model)
{
    enum {
        NAMES = 200,
        ACCOUNTS = 20,
        ROUNDS = 20000
    };
    struct auth_cache *r = auth_cache_new(1 << 20, LIFETIME);
    int64_t ends[NAMES] = {0};
    uint32_t random = 1;
    int64_t now = 1;
    char name[32];

    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned which;

        random = random * 1664525 + 1013904223;
        which = (random >> 8) % NAMES;
        snprintf(name, sizeof name, "user%u", which);
        switch (random >> 28) {
        case 0:
            auth_cache_forget(r, which % ACCOUNTS);
            for (unsigned i = which % ACCOUNTS; i < NAMES; i += ACCOUNTS)
                ends[i] = 0;
            break;
        case 1:
            now += 20;
            break;
        case 2:
        case 3:
        case 4:
        case 5:
            auth_cache_add(r, name, "x", now, which % ACCOUNTS, 1);
            ends[which] = now + LIFETIME;
            break;
        default:
            ck_assert_msg(find(r, name, "x", now) == (ends[which] > now),
                          "round %u, %s", round, name);
            break;
        }
    }
    auth_cache_free(&r);
}
END_TEST

struct runner {
    pthread_t thread;
    struct auth_cache *r;
    unsigned number, missed;
};

static void *
run(void *arg)
{
    struct runner *runner = arg;
    char name[32];

    for (unsigned i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "user%u-%u", runner->number, i % 100);
        auth_cache_add(runner->r, name, "x", 1, runner->number, 1);
        runner->missed += !find(runner->r, name, "x", 1);
        if (i % 50 == 0)
            auth_cache_forget(runner->r, runner->number);
        if (i % 500 == 0)
            (void)auth_cache_count(runner->r);
    }
    return NULL;
}

START_TEST(threads_do_not_disturb_each_other)
{
    struct auth_cache *r = auth_cache_new(100000, LIFETIME);
    struct runner runners[4] = {{0}};

    for (unsigned i = 0; i < 4; i++) {
        runners[i].r = r;
        runners[i].number = i;
        ck_assert_int_eq(
            pthread_create(&runners[i].thread, NULL, run, &runners[i]), 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        pthread_join(runners[i].thread, NULL);
        ck_assert_uint_eq(runners[i].missed, 0);
    }
    auth_cache_free(&r);
}
END_TEST

/* Copies the flags of the mapping that holds p, or leaves flags empty. */
static void
mapping_flags(const void *p, char *flags, size_t size)
{
    uintptr_t at = (uintptr_t)p, from, to;
    FILE *f = fopen("/proc/self/smaps", "r");
    bool here = false;
    char line[512];

    flags[0] = '\0';
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &from, &to) == 2)
            here = at >= from && at < to;
        else if (here && strncmp(line, "VmFlags:", 8) == 0)
            snprintf(flags, size, "%.200s", line + 8);
    }
    if (f != NULL)
        fclose(f);
}

START_TEST(is_left_out_of_core_dumps)
{
    struct auth_cache *r = auth_cache_new(1000, LIFETIME);
    char flags[256];

    mapping_flags(r, flags, sizeof flags);
    if (flags[0] != '\0')
        ck_assert_msg(strstr(flags, " dd") != NULL, "%s", flags);
    auth_cache_free(&r);
}
END_TEST

Suite *
auth_cache_suite(void)
{
    Suite *s = suite_create("auth_cache");
    TCase *t = tcase_create("auth_cache");

    tcase_add_test(t, finds_what_was_added);
    tcase_add_test(t, forgets_after_the_lifetime);
    tcase_add_test(t, has_another_lifetime_for_outside);
    tcase_add_test(t, another_success_renews);
    tcase_add_test(t, forgets_an_account_and_only_it);
    tcase_add_test(t, forgets_among_many);
    tcase_add_test(t, is_bounded_and_drops_the_oldest);
    tcase_add_test(t, remembers_nothing_if_told_so);
    tcase_add_test(t, agrees_with_a_model);
    tcase_add_test(t, threads_do_not_disturb_each_other);
    tcase_add_test(t, is_left_out_of_core_dumps);
    suite_add_tcase(s, t);
    return s;
}
