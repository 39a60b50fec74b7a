/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/alert_cache.h"

#include <check.h>
#include <string.h>

#include "tests/unit/suite.h"
#include "util/clock.h"
#include "util/shared_buf.h"
#include "util/xmalloc.h"
#include "util/zone.h"
#include "ximss/server/live/alert.h"

Suite *alert_cache_suite(void);

/* 2026-10-25 00:59:59 GMT, a second before Berlin's summer time ends */
#define SUMMER INT64_C(1792889999000000)
#define SECOND CLOCK_SECOND

#define ZONES 12
static const char *const zones[ZONES] = {
    "Europe/Berlin",  "Europe/Paris",     "Europe/Rome",    "Europe/Madrid",
    "Europe/Vienna",  "Europe/Amsterdam", "Europe/Prague",  "Europe/Oslo",
    "Africa/Algiers", "America/New_York", "Asia/Kathmandu", "UTC"};

static struct alert_cache *cache;

static void
setup(void)
{
    cache = alert_cache_new();
    alert_cache_set_limit(cache, 1 << 20);
}

static void
teardown(void)
{
    alert_cache_free(&cache);
    ck_assert_ptr_null(cache);
}

static struct alert *
make(int64_t posted, size_t len)
{
    struct alert_rec rec = {.id = 1,
                            .scope = ALERT_SERVER,
                            .severity = ALERT_INFO,
                            .posted = posted,
                            .text = xcalloc(1, len + 1),
                            .text_len = len};

    memset(rec.text, 'x', len);
    return alert_new(&rec);
}

static struct shared_buf *
get(struct alert *a, const char *zone)
{
    const struct zone *z = zone_find(zone);

    ck_assert_msg(z != NULL, "%s is not installed", zone);
    return alert_cache_get(cache, a, z);
}

/* Asks, and checks that the right time is told. */
static void
check_time(struct alert *a, const char *zone)
{
    char local[CLOCK_LOCAL_SIZE];
    struct shared_buf *b = get(a, zone);

    zone_format_local(zone_find(zone), a->rec.posted, local);
    ck_assert_msg(strstr(b->bytes, local) != NULL, "%s: no %s in %s", zone,
                  local, b->bytes);
    shared_buf_unref(&b);
}

/* However many zones have the same time, there is one encoding of it. */
START_TEST(test_one_for_an_offset)
{
    struct alert *a = make(SUMMER, 10);

    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < ZONES; i++)
            check_time(a, zones[i]);
    /* Berlin and the like, Algiers with UTC+1, New York, Kathmandu, UTC */
    ck_assert_uint_eq(alert_cache_count(cache), 5);
    alert_unref(&a);
}
END_TEST

/* The offset is that of the alert's own time, on both sides of a change. */
START_TEST(test_around_the_end_of_summer)
{
    struct alert *before = make(SUMMER, 10), *after = make(SUMMER + SECOND, 10);
    struct shared_buf *berlin, *algiers;

    for (size_t i = 0; i < ZONES; i++) {
        check_time(before, zones[i]);
        check_time(after, zones[i]);
    }
    berlin = get(before, "Europe/Berlin");
    algiers = get(before, "Africa/Algiers"); /* has no summer time */
    ck_assert_ptr_ne(berlin, algiers);
    shared_buf_unref(&berlin);
    shared_buf_unref(&algiers);
    berlin = get(after, "Europe/Berlin");
    algiers = get(after, "Africa/Algiers");
    ck_assert_ptr_eq(berlin, algiers);
    shared_buf_unref(&berlin);
    shared_buf_unref(&algiers);
    alert_unref(&before);
    alert_unref(&after);
}
END_TEST

/* What was asked for longest ago makes room; what is in use stays good. */
START_TEST(test_bounded)
{
    struct alert *a[4];
    struct shared_buf *b[4], *again;

    for (int i = 0; i < 4; i++)
        a[i] = make(SUMMER, 1000);
    b[0] = get(a[0], "UTC");
    alert_cache_set_limit(cache, 2 * alert_cache_bytes(cache));
    b[1] = get(a[1], "UTC");
    ck_assert_uint_eq(alert_cache_count(cache), 2); /* both have a place */
    again = get(a[0], "UTC");
    ck_assert_ptr_eq(again, b[0]);
    shared_buf_unref(&again);
    b[2] = get(a[2], "UTC");
    b[3] = get(a[0], "UTC");
    ck_assert_uint_eq(alert_cache_count(cache), 2);
    ck_assert_ptr_eq(b[3], b[0]); /* newer than a[1], which went */
    again = get(a[1], "UTC");
    ck_assert_ptr_ne(again, b[1]);
    ck_assert_uint_eq(again->len, b[1]->len);
    ck_assert_mem_eq(again->bytes, b[1]->bytes, again->len);
    shared_buf_unref(&again);
    for (int i = 0; i < 4; i++) {
        shared_buf_unref(&b[i]);
        alert_unref(&a[i]);
    }
}
END_TEST

