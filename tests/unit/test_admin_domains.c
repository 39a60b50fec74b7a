/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/admin_fixture.h"
#include "util/xmalloc.h"

Suite *admin_domains_suite(void);

START_TEST(makes_and_lists_domains)
{
    static const struct exchange e[] = {
        {LOCAL, "ListDomains", "201 (a.test,b.test,main.test)"},
        {ADMIN, "ListDomains", "201 (a.test)"},
        {LOCAL, "MAINDOMAINNAME", "201 main.test"},
        {ALL, "CreateDomain TestDomain.BM", "200 OK"},
        {ALL, "CreateDomain testdomain.bm",
         "521 domain with this name already exists"},
        {ALL, "CreateDomain \"second.com\" PATH /x {CRAMMD5=YES;a=b;}",
         "200 OK"},
        {ALL, "CreateDomain third.com {a = \"b c\";}", "200 OK"},
        {ALL, "ListDomains",
         "201 (a.test,b.test,main.test,second.com,testdomain.bm,third.com)"},
        {ALL, "GetDomainSettings second.com", "201 {CRAMMD5=YES;a=b;}"},
        {ALL, "GetDomainSettings testdomain.bm", "201 {}"},
        {ALL, "CreateDomain", "501 domain name is missing"},
        {ALL, "CreateDomain .bad",
         "501 illegal domain name. a dot is at an end. dots are between others only"},
        {ALL, "CreateDomain \"a b\"",
         "501 illegal domain name. character 2 of a domain. U.0020. is not "
         "seen. legal are letters. digits. .-.. ._. and single dots between"},
        {ALL, "CreateDomain x@y",
         "501 illegal domain name. character 2 of a domain. .@.. is not "
         "possible. legal are letters. digits. .-.. ._. and single dots "
         "between"},
        {ALL, "CreateDomain new.test {CRAMMD5=perhaps;}",
         "501 CRAMMD5 must be YES or NO"},
        {ALL, "CreateDomain new.test {a=b;} x", "501 too many arguments"},
        {ALL, "CreateDomain new.test x", "501 dictionary is missing"},
        {ALL, "CreateDomain new.test PATH", "501 path is missing"},
        {ALL, "CreateDomain new.test SHARED",
         "501 available in the Dynamic Cluster only"},
        {ALL, "CreateSharedDomain new.test",
         "501 available in the Dynamic Cluster only"},
        {ALL, "GetDomainSettings new.test",
         "512 unknown secondary domain name"},
        {ALL, "ListDomains x", "501 too many arguments"},
    };

    CONVERSE(e);
}
END_TEST

START_TEST(renames_domains)
{
    static const struct exchange e[] = {
        {ALL, "PostDomainAlert a.test ALERT kept", "200 OK"},
        {ALL, "RenameDomain a.test INTO Z.Test", "200 OK"},
        {ALL, "ListDomains", "201 (b.test,main.test,z.test)"},
        {ALL, "GetDomainAlerts z.test", "201 {20261122133000=kept;}"},
        {ALL, "GetAccountSettings joe@z.test", "201 {}"},
        {ALL, "GetAccountSettings joe@a.test",
         "512 unknown secondary domain name"},
        {ALL, "RenameDomain z.test into b.test",
         "521 domain with this name already exists"},
        {ALL, "RenameDomain z.test into Z.TEST", "200 OK"},
        {ALL, "RenameDomain z.test into zz.test PATH x/y", "200 OK"},
        {ALL, "RenameDomain zz.test into z.test path \"\"", "200 OK"},
        {ALL, "RenameDomain z.test into y.test PATH", "501 path is missing"},
        {ALL, "RenameDomain z.test into y.test PATH x y",
         "501 too many arguments"},
        {ALL, "RenameDomain z.test into ..",
         "501 illegal domain name. a dot is at an end. dots are between others only"},
        {ALL, "RenameDomain z.test y.test", "501 keyword INTO is missing"},
        {POSTMASTER, "RenameDomain main.test into hq.test", "200 OK"},
        {POSTMASTER, "MainDomainName", "201 hq.test"},
        {POSTMASTER, "DeleteDomain hq.test FORCE",
         "501 the main domain can not be deleted"},
        {POSTMASTER, "GetAccountRights postmaster", "201 (Master)"},
    };

    CONVERSE(e);
    ck_assert_str_eq(fixture_say(ALL, "RenameDomain b.test into c.test"),
                     "200 OK");
    ck_assert_str_eq(fixture_effects, "domain c.test;");
}
END_TEST

