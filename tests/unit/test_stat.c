/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/base/stat.h"

#include <check.h>
#include <pthread.h>
#include <string.h>

#include "util/clock.h"

Suite *stat_suite(void);

START_TEST(counts)
{
    ck_assert_int_eq(stat_get(STAT_CLI_COMMANDS), 0);
    stat_add(STAT_CLI_COMMANDS, 1);
    stat_add(STAT_CLI_COMMANDS, 41);
    stat_add(STAT_OUTSIDE_WAITING, 5);
    stat_add(STAT_OUTSIDE_WAITING, -2);
    ck_assert_int_eq(stat_get(STAT_CLI_COMMANDS), 42);
    ck_assert_int_eq(stat_get(STAT_OUTSIDE_WAITING), 3);
    ck_assert_int_eq(stat_get(STAT_HASHES), 0);
    stat_add(STAT_OUTSIDE_WAITING, -4);
    ck_assert_int_eq(stat_get(STAT_OUTSIDE_WAITING), 0);
}
END_TEST

static void *
count_up(void *arg)
{
    for (int i = 0; i < 10000; i++) {
        stat_add(STAT_ALERTS_SENT_TO, 1);
        stat_time_add(STAT_TIME_PUSH, i);
    }
    return arg;
}

/* More threads than have a set of their own. */
START_TEST(counts_of_all_threads)
{
    pthread_t threads[40];
    size_t n = sizeof threads / sizeof threads[0];
    struct stat_times times;

    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, count_up, NULL), 0);
    for (size_t i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(stat_get(STAT_ALERTS_SENT_TO), 400000);
    stat_time_get(STAT_TIME_PUSH, &times);
    ck_assert_uint_eq(times.count, 400000);
    ck_assert_uint_eq(times.sum, UINT64_C(40) * 9999 * 10000 / 2);
}
END_TEST

START_TEST(adds_rows_up)
{
    stat_add(STAT_LOGINS_BY + STAT_BY_CLEAR, 2);
    stat_add(STAT_LOGINS_BY + STAT_BY_OTHER, 3);
    ck_assert_int_eq(stat_get(STAT_LOGINS), 5);
    ck_assert_int_eq(stat_get(STAT_LOGINS_FAILED), 0);
    stat_add(STAT_ALERTS_REMOVED_TO, 1);
    stat_add(STAT_ALERTS_EXPIRED_TO + STAT_SCOPES - 1, 1);
    ck_assert_int_eq(stat_get(STAT_ALERTS_REMOVED), 2);
}
END_TEST

START_TEST(sets)
{
    stat_add(STAT_CLI_COMMANDS, 5);
    stat_set(STAT_CLI_COMMANDS, 0);
    ck_assert_int_eq(stat_get(STAT_CLI_COMMANDS), 0);
    stat_add(STAT_CLI_COMMANDS, 2);
    ck_assert_int_eq(stat_get(STAT_CLI_COMMANDS), 2);
    stat_add(STAT_LOGINS_BY, 7);
    stat_set(STAT_LOGINS, 100); /* a sum: its parts stay what they are */
    stat_add(STAT_LOGINS_BY, 1);
    ck_assert_int_eq(stat_get(STAT_LOGINS), 101);
    ck_assert_int_eq(stat_get(STAT_LOGINS_BY), 8);
}
END_TEST

START_TEST(knows_what_it_does_not_know)
{
    ck_assert_int_eq(stat_get(STAT_DISK_FREE), -1);
    stat_set(STAT_DISK_FREE, 0);
    ck_assert_int_eq(stat_get(STAT_DISK_FREE), 0);
    stat_set(STAT_DISK_FREE, -1);
    ck_assert_int_eq(stat_get(STAT_DISK_FREE), -1);
}
END_TEST

START_TEST(grows_old)
{
    ck_assert_int_eq(stat_get(STAT_BACKUP_AGE), -1);
    stat_set(STAT_BACKUP_AGE, 3600);
    ck_assert_int_ge(stat_get(STAT_BACKUP_AGE), 3600);
    clock_advance(100 * CLOCK_SECOND);
    ck_assert_int_ge(stat_get(STAT_BACKUP_AGE), 3700);
    ck_assert_int_le(stat_get(STAT_BACKUP_AGE), 3800);
    stat_set(STAT_BACKUP_AGE, 0);
    ck_assert_int_le(stat_get(STAT_BACKUP_AGE), 60);
    stat_set(STAT_BACKUP_AGE, -1);
    ck_assert_int_eq(stat_get(STAT_BACKUP_AGE), -1);
}
END_TEST

static int64_t
give(void *arg)
{
    return *(const int64_t *)arg;
}

START_TEST(asks_sources)
{
    int64_t n = 11;

    stat_set(STAT_HASH_QUEUE, 3);
    stat_source(STAT_HASH_QUEUE, give, &n);
    ck_assert_int_eq(stat_get(STAT_HASH_QUEUE), 11);
    n = -4;
    ck_assert_int_eq(stat_get(STAT_HASH_QUEUE), 0);
    stat_source(STAT_HASH_QUEUE, NULL, NULL);
    ck_assert_int_eq(stat_get(STAT_HASH_QUEUE), 3);
}
END_TEST

