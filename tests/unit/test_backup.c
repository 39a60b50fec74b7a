/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "storage/backup.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/backup_label.h"
#include "storage/env.h"
#include "storage/restore.h"
#include "tests/unit/disk_fault.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"
#include "util/clock.h"
#include "util/xmalloc.h"

Suite *backup_suite(void);

static char target[PATH_MAX];
static struct backups *backups;
static struct errbuf err;

static void
setup(void)
{
    fixture_setup();
    ck_assert_int_lt(snprintf(target, sizeof target, "%s/backups", fixture_dir),
                     (int)sizeof target);
    ck_assert_int_eq(mkdir(target, 0700), 0);
    backups = backups_new(fixture_store);
}

static void
close_backups(void)
{
    if (backups != NULL)
        backups_close(backups);
    fixture_close();
    backups_free(&backups);
}

static void
teardown(void)
{
    disk_fault_end();
    close_backups();
    fixture_open();
    fixture_teardown();
}

static struct backup_status
wait_for_end(void)
{
    struct backup_status s;

    do {
        poll(NULL, 0, 1);
        backup_status(backups, &s);
    } while (s.state == BACKUP_RUNNING);
    return s;
}

static struct backup_status
back_up(const char *dir, unsigned keep)
{
    const struct backup_wanted w = {dir, keep, 60 * SECOND, "1.2.3"};
    char id[BACKUP_ID_SIZE];
    struct backup_status s;

    ck_assert_int_eq(backup_start(backups, &w, id, &err), 0);
    s = wait_for_end();
    ck_assert_str_eq(s.id, id);
    return s;
}

/* One that must go well; its path. */
static const char *
good(void)
{
    static char path[BACKUP_PATH_SIZE];
    struct backup_status s = back_up(target, 0);

    ck_assert_msg(s.state == BACKUP_DONE, "%s", s.err.text);
    ck_assert_str_eq(s.err.text, "");
    memcpy(path, s.path, sizeof path);
    return path;
}

static int
restore(const char *backup, char **kept_r)
{
    const struct restore_wanted w = {backup, fixture_dir, clock_now()};

    return store_restore(&w, stdout, kept_r, &err);
}

static void
damage(const char *path, const char *name, off_t at)
{
    char *file = xasprintf("%s/%s", path, name);
    int fd = open(file, O_RDWR);
    char byte;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
    byte ^= 1;
    ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
    close(fd);
    free(file);
}

START_TEST(a_backup_is_a_closed_store_with_a_label)
{
    struct backup_label l;
    const char *path;
    FILE *nowhere = fopen("/dev/null", "w");
    char *home;

    fixture_post(ALERT_SERVER, 0, SECOND, "one");
    path = good();
    home = xasprintf("%s/db", path);
    ck_assert_int_eq(backup_label_read(&l, path, &err), 0);
    ck_assert_str_eq(l.version, "1.2.3");
    ck_assert_uint_eq(l.serial, 1);
    ck_assert_uint_eq(l.format, STORE_FORMAT);
    ck_assert_int_eq(backup_label_check(&l, home, &err), 0);
    ck_assert_int_eq(store_verify(path, nowhere, &err), STORE_SOUND);
    fclose(nowhere);
    free(home);
}
END_TEST

START_TEST(the_next_one_has_the_next_serial)
{
    struct backup_label first, second;

    ck_assert_int_eq(backup_label_read(&first, good(), &err), 0);
    ck_assert_int_eq(backup_label_read(&second, good(), &err), 0);
    ck_assert_uint_eq(second.serial, first.serial + 1);
    ck_assert_mem_eq(first.instance, second.instance, sizeof first.instance);
}
END_TEST

static const char *const files[] = {"label", "db/meta.db", "db/alert.db",
                                    "db/mark"};

START_TEST(a_damaged_one_is_not_restored)
{
    const char *path = good();
    char *kept;

    close_backups();
    damage(path, files[_i], 100);
    ck_assert_int_eq(restore(path, &kept), -1);
    ck_assert_ptr_nonnull(strstr(err.text, strrchr(files[_i], '/') != NULL
                                               ? strrchr(files[_i], '/') + 1
                                               : files[_i]));
    fixture_open();
    backups = backups_new(fixture_store);
}
END_TEST

START_TEST(one_without_label_is_none)
{
    char *path = xstrdup(good()), *label = xasprintf("%s/label", path), *kept;

    close_backups();
    ck_assert_int_eq(unlink(label), 0);
    ck_assert_int_eq(restore(path, &kept), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "no finished backup"));
    fixture_open();
    backups = backups_new(fixture_store);
    free(path);
    free(label);
}
END_TEST

START_TEST(a_store_in_use_is_not_replaced)
{
    char *kept;

    ck_assert_int_eq(restore(good(), &kept), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "in use"));
}
END_TEST

static enum store_result
read_instance(struct store_txn *t, void *arg, struct errbuf *e)
{
    return meta_instance_get(t, arg, e);
}

