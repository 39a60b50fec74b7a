/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/admin_fixture.h"

Suite *admin_prefs_suite(void);

START_TEST(keeps_preferences)
{
    static const struct exchange e[] = {
        {ALL, "GetAccountPrefs joe@a.test", "201 {}"},
        {ALL, "GetAccountEffectivePrefs joe@a.test",
         "201 {TimeZone=\"Europe/Berlin\";}"},
        {ALL, "UpdateAccountPrefs joe@a.test {Language=German;x=(1,{a=b;});}",
         "200 OK"},
        {ALL, "UpdateAccountPrefs joe@a.test {TimeZone=UTC;\"a b\"=\"\";}",
         "200 OK"},
        {JOE, "GetAccountPrefs *",
         "201 {Language=German;x=(1,{a=b;});TimeZone=UTC;\"a b\"=\"\";}"},
        {ALL, "UpdateAccountPrefs joe@a.test {x=default;\"a b\"=Default;}",
         "200 OK"},
        {ALL, "GetAccountPrefs joe@a.test",
         "201 {Language=German;TimeZone=UTC;}"},
        {ALL, "GetAccountEffectivePrefs joe@a.test",
         "201 {TimeZone=UTC;Language=German;}"},
        {ALL, "SetAccountPrefs joe@a.test {Layout=wide;}", "200 OK"},
        {ALL, "GetAccountPrefs joe@a.test", "201 {Layout=wide;}"},
        {ALL, "SetAccountPrefs joe@a.test {}", "200 OK"},
        {ALL, "GetAccountPrefs joe@a.test", "201 {}"},
        {ALL, "GetAccountPrefs admin@a.test", "201 {}"},
    };

    CONVERSE(e);
}
END_TEST

START_TEST(knows_old_names)
{
    static const struct exchange e[] = {
        {ALL, "SetWebUser joe@a.test {a=b;}", "200 OK"},
        {ALL, "GetWebUser joe@a.test", "201 {a=b;}"},
        {ALL, "GetEffectiveWebUser joe@a.test",
         "201 {TimeZone=\"Europe/Berlin\";a=b;}"},
        {ALL, "GetEffectiveAccountPrefs joe@a.test",
         "201 {TimeZone=\"Europe/Berlin\";a=b;}"},
    };

    CONVERSE(e);
}
END_TEST

START_TEST(refuses_bad_preferences)
{
    static const struct exchange e[] = {
        {ALL, "UpdateAccountPrefs joe@a.test {a=b;}", "200 OK"},
        {ALL, "UpdateAccountPrefs joe@a.test {TimeZone=Atlantis;}",
         "501 TimeZone is not a known time zone"},
        {ALL, "UpdateAccountPrefs joe@a.test {TimeZone=(UTC);}",
         "501 TimeZone is not a known time zone"},
        {ALL,
         "UpdateAccountPrefs joe@a.test "
         "{b=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa;}",
         "501 preferences would be longer than 200 bytes"},
        {ALL, "GetAccountPrefs joe@a.test", "201 {a=b;}"},
        {ALL, "UpdateAccountPrefs", "501 account name is missing"},
        {ALL, "UpdateAccountPrefs joe@a.test", "501 dictionary is missing"},
        {ALL, "UpdateAccountPrefs joe@a.test (a)", "501 dictionary is missing"},
        {ALL, "UpdateAccountPrefs joe@a.test {} x", "501 too many arguments"},
        {ALL, "UpdateAccountPrefs nobody@a.test {}",
         "513 unknown user account"},
        {ALL, "GetAccountPrefs joe@a.test x", "501 too many arguments"},
        {LOCAL, "GetAccountPrefs *", "513 unknown user account"},
    };

    CONVERSE(e);
}
END_TEST

/* Before any work is done: a line has room for a hundred thousand. */
START_TEST(refuses_too_many)
{
    static const char *const verbs[] = {"SetAccountPrefs",
                                        "UpdateAccountPrefs"};
    struct buf line = {0};

    for (int i = 0; i < 2; i++) {
        line.len = 0;
        buf_appendf(&line, "%s joe@a.test {", verbs[i]);
        for (int n = 0; n < 1001; n++)
            buf_appendf(&line, "k%d=default;", n);
        buf_append_char(&line, '}');
        ck_assert_str_eq(fixture_say(JOE, buf_cstr(&line)),
                         "501 too many preferences");
    }
    buf_clear(&line);
}
END_TEST

/* Who is logged in hears of it; the zone comes along, found. */
START_TEST(tells_sessions)
{
    static const struct {
        const char *line;
        int zone; /* its seconds before GMT; -1: none */
    } rows[] = {
        {"UpdateAccountPrefs joe@a.test {TimeZone=\"Asia/Tokyo\";}", 9 * 3600},
        {"UpdateAccountPrefs joe@a.test {Language=German;}", 9 * 3600},
        {"UpdateAccountPrefs joe@a.test {TimeZone=\"\";}", -1},
        {"UpdateAccountPrefs joe@a.test {TimeZone=UTC;}", 0},
        {"SetAccountPrefs joe@a.test {Language=German;}", -1},
    };
    char effect[64];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_str_eq(fixture_say(ALL, rows[i].line), "200 OK");
        snprintf(effect, sizeof effect, "prefs %llu zone %d;",
                 (unsigned long long)fixture_caller(JOE)->account,
                 rows[i].zone);
        ck_assert_str_eq(fixture_effects, effect);
    }
    fixture_say(ALL, "UpdateAccountPrefs joe@a.test {TimeZone=Atlantis;}");
    ck_assert_str_eq(fixture_effects, "");
}
END_TEST

Suite *
admin_prefs_suite(void)
{
    Suite *s = suite_create("admin_prefs");
    TCase *t = tcase_create("admin_prefs");

    tcase_add_checked_fixture(t, fixture_setup, fixture_teardown);
    tcase_add_test(t, keeps_preferences);
    tcase_add_test(t, knows_old_names);
    tcase_add_test(t, refuses_bad_preferences);
    tcase_add_test(t, refuses_too_many);
    tcase_add_test(t, tells_sessions);
    suite_add_tcase(s, t);
    return s;
}