START_TEST(puts_times_into_buckets)
{
    static const int64_t us[] = {-5, 0, 100, 101, 10000000, 10000001};
    struct stat_times t;

    for (size_t i = 0; i < sizeof us / sizeof us[0]; i++)
        stat_time_add(STAT_TIME_COMMIT, us[i]);
    stat_time_get(STAT_TIME_COMMIT, &t);
    ck_assert_uint_eq(t.up_to[0], 3); /* 100 is still in it */
    ck_assert_uint_eq(t.up_to[1], 4);
    ck_assert_uint_eq(t.up_to[STAT_BOUNDS - 2], 4);
    ck_assert_uint_eq(t.up_to[STAT_BOUNDS - 1], 5);
    ck_assert_uint_eq(t.count, 6);
    ck_assert_uint_eq(t.sum, 20000202);
    for (size_t i = 1; i < STAT_BOUNDS; i++)
        ck_assert_int_lt(stat_bounds[i - 1], stat_bounds[i]);
}
END_TEST

static bool
is_word(const char *s, const char *letters)
{
    return s[0] != '\0' && s[strspn(s, letters)] == '\0';
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define METRIC  "abcdefghijklmnopqrstuvwxyz_"

/* scope="server": one label, of letters that need no escape. */
static bool
is_label(const char *s)
{
    size_t key = strspn(s, METRIC), value;

    if (key == 0 || strncmp(s + key, "=\"", 2) != 0)
        return false;
    value = strspn(s + key + 2, METRIC "-");
    return value > 0 && strcmp(s + key + 2 + value, "\"") == 0;
}

static bool
ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), k = strlen(end);

    return n > k && strcmp(s + n - k, end) == 0;
}

/* Whether another row, which is no neighbour, has its metric; or its labels. */
static bool
is_torn(enum stat_id s)
{
    const struct stat_row *row = stat_row(s);
    bool gap = false;

    for (enum stat_id i = s + 1; i < STAT_N; i++) {
        const struct stat_row *other = stat_row(i);

        if (other->metric == NULL || strcmp(other->metric, row->metric) != 0)
            gap = true;
        else if (gap || row->labels == NULL || other->labels == NULL ||
                 strcmp(row->labels, other->labels) == 0 ||
                 row->kind != other->kind || row->unit != other->unit)
            return true;
    }
    return false;
}

static void
check_metric(enum stat_id s)
{
    const struct stat_row *row = stat_row(s);

    ck_assert_msg(is_word(row->metric, METRIC), "%s", row->metric);
    ck_assert_int_eq(strncmp(row->metric, "ximssd_", 7), 0);
    ck_assert_msg(ends_with(row->metric, "_total") ==
                      (row->kind == STAT_COUNTER),
                  "%s", row->metric);
    if (row->unit != STAT_NO_UNIT)
        ck_assert_msg(ends_with(row->metric, stat_unit_name(row)), "%s",
                      row->metric);
    if (row->labels != NULL)
        ck_assert_msg(is_label(row->labels), "%s", row->labels);
    ck_assert_msg((row->labels != NULL) == (row->about != NULL), "%s",
                  row->name);
    ck_assert_msg(!is_torn(s), "%s", row->metric);
}

START_TEST(has_rows)
{
    for (enum stat_id s = 0; s < STAT_N; s++) {
        const struct stat_row *row = stat_row(s);

        ck_assert_msg(row->name != NULL, "element %d has no row", (int)s);
        ck_assert_msg(is_word(row->name, LETTERS), "%s", row->name);
        ck_assert_msg(row->help[0] >= '1' && strchr(row->help, '\n') == NULL,
                      "%s", row->name);
        ck_assert_uint_eq(stat_find(row->name), s);
        ck_assert_msg((row->metric == NULL) == (row->n_sum > 0), "%s",
                      row->name);
        if (row->metric != NULL)
            check_metric(s);
        for (unsigned i = 0; i < row->n_sum; i++)
            ck_assert_uint_eq(stat_row((enum stat_id)(row->sum_of + i))->kind,
                              row->kind);
    }
    ck_assert_uint_eq(stat_find("LOGINSFAILED"), STAT_LOGINS_FAILED);
    ck_assert_uint_eq(stat_find("login"), STAT_N);
    ck_assert_uint_eq(stat_find(""), STAT_N);
}
END_TEST

START_TEST(says_what_can_be_set)
{
    ck_assert(stat_is_settable(stat_row(STAT_LOGINS)));
    ck_assert(stat_is_settable(stat_row(STAT_CONNECTIONS)));
    ck_assert(!stat_is_settable(stat_row(STAT_CONNECTIONS_OPEN)));
    ck_assert(!stat_is_settable(stat_row(STAT_PAGE_CACHE_HITS)));
    ck_assert(!stat_is_settable(stat_row(STAT_UPTIME)));
}
END_TEST

Suite *
stat_suite(void)
{
    Suite *s = suite_create("stat");
    TCase *t = tcase_create("stat");

    /* The table is the process's: others would have left figures in it. */
    tcase_set_tags(t, "process");

    tcase_add_test(t, counts);
    tcase_add_test(t, counts_of_all_threads);
    tcase_add_test(t, adds_rows_up);
    tcase_add_test(t, sets);
    tcase_add_test(t, knows_what_it_does_not_know);
    tcase_add_test(t, grows_old);
    tcase_add_test(t, asks_sources);
    tcase_add_test(t, puts_times_into_buckets);
    tcase_add_test(t, has_rows);
    tcase_add_test(t, says_what_can_be_set);
    suite_add_tcase(s, t);
    return s;
}
