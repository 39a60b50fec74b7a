/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/wake_files.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/log_capture.h"

Suite *wake_files_suite(void);

static char base[64], directory[80];
static struct wake_files *files;

static void
setup(void)
{
    strcpy(base, "/tmp/wake.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(base));
    snprintf(directory, sizeof directory, "%s/wake", base);
    files = NULL;
}

static void
teardown(void)
{
    char command[100];

    wake_files_close(&files);
    ck_assert_ptr_null(files);
    snprintf(command, sizeof command, "rm -r %s", base);
    ck_assert_int_eq(system(command), 0);
}

static void
open_files(unsigned most)
{
    struct errbuf err;

    files = wake_files_open(directory, most, &err);
    ck_assert_msg(files != NULL, "%s", err.text);
}

static const char *
path_of(const char *name)
{
    static char path[300];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static off_t
size_of(const char *name)
{
    struct stat st;

    return lstat(path_of(name), &st) == 0 ? st.st_size : -1;
}

START_TEST(test_one_byte)
{
    char name[WAKE_NAME_SIZE];
    struct buf b = {0};
    struct stat st;

    umask(0077);
    open_files(1);
    ck_assert_int_eq(stat(directory, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0711);
    ck_assert(wake_files_make(files, name));
    ck_assert_int_eq(stat(path_of(name), &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0644);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(size_of(name), i > 0);
        ck_assert(wake_files_touch(files, name));
    }
    wake_files_path(files, name, &b);
    ck_assert_str_eq(buf_cstr(&b), path_of(name));
    buf_clear(&b);
    wake_files_remove(files, name);
    ck_assert_int_eq(size_of(name), -1);
}
END_TEST

START_TEST(test_number)
{
    char name[3][WAKE_NAME_SIZE];

    open_files(2);
    ck_assert(wake_files_make(files, name[0]));
    ck_assert(wake_files_make(files, name[1]));
    ck_assert_str_ne(name[0], name[1]);
    ck_assert(!wake_files_make(files, name[2]));
    ck_assert(!wake_files_make(files, name[2]));
    wake_files_remove(files, name[0]);
    ck_assert(wake_files_make(files, name[2]));
    wake_files_set_limit(files, 3);
    ck_assert(wake_files_make(files, name[0]));
    ck_assert(!wake_files_make(files, name[0]));
}
END_TEST

static void
put(const char *name)
{
    int fd = open(path_of(name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    close(fd);
}

/* Some at a time, and only what looks like ours. */
START_TEST(test_old_ones)
{
    static const char *const foreign[] = {"notes",
                                          "0123456789abcdef0123456789abcde",
                                          "0123456789abcdef0123456789abcdeG",
                                          "0123456789abcdef0123456789abcdef0"};
    char name[5][WAKE_NAME_SIZE], mine[WAKE_NAME_SIZE];
    unsigned left = 0;

    open_files(9);
    for (int i = 0; i < 5; i++)
        ck_assert(wake_files_make(files, name[i]));
    for (size_t i = 0; i < 4; i++)
        put(foreign[i]);
    wake_files_close(&files);
    open_files(9);
    ck_assert(wake_files_make(files, mine));
    ck_assert(wake_files_remove_old(files, 2));
    for (int i = 0; i < 5; i++)
        left += size_of(name[i]) == 0;
    ck_assert_uint_eq(left, 3);
    ck_assert(!wake_files_remove_old(files, 9));
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(size_of(name[i]), -1);
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(size_of(foreign[i]), 0);
    ck_assert_int_eq(size_of(mine), 0);
}
END_TEST

/* Whatever takes the place of the directory afterwards, or of a file. */
START_TEST(test_links)
{
    char name[WAKE_NAME_SIZE], moved[100], victim[100];
    struct stat st;

    log_capture_begin(LOG_WARN_);
    open_files(9);
    ck_assert(wake_files_make(files, name));
    snprintf(victim, sizeof victim, "%s/victim", base);
    ck_assert_int_eq(close(creat(victim, 0600)), 0);
    ck_assert_int_eq(unlink(path_of(name)), 0);
    ck_assert_int_eq(symlink(victim, path_of(name)), 0);
    ck_assert(!wake_files_touch(files, name));
    ck_assert_int_eq(stat(victim, &st), 0);
    ck_assert_int_eq(st.st_size, 0);
    ck_assert_uint_eq(log_capture_count("writing to a file in"), 1);
    snprintf(moved, sizeof moved, "%s/moved", base);
    ck_assert_int_eq(rename(directory, moved), 0);
    ck_assert_int_eq(mkdir(directory, 0700), 0);
    ck_assert(wake_files_make(files, name));
    ck_assert_int_eq(size_of(name), -1);
    log_capture_end();
}
END_TEST

START_TEST(test_refused)
{
    struct errbuf err;

    ck_assert_int_eq(symlink(base, directory), 0);
    ck_assert_ptr_null(wake_files_open(directory, 1, &err));
    ck_assert_ptr_null(wake_files_open("/none/wake", 1, &err));
    ck_assert_str_eq(err.text,
                     "door-wake-directory /none/wake: No such file or "
                     "directory");
}
END_TEST

Suite *
wake_files_suite(void)
{
    Suite *s = suite_create("wake_files");
    TCase *t = tcase_create("wake_files");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_one_byte);
    tcase_add_test(t, test_number);
    tcase_add_test(t, test_old_ones);
    tcase_add_test(t, test_links);
    tcase_add_test(t, test_refused);
    suite_add_tcase(s, t);
    return s;
}
