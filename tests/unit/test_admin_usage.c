/* SPDX-License-Identifier: BSD-2-Clause */
/* What the engine makes of reports, limits and time: the effects. */
#include "config.h"

#include <string.h>

#include "tests/unit/admin_fixture.h"
#include "tests/unit/suite.h"
#include "ximss/server/rules/admin_target.h"
#include "ximss/server/rules/usage.h"

Suite *admin_usage_suite(void);

#define MINUTE INT64_C(60000000)

static void
setup(void)
{
    fixture_setup();
    fixture_say(LOCAL, "UpdateAccountSettings joe@a.test "
                       "{MaxAccountSize=100;RealName=Joe;}");
    fixture_say(LOCAL, "UpdateDomainDefaults {QuotaAlertText=\"{used}!\";}");
}

static void
check_effects(const char *line, const char *effects)
{
    const char *answer = fixture_say(LOCAL, line);

    ck_assert_msg(strcmp(answer, "200 OK") == 0, "%s: %s", line, answer);
    ck_assert_msg(strcmp(fixture_effects, effects) == 0, "%s: %s", line,
                  fixture_effects);
}

struct look {
    const char *account; /* of a.test */
    enum quota_occasion occasion;
    uint64_t lost;
    int64_t due;
};

static enum store_result
look(struct admin_context *x, void *arg, struct errbuf *err)
{
    struct look *l = arg;
    struct domain_rec d = {0};
    struct account_rec a = {0};
    struct usage u = {0};
    bool found;
    enum store_result r =
        admin_account_find(x->txn, l->account, NULL, &d, &a, &found, err);

    if (r == STORE_OK)
        r = usage_find(x, a.number, &u, err);
    u.lost = l->lost;
    if (r == STORE_OK)
        r = usage_check(x, &u, l->occasion, &l->due, err);
    usage_clear(&u);
    domain_rec_clear(&d);
    account_rec_clear(&a);
    return r;
}

static int64_t
check_look(enum quota_occasion occasion, const char *effects)
{
    struct look l = {.account = "joe@a.test", .occasion = occasion};

    fixture_run(LOCAL, look, &l);
    ck_assert_str_eq(fixture_effects, effects);
    return l.due;
}

static void
check_lost(uint64_t lost, const char *effects)
{
    struct look l = {
        .account = "joe@a.test", .occasion = QUOTA_LOGIN, .lost = lost};

    fixture_run(LOCAL, look, &l);
    ck_assert_str_eq(fixture_effects, effects);
}

static enum store_result
show(struct admin_context *x, void *arg, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    bool found;
    enum store_result r =
        admin_account_find(x->txn, "joe@a.test", NULL, &d, &a, &found, err);

    if (r == STORE_OK)
        r = usage_shown(x, a.number, *(const uint64_t *)arg, err);
    domain_rec_clear(&d);
    account_rec_clear(&a);
    return r;
}

static void
shown(uint64_t alert)
{
    fixture_run(LOCAL, show, &alert);
    ck_assert_str_eq(fixture_effects, "");
}

START_TEST(reports_change_the_level_and_nothing_else)
{
    check_effects("SetStorageUsed joe@a.test 79", "");
    check_effects("SetStorageUsed joe@a.test 80", "reached;");
    check_effects("SetStorageUsed joe@a.test 81", "");
    check_effects("SetStorageUsed joe@a.test 79", "not reached;");
    check_effects("SetStorageUsed joe@a.test 0", "");
}
END_TEST

START_TEST(a_look_sends_once)
{
    check_effects("SetStorageUsed joe@a.test 80", "reached;");
    ck_assert_int_eq(check_look(QUOTA_LOGIN, "quota 1 80 bytes!;"), 0);
    ck_assert_int_eq(check_look(QUOTA_LOGIN, ""), 0);
    ck_assert_int_eq(check_look(QUOTA_CHANGE, ""), 0);
    fixture_now += 10 * MINUTE;
    check_look(QUOTA_CHANGE, "");
    check_effects("SetStorageUsed joe@a.test 95", "");
    check_look(QUOTA_LOGIN, "no quota 1; quota 2 95 bytes!;");
    check_effects("SetStorageUsed joe@a.test 20", "no quota 2; not reached;");
    check_effects("SetStorageUsed joe@a.test 10", "");
}
END_TEST

START_TEST(a_pause_tells_when_to_look_again)
{
    check_effects("SetStorageUsed joe@a.test 80", "reached;");
    check_look(QUOTA_LOGIN, "quota 1 80 bytes!;");
    shown(1);
    check_effects("SetStorageUsed joe@a.test 0", "no quota 1; not reached;");
    check_effects("SetStorageUsed joe@a.test 90", "reached;");
    fixture_now += MINUTE;
    ck_assert_int_eq(check_look(QUOTA_CHANGE, ""), FIXTURE_NOW + 10 * MINUTE);
    fixture_now += 9 * MINUTE;
    ck_assert_int_eq(check_look(QUOTA_CHANGE, "quota 2 90 bytes!;"), 0);
}
END_TEST

