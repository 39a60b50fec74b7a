/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/zone.h"

Suite *zone_suite(void);

static const struct {
    const char *zone, *gmt, *local;
} rows[] = {
    {"UTC", "20261231T235959Z", "20261231T235959"},
    {"UTC", "20270101T000000Z", "20270101T000000"},
    {"Etc/UTC", "20261122T133000Z", "20261122T133000"},
    {"Europe/Berlin", "20261122T133000Z", "20261122T143000"},
    {"Europe/Berlin", "20260701T120000Z", "20260701T140000"},
    /* the night that is an hour short */
    {"Europe/Berlin", "20260329T005959Z", "20260329T015959"},
    {"Europe/Berlin", "20260329T010000Z", "20260329T030000"},
    /* the night that is an hour long */
    {"Europe/Berlin", "20261024T235959Z", "20261025T015959"},
    {"Europe/Berlin", "20261025T000000Z", "20261025T020000"},
    {"Europe/Berlin", "20261025T005959Z", "20261025T025959"},
    {"Europe/Berlin", "20261025T010000Z", "20261025T020000"},
    {"Europe/Berlin", "20261025T015959Z", "20261025T025959"},
    {"Europe/Berlin", "20261025T020000Z", "20261025T030000"},
    /* another year already */
    {"Europe/Berlin", "20261231T225959Z", "20261231T235959"},
    {"Europe/Berlin", "20261231T230000Z", "20270101T000000"},
    {"America/New_York", "20260308T065959Z", "20260308T015959"},
    {"America/New_York", "20260308T070000Z", "20260308T030000"},
    {"America/New_York", "20261101T055959Z", "20261101T015959"},
    {"America/New_York", "20261101T060000Z", "20261101T010000"},
    {"America/New_York", "20261101T065959Z", "20261101T015959"},
    {"America/New_York", "20270101T045959Z", "20261231T235959"},
    {"America/New_York", "20270101T050000Z", "20270101T000000"},
    {"Asia/Kathmandu", "20261122T181500Z", "20261123T000000"},
    {"Australia/Lord_Howe", "20260404T145959Z", "20260405T015959"},
    {"Australia/Lord_Howe", "20260404T150000Z", "20260405T013000"},
    {"Etc/GMT+12", "20261122T115959Z", "20261121T235959"},
    {"Pacific/Kiritimati", "20261122T100000Z", "20261123T000000"},
    {"Europe/Berlin", "19691231T235959Z", "19700101T005959"},
};

#define N_ROWS (sizeof rows / sizeof rows[0])

static void
check_row(size_t i)
{
    const struct zone *z = zone_find(rows[i].zone);
    char local[CLOCK_LOCAL_SIZE];
    int64_t us = 0;

    ck_assert_msg(z != NULL, "%s is not installed", rows[i].zone);
    ck_assert_int_eq(clock_parse_gmt(rows[i].gmt, &us), 0);
    zone_format_local(z, us, local);
    ck_assert_msg(strcmp(local, rows[i].local) == 0, "%s in %s is %s, not %s",
                  rows[i].gmt, rows[i].zone, local, rows[i].local);
    zone_format_local(z, us + CLOCK_SECOND - 1, local);
    ck_assert_str_eq(local, rows[i].local);
}

START_TEST(tells_local_time)
{
    check_row((size_t)_i);
}
END_TEST

/* The cached day does no harm, in whatever order the times come. */
START_TEST(tells_it_in_any_order)
{
    for (size_t i = 0; i < 5 * N_ROWS; i++)
        check_row(i * 11 % N_ROWS);
    for (size_t i = N_ROWS; i-- > 0;)
        check_row(i);
}
END_TEST

START_TEST(knows_names)
{
    static const char *const bad[] = {
        "Nowhere",
        "europe/berlin/",
        "/Europe/Berlin",
        "/usr/share/zoneinfo/Europe/Berlin",
        "../zoneinfo/Europe/Berlin",
        "Europe/../Europe/Berlin",
        "Europe/./Berlin",
        "Europe//Berlin",
        "Europe/",
        "Europe",
        ".",
        "..",
        "zone.tab",
        "tzdata.zi",
        "leapseconds",
        "right/Europe/Berlin",
        "posix/Europe/Berlin",
        "Europe/Berlin ",
        "Europe/Berlin\n",
        "CET-1CEST,M3.5.0,M10.5.0/3",
        "+01:00",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    };
    const struct zone *berlin = zone_find("Europe/Berlin");
    char name[] = "Europe/Berlin";

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(zone_find(bad[i]) == NULL, "%s", bad[i]);
    ck_assert_ptr_nonnull(berlin);
    ck_assert_ptr_eq(zone_find(name), berlin);
    memset(name, 'x', sizeof name - 1);
    ck_assert_ptr_eq(zone_find("Europe/Berlin"), berlin); /* its own copy */
    ck_assert_ptr_ne(zone_find("Europe/Paris"), berlin);
}
END_TEST

