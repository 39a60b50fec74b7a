/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <string.h>

#include "tests/unit/admin_fixture.h"
#include "ximss/server/rules/admin_target.h"

Suite *admin_aliases_suite(void);

START_TEST(gives_aliases_to_accounts)
{
    static const struct exchange e[] = {
        {ADMIN, "GetAccountAliases joe", "201 ()"},
        {OTHER, "SetAccountAliases joe@a.test (Sales,\"info\",JOSEPH,info)",
         "200 OK"},
        {JOE, "GetAccountAliases *", "201 (info,joseph,sales)"},
        {OTHER, "SetAccountAliases joe (sales,info)", "200 OK"},
        {ADMIN, "GetAccountAliases Sales@A.test", "201 (info,sales)"},
        {OTHER, "SetAccountAliases poster (x)",
         "510 insufficient access rights"}, /* who holds what he does not */
        /* a name is taken only once */
        {ADMIN, "SetAccountAliases poster (x,info)",
         "520 the name info is taken"},
        {ADMIN, "SetAccountAliases poster (joe)", "520 the name joe is taken"},
        {ADMIN, "SetAccountAliases poster (poster)",
         "520 the name poster is taken"},
        {OTHER, "GetAccountAliases poster", "201 ()"},
        {CREATOR, "CreateAccount SALES",
         "520 account with this name already exists"},
        {ADMIN, "RenameAccount poster INTO sales",
         "520 account with this name already exists"},
        {CREATOR, "RenameAccount joe INTO sales",
         "520 account with this name already exists"},
        {ALL, "SetAccountAliases stranger@b.test (sales)", "200 OK"},
        /* through an alias everything is done to the account */
        {ALL, "UpdateAccountSettings info@a.test {a=b;}", "200 OK"},
        {JOE, "GetAccountSettings *", "201 {a=b;}"},
        {ADMIN, "PostAccountAlert sales ALERT hi", "200 OK"},
        {ADMIN, "GetAccountAlerts joe", "201 {20261122133000=hi;}"},
        {ADMIN, "SetAccountPassword info PASSWORD secret", "200 OK"},
        {ADMIN, "VerifyAccountPassword joe PASSWORD secret", "200 OK"},
        {ADMIN, "VerifyAccountPassword sales PASSWORD secret", "200 OK"},
        {JOE, "GetAccountSettings sales", "201 {a=b;}"}, /* his own */
        {ADMIN, "ListDomainObjects a.test 0", "201 (7,{},2,0)"},
        {ADMIN, "SetAccountAliases info ()", "200 OK"},
        {ADMIN, "GetAccountAliases joe", "201 ()"},
        {ADMIN, "GetAccountSettings info", "513 unknown user account"},
        {CREATOR, "CreateAccount SALES", "200 OK"},
        /* arguments */
        {OTHER, "SetAccountAliases joe (a..b)",
         "501 illegal alias name. two dots follow each other. single dots "
         "only"},
        {OTHER, "SetAccountAliases joe (a@b)",
         "501 illegal alias name. character 2. .@.. is not possible. legal are letters. "
         "digits. the signs of a mail address without quotes. and single dots "
         "between"},
        {OTHER, "SetAccountAliases joe (\"\")",
         "501 illegal alias name. a name is not empty"},
        {OTHER, "SetAccountAliases joe ((a))",
         "501 illegal alias name. a name is not empty"},
        {OTHER, "SetAccountAliases joe a", "501 array is missing"},
        {OTHER, "SetAccountAliases joe", "501 array is missing"},
        {OTHER, "SetAccountAliases joe (a) b", "501 too many arguments"},
        {OTHER, "SetAccountAliases", "501 account name is missing"},
        {OTHER, "GetAccountAliases", "501 account name is missing"},
        {OTHER, "GetAccountAliases nobody", "513 unknown user account"},
    };

    CONVERSE(e);
    ck_assert_str_eq(fixture_say(OTHER, "SetAccountAliases joe (z)"), "200 OK");
    ck_assert_str_eq(fixture_effects, "account joe@a.test;");
    ck_assert_str_eq(fixture_say(OTHER, "SetAccountAliases joe (z)"), "200 OK");
    ck_assert_str_eq(fixture_effects, "");
    ck_assert_ptr_nonnull(
        strstr(fixture_audit(), "|SETACCOUNTALIASES joe (z,)|ok\n"));
}
END_TEST

