/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/proto/names.h"

#include <check.h>

Suite *names_suite(void);

/* meant: "" for one that is known; NULL: nobody knows it. */
static const struct {
    const char *name, *meant;
} setting_rows[] = {
    {"MaxAccountSize", ""},
    {"QuotaAlert", ""},
    {"QuotaNotice", ""},
    {"QuotaSuspend", ""},
    {"QuotaAlertText", ""},
    {"RealName", ""},
    {"CRAMMD5", ""},
    {"PASSWORD", ""},
    {"password", ""},
    {"MaxAcountSize", "MaxAccountSize"},
    {"maxaccountsize", "MaxAccountSize"},
    {"QuotaAlrt", "QuotaAlert"},
    {"crammd5", "CRAMMD5"},
    {"Realname", "RealName"},
    {"wn_MaximumAliases", NULL},
    {"Layout", NULL},
    {"x", NULL},
    {"", NULL},
};

static const struct {
    const char *name, *meant;
} right_rows[] = {
    {"Master", ""},
    {"master", ""},
    {"All Domains", ""},
    {"CanPostAlerts", ""},
    {"canpostalerts", ""},
    {"QuotaAlert", ""},
    {"CanImpersonate", ""},
    {"CanPostAlert", "CanPostAlerts"},
    {"AllDomains", "All Domains"},
    {"Mastre", "Master"},
    {"MaxAcountSize", "MaxAccountSize"},
    {"x y", NULL},
    {"Everything", NULL},
};

START_TEST(settings)
{
    const char *name = setting_rows[_i].name, *meant = setting_rows[_i].meant;
    bool known = meant != NULL && meant[0] == '\0';

    ck_assert_msg(names_has_setting(name) == known, "%s", name);
    if (known)
        return;
    ck_assert_pstr_eq(names_meant_setting(name), meant);
}
END_TEST

START_TEST(rights)
{
    const char *name = right_rows[_i].name, *meant = right_rows[_i].meant;
    bool known = meant != NULL && meant[0] == '\0';

    ck_assert_msg(names_has_right(name) == known, "%s", name);
    if (known)
        return;
    ck_assert_pstr_eq(names_meant_right(name), meant);
}
END_TEST

Suite *
names_suite(void)
{
    Suite *s = suite_create("names");
    TCase *tc = tcase_create("names");

    tcase_add_loop_test(tc, settings, 0,
                        (int)(sizeof setting_rows / sizeof setting_rows[0]));
    tcase_add_loop_test(tc, rights, 0,
                        (int)(sizeof right_rows / sizeof right_rows[0]));
    suite_add_tcase(s, tc);
    return s;
}
