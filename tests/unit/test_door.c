/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/door.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/log_capture.h"
#include "util/clock.h"
#include "ximss/server/base/configuration.h"

Suite *door_suite(void);

#define MAIL     5000
#define STRANGER 6000

static struct door *door;

static void
setup(void)
{
    door = door_new();
}

static void
teardown(void)
{
    door_free(&door);
    ck_assert_ptr_null(door);
    door_free(&door);
}

/* user: of door-users; NULL: there are none. */
static int
configure(const char *user, unsigned most, unsigned of_account,
          struct errbuf *err)
{
    char *items[] = {(char *)(uintptr_t)user};
    struct config c = {.door_users = {items, user != NULL},
                       .door_sessions = most,
                       .max_account_sessions = of_account};

    return door_configure(door, &c, err);
}

START_TEST(test_nobody_comes_in_before)
{
    ck_assert(!door_trusts(door, 0));
    ck_assert(!door_enter(door, 0));
}
END_TEST

START_TEST(test_users)
{
    struct errbuf err;

    ck_assert_int_eq(configure("root", 9, 9, NULL), 0);
    ck_assert(door_trusts(door, 0));
    ck_assert(!door_trusts(door, MAIL));
    ck_assert_int_eq(configure("5000", 9, 9, NULL), 0);
    ck_assert(door_trusts(door, MAIL));
    ck_assert(!door_trusts(door, 0));
    ck_assert_int_eq(configure("no such user", 9, 9, &err), -1);
    ck_assert_str_eq(err.text, "door-users: there is no user no such user");
    ck_assert_msg(door_trusts(door, MAIL), "an error changed something");
    ck_assert_int_eq(configure("4294967295", 9, 9, &err), -1);
    ck_assert_int_eq(configure(NULL, 9, 9, NULL), 0);
    ck_assert(!door_trusts(door, MAIL));
}
END_TEST

/* The user comes in `n` times and not once more. */
static void
expect_room(uint32_t uid, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        ck_assert_msg(door_enter(door, uid), "no room for %u", i);
    ck_assert(!door_enter(door, uid));
}

START_TEST(test_room)
{
    log_capture_begin(LOG_WARN_);
    ck_assert_int_eq(configure("5000", 7, 2, NULL), 0);
    expect_room(STRANGER, 2);
    expect_room(STRANGER + 1, 2);
    expect_room(MAIL, 3);
    ck_assert_msg(!door_enter(door, STRANGER + 2), "there were seven");
    door_leave(door, MAIL);
    ck_assert(!door_enter(door, STRANGER));
    door_leave(door, STRANGER);
    ck_assert(door_enter(door, STRANGER));
    /* Who is in stays, and is counted, whatever the limits are now. */
    ck_assert_int_eq(configure(NULL, 3, 2, NULL), 0);
    for (int i = 0; i < 2; i++) {
        ck_assert(!door_enter(door, MAIL));
        door_leave(door, STRANGER);
        door_leave(door, STRANGER + 1);
    }
    ck_assert(!door_enter(door, MAIL)); /* no more than a stranger */
    expect_room(STRANGER, 1);
    ck_assert_uint_eq(log_capture_count("mail door: 1 were refused"), 1);
    clock_advance(61 * CLOCK_SECOND);
    ck_assert(!door_enter(door, STRANGER));
    ck_assert_uint_eq(log_capture_count("mail door: 9 were refused, the last "
                                        "of user 6000; 3 are there"),
                      1);
    log_capture_end();
}
END_TEST

/* Whatever they may have each; and a user who is named twice counts once. */
START_TEST(test_strangers_leave_room)
{
    char mail[] = "5000", other[] = "5001", *items[] = {mail, mail, other};
    struct config c = {.door_users = {items, 3},
                       .door_sessions = 8,
                       .max_account_sessions = 100};

    ck_assert_int_eq(door_configure(door, &c, NULL), 0);
    ck_assert(door_enter(door, MAIL));
    ck_assert(door_enter(door, STRANGER + 1));
    expect_room(STRANGER, 3);
    ck_assert(!door_enter(door, STRANGER + 1));
    ck_assert(door_enter(door, MAIL + 1));
    expect_room(MAIL, 2);
    door_leave(door, MAIL);
    ck_assert(!door_enter(door, STRANGER));
    /* Where nobody is trusted, nobody needs what is left. */
    c.door_users.count = 0;
    ck_assert_int_eq(door_configure(door, &c, NULL), 0);
    expect_room(STRANGER, 1);
}
END_TEST

/* How often it warns of such a map. */
static unsigned
warnings(const char *map)
{
    char path[] = "/tmp/uid_map.XXXXXX";
    int fd = mkstemp(path);
    unsigned n;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, map, strlen(map)), (ssize_t)strlen(map));
    close(fd);
    log_capture_begin(LOG_WARN_);
    n = log_capture_count("recognise the others");
    door_warn_of_namespace(path);
    n = log_capture_count("recognise the others") - n;
    log_capture_end();
    unlink(path);
    return n;
}

START_TEST(test_namespace)
{
    ck_assert_uint_eq(warnings("         0          0 4294967295\n"), 0);
    ck_assert_uint_eq(warnings("0 0 1000\n1000 1000 4294966295\n"), 0);
    ck_assert_uint_eq(warnings("0 0 1\n999 999 1\n"), 1);
    ck_assert_uint_eq(warnings("0 100000 65536\n"), 1);
}
END_TEST

START_TEST(test_names)
{
    static const struct {
        const char *format, *is;
    } rows[] = {
        {"%u", "joe"},
        {"%u@example.test", "joe@example.test"},
        {"x%u.%u@a", "xjoe.joe@a"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *name = door_account_name(rows[i].format, "joe");

        ck_assert_str_eq(name, rows[i].is);
        free(name);
    }
}
END_TEST

Suite *
door_suite(void)
{
    Suite *s = suite_create("door");
    TCase *t = tcase_create("door");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_nobody_comes_in_before);
    tcase_add_test(t, test_users);
    tcase_add_test(t, test_room);
    tcase_add_test(t, test_strangers_leave_room);
    tcase_add_test(t, test_namespace);
    tcase_add_test(t, test_names);
    suite_add_tcase(s, t);
    return s;
}