/* What is lost with the memory is made anew, with the figures of now; what was
 * shown is not. */
START_TEST(an_alert_that_is_lost)
{
    check_effects("SetStorageUsed joe@a.test 80", "reached;");
    check_look(QUOTA_LOGIN, "quota 1 80 bytes!;");
    check_lost(0, "");
    check_effects("SetStorageUsed joe@a.test 81", "");
    check_lost(1, "no quota 1; quota 2 81 bytes!;");
    check_lost(1, ""); /* for the last one is 2 */
    shown(1);
    check_lost(2, "no quota 2; quota 3 81 bytes!;");
    shown(3);
    check_lost(3, "");
    fixture_now += 9 * MINUTE;
    shown(3); /* by another: no news */
    fixture_now += MINUTE;
    check_look(QUOTA_LOGIN, "no quota 3; quota 4 81 bytes!;");
}
END_TEST

START_TEST(an_alert_that_is_withdrawn)
{
    check_effects("SetStorageUsed joe@a.test 80", "reached;");
    check_look(QUOTA_LOGIN, "quota 1 80 bytes!;");
    check_effects("SetStorageUsed joe@a.test 20", "no quota 1; not reached;");
    check_effects("SetStorageUsed joe@a.test 90", "reached;");
    ck_assert_int_eq(check_look(QUOTA_CHANGE, ""), FIXTURE_NOW + 10 * MINUTE);
    check_effects("SetStorageUsed joe@a.test 30", "not reached;");
    shown(1); /* too late */
    check_effects("SetStorageUsed joe@a.test 91", "reached;");
    check_look(QUOTA_LOGIN, "quota 2 91 bytes!;");
    check_look(QUOTA_LOGIN, "");
}
END_TEST

START_TEST(limits_and_levels)
{
    check_effects("SetStorageUsed joe@a.test 50", "");
    check_effects("UpdateAccountSettings joe@a.test {MaxAccountSize=60;}",
                  "account joe@a.test; reached;");
    check_effects("UpdateAccountSettings joe@a.test {QuotaAlert=never;}",
                  "account joe@a.test; not reached;");
    check_effects("UpdateAccountSettings joe@a.test {QuotaAlert=\"83%\";}",
                  "account joe@a.test; reached;");
    check_effects("UpdateAccountSettings joe@a.test {RealName=Jo;}",
                  "account joe@a.test;");
    check_effects("UpdateAccountSettings joe@a.test {MaxAccountSize=default;}",
                  "account joe@a.test; not reached;");
    check_effects("UpdateAccountDefaults a.test {MaxAccountSize=60;}",
                  "domain a.test; defaults;");
    check_effects("UpdateServerAccountDefaults {MaxAccountSize=60;}",
                  "defaults;");
    check_effects("UpdateDomainSettings a.test {x=y;}", "domain a.test;");
    check_effects("UpdateDomainDefaults {x=y;}", "");
    check_look(QUOTA_CHANGE, "quota 1 50 bytes!; reached;");
}
END_TEST

/* What no template can do: name, and length. */
START_TEST(a_text_that_cannot_be)
{
    fixture_say(LOCAL, "UpdateDomainSettings a.test "
                       "{QuotaAlertText=\"{name}: {used}\";}");
    check_effects("SetStorageUsed joe@a.test 80", "reached;");
    check_look(QUOTA_LOGIN, "quota 1 Joe: 80 bytes;");
    fixture_now += 10 * MINUTE;
    fixture_settings.alert_bytes = 10;
    check_look(QUOTA_LOGIN,
               "no quota 1; quota 2 Your storage is 80% full: 80 bytes of 100 "
               "bytes are used. Please delete what you no longer need.;");
}
END_TEST

/* --- sources --- */

struct told {
    struct quota_report report;
    struct usage u;
};

static enum store_result
tell(struct admin_context *x, void *arg, struct errbuf *err)
{
    struct told *t = arg;
    struct domain_rec d = {0};
    struct account_rec a = {0};
    bool found;
    enum store_result r =
        admin_account_find(x->txn, "joe@a.test", NULL, &d, &a, &found, err);

    if (r == STORE_OK)
        r = usage_of(x, &d, &a, &t->u, err);
    if (r == STORE_OK)
        r = usage_report(x, &t->u, &t->report, err);
    domain_rec_clear(&d);
    account_rec_clear(&a);
    return r;
}

static void
check_told(struct quota_report report, uint64_t used, uint64_t limit)
{
    struct told t = {.report = report};

    fixture_run(LOCAL, tell, &t);
    ck_assert_uint_eq(t.u.rec.used, used);
    ck_assert_uint_eq(t.u.level.limit, limit);
    ck_assert_uint_eq(t.u.rec.source, report.source);
    usage_clear(&t.u);
}

