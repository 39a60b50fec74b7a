/* SPDX-License-Identifier: BSD-2-Clause */
/* Domains that are suspended, where things are, and statistics. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/admin_fixture.h"
#include "util/clock.h"
#include "ximss/server/base/stat.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/rules/alert_admin.h"
#include "ximss/server/rules/alert_target.h"

Suite *admin_state_suite(void);

START_TEST(suspends_and_resumes)
{
    static const struct exchange e[] = {
        {ALL, "SuspendDomain", "501 domain name is missing"},
        {ALL, "SuspendDomain a.test now", "501 too many arguments"},
        {ALL, "SuspendDomain nowhere.test",
         "512 unknown secondary domain name"},
        {POSTMASTER, "SuspendDomain main.test",
         "501 the main domain can not be suspended"},
        {POSTMASTER, "ResumeDomain main.test", "200 OK"},
    };

    CONVERSE(e);
    ck_assert_str_eq(fixture_say(ALL, "SuspendDomain A.test"), "200 OK");
    ck_assert_str_eq(fixture_effects, "domain a.test;");
    ck_assert_str_eq(fixture_say(ALL, "GetDomainStat a.test KEY Suspended"),
                     "201 YES");
    /* it is already */
    ck_assert_str_eq(fixture_say(ALL, "SuspendDomain a.test"), "200 OK");
    ck_assert_str_eq(fixture_effects, "");
    ck_assert_str_eq(fixture_say(ALL, "ResumeDomain a.test"), "200 OK");
    ck_assert_str_eq(fixture_effects, "domain a.test;");
    ck_assert_str_eq(fixture_say(ALL, "GetDomainStat a.test KEY Suspended"),
                     "201 NO");
}
END_TEST

START_TEST(audits_suspension)
{
    fixture_audit();
    fixture_say(ALL, "SuspendDomain a.test");
    fixture_say(ADMIN, "ResumeDomain a.test");
    ck_assert_str_eq(fixture_audit(),
                     "all@main.test|192.0.2.1 ximss|SUSPENDDOMAIN a.test|ok\n"
                     "admin@a.test|192.0.2.1 ximss|RESUMEDOMAIN a.test|"
                     "insufficient access rights\n");
}
END_TEST

START_TEST(lists_domains_of_administrators)
{
    static const struct exchange e[] = {
        {ALL, "ListControlledDomains", "201 ()"},
        {ALL, "ListControlledDomains x", "501 too many arguments"},
        {ADMIN, "ListControlledDomains", "201 ()"},
        {ADMIN, "ListAdminDomains", "201 (a.test)"},
        {ALL, "ListAdminDomains b.test", "201 (b.test)"},
        {ALL, "ListAdminDomains nowhere.test",
         "512 unknown secondary domain name"},
        {ALL, "ListAdminDomains b.test x", "501 too many arguments"},
    };

    CONVERSE(e);
}
END_TEST

/* A name in the store that a renaming does not change. */
START_TEST(tells_locations)
{
    char domain[64], account[64];

    snprintf(domain, sizeof domain, "201 \"domains/%llu\"",
             (unsigned long long)fixture_caller(JOE)->domain);
    snprintf(account, sizeof account, "201 \"accounts/%llu\"",
             (unsigned long long)fixture_caller(JOE)->account);
    ck_assert_str_eq(fixture_say(ADMIN, "GetDomainLocation"), domain);
    ck_assert_str_eq(fixture_say(ALL, "GetDomainLocation a.test"), domain);
    ck_assert_str_eq(fixture_say(ALL, "GetAccountLocation joe@a.test"),
                     account);
    fixture_say(ALL, "RenameAccount joe@a.test INTO jim@a.test");
    ck_assert_str_eq(fixture_say(ALL, "GetAccountLocation jim@a.test"),
                     account);
    ck_assert_str_eq(fixture_say(ALL, "GetDomainLocation nowhere.test"),
                     "512 unknown secondary domain name");
    ck_assert_str_eq(fixture_say(ALL, "GetAccountLocation"),
                     "501 account name is missing");
    ck_assert_str_eq(fixture_say(ALL, "GetAccountLocation nobody@a.test"),
                     "513 unknown user account");
}
END_TEST

