/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <string.h>
#include <unistd.h>

#include "bench/peer.h"
#include "bench/procfs.h"
#include "bench/sample.h"
#include "tests/unit/suite.h"

static Suite *bench_suite(void);

/* --- quantiles --- */

static const struct {
    size_t n; /* the values are n, n - 1, ... 1 */
    unsigned per_mille;
    int64_t rank;
} ranks[] = {
    {0, 500, 0}, {1, 0, 1},      {1, 500, 1},    {1, 1000, 1},
    {4, 500, 2}, {5, 500, 3},    {100, 990, 99}, {101, 990, 100},
    {10, 0, 1},  {10, 1000, 10}, {10, 2000, 10},
};

START_TEST(ranks_are_the_nearest)
{
    struct sample s = {0};

    sample_reset(&s, ranks[_i].n);
    for (size_t i = ranks[_i].n; i > 0; i--)
        sample_add(&s, (int64_t)i);
    sample_sort(&s);
    ck_assert_int_eq(sample_rank(&s, ranks[_i].per_mille), ranks[_i].rank);
    sample_clear(&s);
}
END_TEST

START_TEST(a_sample_can_be_used_again)
{
    struct sample s = {0};

    sample_reset(&s, 3);
    sample_add(&s, 7);
    sample_reset(&s, 1);
    ck_assert_uint_eq(s.n, 0);
    sample_add(&s, 5);
    ck_assert_int_eq(sample_rank(&s, 1000), 5);
    sample_clear(&s);
}
END_TEST

/* --- /proc --- */

#define NO_PID ((1 << 22) + 1) /* above any pid_max */

static const struct {
    const char *text, *name;
    int64_t value;
} fields[] = {
    {"Rss:     12 kB\nPss:      34 kB\nPss_Anon: 5 kB\n", "Pss", 34},
    {"Rss:     12 kB\nPss_Anon: 5 kB\nPss:      34 kB\n", "Pss", 34},
    {"Pss:\n", "Pss", 0},
    {"Swap_Pss: 3 kB\n", "Pss", -1},
    {"", "Pss", -1},
};

START_TEST(fields_are_found_by_their_whole_name)
{
    ck_assert_int_eq(procfs_field(fields[_i].text, fields[_i].name),
                     fields[_i].value);
}
END_TEST

START_TEST(processes_have_memory_and_time)
{
    struct errbuf err = {{0}};

    ck_assert_int_gt(procfs_pss_kib(getpid(), &err), 0);
    ck_assert_int_gt(procfs_cpu_ns(getpid()), 0);
    ck_assert_int_eq(procfs_pss_kib(NO_PID, &err), -1);
    ck_assert_str_ne(err.text, "");
    ck_assert_int_eq(procfs_cpu_ns(NO_PID), -1);
}
END_TEST

/* --- messages --- */

static const char stream[] = "\0<alert a=\"1\">x</alert>\0\0\0"
                             "<response id=\"1\"/>\0<r/>\0<cut";

struct seen {
    char text[sizeof(stream)];
};

static void
on_message(struct peer *p, const char *msg, size_t len, void *arg)
{
    struct seen *seen = arg;

    (void)p;
    ck_assert_uint_eq(strlen(msg), len);
    strcat(seen->text, msg);
    strcat(seen->text, "|");
}

/* The stream in two pieces, cut at each byte, and byte by byte. */
static void
feed(struct peer *p, struct seen *seen, size_t cut)
{
    const size_t len = sizeof(stream) - 1;

    if (cut <= len) {
        peer_feed(p, stream, cut, on_message, seen);
        peer_feed(p, stream + cut, len - cut, on_message, seen);
        return;
    }
    for (size_t i = 0; i < len; i++)
        peer_feed(p, stream + i, 1, on_message, seen);
}

START_TEST(messages_are_whole_wherever_they_are_cut)
{
    struct peer p = {.fd = -1};
    struct seen seen = {""};

    feed(&p, &seen, (size_t)_i);
    ck_assert_str_eq(seen.text,
                     "<alert a=\"1\">x</alert>|<response id=\"1\"/>|<r/>|");
    ck_assert_uint_eq(p.in.len, strlen("<cut"));
    peer_close(&p);
    ck_assert_ptr_null(p.in.data);
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static Suite *
bench_suite(void)
{
    Suite *s = suite_create("bench");
    TCase *tc = tcase_create("bench");

    tcase_add_loop_test(tc, ranks_are_the_nearest, 0, COUNT(ranks));
    tcase_add_test(tc, a_sample_can_be_used_again);
    tcase_add_loop_test(tc, fields_are_found_by_their_whole_name, 0,
                        COUNT(fields));
    tcase_add_test(tc, processes_have_memory_and_time);
    tcase_add_loop_test(tc, messages_are_whole_wherever_they_are_cut, 0,
                        COUNT(stream) + 1);
    suite_add_tcase(s, tc);
    return s;
}

SUITE_MAIN(bench_suite)
