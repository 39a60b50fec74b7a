/* SPDX-License-Identifier: BSD-2-Clause */
/* Maildirs on the disk, by maildirsize and by the names of files. */
#include "config.h"

#include "quota/maildir_read.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "tests/unit/maildir_fixture.h"

Suite *maildir_read_suite(void);

static atomic_bool stop;
static struct errbuf err;

static void
setup(void)
{
    maildir_fixture_setup();
    stop = false;
    err.text[0] = '\0';
}

static void
make_folder(const char *name)
{
    char path[300];
    static const char *const parts[] = {"cur", "new", "tmp"};

    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", name, parts[i]);
        maildir_fixture_dir(path);
    }
}

static enum maildir_result
read_box(struct maildir_use *use)
{
    *use = (struct maildir_use){1, true, 1};
    return maildir_read(maildir_fixture_path("m"),
                        strlen(maildir_fixture_path("")), &stop, use, &err);
}

static uint64_t
scanned(void)
{
    struct maildir_use use;

    ck_assert_msg(read_box(&use) == MAILDIR_OK, "%s", err.text);
    ck_assert(!use.counted);
    ck_assert_uint_eq(use.limit, 0);
    return use.used;
}

static const struct {
    const char *name;
    bool has;
    uint64_t bytes;
} names[] = {
    {"1.M1P1.host,S=5166,W=5246", true, 5166},
    {"1.M1P1.host,S=5166,W=5246:2,S", true, 5166},
    {"1.M1P1.host,W=5246,S=5166:2,", true, 5166},
    {"1.M1P1.host,S=0", true, 0},
    {"1.M1P1.host,S=18446744073709551615", true, UINT64_MAX},
    {"1.M1P1.host,S=18446744073709551616", false, 0},
    {"1.M1P1.host,W=5246:2,S", false, 0},
    {"1.M1P1.host:2,S", false, 0},
    {"1.M1P1.host,S=", false, 0},
    {"1.M1P1.host,S=x", false, 0},
    {"1.M1P1.host,S=-1", false, 0},
    {"1.M1P1.host,S=1x", false, 0},
    {"", false, 0},
};

START_TEST(name_sizes)
{
    uint64_t bytes = 0;

    ck_assert_msg(maildir_scan_name_size(names[_i].name, &bytes) ==
                      names[_i].has,
                  "row %d", _i);
    ck_assert_msg(!names[_i].has || bytes == names[_i].bytes,
                  "row %d: %" PRIu64, _i, bytes);
}
END_TEST

START_TEST(reads_maildirsize)
{
    struct maildir_use use;

    make_folder("m");
    maildir_fixture_file("m/cur/1,S=7", "");
    maildir_fixture_file("m/maildirsize", "1000S\n5 1\n6 1\n");
    ck_assert_int_eq(read_box(&use), MAILDIR_OK);
    ck_assert(use.counted);
    ck_assert_uint_eq(use.used, 11);
    ck_assert_uint_eq(use.limit, 1000);
}
END_TEST

START_TEST(reads_names)
{
    make_folder("m");
    ck_assert_uint_eq(scanned(), 0);
    maildir_fixture_file("m/cur/1,S=100,W=110:2,S", "");
    maildir_fixture_file("m/cur/2:2,", "123456");
    maildir_fixture_file("m/new/3,S=1000", "");
    maildir_fixture_file("m/new/.hidden,S=5", "");
    maildir_fixture_file("m/tmp/4,S=50000", "");
    make_folder("m/.Sent");
    maildir_fixture_file("m/.Sent/cur/5,S=10000:2,", "");
    make_folder("m/.Archive.2020");
    maildir_fixture_file("m/.Archive.2020/new/6,S=100000", "");
    make_folder("m/Other"); /* no Maildir++ folder */
    maildir_fixture_file("m/Other/new/7,S=7", "");
    maildir_fixture_file("m/.file", "no folder");
    maildir_fixture_dir("m/.empty");
    ck_assert_uint_eq(scanned(), 111106);
}
END_TEST

/* What maildirsize cannot say, the names do. */
START_TEST(falls_back)
{
    static const char *const texts[] = {"", "1000S\n", "1000S\n5 1\n-6 -1\n",
                                        "nonsense\n"};

    make_folder("m");
    maildir_fixture_file("m/cur/1,S=100", "");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        maildir_fixture_replace("m/maildirsize", texts[i]);
        ck_assert_uint_eq(scanned(), 100);
    }
}
END_TEST

START_TEST(falls_back_from_what_is_no_file)
{
    static char big[70000];

    make_folder("m");
    maildir_fixture_file("m/cur/1,S=100", "");
    ck_assert_int_eq(mkfifo(maildir_fixture_path("m/maildirsize"), 0600), 0);
    ck_assert_uint_eq(scanned(), 100);
    maildir_fixture_remove("m/maildirsize");
    maildir_fixture_dir("m/maildirsize");
    ck_assert_uint_eq(scanned(), 100);
    maildir_fixture_remove("m/maildirsize");
    maildir_fixture_file("other", "1000S\n5 1\n");
    maildir_fixture_link("m/maildirsize", "../other");
    ck_assert_uint_eq(scanned(), 100);
    maildir_fixture_remove("m/maildirsize");
    /* Another name of another's file. */
    ck_assert_int_eq(linkat(AT_FDCWD, maildir_fixture_path("other"), AT_FDCWD,
                            "linked-maildirsize", 0),
                     0);
    ck_assert_int_eq(
        rename("linked-maildirsize", maildir_fixture_path("m/maildirsize")), 0);
    ck_assert_uint_eq(scanned(), 100);
    maildir_fixture_remove("m/maildirsize");
    memset(big, '\n', sizeof big - 1);
    memcpy(big, "1000S\n5 1", 9);
    maildir_fixture_file("m/maildirsize", big);
    ck_assert_uint_eq(scanned(), 100);
}
END_TEST