START_TEST(deletes_domains)
{
    static const struct exchange e[] = {
        {ALL, "DeleteDomain a.test", "501 the domain has accounts"},
        {ALL, "DeleteDomain a.test NOW", "501 too many arguments"},
        {ALL, "DeleteDomain nowhere.test", "512 unknown secondary domain name"},
        {ALL, "CreateDomain empty.test", "200 OK"},
        {ALL, "DeleteDomain EMPTY.test", "200 OK"},
        {ALL, "GetDomainSettings empty.test",
         "512 unknown secondary domain name"},
        {ALL, "PostDomainAlert b.test ALERT x", "200 OK"},
        {ALL, "PostAccountAlert stranger@b.test ALERT y", "200 OK"},
    };

    CONVERSE(e);
    ck_assert_str_eq(fixture_say(ALL, "DeleteDomain b.test FORCE"), "200 OK");
    ck_assert_uint_eq(fixture_jobs, 1);
    ck_assert_str_eq(fixture_effects,
                     "removed 2; no account stranger@b.test; removed 1; "
                     "no domain b.test;");
    ck_assert_str_eq(fixture_say(ALL, "ListDomains"), "201 (a.test,main.test)");
    /* a domain of that name is another one */
    fixture_say(ALL, "CreateDomain b.test");
    ck_assert_str_eq(fixture_say(ALL, "GetDomainAlerts b.test"), "201 {}");
    ck_assert_str_eq(fixture_say(ALL, "ListAccounts b.test"), "201 {}");
}
END_TEST

static enum store_result
add_many(struct admin_context *x, void *arg, struct errbuf *err)
{
    struct domain_rec d = {0};
    char name[16];
    enum store_result r = domain_find(x->txn, "b.test", &d, err);

    for (int i = 0; i < *(int *)arg && r == STORE_OK; i++) {
        struct account_rec a = {.domain = d.number, .name = name};
        uint64_t number;

        snprintf(name, sizeof name, "u%04d", i);
        r = account_add(x->txn, &a, &number, err);
    }
    domain_rec_clear(&d);
    return r;
}

START_TEST(deletes_big_domains_in_pieces)
{
    int n = 1100; /* and the one that is there */

    fixture_run(LOCAL, add_many, &n);
    ck_assert_str_eq(fixture_say(ALL, "DeleteDomain b.test"),
                     "501 the domain has accounts");
    /* a piece is a job, and what it did is done */
    ck_assert_str_eq(fixture_try(ALL, "DeleteDomain b.test FORCE"), "200 OK");
    ck_assert_str_eq(fixture_say(ALL, "ListDomainObjects b.test 0"),
                     "201 (1101,{},0,0)");
    ck_assert_str_eq(fixture_say(ALL, "DeleteDomain b.test FORCE"), "200 OK");
    ck_assert_uint_gt(fixture_jobs, 10);
    ck_assert_str_eq(fixture_say(ALL, "ListDomains"), "201 (a.test,main.test)");
}
END_TEST

static uint64_t accounts_between;

/* Takes the name from the domain, for another with an account. */
static enum store_result
replace(struct admin_context *x, void *arg, struct errbuf *err)
{
    char name[] = "b.test", account[] = "kept", none[] = "";
    struct domain_rec d = {0}, fresh = {.name = name,
                                        .settings = none,
                                        .defaults = none,
                                        .account_template = none};
    struct account_rec a = {.name = account};
    enum store_result r = domain_find(x->txn, name, &d, err);

    (void)arg;
    free(d.name);
    d.name = xstrdup("old.test");
    if (r == STORE_OK)
        r = account_count(x->txn, d.number, &accounts_between, err);
    if (r == STORE_OK)
        r = domain_put(x->txn, &d, err);
    if (r == STORE_OK)
        r = domain_add(x->txn, &fresh, &a.domain, err);
    if (r == STORE_OK)
        r = account_add(x->txn, &a, &a.number, err);
    domain_rec_clear(&d);
    return r;
}

static void
replace_between(void)
{
    fixture_between = NULL;
    fixture_run(LOCAL, replace, NULL);
}

START_TEST(deletes_no_other_domain)
{
    int n = 1100;
    char left[40];

    fixture_run(LOCAL, add_many, &n);
    fixture_between = replace_between;
    ck_assert_str_eq(fixture_say(ALL, "DeleteDomain b.test FORCE"),
                     "512 unknown secondary domain name");
    ck_assert_uint_eq(fixture_jobs, 2);
    ck_assert_str_eq(fixture_say(ALL, "ListAccounts b.test"),
                     "201 {kept=macnt;}");
    /* what the first job did is done, and no more */
    ck_assert_uint_gt(accounts_between, 0);
    snprintf(left, sizeof left, "201 (%llu,{},0,0)",
             (unsigned long long)accounts_between);
    ck_assert_str_eq(fixture_say(ALL, "ListDomainObjects old.test 0"), left);
}
END_TEST