START_TEST(test_none_kept)
{
    struct alert *a = make(SUMMER, 1000);
    struct shared_buf *b;

    alert_cache_set_limit(cache, 0);
    b = get(a, "UTC");
    ck_assert_uint_eq(alert_cache_count(cache), 0);
    ck_assert_uint_eq(atomic_load(&a->refs), 1);
    ck_assert_uint_gt(b->len, 1000);
    shared_buf_unref(&b);
    alert_unref(&a);
}
END_TEST

START_TEST(test_unused_goes)
{
    struct alert *a = make(SUMMER, 10);

    alert_cache_tick(cache, 1000 * SECOND);
    check_time(a, "UTC");
    alert_cache_tick(cache, 1030 * SECOND);
    check_time(a, "Europe/Berlin");
    alert_cache_tick(cache, 1060 * SECOND);
    ck_assert_uint_eq(alert_cache_count(cache), 2);
    alert_cache_tick(cache, 1061 * SECOND);
    ck_assert_uint_eq(alert_cache_count(cache), 1);
    alert_cache_tick(cache, 1091 * SECOND);
    ck_assert_uint_eq(alert_cache_count(cache), 0);
    ck_assert_uint_eq(alert_cache_bytes(cache), 0);
    ck_assert_uint_eq(atomic_load(&a->refs), 1); /* the alert is let go, too */
    alert_unref(&a);
}
END_TEST

/* Very many that nobody asks for go some at a time. */
START_TEST(test_many_unused_go)
{
    enum {
        N = 600
    };
    struct alert *a[N];
    struct shared_buf *b;

    alert_cache_tick(cache, 1000 * SECOND);
    for (int i = 0; i < N; i++) {
        a[i] = make(SUMMER, 10);
        a[i]->rec.id = (uint64_t)i + 1;
        b = get(a[i], "UTC");
        shared_buf_unref(&b);
    }
    ck_assert(!alert_cache_tick(cache, 1060 * SECOND));
    ck_assert(alert_cache_tick(cache, 1061 * SECOND));
    ck_assert_uint_gt(alert_cache_count(cache), 0);
    ck_assert_uint_lt(alert_cache_count(cache), N);
    ck_assert(!alert_cache_tick(cache, 1061 * SECOND));
    ck_assert_uint_eq(alert_cache_count(cache), 0);
    for (int i = 0; i < N; i++)
        alert_unref(&a[i]);
}
END_TEST

/* What is over is let go at once, whatever its time zones. */
START_TEST(test_forgotten)
{
    struct alert *a = make(SUMMER, 1000), *other = make(SUMMER, 10);

    other->rec.id = 2;
    check_time(a, "UTC");
    check_time(a, "Europe/Berlin");
    ck_assert_uint_gt(alert_cache_bytes(cache), 2 * 1000 + 2 * 1000);
    check_time(other, "UTC");
    alert_cache_forget(cache, 3);
    ck_assert_uint_eq(alert_cache_count(cache), 3);
    alert_cache_forget(cache, 1);
    ck_assert_uint_eq(alert_cache_count(cache), 1);
    ck_assert_uint_eq(atomic_load(&a->refs), 1);
    check_time(a, "UTC");
    ck_assert_uint_eq(alert_cache_count(cache), 2);
    alert_unref(&other);
    alert_unref(&a);
}
END_TEST

Suite *
alert_cache_suite(void)
{
    Suite *s = suite_create("alert_cache");
    TCase *t = tcase_create("alert_cache");

    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_one_for_an_offset);
    tcase_add_test(t, test_around_the_end_of_summer);
    tcase_add_test(t, test_bounded);
    tcase_add_test(t, test_none_kept);
    tcase_add_test(t, test_unused_goes);
    tcase_add_test(t, test_many_unused_go);
    tcase_add_test(t, test_forgotten);
    suite_add_tcase(s, t);
    return s;
}