START_TEST(rounded_figures_do_not_replace_exact_ones)
{
    struct quota_report exact = {.source = QUOTA_SOURCE_DICT, .used = 5166},
                        round = {.source = QUOTA_SOURCE_DOVEADM,
                                 .used = 6144,
                                 .rounded = true};

    check_told(exact, 5166, 100);
    check_told(round, 5166, 100);
    exact.used = 6144;
    check_told(exact, 6144, 100);
    check_told(round, 6144, 100);
    exact.used = 6145;
    check_told(exact, 6145, 100);
    check_told(round, 6144, 100);
}
END_TEST

START_TEST(a_level_without_a_figure)
{
    struct quota_report level = {.source = QUOTA_SOURCE_WARNING,
                                 .used = 80,
                                 .is_percent = true},
                        exact = {.source = QUOTA_SOURCE_DICT, .used = 33};

    check_told(exact, 33, 100);
    check_told(level, 80, 100);
    exact.used = 91;
    check_told(exact, 91, 100);
    check_told(level, 91, 100); /* at least 80 is no news */
    fixture_say(LOCAL, "UpdateAccountSettings joe@a.test "
                       "{MaxAccountSize=unlimited;}");
    level.used = 100;
    check_told(level, 91, 0);
}
END_TEST

START_TEST(limits_of_sources)
{
    struct quota_report with = {.source = QUOTA_SOURCE_DOVEADM,
                                .used = 40,
                                .has_limit = true,
                                .limit = 50},
                        without = {.source = QUOTA_SOURCE_DICT, .used = 41};

    check_told(with, 40, 100); /* not configured: the settings count */
    fixture_settings.source_limits = true;
    check_told(with, 40, 50);
    check_look(QUOTA_LOGIN, "quota 1 40 bytes!;");
    check_told(without, 41, 50);
    with.limit = 0;
    check_told(with, 40, 0);
    check_look(QUOTA_CHANGE, "");
}
END_TEST

/* Who is new to us is asked about, and whoever an administrator wants to be. */
START_TEST(sources_are_asked)
{
    static const struct exchange none[] = {
        {LOCAL, "RefreshStorageUsed", "501 no source of usage can be asked"},
        {LOCAL, "RefreshStorageUsed joe@a.test",
         "501 no source of usage can be asked"},
    };
    static const struct exchange some[] = {
        {JOE, "RefreshStorageUsed", "510 insufficient access rights"},
        {JOE, "RefreshStorageUsed *", "510 insufficient access rights"},
        {ADMIN, "RefreshStorageUsed", "510 insufficient access rights"},
        {MONITOR, "RefreshStorageUsed", "510 insufficient access rights"},
        {MONITOR, "RefreshStorageUsed joe@a.test",
         "510 insufficient access rights"},
        {STRANGER, "RefreshStorageUsed joe@a.test",
         "510 insufficient access rights"},
        {SETTER, "RefreshStorageUsed joe@a.test", "200 OK"},
        {ALL, "RefreshStorageUsed", "200 OK"},
        {LOCAL, "RefreshStorageUsed nobody@a.test", "513 unknown user account"},
        {LOCAL, "RefreshStorageUsed joe@a.test x", "501 too many arguments"},
    };

    CONVERSE(none);
    ck_assert_str_eq(fixture_effects, "");
    check_effects("CreateAccount kim@a.test", "account kim@a.test;");
    fixture_settings.can_ask = true;
    CONVERSE(some);
    check_effects("RefreshStorageUsed joe@a.test", "ask joe@a.test;");
    check_effects("RefreshStorageUsed", "ask all;");
    check_effects("CreateAccount tim@a.test", "account tim@a.test;");
    fixture_settings.source_limits = true;
    check_effects("CreateAccount tom@a.test",
                  "account tom@a.test; ask tom@a.test;");
    check_effects("RenameAccount tom@a.test INTO tam@a.test",
                  "account tam@a.test; ask tam@a.test;");
}
END_TEST

START_TEST(reports_are_not_audited)
{
    fixture_audit();
    fixture_say(LOCAL, "SetStorageUsed joe@a.test 5");
    ck_assert_str_eq(fixture_audit(), "");
}
END_TEST

Suite *
admin_usage_suite(void)
{
    Suite *s = suite_create("admin_usage");
    TCase *tc = tcase_create("admin_usage");

    tcase_add_checked_fixture(tc, setup, fixture_teardown);
    tcase_add_test(tc, reports_change_the_level_and_nothing_else);
    tcase_add_test(tc, a_look_sends_once);
    tcase_add_test(tc, a_pause_tells_when_to_look_again);
    tcase_add_test(tc, an_alert_that_is_lost);
    tcase_add_test(tc, an_alert_that_is_withdrawn);
    tcase_add_test(tc, limits_and_levels);
    tcase_add_test(tc, a_text_that_cannot_be);
    tcase_add_test(tc, rounded_figures_do_not_replace_exact_ones);
    tcase_add_test(tc, a_level_without_a_figure);
    tcase_add_test(tc, limits_of_sources);
    tcase_add_test(tc, sources_are_asked);
    tcase_add_test(tc, reports_are_not_audited);
    suite_add_tcase(s, tc);
    return s;
}