START_TEST(moves_and_removes_aliases_of_accounts)
{
    static const struct exchange e[] = {
        {ALL, "SetAccountAliases joe@a.test (j,x)", "200 OK"},
        {ALL, "SetAccountAliases stranger@b.test (x)", "200 OK"},
        {ALL, "RenameAccount joe@a.test INTO jim", "200 OK"},
        {ALL, "GetAccountAliases jim@a.test", "201 (j,x)"},
        {ALL, "RenameAccount jim@a.test INTO jim@b.test",
         "520 the name x is taken"},
        {ALL, "RenameAccount j@a.test INTO J@b.test",
         "520 the name x is taken"},
        {ALL, "SetAccountAliases stranger@b.test ()", "200 OK"},
        {ALL, "RenameAccount j@a.test INTO J@b.test",
         "520 the name j is taken"},
        {ALL, "RenameAccount x@a.test INTO jim@b.test", "200 OK"},
        {ALL, "GetAccountAliases X@b.test", "201 (j,x)"},
        {ALL, "GetAccountSettings x@a.test", "513 unknown user account"},
        {ALL, "ListDomainObjects a.test 0", "201 (6,{},0,0)"},
        {ALL, "ListDomainObjects b.test 0", "201 (2,{},2,0)"},
        {ALL, "DeleteAccount j@b.test", "200 OK"},
        {ALL, "GetAccountSettings x@b.test", "513 unknown user account"},
        {ALL, "ListDomainObjects b.test 0", "201 (1,{},0,0)"},
    };

    CONVERSE(e);
}
END_TEST

START_TEST(keeps_the_postmaster)
{
    static const struct exchange e[] = {
        {POSTMASTER, "SetAccountAliases postmaster (root)", "200 OK"},
        {POSTMASTER, "DeleteAccount root",
         "501 postmaster of the main domain can not be deleted"},
        {POSTMASTER, "RenameAccount root INTO chief",
         "501 postmaster of the main domain can not be renamed"},
        {POSTMASTER, "SetDomainAliases main.test (hq.test)", "200 OK"},
        {POSTMASTER, "DeleteDomain hq.test FORCE",
         "501 the main domain can not be deleted"},
        {POSTMASTER, "DeleteAccount root@hq.test",
         "501 postmaster of the main domain can not be deleted"},
        {ALL, "SetAccountPassword root@hq.test PASSWORD x",
         "510 insufficient access rights"},
        {POSTMASTER, "MainDomainName", "201 main.test"},
    };

    CONVERSE(e);
}
END_TEST

START_TEST(gives_aliases_to_domains)
{
    static const struct exchange e[] = {
        {ALL, "GetDomainAliases a.test", "201 ()"},
        {ALL, "SetDomainAliases a.test (Z.test,aa.test,z.TEST)", "200 OK"},
        {ADMIN, "GetDomainAliases z.test", "201 (aa.test,z.test)"},
        {ALL, "ListDomains", "201 (a.test,b.test,main.test)"},
        {ADMIN, "ListDomains", "201 (a.test)"},
        {ALL, "SetDomainAliases b.test (c.test,aa.test)",
         "521 the name aa.test is taken"},
        {ALL, "SetDomainAliases b.test (main.test)",
         "521 the name main.test is taken"},
        {ALL, "GetDomainAliases b.test", "201 ()"},
        {ALL, "CreateDomain aa.test",
         "521 domain with this name already exists"},
        {ALL, "RenameDomain b.test INTO aa.test",
         "521 domain with this name already exists"},
        {ALL, "RenameDomain a.test INTO aa.test",
         "521 domain with this name already exists"},
        {ALL, "RenameDomain a.test INTO A.TEST", "200 OK"},
        /* through an alias everything is done to the domain */
        {ALL, "UpdateDomainSettings aa.test {a=b;}", "200 OK"},
        {ALL, "GetDomainSettings a.test", "201 {a=b;}"},
        {CREATOR, "CreateAccount new@aa.test", "200 OK"},
        {CREATOR, "CreateAccount new@z.test",
         "520 account with this name already exists"},
        {ALL, "GetAccountSettings new@a.test", "201 {}"},
        {CREATOR, "RenameAccount new@aa.test INTO newer@z.test", "200 OK"},
        {CREATOR, "SetAccountRights new@aa.test ()",
         "510 insufficient access rights"},
        {POSTER, "PostDomainAlert z.test ALERT hi", "200 OK"},
        {POSTER, "GetDomainAlerts a.test", "201 {20261122133000=hi;}"},
        {JOE, "GetAccountSettings joe@aa.test", "201 {}"},
        /* and they stay with it */
        {ALL, "RenameDomain aa.test INTO n.test", "200 OK"},
        {ALL, "GetDomainAliases n.test", "201 (aa.test,z.test)"},
        {ALL, "SetDomainAliases n.test (aa.test)", "200 OK"},
        {ALL, "GetDomainSettings z.test", "512 unknown secondary domain name"},
        {ALL, "CreateDomain z.test", "200 OK"},
        {ALL, "DeleteDomain aa.test FORCE", "200 OK"},
        {ALL, "GetDomainSettings aa.test", "512 unknown secondary domain name"},
        {ALL, "CreateDomain aa.test", "200 OK"},
        /* arguments */
        {ALL, "SetDomainAliases aa.test (.x)",
         "501 illegal alias name. a dot is at an end. dots are between others only"},
        {ALL, "SetDomainAliases aa.test", "501 array is missing"},
        {ALL, "SetDomainAliases aa.test () x", "501 too many arguments"},
        {ALL, "SetDomainAliases nowhere.test ()",
         "512 unknown secondary domain name"},
        {ALL, "GetDomainAliases", "501 domain name is missing"},
    };

    CONVERSE(e);
}
END_TEST