/* Links in a Maildir lead nowhere. */
START_TEST(follows_no_links)
{
    make_folder("m");
    make_folder("other");
    maildir_fixture_file("other/cur/1,S=7", "");
    maildir_fixture_file("other/big", "1234567890");
    ck_assert_uint_eq(scanned(), 0);
    maildir_fixture_link("m/.Other", "../other");
    maildir_fixture_link("m/.Loop", ".");
    maildir_fixture_link("m/cur/big", "../../other/big");
    ck_assert_uint_eq(scanned(), 0);
    maildir_fixture_remove("m/new");
    maildir_fixture_link("m/new", "../other/cur");
    ck_assert_uint_eq(scanned(), 0);
}
END_TEST

static enum maildir_result
read_at(const char *name, const char *root)
{
    char path[4096], *top;
    struct maildir_use use;

    snprintf(path, sizeof path, "%s", maildir_fixture_path(name));
    top = strstr(path, root);
    ck_assert_ptr_nonnull(top);
    return maildir_read(path, (size_t)(top - path), &stop, &use, &err);
}

/* Nor does one that stands for the Maildir, or for a directory above it, below
 * the administrator's own directory, which may be a link itself. */
START_TEST(follows_no_links_to_it)
{
    static const struct {
        const char *path, *root; /* the root ends where this begins */
        enum maildir_result result;
    } rows[] = {
        {"a.test/ann", "a.test/ann", MAILDIR_OK},
        {"a.test/ann", "ann", MAILDIR_OK},
        {"a.test/ann/", "ann/", MAILDIR_OK},
        {"a.test/bob", "a.test/bob", MAILDIR_ABSENT},
        {"a.test/bob", "bob", MAILDIR_ABSENT},
        {"b.test/ann", "b.test/ann", MAILDIR_ABSENT},
        {"b.test/ann", "ann", MAILDIR_OK}, /* the administrator's link */
        {"b.test/bob", "bob", MAILDIR_ABSENT},
        {"a.test/sub/ann", "sub/ann", MAILDIR_ABSENT},
        {"a.test/none/ann", "none/ann", MAILDIR_ABSENT},
    };

    make_folder("a.test/ann");
    maildir_fixture_link("a.test/bob", "ann");
    maildir_fixture_link("a.test/sub", ".");
    maildir_fixture_link("b.test", "a.test");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_msg(read_at(rows[i].path, rows[i].root) == rows[i].result,
                      "row %zu: %s", i, err.text);
}
END_TEST

START_TEST(absent)
{
    struct maildir_use use;

    ck_assert_int_eq(read_box(&use), MAILDIR_ABSENT);
    maildir_fixture_file("m", "a file");
    ck_assert_int_eq(read_box(&use), MAILDIR_ABSENT);
    maildir_fixture_remove("m");
    maildir_fixture_dir("m"); /* a directory, but no Maildir */
    ck_assert_int_eq(read_box(&use), MAILDIR_ABSENT);
}
END_TEST

/* Root may read everything, and so becomes somebody else meanwhile. */
START_TEST(denied)
{
    struct maildir_use use;
    enum maildir_result result;
    uid_t me = geteuid();

    make_folder("m");
    ck_assert_int_eq(chmod(maildir_fixture_path("m/cur"), 0), 0);
    ck_assert(me != 0 || seteuid(65534) == 0);
    result = read_box(&use);
    ck_assert(me != 0 || seteuid(0) == 0);
    ck_assert_int_eq(result, MAILDIR_DENIED);
    ck_assert_ptr_nonnull(strstr(err.text, ": Permission denied"));
    ck_assert_int_eq(chmod(maildir_fixture_path("m/cur"), 0755), 0);
}
END_TEST

START_TEST(bounded)
{
    struct maildir_use use;

    make_folder("m");
    maildir_fixture_file("m/cur/1,S=18446744073709551615", "");
    maildir_fixture_file("m/cur/2,S=1", "");
    ck_assert_int_eq(read_box(&use), MAILDIR_FAILED);
    ck_assert_ptr_nonnull(strstr(err.text, "too large"));
    stop = true;
    ck_assert_int_eq(read_box(&use), MAILDIR_FAILED);
    ck_assert_ptr_nonnull(strstr(err.text, "was ended"));
}
END_TEST

Suite *
maildir_read_suite(void)
{
    Suite *s = suite_create("maildir_read");
    TCase *tc = tcase_create("maildir_read");

    tcase_add_checked_fixture(tc, setup, maildir_fixture_teardown);
    tcase_add_loop_test(tc, name_sizes, 0, sizeof names / sizeof names[0]);
    tcase_add_test(tc, reads_maildirsize);
    tcase_add_test(tc, reads_names);
    tcase_add_test(tc, falls_back);
    tcase_add_test(tc, falls_back_from_what_is_no_file);
    tcase_add_test(tc, follows_no_links);
    tcase_add_test(tc, follows_no_links_to_it);
    tcase_add_test(tc, absent);
    tcase_add_test(tc, denied);
    tcase_add_test(tc, bounded);
    suite_add_tcase(s, tc);
    return s;
}
