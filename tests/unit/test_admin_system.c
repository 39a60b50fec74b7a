/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands about the machine and the running server. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tests/unit/admin_fixture.h"

Suite *admin_system_suite(void);

START_TEST(describes_the_system)
{
    static const struct exchange e[] = {
        {ADMIN, "GetSystemInfo serverVersion", "201 \"ximssd 1.2.3\""},
        {ADMIN, "GetSystemInfo SERVERVERSION", "201 \"ximssd 1.2.3\""},
        {ADMIN, "GetSystemInfo mainDomainName", "201 main.test"},
        {ADMIN, "GetSystemInfo licenseDomainName", "201 main.test"},
        {ADMIN, "GetSystemInfo startTime", "201 #T22-11-2026_13:28:30"},
        {ADMIN, "GetSystemInfo upTime", "201 90"},
        {ADMIN, "GetSystemInfo colour", "501 unknown system information"},
        {ADMIN, "GetSystemInfo upTime now", "501 too many arguments"},
    };
    struct utsname u;
    char all[512];

    CONVERSE(e);
    ck_assert_int_eq(uname(&u), 0);
    snprintf(all, sizeof all,
             "201 {serverVersion=\"ximssd 1.2.3\";serverOS=%s;serverCPU=%s;"
             "serverCPUs=%ld;mainDomainName=main.test;"
             "licenseDomainName=main.test;startTime=#T22-11-2026_13:28:30;"
             "upTime=90;}",
             u.sysname, u.machine, sysconf(_SC_NPROCESSORS_ONLN));
    ck_assert_str_eq(fixture_say(ADMIN, "GetSystemInfo"), all);
    /* The clock was set back. */
    fixture_now -= 100 * INT64_C(1000000);
    ck_assert_str_eq(fixture_say(ADMIN, "GetSystemInfo upTime"), "201 0");
}
END_TEST

START_TEST(routes)
{
    static const struct exchange e[] = {
        {ALL, "Route joe@a.test", "201 (LOCAL,joe@a.test,joe@a.test)"},
        {ALL, "Route \"JOE@A.test\" mail", "201 (LOCAL,joe@a.test,joe@a.test)"},
        {ADMIN, "Route joe access", "201 (LOCAL,joe@a.test,joe@a.test)"},
        {ADMIN, "Route joe SIGNAL", "201 (LOCAL,joe@a.test,joe@a.test)"},
        {ALL, "Route nobody@a.test", "513 unknown user account"},
        {ALL, "Route joe@elsewhere.test", "512 unknown secondary domain name"},
        {ALL, "Route", "501 address is missing"},
        {ALL, "Route joe@a.test carrier", "501 too many arguments"},
        {ALL, "Route joe@a.test mail access", "501 too many arguments"},
    };

    CONVERSE(e);
}
END_TEST

START_TEST(writes_the_log)
{
    static const struct {
        const char *level;
        enum log_level least;
    } levels[] = {
        {"0", LOG_ERROR_}, {"1", LOG_ERROR_}, {"2", LOG_ERROR_},
        {"3", LOG_INFO_},  {"4", LOG_WARN_},  {"5", LOG_DEBUG_},
        {"9", LOG_DEBUG_}, {"#3", LOG_INFO_},
    };
    char line[1100];

    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        snprintf(line, sizeof line, "WriteLog %s \"hello world\\e2\"",
                 levels[i].level);
        ck_assert_str_eq(fixture_say(MONITOR, line), "200 OK");
        ck_assert_int_eq(fixture_live->command, ADMIN_LIVE_WRITE_LOG);
        ck_assert_int_eq(fixture_live->level, levels[i].least);
        ck_assert_str_eq(fixture_live->text, "hello world\n2");
    }
    snprintf(line, sizeof line, "WriteLog 3 %.*d", ADMIN_LOG_BYTES, 0);
    ck_assert_str_eq(fixture_say(MONITOR, line), "200 OK");
    ck_assert_uint_eq(strlen(fixture_live->text), ADMIN_LOG_BYTES);
    snprintf(line, sizeof line, "WriteLog 3 %.*d", ADMIN_LOG_BYTES + 1, 0);
    ck_assert_str_eq(fixture_say(MONITOR, line),
                     "501 text is longer than 1000 bytes");
}
END_TEST

START_TEST(sets_the_log)
{
    static const struct {
        const char *line;
        bool on;
    } rows[] = {
        {"SetLogAll", true}, {"SetLogAll ON", true}, {"SetLogAll off", false}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_str_eq(fixture_say(ALL, rows[i].line), "200 OK");
        ck_assert_int_eq(fixture_live->command, ADMIN_LIVE_LOG_ALL);
        ck_assert_int_eq(fixture_live->on, rows[i].on);
    }
}
END_TEST

START_TEST(refuses_bad_system_commands)
{
    static const struct exchange e[] = {
        {MONITOR, "WriteLog", "501 level is missing"},
        {MONITOR, "WriteLog high x", "501 level is missing"},
        {MONITOR, "WriteLog 10 x", "501 level is missing"},
        {MONITOR, "WriteLog 3", "501 text is missing"},
        {MONITOR, "WriteLog 3 a b", "501 too many arguments"},
        {MONITOR, "SetLogAll maybe", "501 too many arguments"},
        {MONITOR, "TestLoop", "501 seconds is missing"},
        {MONITOR, "TestLoop x", "501 seconds is missing"},
        {MONITOR, "TestLoop 1 2", "501 too many arguments"},
        {MONITOR, "TestLoop 5", "200 OK"},
        {MONITOR, "GetCurrentController",
         "501 available in the Dynamic Cluster only"},
        {MONITOR, "GetCurrentController x", "501 too many arguments"},
    };

    CONVERSE(e);
}
END_TEST

Suite *
admin_system_suite(void)
{
    Suite *s = suite_create("admin_system");
    TCase *t = tcase_create("admin_system");

    tcase_add_checked_fixture(t, fixture_setup, fixture_teardown);
    tcase_add_test(t, describes_the_system);
    tcase_add_test(t, routes);
    tcase_add_test(t, writes_the_log);
    tcase_add_test(t, sets_the_log);
    tcase_add_test(t, refuses_bad_system_commands);
    suite_add_tcase(s, t);
    return s;
}