START_TEST(keeps_settings_of_domains)
{
    static const struct exchange e[] = {
        {ALL, "GetDomainSettings a.test", "201 {}"},
        {ALL, "GetDomainEffectiveSettings a.test", "201 {CRAMMD5=NO;}"},
        {SETTER, "UpdateDomainSettings {wn_MaximumAliases=5;\"a b\"=(1,{});}",
         "200 OK"},
        {SETTER, "UpdateDomainSettings A.TEST {CRAMMD5=YES;}", "200 OK"},
        {SETTER, "GetDomainSettings",
         "201 {wn_MaximumAliases=5;\"a b\"=(1,{});CRAMMD5=YES;}"},
        {SETTER,
         "UpdateDomainSettings a.test {wn_MaximumAliases=default;"
         "nothing=default;}",
         "200 OK"},
        {SETTER, "GetDomainSettings a.test",
         "201 {\"a b\"=(1,{});CRAMMD5=YES;}"},
        {SETTER, "GetDomainEffectiveSettings",
         "201 {CRAMMD5=YES;\"a b\"=(1,{});}"},
        {SETTER, "SetDomainSettings a.test {c=#5;}", "200 OK"},
        {SETTER, "GetDomainSettings a.test", "201 {c=#5;}"},
        {SETTER, "UpdateDomainSettings a.test {CRAMMD5=maybe;d=e;}",
         "501 CRAMMD5 must be YES or NO"},
        {SETTER, "UpdateDomainSettings a.test", "501 dictionary is missing"},
        {SETTER, "UpdateDomainSettings", "501 dictionary is missing"},
        {SETTER, "UpdateDomainSettings a.test {a=b;} x",
         "501 too many arguments"},
        {SETTER, "UpdateDomainSettings a.test {a=b}",
         "501 malformed at byte 33"},
        {SETTER, "GetDomainSettings a.test", "201 {c=#5;}"},
        {SETTER, "SetDomainSettings a.test {}", "200 OK"},
        {SETTER, "GetDomainSettings a.test", "201 {}"},

        {LOCAL, "SetDomainDefaults {x=y;}", "200 OK"},
        {LOCAL, "UpdateDomainDefaults {CRAMMD5=YES;}", "200 OK"},
        {ALL, "GetDomainDefaults", "201 {x=y;CRAMMD5=YES;}"},
        {ALL, "GetDomainEffectiveSettings b.test", "201 {CRAMMD5=YES;x=y;}"},
    };

    CONVERSE(e);
    fixture_say(SETTER, "UpdateDomainSettings a.test {e=f;}");
    ck_assert_str_eq(fixture_effects, "domain a.test;");
}
END_TEST

START_TEST(keeps_defaults_of_accounts)
{
    static const struct exchange e[] = {
        {ALL, "GetAccountEffectiveSettings joe@a.test",
         "201 {MaxAccountSize=unlimited;QuotaAlert=80;QuotaNotice=90;"
         "QuotaSuspend=100;}"},
        {ALL, "GetServerAccountDefaults", "201 {}"},
        {LOCAL, "UpdateServerAccountDefaults {QuotaAlert=70;x=server;}",
         "200 OK"},
        {ALL, "GetAllAccountsDefaults", "201 {QuotaAlert=70;x=server;}"},
        {LOCAL, "SetAllAccountsDefaults {QuotaAlert=75;x=server;}", "200 OK"},
        {LOCAL, "UpdateAllAccountsDefaults {x=default;y=server;}", "200 OK"},
        {SETTER, "UpdateAccountDefaults a.test {MaxAccountSize=50M;}",
         "200 OK"},
        {SETTER, "SetAccountDefaults {MaxAccountSize=60M;}", "200 OK"},
        {SETTER, "GetAccountDefaults a.test", "201 {MaxAccountSize=60M;}"},
        {SETTER, "UpdateAccountSettings joe {QuotaNotice=#95;}", "200 OK"},
        {JOE, "GetAccountEffectiveSettings *",
         "201 {MaxAccountSize=60M;QuotaAlert=75;QuotaNotice=#95;"
         "QuotaSuspend=100;y=server;}"},
        {LOCAL, "SetServerAccountDefaults {}", "200 OK"},
        {ALL, "GetServerAccountDefaults", "201 {}"},
        {ALL, "GetClusterAccountDefaults",
         "501 available in the Dynamic Cluster only"},
    };

    CONVERSE(e);
}
END_TEST

