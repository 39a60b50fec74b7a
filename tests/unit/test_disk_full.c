/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/copy.h"
#include "storage/env.h"
#include "storage/txn.h"
#include "tests/unit/disk_fault.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"
#include "util/log.h"

Suite *disk_full_suite(void);

static enum store_result
add(struct store_txn *t, void *arg, struct errbuf *err)
{
    return alert_add(t, arg, err);
}

static bool
count(const struct alert_rec *a, void *arg)
{
    (void)a;
    ++*(unsigned *)arg;
    return true;
}

static enum store_result
count_alerts(struct store_txn *t, void *arg, struct errbuf *err)
{
    *(unsigned *)arg = 0;
    return alert_walk(t, ALERT_SERVER, 0, 0, count, arg, err);
}

static unsigned
alerts_there(void)
{
    unsigned n;

    fixture_run(count_alerts, &n, STORE_OK);
    return n;
}

static void
full_setup(void)
{
    fixture_setup();
    log_set_level(LOG_ERROR_ + 1); /* it will complain, as it should */
}

static void
full_teardown(void)
{
    disk_fault_end();
    fixture_teardown();
}

START_TEST(low_space_refuses_and_serves)
{
    struct alert_rec a = fixture_alert(ALERT_SERVER, 0, SECOND, "x");

    fixture_run(add, &a, STORE_OK);
    disk_fault_space(1 << 20);
    for (int i = 0; i < 3; i++) {
        fixture_run(add, &a, STORE_FULL);
        ck_assert_str_eq(fixture_err.text, "no space left on the disk");
        ck_assert_uint_eq(alerts_there(), 1);
    }
    disk_fault_end();
    fixture_run(add, &a, STORE_OK);
    ck_assert_uint_eq(a.id, 2);
    ck_assert_uint_eq(alerts_there(), 2);
    fixture_verify();
}
END_TEST

/* Opened so that nothing but a checkpoint writes into the tables, and that only
 * at the end. */
static void
open_lazily(uint64_t cache)
{
    const struct store_options o = {.dir = fixture_dir,
                                    .cache_bytes = cache,
                                    .checkpoint_s = FIXTURE_LONG_S};

    fixture_close();
    fixture_store = store_open(&o, &fixture_err);
    ck_assert_msg(fixture_store != NULL, "%s", fixture_err.text);
}

/* Posts until it is refused; how many it took. */
static unsigned
post_until_full(size_t len)
{
    static char text[4001];
    struct alert_rec a;
    unsigned n = 0;
    enum store_result r;

    memset(text, 'x', len);
    text[len] = 0;
    do {
        a = fixture_alert(ALERT_SERVER, 0, SECOND, text);
        r = store_run(fixture_store, add, &a, &fixture_err);
        n += r == STORE_OK;
    } while (r == STORE_OK && n < 100000);
    ck_assert_int_eq(r, STORE_FULL);
    return n;
}

/* What was committed but is only in the log still has to find its place in the
 * tables: that much space is kept, counted in pages (4,000 bytes take two of
 * them, twenty of 200 share one), and a checkpoint sets it free. */
START_TEST(space_is_kept_for_the_tables)
{
    struct alert_rec a = fixture_alert(ALERT_SERVER, 0, SECOND, "x");
    unsigned n;

    open_lazily(64 << 20);
    disk_fault_space(12 << 20); /* 6 of them are never touched */
    n = post_until_full(4000);
    ck_assert_uint_le(n, (6 << 20) / (2 * 4096));
    ck_assert_uint_ge(n, (5 << 20) / (2 * 4096));
    disk_fault_end();
    fixture_reopen();
    disk_fault_space(12 << 20);
    fixture_run(add, &a, STORE_OK);
    ck_assert_uint_eq(alerts_there(), n + 1);
    open_lazily(64 << 20);
    n = post_until_full(200);
    ck_assert_uint_ge(n, 10000);
}
END_TEST

static enum store_result
remove_first(struct store_txn *t, void *arg, struct errbuf *err)
{
    store_removing(t, *(bool *)arg);
    return alert_remove(t, 1, err);
}

