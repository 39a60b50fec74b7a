/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands for what the server does not have, as scripts of the family send
 * them. */
#include "config.h"

#include <check.h>
#include <string.h>

#include "tests/unit/admin_fixture.h"
#include "ximss/server/cli/admin_call.h"

Suite *admin_absent_suite(void);

static const struct exchange commands[] = {
    {ALL, "LISTLISTS a.test", "201 ()"},
    {ALL, "GETDOMAINLISTS a.test", "201 {}"},
    {ALL, "GETACCOUNTLISTS joe@a.test", "201 {}"},
    {ALL, "CREATELIST x@a.test for joe", "501 mailing lists are not supported"},
    {ALL, "RENAMELIST x@a.test into l2", "554 Unknown Mailing List"},
    {ALL, "DELETELIST x@a.test", "554 Unknown Mailing List"},
    {ALL, "GETLIST x@a.test", "554 Unknown Mailing List"},
    {ALL, "UPDATELIST x@a.test {a=b;}", "554 Unknown Mailing List"},
    {ALL, "LIST x@a.test subscribe silently joe@y.test",
     "554 Unknown Mailing List"},
    {ALL, "LISTSUBSCRIBERS x@a.test FILTER x 10", "554 Unknown Mailing List"},
    {ALL, "READSUBSCRIBERS x@a.test FILTER x 10", "554 Unknown Mailing List"},
    {ALL, "GETSUBSCRIBERINFO x@a.test NAME joe@y.test",
     "554 Unknown Mailing List"},
    {ALL, "SETPOSTINGMODE x@a.test FOR joe@y.test MODERATEALL",
     "554 Unknown Mailing List"},
    {ALL, "PROCESSBOUNCE x@a.test FATAL FOR joe@y.test",
     "554 Unknown Mailing List"},
    {ALL, "GETACCOUNTMAILRULES joe@a.test", "201 ()"},
    {ALL, "SETACCOUNTMAILRULES joe@a.test ()", "200 OK"},
    {ALL, "UPDATEACCOUNTMAILRULE joe@a.test (5,Vacation)",
     "501 rules are not supported"},
    {ALL, "GETACCOUNTSIGNALRULES joe@a.test", "201 ()"},
    {ALL, "SETACCOUNTSIGNALRULES joe@a.test ()", "200 OK"},
    {ALL, "UPDATEACCOUNTSIGNALRULE joe@a.test DELETE Busy",
     "501 rules are not supported"},
    {ALL, "GETACCOUNTRULES joe@a.test", "201 ()"},
    {ALL, "SETACCOUNTRULES joe@a.test ()", "200 OK"},
    {ALL, "GETDOMAINMAILRULES a.test", "201 ()"},
    {ALL, "SETDOMAINMAILRULES a.test ()", "200 OK"},
    {ALL, "GETDOMAINSIGNALRULES a.test", "201 ()"},
    {ALL, "SETDOMAINSIGNALRULES a.test ()", "200 OK"},
    {ALL, "GETDOMAINRULES a.test", "201 ()"},
    {ALL, "SETDOMAINRULES a.test ()", "200 OK"},
    {ALL, "GETSERVERMAILRULES", "201 ()"},
    {ALL, "SETSERVERMAILRULES ()", "200 OK"},
    {ALL, "GETSERVERSIGNALRULES", "201 ()"},
    {ALL, "SETSERVERSIGNALRULES ()", "200 OK"},
    {ALL, "GETSERVERRULES", "201 ()"},
    {ALL, "SETSERVERRULES ()", "200 OK"},
    {ALL, "GETCLUSTERMAILRULES", "501 available in the Dynamic Cluster only"},
    {ALL, "SETCLUSTERMAILRULES", "501 available in the Dynamic Cluster only"},
    {ALL, "GETCLUSTERSIGNALRULES", "501 available in the Dynamic Cluster only"},
    {ALL, "SETCLUSTERSIGNALRULES", "501 available in the Dynamic Cluster only"},
    {ALL, "GETCLUSTERRULES", "501 available in the Dynamic Cluster only"},
    {ALL, "SETCLUSTERRULES", "501 available in the Dynamic Cluster only"},
    {ALL, "GETACCOUNTTELNUMS joe@a.test", "201 ()"},
    {ALL, "SETACCOUNTTELNUMS joe@a.test ()", "200 OK"},
    {ALL, "MODIFYACCOUNTTELNUMS joe@a.test {op=pop;}",
     "501 telephone numbers are not supported"},
    {ALL, "LISTDOMAINTELNUMS a.test FILTER 1 10", "201 {\"\"=0;}"},
    {ALL, "LISTSERVERTELNUMS FILTER 1 10", "201 {\"\"=0;}"},
    {ALL, "LISTCLUSTERTELNUMS 10", "501 available in the Dynamic Cluster only"},
    {ALL, "GETACCOUNTRPOPS joe@a.test", "201 {}"},
    {ALL, "SETACCOUNTRPOPS joe@a.test {}", "200 OK"},
    {ALL, "GETACCOUNTRPOP joe@a.test", "201 ()"},
    {ALL, "SETACCOUNTRPOP joe@a.test ()", "200 OK"},
    {ALL, "GETACCOUNTRSIPS joe@a.test", "201 {}"},
    {ALL, "SETACCOUNTRSIPS joe@a.test {}", "200 OK"},
    {ALL, "LISTMAILBOXES joe@a.test FILTER * AUTH x", "201 {}"},
    {ALL, "CREATEMAILBOX joe@a.test MAILBOX Archive",
     "501 mailboxes are not supported"},
    {ALL, "DELETEMAILBOX joe@a.test MAILBOXES Archive",
     "501 mailboxes are not supported"},
    {ALL, "RENAMEMAILBOX joe@a.test MAILBOX Archive INTO Old",
     "501 mailboxes are not supported"},
    {ALL, "GETMAILBOXINFO joe@a.test MAILBOX INBOX",
     "501 mailboxes are not supported"},
    {ALL, "GETMAILBOXACL joe@a.test MAILBOX INBOX",
     "501 mailboxes are not supported"},
    {ALL, "SETMAILBOXACL joe@a.test MAILBOX INBOX {anyone=l;}",
     "501 mailboxes are not supported"},
    {ALL, "GETMAILBOXRIGHTS joe@a.test MAILBOX INBOX AUTH x",
     "501 mailboxes are not supported"},
    {ALL, "SETMAILBOXCLASS joe@a.test MAILBOX INBOX CLASS IPF.Note",
     "501 mailboxes are not supported"},
    {ALL, "GETMAILBOXSUBSCRIPTION joe@a.test", "201 ()"},
    {ALL, "SETMAILBOXSUBSCRIPTION joe@a.test ()", "200 OK"},
    {ALL, "GETACCOUNTSUBSCRIPTION joe@a.test", "201 ()"},
    {ALL, "SETACCOUNTSUBSCRIPTION joe@a.test ()", "200 OK"},
    {ALL, "GETMAILBOXALIASES joe@a.test", "201 {}"},
    {ALL, "SETMAILBOXALIASES joe@a.test {}", "200 OK"},
    {ALL, "GETACCOUNTACL joe@a.test AUTH x", "201 {}"},
    {ALL, "SETACCOUNTACL joe@a.test AUTH x {}", "200 OK"},
    {ALL, "GETACCOUNTACLRIGHTS joe@a.test AUTH x", "201 \"\""},
    {ALL, "LISTSTORAGEFILES joe@a.test PATH a", "201 {}"},
    {ALL, "GETSTORAGEFILEINFO joe@a.test", "201 (0,0)"},
    {ALL, "READSTORAGEFILE joe@a.test FILE a", "501 files are not supported"},
    {ALL, "WRITESTORAGEFILE joe@a.test FILE a DATA [aGk=]",
     "501 files are not supported"},
    {ALL, "RENAMESTORAGEFILE joe@a.test FILE a INTO b",
     "501 files are not supported"},
    {ALL, "DELETESTORAGEFILE joe@a.test FILE a", "501 files are not supported"},
    {ALL, "READSTORAGEFILEATTR joe@a.test FILE a (x)",
     "501 files are not supported"},
    {ALL, "UPDATESTORAGEFILEATTR joe@a.test FILE a (x)",
     "501 files are not supported"},
    {ALL, "GETFILESUBSCRIPTION joe@a.test", "201 ()"},
    {ALL, "SETFILESUBSCRIPTION joe@a.test ()", "200 OK"},
    {ALL, "LISTWEBFILES joe@a.test PATH a", "201 {}"},
    {ALL, "GETWEBFILESINFO joe@a.test", "201 (0,0)"},
    {ALL, "GETWEBFILE joe@a.test FILE a OFFSET 1 SIZE 2",
     "501 files are not supported"},
    {ALL, "PUTWEBFILE joe@a.test FILE a DATA [aGk=]",
     "501 files are not supported"},
    {ALL, "RENAMEWEBFILE joe@a.test FILE a INTO b",
     "501 files are not supported"},
    {ALL, "DELETEWEBFILE joe@a.test FILE a", "501 files are not supported"},
    {ALL, "LISTDOMAINSTORAGE SHARED", "201 ()"},
    {ALL, "CREATEDOMAINSTORAGE PATH d1",
     "501 storage mount points are not supported"},
    {ALL, "LISTACCOUNTSTORAGE a.test", "201 ()"},
    {ALL, "CREATEACCOUNTSTORAGE a.test PATH d1",
     "501 storage mount points are not supported"},
    {ALL, "LISTDOMAINNAMEDTASKS a.test", "201 {}"},
    {ALL, "LISTACCOUNTNAMEDTASKS joe@a.test", "201 {}"},
    {ALL, "CREATENAMEDTASK x@a.test FOR joe", "501 tasks are not supported"},
    {ALL, "RENAMENAMEDTASK x@a.test into t2", "501 tasks are not supported"},
    {ALL, "DELETENAMEDTASK x@a.test", "501 tasks are not supported"},
    {ALL, "GETNAMEDTASK x@a.test", "501 tasks are not supported"},
    {ALL, "UPDATENAMEDTASK x@a.test {}", "501 tasks are not supported"},
    {ALL, "UPDATESCHEDULEDTASK joe@a.test {id=x;}",
     "501 tasks are not supported"},
    {ALL, "LISTDOMAINSKINS a.test", "201 ()"},
    {ALL, "CREATEDOMAINSKIN", "501 skins are not supported"},
    {ALL, "RENAMEDOMAINSKIN", "501 skins are not supported"},
    {ALL, "DELETEDOMAINSKIN", "501 skins are not supported"},
    {ALL, "LISTDOMAINSKINFILES", "501 skins are not supported"},
    {ALL, "READDOMAINSKINFILE", "501 skins are not supported"},
    {ALL, "STOREDOMAINSKINFILE", "501 skins are not supported"},
    {ALL, "LISTSERVERSKINS", "201 ()"},
    {ALL, "CREATESERVERSKIN", "501 skins are not supported"},
    {ALL, "RENAMESERVERSKIN", "501 skins are not supported"},
    {ALL, "DELETESERVERSKIN", "501 skins are not supported"},
    {ALL, "LISTSERVERSKINFILES", "501 skins are not supported"},
    {ALL, "READSERVERSKINFILE", "501 skins are not supported"},
    {ALL, "STORESERVERSKINFILE", "501 skins are not supported"},
    {ALL, "LISTCLUSTERSKINS", "501 available in the Dynamic Cluster only"},
    {ALL, "CREATECLUSTERSKIN", "501 available in the Dynamic Cluster only"},
    {ALL, "RENAMECLUSTERSKIN", "501 available in the Dynamic Cluster only"},
    {ALL, "DELETECLUSTERSKIN", "501 available in the Dynamic Cluster only"},
    {ALL, "LISTCLUSTERSKINFILES", "501 available in the Dynamic Cluster only"},
    {ALL, "READCLUSTERSKINFILE", "501 available in the Dynamic Cluster only"},
    {ALL, "STORECLUSTERSKINFILE", "501 available in the Dynamic Cluster only"},
    {ALL, "LISTSTOCKSKINFILES", "501 skins are not supported"},
    {ALL, "READSTOCKSKINFILE", "501 skins are not supported"},
    {ALL, "LISTWEBUSERINTERFACE a.test", "201 {}"},
    {ALL, "GETWEBUSERINTERFACE a.test", "501 skins are not supported"},
    {ALL, "PUTWEBUSERINTERFACE a.test", "501 skins are not supported"},
    {ALL, "DELETEWEBUSERINTERFACE a.test", "501 skins are not supported"},
    {ALL, "CLEARWEBUSERCACHE a.test", "501 skins are not supported"},
    {ALL, "CREATEDIRECTORYDOMAIN d.test", "501 directories are not supported"},
    {ALL, "RELOADDIRECTORYDOMAINS", "501 directories are not supported"},
    {ALL, "INSERTDIRECTORYRECORDS a.test", "501 directories are not supported"},
    {ALL, "DELETEDIRECTORYRECORDS a.test", "501 directories are not supported"},
    {ALL, "LISTDIRECTORYUNITS SHARED", "201 {}"},
    {ALL, "CREATEDIRECTORYUNIT", "501 directories are not supported"},
    {ALL, "RELOCATEDIRECTORYUNIT", "501 directories are not supported"},
    {ALL, "DELETEDIRECTORYUNIT", "501 directories are not supported"},
    {ALL, "GETDIRECTORYUNIT", "501 directories are not supported"},
    {ALL, "SETDIRECTORYUNIT", "501 directories are not supported"},
    {ALL, "GETDIRECTORYACCESSRIGHTS", "201 ()"},
    {ALL, "SETDIRECTORYACCESSRIGHTS ()", "200 OK"},
    {ALL, "GETDIRECTORYINTEGRATION", "201 {}"},
    {ALL, "SETDIRECTORYINTEGRATION {}", "200 OK"},
    {ALL, "GETCLUSTERDIRECTORYINTEGRATION",
     "501 available in the Dynamic Cluster only"},
    {ALL, "SETCLUSTERDIRECTORYINTEGRATION",
     "501 available in the Dynamic Cluster only"},
    {ALL, "GETACCOUNTDEFAULTPREFS a.test", "201 {}"},
    {ALL, "UPDATEACCOUNTDEFAULTPREFS a.test {}", "200 OK"},
    {ALL, "SETACCOUNTDEFAULTPREFS a.test {}", "200 OK"},
    {ALL, "GETSERVERACCOUNTPREFS", "201 {}"},
    {ALL, "UPDATESERVERACCOUNTPREFS {}", "200 OK"},
    {ALL, "SETSERVERACCOUNTPREFS {}", "200 OK"},
    {ALL, "GETCLUSTERACCOUNTPREFS",
     "501 available in the Dynamic Cluster only"},
    {ALL, "UPDATECLUSTERACCOUNTPREFS",
     "501 available in the Dynamic Cluster only"},
    {ALL, "SETCLUSTERACCOUNTPREFS",
     "501 available in the Dynamic Cluster only"},
    {ALL, "GETWEBUSERDEFAULTS a.test", "201 {}"},
    {ALL, "UPDATEWEBUSERDEFAULTS a.test {}", "200 OK"},
    {ALL, "SETWEBUSERDEFAULTS a.test {}", "200 OK"},
    {ALL, "GETSERVERWEBUSERDEFAULTS", "201 {}"},
    {ALL, "SETSERVERWEBUSERDEFAULTS {}", "200 OK"},
    {ALL, "GETCLUSTERWEBUSERDEFAULTS",
     "501 available in the Dynamic Cluster only"},
    {ALL, "SETCLUSTERWEBUSERDEFAULTS",
     "501 available in the Dynamic Cluster only"},
    {ALL, "RESETACCOUNTSTAT joe@a.test KEY Logins",
     "501 resets of statistics are not supported"},
    {ALL, "RESETDOMAINSTAT a.test",
     "501 resets of statistics are not supported"},
};