START_TEST(begins_accounts_with_a_template)
{
    static const struct exchange e[] = {
        {ALL, "GetAccountTemplate a.test", "201 {}"},
        {SETTER, "SetAccountTemplate {MaxAccountSize=10M;x=template;}",
         "200 OK"},
        {SETTER, "UpdateAccountTemplate A.TEST {y=(1,2);RealName=Nobody;}",
         "200 OK"},
        {SETTER, "GetAccountTemplate",
         "201 {MaxAccountSize=10M;x=template;y=(1,2);RealName=Nobody;}"},
        {CREATOR, "CreateAccount one", "200 OK"},
        {CREATOR, "GetAccountSettings one",
         "201 {MaxAccountSize=10M;x=template;y=(1,2);RealName=Nobody;}"},
        {CREATOR,
         "CreateAccount two {x=own;MaxAccountSize=default;RealName=T.;}",
         "200 OK"},
        {CREATOR, "GetAccountSettings two", "201 {x=own;y=(1,2);RealName=T.;}"},
        {CREATOR, "CreateAccount three {Password=secret;}", "200 OK"},
        {CREATOR, "VerifyAccountPassword three PASSWORD secret", "200 OK"},
        {CREATOR, "GetAccountSettings three",
         "201 {MaxAccountSize=10M;x=template;y=(1,2);RealName=Nobody;}"},
        /* what was made before, and who is elsewhere, has nothing of it */
        {CREATOR, "GetAccountSettings joe", "201 {}"},
        {STRANGER, "CreateAccount one", "200 OK"},
        {STRANGER, "GetAccountSettings one", "201 {}"},
        {SETTER, "UpdateAccountTemplate {x=default;y=default;}", "200 OK"},
        {SETTER, "GetAccountTemplate",
         "201 {MaxAccountSize=10M;RealName=Nobody;}"},
        {SETTER, "SetAccountTemplate {password=secret;}",
         "501 a template can not have a password"},
        {SETTER, "UpdateAccountTemplate {RealName=\"a\\eb\";}",
         "501 RealName can not be used"},
        {SETTER, "UpdateAccountTemplate", "501 dictionary is missing"},
        {SETTER, "SetAccountTemplate {}", "200 OK"},
        {SETTER, "GetAccountTemplate", "201 {}"},
        {CREATOR, "CreateAccount four", "200 OK"},
        {CREATOR, "GetAccountSettings four", "201 {}"},
    };

    CONVERSE(e);
    fixture_say(SETTER, "SetAccountTemplate {a=b;}");
    ck_assert_str_eq(fixture_effects, "");
    ck_assert_ptr_nonnull(
        strstr(fixture_audit(), "|SETACCOUNTTEMPLATE {a=b;}|ok\n"));
}
END_TEST

/* So much that no list of settings is, and some more. */
START_TEST(bounds_settings)
{
    struct buf line = {0};

    buf_append_str(&line, "SetDomainSettings a.test {");
    for (int i = 0; i < 1000; i++)
        buf_appendf(&line, "k%d=v;", i);
    buf_append_str(&line, "}");
    ck_assert_str_eq(fixture_say(ALL, buf_cstr(&line)), "200 OK");
    ck_assert_str_eq(fixture_say(ALL, "UpdateDomainSettings a.test {k=v;}"),
                     "501 too many settings");
    ck_assert_str_eq(fixture_say(ALL, "UpdateDomainSettings a.test {k9=v;}"),
                     "200 OK");
    line.len = 0;
    buf_append_str(&line, "SetDomainSettings a.test {k=");
    for (int i = 0; i < 70000; i++)
        buf_append_char(&line, 'v');
    buf_append_str(&line, ";}");
    ck_assert_str_eq(fixture_say(ALL, buf_cstr(&line)),
                     "501 too many settings");
    buf_clear(&line);
}
END_TEST

Suite *
admin_domains_suite(void)
{
    Suite *s = suite_create("admin_domains");
    TCase *t = tcase_create("admin_domains");

    tcase_add_checked_fixture(t, fixture_setup, fixture_teardown);
    tcase_set_timeout(t, 30);
    tcase_add_test(t, makes_and_lists_domains);
    tcase_add_test(t, renames_domains);
    tcase_add_test(t, deletes_domains);
    tcase_add_test(t, deletes_big_domains_in_pieces);
    tcase_add_test(t, deletes_no_other_domain);
    tcase_add_test(t, keeps_settings_of_domains);
    tcase_add_test(t, keeps_defaults_of_accounts);
    tcase_add_test(t, begins_accounts_with_a_template);
    tcase_add_test(t, bounds_settings);
    suite_add_tcase(s, t);
    return s;
}
