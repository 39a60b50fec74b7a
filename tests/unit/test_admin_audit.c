/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/admin_fixture.h"

Suite *admin_audit_suite(void);

START_TEST(what_a_line_says)
{
    static const struct exchange e[] = {
        {ADMIN, "UpdateAccountSettings joe@a.test {x=1;}", "200 OK"},
        {ALL, "CreateAccount New@A.test {}", "200 OK"},
        {ALL, "CreateDomain d.test", "200 OK"},
        {STRANGER, "DeleteAccount joe@a.test",
         "510 insufficient access rights"},
        {STRANGER, "DeleteAccount nobody@a.test",
         "510 insufficient access rights"},
        {POSTMASTER, "GetAudit ORDER old SINCE 20261122T133000Z",
         "201 {Lines=("
         "{action=\"UPDATEACCOUNTSETTINGS joe@a.test {x=1;}\";"
         "actor=admin@a.test;from=\"192.0.2.1 ximss\";outcome=ok;"
         "target=joe@a.test;time=#T22-11-2026_13:30:00;},"
         "{action=\"CREATEACCOUNT New@A.test {}\";"
         "actor=all@main.test;from=\"192.0.2.1 ximss\";outcome=ok;"
         "target=new@a.test;time=#T22-11-2026_13:30:00;},"
         "{action=\"CREATEDOMAIN d.test\";"
         "actor=all@main.test;from=\"192.0.2.1 ximss\";outcome=ok;"
         "target=d.test;time=#T22-11-2026_13:30:00;},"
         "{action=\"DELETEACCOUNT joe@a.test\";"
         "actor=stranger@b.test;from=\"192.0.2.1 ximss\";"
         "outcome=\"insufficient access rights\";"
         "target=joe@a.test;time=#T22-11-2026_13:30:00;},"
         "{action=\"DELETEACCOUNT nobody@a.test\";"
         "actor=stranger@b.test;from=\"192.0.2.1 ximss\";"
         "outcome=\"insufficient access rights\";"
         "target=a.test;time=#T22-11-2026_13:30:00;}"
         ");Cookie=1795354200250000.4.1;More=NO;}"},
    };

    CONVERSE(e);
}
END_TEST

static enum store_result
add_many(struct admin_context *x, void *arg, struct errbuf *err)
{
    enum store_result r = STORE_OK;

    (void)arg;
    for (int i = 0; r == STORE_OK && i < 30000; i++) {
        const struct audit_rec a = {
            .time = x->now + i, .who = "me", .what = "it", .outcome = "ok"};

        r = audit_add(x->txn, &a, err);
    }
    return r;
}

/* However much is looked through, a job does not keep others waiting. */
START_TEST(long_in_pieces)
{
    static const struct {
        const char *line, *answer;
        unsigned jobs;
    } lines[] = {{"GetAudit ACTOR nobody", "{Lines=();More=NO;}", 10},
                 {"GetAudit ORDER old ACTOR nobody", "{Lines=();Cookie=", 10},
                 {"VerifyAudit", "{Breaks=();Checked=", 1}};

    fixture_run(LOCAL, add_many, NULL);
    (void)fixture_load();
    ck_assert_ptr_nonnull(
        strstr(fixture_say(POSTMASTER, lines[_i].line), lines[_i].answer));
    ck_assert_uint_gt(fixture_jobs, lines[_i].jobs);
    ck_assert_uint_lt(fixture_load().job, 4000);
}
END_TEST

static enum store_result
spoil(struct admin_context *x, void *arg, struct errbuf *err)
{
    const struct audit_rec a = {
        .time = x->now, .who = "a\nb", .what = "x\ty", .outcome = "ok"};

    (void)arg;
    return audit_add(x->txn, &a, err);
}

START_TEST(controls_are_escaped)
{
    fixture_run(LOCAL, spoil, NULL);
    ck_assert_ptr_nonnull(strstr(fixture_say(POSTMASTER, "GetAudit LIMIT 1"),
                                 "{action=\"x\\009y\";actor=\"a\\eb\";"));
}
END_TEST

Suite *
admin_audit_suite(void)
{
    Suite *s = suite_create("admin_audit");
    TCase *tc = tcase_create("admin_audit");

    tcase_add_checked_fixture(tc, fixture_setup, fixture_teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, what_a_line_says);
    tcase_add_loop_test(tc, long_in_pieces, 0, 3);
    tcase_add_test(tc, controls_are_escaped);
    suite_add_tcase(s, tc);
    return s;
}
