/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/spell.h"

#include <check.h>
#include <string.h>

#include "util/log_level.h"

Suite *spell_suite(void);

static const char *const names[] = {
    "MaxAccountSize", "MaxAccounts", "QuotaAlert", "Master",
    "All Domains",    "CRAM",        "Skin"};

static const struct {
    const char *word, *meant;
} words[] = {
    {"MaxAccountSize", "MaxAccountSize"},
    {"maxaccountsize", "MaxAccountSize"},
    {"MaxAcountSize", "MaxAccountSize"},   /* one left out */
    {"MaxAccounttSize", "MaxAccountSize"}, /* one too many */
    {"MaxAccountSise", "MaxAccountSize"},  /* another one */
    {"MaxAccuontSize", "MaxAccountSize"},  /* two swapped */
    {"axMAccountSize", "MaxAccountSize"},  /* at the begin */
    {"MaxAccountSiez", "MaxAccountSize"},  /* at the end */
    {"MxAcountSize", "MaxAccountSize"},    /* two slips */
    {"MxAcountSz", NULL},                  /* four */
    {"MaxAccountsSize", "MaxAccountSize"},
    {"MaxAccount", "MaxAccounts"},
    {"QuotaAlerts", "QuotaAlert"},
    {"Mastre", "Master"},
    {"Mastere", "Master"},
    {"Mastress", NULL}, /* two in a short one */
    {"AllDomains", "All Domains"},
    {"cram", "CRAM"},
    {"CRAMS", NULL}, /* shorter ones are others' */
    {"Skim", NULL},
    {"", NULL},
    {"wn_MaximumAliases", NULL},
};

START_TEST(meant)
{
    const char *found =
        spell_nearest(words[_i].word, names, sizeof names / sizeof names[0]);

    if (words[_i].meant == NULL)
        ck_assert_msg(found == NULL, "%s: %s", words[_i].word, found);
    else
        ck_assert_str_eq(found != NULL ? found : "none", words[_i].meant);
}
END_TEST

/* None is longer, and none is read beyond that. */
START_TEST(long_words)
{
    char word[4 * SPELL_MOST];
    const char *const longest[] = {word};

    memset(word, 'a', sizeof word);
    for (size_t n = SPELL_MOST - 2; n <= SPELL_MOST + 2; n++) {
        word[n] = '\0';
        ck_assert_msg((spell_nearest(word, longest, 1) != NULL) ==
                          (n <= SPELL_MOST),
                      "%zu", n);
        word[n] = 'a';
    }
}
END_TEST

START_TEST(levels)
{
    static const struct {
        const char *name;
        enum log_level level;
        unsigned number;
    } rows[] = {{"debug", LOG_DEBUG_, 5},  {"info", LOG_INFO_, 3},
                {"warn", LOG_WARN_, 4},    {"warning", LOG_WARN_, 4},
                {"Warning", LOG_WARN_, 4}, {"ERROR", LOG_ERROR_, 2}};
    enum log_level level;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_int_eq(log_level_parse(rows[i].name, &level), 0);
        ck_assert_int_eq(level, rows[i].level);
        ck_assert_uint_eq(log_level_number(level), rows[i].number);
        ck_assert_int_eq(log_level_of_number(rows[i].number), level);
    }
    ck_assert_int_eq(log_level_parse("loud", &level), -1);
    ck_assert_int_eq(log_level_parse("", &level), -1);
    ck_assert_int_eq(log_level_parse("warnings", &level), -1);
    ck_assert_int_eq(log_level_of_number(0), LOG_ERROR_);
    ck_assert_int_eq(log_level_of_number(9), LOG_DEBUG_);
}
END_TEST

Suite *
spell_suite(void)
{
    Suite *s = suite_create("spell");
    TCase *tc = tcase_create("spell");

    tcase_add_loop_test(tc, meant, 0, (int)(sizeof words / sizeof words[0]));
    tcase_add_test(tc, long_words);
    tcase_add_test(tc, levels);
    suite_add_tcase(s, tc);
    return s;
}