static uint64_t
reserve_size(void)
{
    struct stat st;
    char path[128];

    snprintf(path, sizeof path, "%s/reserve", fixture_dir);
    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* The space that the reserve keeps is enough to remove something. */
START_TEST(removals_go_on)
{
    struct alert_rec a = fixture_alert(ALERT_SERVER, 0, SECOND, "x");
    bool removing = false;

    fixture_run(add, &a, STORE_OK);
    disk_fault_space(0);
    fixture_run(add, &a, STORE_FULL);
    fixture_run(remove_first, &removing, STORE_FULL);
    removing = true;
    fixture_run(remove_first, &removing, STORE_OK);
    ck_assert_uint_eq(alerts_there(), 0);
    fixture_run(add, &a, STORE_FULL); /* each job for itself */
}
END_TEST

/* Nothing at all without it: recovery would have nothing. */
START_TEST(nothing_goes_on_without_a_reserve)
{
    struct alert_rec a = fixture_alert(ALERT_SERVER, 0, SECOND, "x");
    char path[128];
    bool removing = true;

    fixture_run(add, &a, STORE_OK);
    fixture_close();
    snprintf(path, sizeof path, "%s/reserve", fixture_dir);
    ck_assert_int_eq(unlink(path), 0);
    disk_fault_space(0);
    fixture_open();
    ck_assert_uint_eq(reserve_size(), 0);
    fixture_run(remove_first, &removing, STORE_FULL);
    disk_fault_space(20 << 20); /* room for half of it */
    fixture_reopen();
    ck_assert_uint_eq(reserve_size(), 14 << 20);
    fixture_run(add, &a, STORE_FULL);
    fixture_run(remove_first, &removing, STORE_OK);
    disk_fault_end();
    fixture_reopen();
    ck_assert_uint_eq(reserve_size(), 32 << 20);
    fixture_run(add, &a, STORE_OK);
}
END_TEST

START_TEST(the_reserve_is_as_large_as_wanted)
{
    struct store_options o = {.dir = fixture_dir, .reserve_bytes = 40 << 20};

    for (int i = 0; i < 2; i++) {
        fixture_close();
        fixture_store = store_open(&o, &fixture_err);
        ck_assert_ptr_nonnull(fixture_store);
        ck_assert_uint_eq(reserve_size(), o.reserve_bytes);
        o.reserve_bytes = 24 << 20;
    }
}
END_TEST

/* --- the disk fails although it said there was space --- */

#define JOBS 40

struct post {
    struct alert_rec a;
    enum store_result result;
};

static enum store_result
post_body(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct post *p = arg;

    return alert_add(t, &p->a, err);
}

static void
post_done(enum store_result result, void *arg, const struct errbuf *err)
{
    struct post *p = arg;

    (void)err;
    p->result = result;
}

static bool
note_id(const struct alert_rec *a, void *arg)
{
    bool *there = arg;

    ck_assert_uint_lt(a->id, 10000);
    there[a->id] = true;
    return true;
}

static enum store_result
list_ids(struct store_txn *t, void *arg, struct errbuf *err)
{
    return alert_walk(t, ALERT_SERVER, 0, 0, note_id, arg, err);
}

/* Submits posts of which some fail; how many were acknowledged. */
static unsigned
post_some(bool *acknowledged, size_t len)
{
    static char text[8192];
    struct post posts[JOBS];
    unsigned n, good = 0;

    memset(text, 'x', len);
    text[len] = 0;
    for (unsigned i = 0; i < JOBS; i++) {
        posts[i].a = fixture_alert(ALERT_SERVER, 0, SECOND, text);
        store_submit(fixture_store, post_body, post_done, &posts[i]);
    }
    fixture_run(count_alerts, &n, STORE_OK);
    for (unsigned i = 0; i < JOBS; i++) {
        ck_assert(posts[i].result == STORE_OK || posts[i].result == STORE_FULL);
        if (posts[i].result == STORE_OK) {
            ck_assert(!acknowledged[posts[i].a.id]);
            acknowledged[posts[i].a.id] = true;
            good++;
        }
    }
    return good;
}

static void
check_alerts(const bool *acknowledged)
{
    bool there[10000] = {false};

    fixture_run(list_ids, there, STORE_OK);
    ck_assert_mem_eq(there, acknowledged, sizeof there);
}

/* Writes begin to fail at every point of the work, and end to. */
START_TEST(failing_writes_lose_nothing)
{
    bool acknowledged[10000] = {false};
    unsigned refused = 0;

    for (unsigned after = 0; after < 12; after++) {
        disk_fault_after(after);
        refused += JOBS - post_some(acknowledged, 200);
        check_alerts(acknowledged);
        disk_fault_end();
        ck_assert_uint_eq(post_some(acknowledged, 200), JOBS);
        check_alerts(acknowledged);
    }
    ck_assert_uint_gt(refused, 0);
    fixture_reopen();
    check_alerts(acknowledged);
    fixture_verify();
    check_alerts(acknowledged);
}
END_TEST

/* A cache full of pages that cannot be written. */
START_TEST(a_full_cache_on_a_full_disk)
{
    bool acknowledged[10000] = {false};
    unsigned good = 0;

    while (good < 800) /* 6 MB: more than the cache */
        good += post_some(acknowledged, 8000);
    disk_fault_after(0);
    for (int i = 0; i < 5; i++)
        ck_assert_uint_eq(post_some(acknowledged, 8000), 0);
    ck_assert_uint_gt(disk_fault_count(), 0);
    disk_fault_end();
    ck_assert_uint_eq(post_some(acknowledged, 8000), JOBS);
    check_alerts(acknowledged);
    fixture_verify();
    check_alerts(acknowledged);
}
END_TEST

/* A quota does so, which the file system as a whole does not show.  A database
 * that cannot make room in its cache sleeps, seconds for each page: posts must
 * be refused before, and what is there can be read. */
START_TEST(tables_that_cannot_grow)
{
    bool acknowledged[10000] = {false};
    unsigned good = 0;

    disk_fault_tables(ENOSPC);
    for (int i = 0; i < 25; i++) {
        good += post_some(acknowledged, 8000);
        ck_assert_uint_eq(disk_fault_sleeps(), 0);
    }
    ck_assert_uint_gt(good, 0);
    ck_assert_uint_gt(disk_fault_count(), 0);
    ck_assert_uint_eq(post_some(acknowledged, 200), 0);
    check_alerts(acknowledged);
    fixture_close();
    ck_assert_uint_eq(disk_fault_sleeps(), 0);
    disk_fault_end();
    fixture_open();
    ck_assert_uint_eq(post_some(acknowledged, 8000), JOBS);
    check_alerts(acknowledged);
    fixture_verify();
}
END_TEST

static enum store_result
checkpoint(struct store_txn *t, void *arg, struct errbuf *err)
{
    (void)err;
    *(int *)arg = env_checkpoint(t->env, 0);
    return STORE_OK;
}

START_TEST(a_checkpoint_on_a_full_disk)
{
    bool acknowledged[10000] = {false};
    int ret;

    post_some(acknowledged, 200);
    for (unsigned after = 0; after < 4; after++) {
        disk_fault_after(after);
        fixture_run(checkpoint, &ret, STORE_OK);
        ck_assert(ret == -1 || disk_fault_count() == 0);
        disk_fault_end();
        fixture_run(checkpoint, &ret, STORE_OK);
        ck_assert_int_eq(ret, 0);
        ck_assert_uint_eq(post_some(acknowledged, 200), JOBS);
    }
    check_alerts(acknowledged);
    fixture_verify();
}
END_TEST

static enum store_result
add_large(struct store_txn *t, void *arg, struct errbuf *err)
{
    static char text[2 << 20]; /* more than the cache */
    struct alert_rec a;

    (void)arg;
    memset(text, 'x', sizeof text - 1);
    a = fixture_alert(ALERT_SERVER, 0, SECOND, text);
    return alert_add(t, &a, err);
}

/* One record alone has no place in the cache: the database says that it has no
 * memory, and means the disk. */
START_TEST(a_record_that_fills_the_cache)
{
    open_lazily(1 << 20);
    disk_fault_tables(ENOSPC);
    fixture_run(add_large, NULL, STORE_FULL);
    ck_assert_str_eq(fixture_err.text, "no space left on the disk");
    disk_fault_tables(EIO);
    fixture_run(add_large, NULL, STORE_ERROR);
    ck_assert_ptr_nonnull(strstr(fixture_err.text, "Input/output error"));
    disk_fault_end();
    fixture_run(add_large, NULL, STORE_OK);
    ck_assert_uint_eq(alerts_there(), 1);
}
END_TEST

/* After a checkpoint that failed, the log would grow for ever.  It is tried
 * again each second. */
START_TEST(tables_that_cannot_be_written)
{
    struct alert_rec a = fixture_alert(ALERT_SERVER, 0, SECOND, "x");
    bool removing = true;
    int ret;

    fixture_run(add, &a, STORE_OK);
    disk_fault_tables(EIO);
    fixture_run(checkpoint, &ret, STORE_OK);
    ck_assert_int_eq(ret, -1);
    fixture_run(add, &a, STORE_ERROR);
    ck_assert_ptr_nonnull(strstr(fixture_err.text, "Input/output error"));
    fixture_run(remove_first, &removing, STORE_OK);
    ck_assert_uint_eq(alerts_there(), 0);
    disk_fault_end();
    while (store_run(fixture_store, add, &a, &fixture_err) == STORE_ERROR)
        continue;
    ck_assert_uint_eq(alerts_there(), 1);
    fixture_verify();
}
END_TEST

START_TEST(recovery_on_a_full_disk)
{
    const struct store_options o = {.dir = fixture_dir};

    fixture_post(ALERT_SERVER, 0, SECOND, "x");
    fixture_close();
    disk_fault_space(0);
    disk_fault_after(0);
    fixture_store = store_open(&o, &fixture_err);
    ck_assert_ptr_null(fixture_store);
    ck_assert_ptr_nonnull(strstr(fixture_err.text, "no space left"));
    disk_fault_end();
    fixture_open();
    ck_assert_uint_eq(alerts_there(), 1);
    fixture_verify();
}
END_TEST

/* What was set aside is given up for recovery, and for nothing less. */
START_TEST(recovery_takes_the_reserve)
{
    char killed[128], home[136], from[128], reserve[140];
    const struct store_options o = {.dir = killed};
    struct store *kept;

    fixture_post(ALERT_SERVER, 0, SECOND, "x");
    snprintf(killed, sizeof killed, "%s/killed", fixture_dir);
    snprintf(home, sizeof home, "%s/db", killed);
    snprintf(from, sizeof from, "%s/db", fixture_dir);
    snprintf(reserve, sizeof reserve, "%s/reserve", killed);
    ck_assert_int_eq(mkdir(killed, 0700), 0);
    ck_assert_int_eq(copy_dir(from, home, NULL, &fixture_err), 0);
    snprintf(from, sizeof from, "%s/reserve", fixture_dir);
    ck_assert_int_eq(copy_file(from, reserve, &fixture_err), 0);
    kept = fixture_store;
    disk_fault_until_gone(reserve);
    fixture_store = store_open(&o, &fixture_err);
    ck_assert_msg(fixture_store != NULL, "%s", fixture_err.text);
    ck_assert_uint_gt(disk_fault_count(), 0);
    ck_assert_uint_eq(alerts_there(), 1);
    store_close(&fixture_store);
    fixture_store = kept;
}
END_TEST

START_TEST(creation_on_a_full_disk)
{
    char path[128];
    struct store_options o = {.dir = path, .create = true};
    struct store *s;

    snprintf(path, sizeof path, "%s/new", fixture_dir);
    mkdir(path, 0700);
    for (unsigned after = 0; after < 60; after += 7) {
        disk_fault_after(after);
        s = store_open(&o, &fixture_err);
        if (s != NULL)
            break;
        ck_assert(!store_exists(path));
        disk_fault_end();
    }
    disk_fault_end();
    if (s == NULL)
        s = store_open(&o, &fixture_err);
    ck_assert_msg(s != NULL, "%s", fixture_err.text);
    store_close(&s);
    ck_assert_int_eq(store_verify(path, stderr, &fixture_err), 0);
}
END_TEST

Suite *
disk_full_suite(void)
{
    Suite *s = suite_create("disk_full");
    TCase *tc = tcase_create("disk_full");

    tcase_add_checked_fixture(tc, full_setup, full_teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, low_space_refuses_and_serves);
    tcase_add_test(tc, space_is_kept_for_the_tables);
    tcase_add_test(tc, removals_go_on);
    tcase_add_test(tc, nothing_goes_on_without_a_reserve);
    tcase_add_test(tc, the_reserve_is_as_large_as_wanted);
    tcase_add_test(tc, failing_writes_lose_nothing);
    tcase_add_test(tc, a_full_cache_on_a_full_disk);
    tcase_add_test(tc, tables_that_cannot_grow);
    tcase_add_test(tc, a_checkpoint_on_a_full_disk);
    tcase_add_test(tc, a_record_that_fills_the_cache);
    tcase_add_test(tc, tables_that_cannot_be_written);
    tcase_add_test(tc, recovery_on_a_full_disk);
    tcase_add_test(tc, recovery_takes_the_reserve);
    tcase_add_test(tc, creation_on_a_full_disk);
    suite_add_tcase(s, tc);
    return s;
}