START_TEST(has_a_default)
{
    const struct zone *z;
    char local[CLOCK_LOCAL_SIZE];

    setenv("TZ", "Asia/Kathmandu", 1);
    z = zone_find("");
    ck_assert_ptr_nonnull(z);
    zone_format_local(z, 0, local);
    ck_assert_str_eq(local, "19700101T053000"); /* +5:45 since 1986 */
    unsetenv("TZ");
    ck_assert_ptr_eq(zone_find(""), z);
}
END_TEST

START_TEST(works_without_zone_data)
{
    char local[CLOCK_LOCAL_SIZE];

    setenv("TZDIR", "/nonexistent", 1);
    ck_assert_ptr_null(zone_find("Europe/Vienna"));
    zone_format_local(zone_find("UTC"), 0, local);
    ck_assert_str_eq(local, "19700101T000000");
    ck_assert_ptr_nonnull(zone_find(""));
    unsetenv("TZDIR");
    ck_assert_ptr_nonnull(zone_find("Europe/Vienna")); /* not remembered */
}
END_TEST

START_TEST(bears_any_time)
{
    static const int64_t times[] = {
        INT64_MIN,
        INT64_MAX,
        INT64_MIN + 1,
        INT64_MAX - 1,
        INT64_C(253402300800) * CLOCK_SECOND, /* the year 10000 */
    };
    char local[CLOCK_LOCAL_SIZE];

    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        zone_format_local(zone_find("Europe/Berlin"), times[i], local);
        ck_assert_uint_eq(strlen(local), CLOCK_LOCAL_SIZE - 1);
    }
    ck_assert_str_eq(local, "99991231T235959");
}
END_TEST

/* The C library's view of the same data. */
START_TEST(agrees_with_libc)
{
    static const char *const names[] = {
        "Europe/London",    "Africa/Casablanca", "America/Sao_Paulo",
        "Asia/Tehran",      "Australia/Sydney",  "Pacific/Chatham",
        "America/St_Johns", "Asia/Tokyo",        "EST5EDT",
    };
    char local[CLOCK_LOCAL_SIZE], expected[CLOCK_LOCAL_SIZE];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct zone *z = zone_find(names[i]);

        ck_assert_msg(z != NULL, "%s is not installed", names[i]);
        setenv("TZ", names[i], 1);
        tzset();
        for (time_t t = 1; t < 2145916800; t += 100003) { /* to 2038 */
            struct tm tm;

            strftime(expected, sizeof expected, "%Y%m%dT%H%M%S",
                     localtime_r(&t, &tm));
            zone_format_local(z, t * CLOCK_SECOND, local);
            ck_assert_msg(strcmp(local, expected) == 0,
                          "%s at %lld: %s, but libc says %s", names[i],
                          (long long)t, local, expected);
        }
    }
    unsetenv("TZ");
    tzset();
}
END_TEST

/* Threads ask for different days of one zone at once. */
static void *
ask(void *arg)
{
    size_t first = *(const size_t *)arg;

    for (size_t i = 0; i < 20000; i++) {
        char local[CLOCK_LOCAL_SIZE];
        size_t row = 3 + (first + i) % 12; /* all Europe/Berlin */
        int64_t us = 0;

        if (clock_parse_gmt(rows[row].gmt, &us) < 0)
            return arg;
        zone_format_local(zone_find(rows[row].zone), us, local);
        if (strcmp(local, rows[row].local) != 0)
            return arg;
    }
    return NULL;
}

START_TEST(serves_many_threads)
{
    pthread_t threads[4];
    size_t firsts[4];
    void *bad;

    for (size_t i = 0; i < 4; i++) {
        firsts[i] = i * 3;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask, &firsts[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], &bad);
        ck_assert_ptr_null(bad);
    }
}
END_TEST

Suite *
zone_suite(void)
{
    Suite *s = suite_create("zone");
    TCase *t = tcase_create("zone");

    tcase_set_timeout(t, 60);
    tcase_add_test(t, has_a_default);
    tcase_add_test(t, works_without_zone_data);
    tcase_add_loop_test(t, tells_local_time, 0, N_ROWS);
    tcase_add_test(t, tells_it_in_any_order);
    tcase_add_test(t, knows_names);
    tcase_add_test(t, bears_any_time);
    tcase_add_test(t, agrees_with_libc);
    tcase_add_test(t, serves_many_threads);
    suite_add_tcase(s, t);
    return s;
}