/* --- statistics --- */

START_TEST(counts_of_domains)
{
    static const struct exchange e[] = {
        {ALL, "GetDomainStat", "501 domain name is missing"},
        {ALL, "GetDomainStat nowhere.test",
         "512 unknown secondary domain name"},
        {ALL, "GetDomainStat a.test KEY", "501 key is missing"},
        {ALL, "GetDomainStat a.test x", "501 too many arguments"},
        {ALL, "GetDomainStat b.test",
         "201 {Accounts=1;Alerts=0;Created=#T01-01-1970_00:00:00;"
         "Suspended=NO;}"},
        {ALL, "PostDomainAlert b.test ALERT one", "200 OK"},
        {ALL, "PostDomainAlert b.test ALERT two", "200 OK"},
        {ALL, "CreateAccount new@b.test", "200 OK"},
        {STRANGER, "GetDomainStat *",
         "201 {Accounts=2;Alerts=2;Created=#T01-01-1970_00:00:00;"
         "Suspended=NO;}"},
        {ALL, "GetDomainStat b.test Key Alerts", "201 2"},
        {ALL, "GetDomainStat b.test Key MessagesReceived", "201 \"\""},
    };

    CONVERSE(e);
}
END_TEST

static enum store_result
log_in(struct admin_context *x, void *arg, struct errbuf *err)
{
    struct account_state s = {.last_login = fixture_now};

    (void)arg;
    return state_put(x->txn, fixture_caller(JOE)->account, &s, err);
}

START_TEST(counts_of_accounts)
{
    static const struct exchange e[] = {
        {ALL, "GetAccountStat", "501 account name is missing"},
        {ALL, "GetAccountStat nobody@a.test", "513 unknown user account"},
        {ALL, "GetAccountStat joe@a.test KEY", "501 key is missing"},
        {ALL, "GetAccountStat joe@a.test x", "501 too many arguments"},
        {ALL, "PostAccountAlert joe@a.test ALERT one", "200 OK"},
        {ALL, "GetAccountStat joe@a.test",
         "201 {Alerts=1;Created=#T01-01-1970_00:00:00;}"},
    };
    static const struct exchange then[] = {
        {JOE, "GetAccountStat *",
         "201 {Alerts=1;Created=#T01-01-1970_00:00:00;"
         "LastLogin=#T22-11-2026_13:30:00;}"},
        {ALL, "GetAccountStat joe@a.test Key LastLogin",
         "201 #T22-11-2026_13:30:00"},
        {ALL, "GetAccountStat joe@a.test Key Logins", "201 \"\""},
    };

    CONVERSE(e);
    fixture_run(LOCAL, log_in, NULL);
    CONVERSE(then);
}
END_TEST

START_TEST(enumerates_elements)
{
    char line[80], name[64] = "\"\"";
    const char *answer;
    unsigned n = 0;

    for (;;) {
        snprintf(line, sizeof line, "GetNextStatName %s", name);
        answer = fixture_say(MONITOR, line);
        if (strncmp(answer, "201 ", 4) != 0)
            break;
        snprintf(name, sizeof name, "%s", answer + 4);
        snprintf(line, sizeof line, "GetStatElement %s", name);
        ck_assert_str_eq(fixture_say(MONITOR, line),
                         stat_row((enum stat_id)n)->late ? "201 \"-1\""
                                                         : "201 0");
        n++;
    }
    ck_assert_str_eq(answer, "501 no next element");
    ck_assert_uint_eq(n, STAT_N);
    ck_assert_str_eq(name, "uptime");
}
END_TEST

START_TEST(reads_elements)
{
    static const struct exchange e[] = {
        {MONITOR, "GetStatElement connections", "201 7"},
        {MONITOR, "GetStatElement CONNECTIONS", "201 7"},
        {MONITOR, "GetSNMPElement connections", "201 7"},
        {MONITOR, "GetStatElement sessionsOpen", "201 0"},
        {MONITOR, "GetStatElement", "501 element name is missing"},
        {MONITOR, "GetStatElement nothing", "501 unknown element"},
        {MONITOR, "GetStatElement logins x", "501 too many arguments"},
        {MONITOR, "GetNextStatName", "501 element name is missing"},
        {MONITOR, "GetNextStatName \"\"", "201 connections"},
        {MONITOR, "GetNextStatName Connections", "201 connectionsOpen"},
        {MONITOR, "GetNextStatName nothing", "501 no next element"},
    };

    stat_add(STAT_CONNECTIONS, 7);
    stat_add(STAT_SESSIONS_OPEN, -1);
    CONVERSE(e);
}
END_TEST