START_TEST(a_restored_store_is_another_instance)
{
    const char *path = good();
    struct instance_rec rec;
    struct backup_label l;
    char *kept;

    fixture_post(ALERT_SERVER, 0, SECOND, "later");
    close_backups();
    ck_assert_int_eq(backup_label_read(&l, path, &err), 0);
    ck_assert_msg(restore(path, &kept) == 0, "%s", err.text);
    ck_assert_int_eq(access(kept, F_OK), 0);
    free(kept);
    fixture_open();
    fixture_verify();
    fixture_run(read_instance, &rec, STORE_OK);
    ck_assert_mem_ne(rec.id, l.instance, sizeof rec.id);
    ck_assert_int_eq(rec.last, l.time);
    backups = backups_new(fixture_store);
}
END_TEST

START_TEST(only_one_at_a_time_and_only_absolute)
{
    struct backup_wanted w = {target, 0, 60 * SECOND, "1"};
    char id[BACKUP_ID_SIZE];

    ck_assert_int_eq(backup_start(backups, &w, id, &err), 0);
    ck_assert_int_eq(backup_start(backups, &w, id, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "is running"));
    wait_for_end();
    w.dir = "here";
    ck_assert_int_eq(backup_start(backups, &w, id, &err), -1);
    w.dir = target;
    backups_cancel(backups);
    ck_assert_int_eq(backup_start(backups, &w, id, &err), -1);
}
END_TEST

static unsigned
count_entries(const char *path)
{
    DIR *d = opendir(path);
    unsigned n = 0;

    ck_assert_ptr_nonnull(d);
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n - 2;
}

/* Whatever cannot be written: nothing stays, and the next one is good. */
START_TEST(what_fails_leaves_nothing)
{
    struct backup_status s;

    fixture_post(ALERT_SERVER, 0, SECOND, "one");
    disk_fault_after((unsigned)_i);
    s = back_up(target, 0);
    disk_fault_end();
    ck_assert_int_eq(s.state, BACKUP_FAILED);
    ck_assert_str_ne(s.err.text, "");
    ck_assert_int_eq(s.last, 0);
    ck_assert_uint_eq(count_entries(target), 0);
    good();
}
END_TEST

START_TEST(too_little_space)
{
    struct backup_status s;

    disk_fault_space(UINT64_C(20) << 20);
    s = back_up(target, 0);
    disk_fault_end();
    ck_assert_int_eq(s.state, BACKUP_FAILED);
    ck_assert_ptr_nonnull(strstr(s.err.text, "too little space"));
    ck_assert_uint_eq(count_entries(target), 0);
}
END_TEST

/* By the clock it takes too long: it is given up, and another can follow. */
START_TEST(one_that_hangs_is_given_up)
{
    const struct backup_wanted w = {target, 0, SECOND, "1"};
    char id[BACKUP_ID_SIZE], next[BACKUP_ID_SIZE];
    struct backup_status s;

    disk_fault_hold("/backups/");
    ck_assert_int_eq(backup_start(backups, &w, id, &err), 0);
    while (disk_fault_held() == 0)
        poll(NULL, 0, 1);
    do {
        poll(NULL, 0, 1);
        clock_advance(5 * SECOND);
        backup_status(backups, &s);
    } while (s.state == BACKUP_RUNNING);
    ck_assert_ptr_nonnull(strstr(s.err.text, "nothing went on"));
    ck_assert(s.hangs);
    ck_assert_int_eq(backup_start(backups, &w, next, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "still hangs"));
    fixture_post(ALERT_SERVER, 0, SECOND, "goes on");
    disk_fault_hold(NULL); /* now it can go on, and ends */
    while (backup_start(backups, &w, next, &err) != 0)
        poll(NULL, 0, 1);
    s = wait_for_end();
    ck_assert_msg(s.state == BACKUP_DONE, "%s", s.err.text);
    ck_assert_uint_eq(count_entries(target), 1);
}
END_TEST

START_TEST(age_by_the_last_good_one)
{
    struct backup_status s = back_up(target, 0);

    ck_assert_int_eq(backup_age(backups, s.last + 10 * SECOND), 10);
    /* It was made in a future that did not come: since the store is known. */
    ck_assert_int_ge(backup_age(backups, s.last - 7200 * SECOND), 0);
    close_backups();
    fixture_open();
    backups = backups_new(fixture_store);
    ck_assert_int_eq(backup_age(backups, s.last + 10 * SECOND), 10);
}
END_TEST

Suite *
backup_suite(void)
{
    Suite *s = suite_create("backup");
    TCase *c = tcase_create("backup");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, a_backup_is_a_closed_store_with_a_label);
    tcase_add_test(c, the_next_one_has_the_next_serial);
    tcase_add_loop_test(c, a_damaged_one_is_not_restored, 0, 4);
    tcase_add_test(c, one_without_label_is_none);
    tcase_add_test(c, a_store_in_use_is_not_replaced);
    tcase_add_test(c, a_restored_store_is_another_instance);
    tcase_add_test(c, only_one_at_a_time_and_only_absolute);
    tcase_add_loop_test(c, what_fails_leaves_nothing, 0, 40);
    tcase_add_test(c, too_little_space);
    tcase_add_test(c, one_that_hangs_is_given_up);
    tcase_add_test(c, age_by_the_last_good_one);
    suite_add_tcase(s, c);
    return s;
}