static void
append_names(struct buf *line, int n)
{
    for (int i = 0; i < n; i++)
        buf_appendf(line, "%sn%d", i > 0 ? "," : "", i);
}

START_TEST(bounds_aliases)
{
    struct buf line = {0};

    buf_append_str(&line, "SetAccountAliases joe (");
    append_names(&line, 1000);
    buf_append_str(&line, ")");
    ck_assert_str_eq(fixture_say(ADMIN, buf_cstr(&line)), "200 OK");
    line.len = 0;
    buf_append_str(&line, "SetAccountAliases joe (");
    append_names(&line, 1001);
    buf_append_str(&line, ")");
    ck_assert_str_eq(fixture_say(ADMIN, buf_cstr(&line)),
                     "501 too many aliases");
    ck_assert_str_eq(fixture_say(ADMIN, "ListDomainObjects a.test 0"),
                     "201 (7,{},1000,0)");
    /* an account and its aliases go in one piece, however many */
    ck_assert_str_eq(fixture_say(ALL, "DeleteDomain a.test FORCE"), "200 OK");
    ck_assert_uint_eq(fixture_jobs, 2);
    ck_assert_str_eq(fixture_say(ALL, "ListDomains"), "201 (b.test,main.test)");
    buf_clear(&line);
}
END_TEST

/* Those of before, which nobody could give today. */
static enum store_result
give_old(struct admin_context *x, void *arg, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    struct alias_list of_domain = {0}, of_account = {0};
    enum store_result r = domain_find(x->txn, "a.test", &d, err);

    (void)arg;
    alias_list_add(&of_domain, "xn--foo");
    alias_list_add(&of_account, "\u0430dmin");
    if (r == STORE_OK)
        r = domain_aliases_set(x->txn, d.number, &of_domain, err);
    if (r == STORE_OK)
        r = account_find(x->txn, d.number, "joe", &a, err);
    if (r == STORE_OK)
        r = account_aliases_set(x->txn, a.number, &of_account, err);
    alias_list_clear(&of_domain);
    alias_list_clear(&of_account);
    admin_clear(&d, &a);
    return r;
}

START_TEST(keeps_old_aliases)
{
    static const struct exchange e[] = {
        {ADMIN, "SetAccountAliases joe (jojo,\"\u0430dmin\")", "200 OK"},
        {ADMIN, "GetAccountAliases joe", "201 (jojo,\"\u0430dmin\")"},
        {ADMIN, "SetAccountAliases joe ()", "200 OK"},
        {ADMIN, "SetAccountAliases joe (\"\u0430dmin\")",
         "501 illegal alias name. character 2. U.0064. is Latin and others "
         "are Cyrillic. use one script"},
        {ADMIN, "SetAccountAliases joe (\"*\")",
         "501 illegal alias name. ... stands for one.s own account"},
        {ALL, "SetDomainAliases a.test (xn--foo,more.test)", "200 OK"},
        {ALL, "GetDomainAliases a.test", "201 (more.test,xn--foo)"},
        {ALL, "SetDomainAliases a.test (xn--foo,xn--80a5ak.test)",
         "501 illegal alias name. all its letters look like Latin ones. "
         "nobody can tell it from a Latin name"},
    };

    fixture_run(LOCAL, give_old, NULL);
    CONVERSE(e);
}
END_TEST

Suite *
admin_aliases_suite(void)
{
    Suite *s = suite_create("admin_aliases");
    TCase *t = tcase_create("admin_aliases");

    tcase_add_checked_fixture(t, fixture_setup, fixture_teardown);
    tcase_set_timeout(t, 30);
    tcase_add_test(t, gives_aliases_to_accounts);
    tcase_add_test(t, moves_and_removes_aliases_of_accounts);
    tcase_add_test(t, keeps_the_postmaster);
    tcase_add_test(t, gives_aliases_to_domains);
    tcase_add_test(t, keeps_old_aliases);
    tcase_add_test(t, bounds_aliases);
    suite_add_tcase(s, t);
    return s;
}