/* What the server would do with the effect, it does when the job is on disk. */
START_TEST(sets_elements)
{
    static const struct exchange e[] = {
        {MONITOR, "SetStatElement connections 0",
         "510 insufficient access rights"},
        {ALL, "SetStatElement connections 0", "510 insufficient access rights"},
        {LOCAL, "SetStatElement", "501 element name is missing"},
        {LOCAL, "SetStatElement connections", "501 number is missing"},
        {LOCAL, "SetStatElement connections -1", "501 number is missing"},
        {LOCAL, "SetStatElement connections 1 2", "501 too many arguments"},
        {LOCAL, "SetStatElement nothing 1", "501 unknown element"},
        {LOCAL, "SetStatElement uptime 1", "501 the element cannot be set"},
        {LOCAL, "SetStatElement sessionsOpen 1",
         "501 the element cannot be set"},
        {LOCAL, "SetStatElement connections 9007199254740992",
         "501 number is missing"},
    };

    CONVERSE(e);
    stat_set(STAT_CONNECTIONS, 0);
    ck_assert_str_eq(fixture_say(LOCAL, "SetStatElement Connections 9"),
                     "200 OK");
    ck_assert_str_eq(fixture_effects, "stat 0 9;");
    ck_assert_str_eq(fixture_say(LOCAL, "SetStatElement connections SET 9"),
                     "200 OK");
    ck_assert_str_eq(fixture_effects, "stat 0 9;");
    ck_assert_str_eq(fixture_say(LOCAL, "SetStatElement connections inc 2"),
                     "200 OK");
    ck_assert_str_eq(fixture_effects, "stat 0 +2;");
    ck_assert_int_eq(stat_get(STAT_CONNECTIONS), 0);
    stat_set(STAT_CONNECTIONS, 9007199254740991);
    ck_assert_str_eq(fixture_say(LOCAL, "SetStatElement connections inc 1"),
                     "501 the element would be too large");
}
END_TEST

START_TEST(audits_what_is_set)
{
    fixture_audit();
    fixture_say(LOCAL, "SetStatElement cliCommands INC 5");
    fixture_say(ALL, "SetStatElement cliCommands 0");
    fixture_say(LOCAL, "GetStatTable uptime");
    ck_assert_str_eq(
        fixture_audit(),
        "local:0|local socket|SETSTATELEMENT cliCommands INC 5|ok\n"
        "all@main.test|192.0.2.1 ximss|SETSTATELEMENT "
        "cliCommands 0|insufficient access rights\n");
}
END_TEST

/* --- what alerts count as --- */

struct round {
    const char *from; /* NULL: the administrator's own */
    bool ends;
};

/* Posts an alert and removes it, and looks at what would be told of it. */
static enum store_result
post_and_remove(struct admin_context *x, void *arg, struct errbuf *err)
{
    const struct round *round = arg;
    struct caller caller = *x->caller;
    char text[] = "text";
    struct alert_target t = {.scope = ALERT_SERVER};
    struct alert_rec a;
    int64_t next = 0;
    const struct effect *e;

    if (round->from != NULL)
        caller.from = round->from;
    x->caller = &caller;
    a = alert_admin_new(x, &t, 1);
    a.text = text;
    a.text_len = 4;
    a.until = 2;
    ck_assert_int_eq(alert_admin_add(x, &t, &a, err), STORE_OK);
    if (round->ends)
        ck_assert_int_eq(alert_admin_expire(x, 1, &next, err), STORE_OK);
    else
        ck_assert_int_eq(alert_admin_withdraw(x, &t, &a, err), STORE_OK);
    STAILQ_FOREACH(e, x->effects, link) {
        ck_assert(e->by_trigger == (round->from != NULL));
        ck_assert(e->expired ==
                  (round->ends && e->kind == EFFECT_ALERT_REMOVED));
        server_follow(&(struct server){0}, e);
    }
    return STORE_OK;
}

