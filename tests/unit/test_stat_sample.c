/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/stat_sample.h"

#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/xmalloc.h"
#include "ximss/server/base/stat.h"

Suite *stat_sample_suite(void);

struct seen {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned memory, disk;
};

static struct seen seen = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER,
                           0, 0};

static void
note(unsigned *what)
{
    pthread_mutex_lock(&seen.lock);
    ++*what;
    pthread_cond_broadcast(&seen.changed);
    pthread_mutex_unlock(&seen.lock);
}

static void
wait_until(const unsigned *what, unsigned n)
{
    pthread_mutex_lock(&seen.lock);
    while (*what < n)
        pthread_cond_wait(&seen.changed, &seen.lock);
    pthread_mutex_unlock(&seen.lock);
}

static void
sample_memory(void *arg)
{
    ck_assert_ptr_eq(arg, &seen);
    stat_set(STAT_STORE_FULL, 1);
    note(&seen.memory);
}

static void
sample_disk(void *arg)
{
    ck_assert_int_eq(*(const int *)arg, 7);
    stat_set(STAT_DISK_FREE, 1000);
    note(&seen.disk);
}

static struct stat_sampler *
start(int64_t interval, stat_sample_fn *disk, int arg)
{
    struct stat_samples samples = {.interval = interval,
                                   .memory = sample_memory,
                                   .memory_arg = &seen,
                                   .disk = disk,
                                   .disk_arg = xmemdup(&arg, sizeof arg)};

    return stat_sampler_start(&samples);
}

START_TEST(samples_again_and_again)
{
    struct stat_sampler *s = start(1000, sample_disk, 7);

    wait_until(&seen.disk, 3);
    ck_assert_uint_ge(seen.memory, 3);
    ck_assert_int_eq(stat_get(STAT_STORE_FULL), 1);
    ck_assert_int_eq(stat_get(STAT_DISK_FREE), 1000);
    stat_sampler_stop(&s);
    ck_assert_ptr_null(s);
}
END_TEST

/* It is not waited for while it rests. */
START_TEST(stops_at_once)
{
    struct stat_sampler *s = start(3600 * CLOCK_SECOND, sample_disk, 7);
    int64_t begun;

    wait_until(&seen.disk, 1);
    begun = clock_mono();
    stat_sampler_stop(&s);
    ck_assert_int_lt(clock_mono() - begun, 600 * CLOCK_SECOND);
}
END_TEST

/* A disk that says nothing until somebody writes. */
static void
hang(void *arg)
{
    char c;

    note(&seen.disk);
    ck_assert_int_eq(read(*(const int *)arg, &c, 1), 1);
    stat_set(STAT_DISK_FREE, 5);
    note(&seen.disk);
}

START_TEST(hangs_alone)
{
    int ends[2];
    unsigned before;
    struct stat_sampler *s;

    ck_assert_int_eq(pipe(ends), 0);
    s = start(1000, hang, ends[0]);
    wait_until(&seen.disk, 1);
    ck_assert_int_eq(stat_get(STAT_DISK_FREE), -1);
    stat_sampler_stop(&s); /* comes back */
    before = seen.memory;
    ck_assert_int_eq(write(ends[1], "", 1), 1);
    wait_until(&seen.disk, 2);
    ck_assert_uint_eq(seen.memory, before);
    ck_assert_int_eq(stat_get(STAT_DISK_FREE), 5);
}
END_TEST

START_TEST(stops_nothing)
{
    struct stat_sampler *s = NULL;

    stat_sampler_stop(&s);
}
END_TEST

Suite *
stat_sample_suite(void)
{
    Suite *s = suite_create("stat_sample");
    TCase *t = tcase_create("stat_sample");

    /* The table is the process's: others would have left figures in it. */
    tcase_set_tags(t, "process");

    tcase_add_test(t, samples_again_and_again);
    tcase_add_test(t, stops_at_once);
    tcase_add_test(t, hangs_alone);
    tcase_add_test(t, stops_nothing);
    suite_add_tcase(s, t);
    return s;
}
