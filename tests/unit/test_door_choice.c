/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>

#include "clients/dovecot/door_choice.h"

Suite *door_choice_suite(void);

static const struct door_kind info = {DOOR_INFO, false, false},
                              warning = {DOOR_WARNING, false, false},
                              critical = {DOOR_CRITICAL, false, false},
                              mine = {DOOR_INFO, false, true},
                              quota = {DOOR_INFO, true, true};

static const struct {
    const char *setting;
    int ret;
    const char *info, *warning, *critical, *quota;
} words[] = {
    {NULL, 0, "OK", "NO", "NO", "NO"},   {"", 0, "OK", "NO", "NO", "NO"},
    {"auto", 0, "OK", "NO", "NO", "NO"}, {"ok", 0, "OK", "OK", "OK", "OK"},
    {"NO", 0, "NO", "NO", "NO", "NO"},   {"maybe", -1, "OK", "NO", "NO", "NO"},
};

START_TEST(chooses_the_word)
{
    enum door_word word;

    ck_assert_int_eq(door_choice_word(words[_i].setting, &word), words[_i].ret);
    ck_assert_str_eq(door_choice_word_for(word, &info), words[_i].info);
    ck_assert_str_eq(door_choice_word_for(word, &warning), words[_i].warning);
    ck_assert_str_eq(door_choice_word_for(word, &critical), words[_i].critical);
    ck_assert_str_eq(door_choice_word_for(word, &quota), words[_i].quota);
}
END_TEST

static const struct {
    const char *setting;
    int ret;
    bool info, warning, critical, mine, quota;
} refusals[] = {
    {NULL, 0, false, false, true, true, true},
    {"", 0, false, false, true, true, true},
    {"quota", 0, false, false, false, false, true},
    {"account", 0, false, false, false, true, true},
    {"critical", 0, false, false, true, false, false},
    {"Quota, critical", 0, false, false, true, false, true},
    {"all", 0, true, true, true, true, true},
    {"none", 0, false, false, false, false, false},
    {"quotas", -1, false, false, true, true, true},
    {"none everything", -1, false, false, true, true, true},
};

START_TEST(chooses_refusals)
{
    unsigned kinds;

    ck_assert_int_eq(door_choice_refusals(refusals[_i].setting, &kinds),
                     refusals[_i].ret);
    ck_assert_int_eq(door_choice_refuses(kinds, &info), refusals[_i].info);
    ck_assert_int_eq(door_choice_refuses(kinds, &warning),
                     refusals[_i].warning);
    ck_assert_int_eq(door_choice_refuses(kinds, &critical),
                     refusals[_i].critical);
    ck_assert_int_eq(door_choice_refuses(kinds, &mine), refusals[_i].mine);
    ck_assert_int_eq(door_choice_refuses(kinds, &quota), refusals[_i].quota);
}
END_TEST

START_TEST(chooses_who_confirms)
{
    bool only = false;

    ck_assert_int_eq(door_choice_confirm(NULL, &only), 0);
    ck_assert(only);
    ck_assert_int_eq(door_choice_confirm("All", &only), 0);
    ck_assert(!only);
    ck_assert_int_eq(door_choice_confirm("attended", &only), 0);
    ck_assert(only);
    only = false;
    ck_assert_int_eq(door_choice_confirm("some", &only), -1);
    ck_assert(only);
}
END_TEST

Suite *
door_choice_suite(void)
{
    Suite *s = suite_create("door_choice");
    TCase *t = tcase_create("door_choice");

    tcase_add_loop_test(t, chooses_the_word, 0, sizeof words / sizeof words[0]);
    tcase_add_loop_test(t, chooses_refusals, 0,
                        sizeof refusals / sizeof refusals[0]);
    tcase_add_test(t, chooses_who_confirms);
    suite_add_tcase(s, t);
    return s;
}