START_TEST(counts_alerts_of_triggers_apart)
{
    fixture_run(LOCAL, post_and_remove, &(struct round){NULL, false});
    ck_assert_int_eq(stat_get(STAT_ALERTS_POSTED), 1);
    ck_assert_int_eq(stat_get(STAT_ALERTS_REMOVED), 1);
    ck_assert_int_eq(stat_get(STAT_ALERTS_BY_TRIGGERS), 0);
    ck_assert_int_eq(stat_get(STAT_ALERTS_REMOVED_BY_TRIGGERS), 0);
    fixture_run(LOCAL, post_and_remove,
                &(struct round){CALLER_TRIGGER "disk", false});
    ck_assert_int_eq(stat_get(STAT_ALERTS_POSTED), 1);
    ck_assert_int_eq(stat_get(STAT_ALERTS_REMOVED), 1);
    ck_assert_int_eq(stat_get(STAT_ALERTS_BY_TRIGGERS), 1);
    ck_assert_int_eq(stat_get(STAT_ALERTS_REMOVED_BY_TRIGGERS), 1);
    fixture_run(LOCAL, post_and_remove, &(struct round){NULL, true});
    ck_assert_int_eq(stat_get(STAT_ALERTS_EXPIRED_TO), 1);
    ck_assert_int_eq(stat_get(STAT_ALERTS_REMOVED), 2);
}
END_TEST

START_TEST(shows_the_table)
{
    static const struct exchange e[] = {
        {MONITOR, "GetStatTable nothing", "501 unknown element"},
        {JOE, "GetStatTable", "510 insufficient access rights"},
        {MONITOR, "GetStatTable CLICommands diskFree clicommands",
         "201 {cliCommands={Kind=counter;Unit=\"\";"
         "Help=\"Commands of the CLI\";Value=#3;};"
         "diskFree={Kind=integer;Unit=bytes;"
         "Help=\"Free space on the disk that the store is on\";"
         "Value=#-1;};}"},
        {MONITOR, "GetStatTable commitTime",
         "201 {commitTime={Kind=histogram;Unit=microseconds;"
         "Help=\"What the disk takes for a transaction that writes\";"
         "Count=#2;Sum=#10000400;"
         "Bounds=(#100,#250,#500,#1000,#2500,#5000,#10000,#25000,#50000,"
         "#100000,#250000,#500000,#1000000,#2500000,#5000000,#10000000);"
         "UpTo=(#0,#0,#1,#1,#1,#1,#1,#1,#1,#1,#1,#1,#1,#1,#1,#2);};}"},
    };
    const char *all;

    stat_add(STAT_CLI_COMMANDS, 3);
    stat_time_add(STAT_TIME_COMMIT, 400);
    stat_time_add(STAT_TIME_COMMIT, 10000000);
    CONVERSE(e);
    all = fixture_say(MONITOR, "GetStatTable");
    for (enum stat_id s = 0; s < STAT_N; s++)
        ck_assert_ptr_nonnull(strstr(all, stat_row(s)->name));
    ck_assert_ptr_nonnull(strstr(all, ";pushTime={Kind=histogram;"));
}
END_TEST

Suite *
admin_state_suite(void)
{
    Suite *s = suite_create("admin_state");
    TCase *t = tcase_create("admin_state");

    tcase_add_checked_fixture(t, fixture_setup, fixture_teardown);
    tcase_add_test(t, suspends_and_resumes);
    tcase_add_test(t, audits_suspension);
    tcase_add_test(t, lists_domains_of_administrators);
    tcase_add_test(t, tells_locations);
    tcase_add_test(t, counts_of_domains);
    tcase_add_test(t, counts_of_accounts);
    tcase_add_test(t, enumerates_elements);
    tcase_add_test(t, reads_elements);
    tcase_add_test(t, sets_elements);
    tcase_add_test(t, audits_what_is_set);
    tcase_add_test(t, counts_alerts_of_triggers_apart);
    tcase_add_test(t, shows_the_table);
    suite_add_tcase(s, t);
    return s;
}