START_TEST(answers_what_is_absent)
{
    CONVERSE(commands);
}
END_TEST

static bool
is_tested(const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strncmp(commands[i].line, name, len) == 0 &&
            (commands[i].line[len] == ' ' || commands[i].line[len] == '\0'))
            return true;
    }
    return false;
}

START_TEST(tests_each_of_them)
{
    for (size_t i = 0; i < admin_absent_family.n; i++)
        ck_assert_msg(is_tested(admin_absent_family.commands[i].name), "%s",
                      admin_absent_family.commands[i].name);
}
END_TEST

/* Nothing is taken that would be lost. */
START_TEST(refuses_to_set_what_is_absent)
{
    static const struct exchange e[] = {
        {ALL, "SetAccountMailRules joe@a.test ((1,a,(),()))",
         "501 rules are not supported"},
        {ALL, "SetAccountMailRules joe@a.test",
         "501 array or dictionary is missing"},
        {ALL, "SetAccountMailRules joe@a.test rules",
         "501 array or dictionary is missing"},
        {ALL, "SetDomainMailRules a.test (x)", "501 rules are not supported"},
        {ADMIN, "SetDomainMailRules (x)", "501 rules are not supported"},
        {ADMIN, "SetDomainMailRules ()", "200 OK"},
        {ALL, "SetServerMailRules (x)", "501 rules are not supported"},
        {ALL, "SetAccountRPOPs joe@a.test {a={b=c;};}",
         "501 RPOP records are not supported"},
        {ALL, "SetAccountACL joe@a.test {anyone=r;}",
         "501 access rights of accounts are not supported"},
        {ALL, "SetAccountDefaultPrefs a.test {Language=German;}",
         "501 default preferences are not supported"},
        {JOE, "SetAccountMailRules * (x)", "501 rules are not supported"},
        {JOE, "SetAccountMailRules * ()", "200 OK"},
    };

    CONVERSE(e);
    ck_assert_str_eq(fixture_audit(), "");
}
END_TEST

START_TEST(finds_targets)
{
    static const struct exchange e[] = {
        {ADMIN, "ListLists", "201 ()"},
        {ALL, "ListLists nowhere.test", "512 unknown secondary domain name"},
        {ALL, "GetAccountMailRules", "501 account name is missing"},
        {ALL, "GetAccountMailRules nobody@a.test", "513 unknown user account"},
        {ALL, "GetAccountMailRules joe@nowhere.test",
         "512 unknown secondary domain name"},
        {JOE, "GetAccountMailRules *", "201 ()"},
        {ALL, "CreateList", "501 name is missing"},
        {ALL, "CreateList l@nowhere.test", "512 unknown secondary domain name"},
        {ADMIN, "CreateList l", "501 mailing lists are not supported"},
        {ALL, "GetList l@nowhere.test", "512 unknown secondary domain name"},
        {ADMIN, "GetList l", "554 Unknown Mailing List"},
    };

    CONVERSE(e);
}
END_TEST

Suite *
admin_absent_suite(void)
{
    Suite *s = suite_create("admin_absent");
    TCase *t = tcase_create("admin_absent");

    tcase_add_checked_fixture(t, fixture_setup, fixture_teardown);
    tcase_add_test(t, answers_what_is_absent);
    tcase_add_test(t, tests_each_of_them);
    tcase_add_test(t, refuses_to_set_what_is_absent);
    tcase_add_test(t, finds_targets);
    suite_add_tcase(s, t);
    return s;
}
