/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/admin_fixture.h"
#include "util/clock.h"
#include "ximss/server/rules/admin_audit.h"
#include "ximss/server/rules/audit_budget.h"

Suite *admin_server_suite(void);

START_TEST(answers_simple_commands)
{
    static const struct exchange e[] = {
        {JOE, "NOOP", "200 OK"},
        {JOE, " noop \r\n", "200 OK"},
        {JOE, "NOOP x", "501 too many arguments"},
        {JOE, "ECHO hello", "201 hello"},
        {JOE, "Echo \"\"", "201 \"\""},
        {JOE, "Echo {a = (1, \"b c\", #5, [aGk=]); t=#T22-11-2026;}",
         "201 {a=(1,\"b c\",#5,[aGk=]);t=#T22-11-2026;}"},
        {JOE, "Echo", "501 object is missing"},
        {JOE, "Echo a b", "501 too many arguments"},
        {JOE, "GETVERSION", "201 \"ximssd 1.2.3\""},
        {JOE, "GetCurrentTime", "201 #T22-11-2026_13:30:00"},
        {JOE, "", "500 unknown command"},
        {JOE, "   ", "500 unknown command"},
        {JOE, "NoSuch", "500 unknown command"},
        {JOE, "NoSuch \"", "500 unknown command"},
        {JOE, "GETSERVERALERT", "500 unknown command"},
        {JOE, "NOOP \"", "501 malformed at byte 6"},
        {JOE, "NOOP a\x01", "501 malformed at byte 7"},
        {POSTMASTER, "TestClock 5", "500 unknown command"},
        {POSTMASTER, "Shutdown now", "501 too many arguments"},
    };

    CONVERSE(e);
    ck_assert_str_eq(fixture_say_len(JOE, "NOOP\0", 5), "500 unknown command");
    ck_assert_str_eq(fixture_say(POSTMASTER, "Shutdown"), "200 OK");
    ck_assert_str_eq(fixture_effects, "shutdown;");
}
END_TEST

static char *
read_document(const char *name)
{
    const char *srcdir = getenv("srcdir");
    char path[512], *text;
    size_t n;
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", srcdir != NULL ? srcdir : ".", name);
    f = fopen(path, "r");
    ck_assert_msg(f != NULL, "%s", path);
    text = calloc(1, 1 << 20);
    n = fread(text, 1, (1 << 20) - 1, f);
    ck_assert_uint_gt(n, 0);
    fclose(f);
    return text;
}

/* Names of commands in the manual page, each as often as it has an entry:
 * ".It Ic NAME ...", and in the families of the last part ".Ic NAME , NAME". */
struct names {
    const char *name[512];
    size_t n;
};

static void
take_names(struct names *names, char *words, bool all)
{
    char *rest, *word = strtok_r(words, " ,.", &rest);

    while (word != NULL) {
        ck_assert_uint_lt(names->n, sizeof names->name / sizeof *names->name);
        names->name[names->n++] = word;
        word = all ? strtok_r(NULL, " ,.", &rest) : NULL;
    }
}

static void
read_names(struct names *names, char *page)
{
    static const char own[] = ".It Ic ", of_family[] = ".Ic ";
    bool families = false;
    char *rest;

    for (char *line = strtok_r(page, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (strcmp(line, ".Ss What this server does not have") == 0)
            families = true;
        else if (!families && strncmp(line, own, sizeof own - 1) == 0)
            take_names(names, line + sizeof own - 1, false);
        else if (families &&
                 strncmp(line, of_family, sizeof of_family - 1) == 0)
            take_names(names, line + sizeof of_family - 1, true);
    }
    ck_assert(families);
}

static unsigned
count_name(const struct names *names, const char *name)
{
    unsigned n = 0;

    for (size_t i = 0; i < names->n; i++)
        n += strcmp(names->name[i], name) == 0;
    return n;
}

/* ximss-cli(7) has an entry for each command, and none besides. */
START_TEST(documents_commands)
{
    char *page = read_document("doc/man/ximss-cli.7"), *list, *rest;
    struct names names = {.n = 0};
    size_t commands = 0;

    read_names(&names, page);
    list = strdup(fixture_say(JOE, "ListCLICommands") + strlen("201 ("));
    for (char *name = strtok_r(list, ",)", &rest); name != NULL;
         name = strtok_r(NULL, ",)", &rest)) {
        ck_assert_msg(count_name(&names, name) == 1, "%s", name);
        commands++;
    }
    ck_assert_uint_eq(names.n, commands);
    free(list);
    free(page);
}
END_TEST

/* Each command of the lists is known, and says so in the same order. */
START_TEST(lists_commands)
{
    const char *list = fixture_say(JOE, "ListCLICommands");

    ck_assert_ptr_nonnull(
        strstr(list, "(GETSERVERALERTS,SETSERVERALERTS,POSTSERVERALERT,"
                     "REMOVESERVERALERT,GETCLUSTERALERTS,"));
    ck_assert_ptr_nonnull(strstr(list, ",LISTCLICOMMANDS,"));
    ck_assert_ptr_nonnull(strstr(list, ",KILLSESSION,"));
    ck_assert_ptr_null(strstr(list, "TESTCLOCK"));
    ck_assert_ptr_null(strstr(list, "TESTHANG"));
}
END_TEST

START_TEST(moves_the_clock_in_tests_only)
{
    static const struct exchange e[] = {
        {POSTMASTER, "TestClock 90", "200 OK"},
        {ALL, "TestClock 90", "510 insufficient access rights"},
        {POSTMASTER, "TestClock", "501 seconds is missing"},
        {POSTMASTER, "TestClock x", "501 seconds is missing"},
        {POSTMASTER, "TestClock --5", "501 seconds is missing"},
        {POSTMASTER, "TestClock 9999999999999", "501 seconds is missing"},
    };

    fixture_settings.test_hooks = true;
    CONVERSE(e);
    fixture_say(POSTMASTER, "TestClock 90");
    ck_assert_int_eq(fixture_live->command, ADMIN_LIVE_TEST_CLOCK);
    ck_assert_int_eq(fixture_live->advance, 90 * CLOCK_SECOND);
    fixture_say(POSTMASTER, "TestClock -5");
    ck_assert_int_eq(fixture_live->advance, -5 * CLOCK_SECOND);
    fixture_say(POSTMASTER, "TestClock #-5");
    ck_assert_int_eq(fixture_live->advance, -5 * CLOCK_SECOND);
}
END_TEST

START_TEST(hangs_in_tests_only)
{
    static const struct exchange e[] = {
        {ALL, "TestHang worker 1", "510 insufficient access rights"},
        {POSTMASTER, "TestHang worker", "501 milliseconds is missing"},
        {POSTMASTER, "TestHang worker 60001", "501 milliseconds is missing"},
        {POSTMASTER, "TestHang store 1", "200 OK"},
    };

    fixture_settings.test_hooks = true;
    CONVERSE(e);
    fixture_say(POSTMASTER, "TestHang worker 60000");
    ck_assert_int_eq(fixture_live->command, ADMIN_LIVE_TEST_HANG);
    ck_assert_int_eq(fixture_live->advance, 60 * CLOCK_SECOND);
    ck_assert(!fixture_live->on);
    fixture_say(POSTMASTER, "TestHang MAIN 1");
    ck_assert(fixture_live->on);
}
END_TEST

static const struct {
    const char *line;
    bool live, alone;
} live_lines[] = {
    {"GETSESSION x", true, true},
    {"killsession x", true, true},
    {"ListAccountSessions *", true, true},
    {"TestClock 1", true, true},
    {"ListSessions 10", true, true},
    {"GETSESSION \"", true, true},
    {"KillAccountSessions joe", false, false},
    {"LISTACCOUNTS", false, true},
    {"ListAccounts \"", false, true},
    {"listdomains", false, true},
    {"ListDomainObjects a.test 1", false, true},
    {"DeleteDomain a.test FORCE", false, true},
    {"DeleteAccount joe", false, false},
    {"FindAccountSession joe", true, true},
    {"WriteLog 3 x", true, true},
    {"SetLogAll", true, true},
    {"TestLoop 1", true, true},
    {"GetStatElement x", false, false},
    {"NOOP", false, false},
    {"", false, false},
};

START_TEST(knows_live_commands)
{
    for (size_t i = 0; i < sizeof live_lines / sizeof live_lines[0]; i++) {
        const char *line = live_lines[i].line;
        struct admin_plan p;

        admin_plan_init(&p, line, strlen(line));
        ck_assert_msg(admin_plan_is_live(&p) == live_lines[i].live, "%s", line);
        ck_assert_msg(admin_plan_is_alone(&p) == live_lines[i].alone, "%s",
                      line);
        admin_plan_clear(&p);
    }
}
END_TEST

/* Status texts are words, so that the strictest client can read them. */
START_TEST(speaks_in_words)
{
    static const char *const lines[] = {
        "SetServerAlerts {\"a,b(c)\"=d;}",
        "PostServerAlert \"a\\007\"",
        "UpdateDomainSettings {CRAMMD5=\"?\";}",
        "CreateAccount \"a,b\"",
        "ListAccounts \"(x)\"",
    };
    static const char plain[] = "0123456789 .-@_<>"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "abcdefghijklmnopqrstuvwxyz";

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const char *answer = fixture_say(LOCAL, lines[i]);

        ck_assert_int_eq(answer[0], '5');
        ck_assert_uint_eq(strspn(answer, plain), strlen(answer));
    }
}
END_TEST

static unsigned
lines_of(const char *text)
{
    unsigned n = 0;

    for (; *text != '\0'; text++)
        n += *text == '\n';
    return n;
}

/* --- what changed nothing has a budget --- */

#define HOUR (3600 * INT64_C(1000000))

static void
begin_budget(unsigned account, unsigned all)
{
    const struct audit_limits l = {account, all};

    fixture_budget = audit_budget_new(&l);
    fixture_audit();
}

static void
say_often(enum who who, const char *line, const char *answer, int times)
{
    for (int i = 0; i < times; i++)
        ck_assert_str_eq(fixture_say(who, line), answer);
}

static enum store_result
tell_left_out(struct admin_context *x, void *arg, struct errbuf *err)
{
    return admin_audit_left_out(x, *(const bool *)arg, err);
}

static void
tell(bool all)
{
    fixture_run(LOCAL, tell_left_out, &all);
}

static const char refused[] = "510 insufficient access rights";

/* Refused commands, whoever says them, but for those who may do everything. */
START_TEST(bounds_the_audit_of_what_was_refused)
{
    static const struct {
        enum who who;
        const char *line;
        unsigned records;
    } rows[] = {
        {JOE, "PostServerAlert hi", 5},
        {POSTER, "PostServerAlert hi", 5},
        {ADMIN, "PostServerAlert hi", 5},
        {STRANGER, "SetAccountSettings joe@a.test {a=b;}", 5},
        {SETTER, "PostDomainAlert a.test ALERT hi", 5},
        {MONITOR, "PostServerAlert hi", 5},
        {READER, "ListSessions", 5},
        {ALL, "UpdateServerAccountDefaults {a=b;}", 30},
    };

    begin_budget(5, 1000);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        say_often(rows[i].who, rows[i].line, refused, 30);
        ck_assert_msg(lines_of(fixture_audit()) == rows[i].records, "row %zu",
                      i);
    }
    audit_budget_free(&fixture_budget);
}
END_TEST

/* Accepted, and nothing was different afterwards. */
START_TEST(bounds_the_audit_of_what_changed_nothing)
{
    static const struct {
        enum who who;
        const char *line;
    } rows[] = {
        {SETTER, "UpdateAccountSettings joe@a.test {x=1;}"},
        {SETTER, "UpdateDomainSettings a.test {x=1;}"},
        {SETTER, "UpdateAccountDefaults a.test {x=1;}"},
        {SETTER, "UpdateAccountTemplate a.test {x=1;}"},
        {SETTER, "SetAccountPrefs joe@a.test {x=1;}"},
        {SETTER, "SetAccountType joe@a.test AGrade"},
        {ADMIN, "SetDomainAlerts a.test {}"},
        {OTHER, "SetAccountAliases joe@a.test (jim)"},
    };

    fixture_say(ADMIN, "PostDomainAlert a.test ALERT hi");
    begin_budget(5, 1000);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fixture_now += 2 * HOUR;
        tell(false);
        audit_budget_told(fixture_budget, fixture_now);
        fixture_say(rows[i].who, rows[i].line);
        fixture_audit();
        say_often(rows[i].who, rows[i].line, "200 OK", 30);
        ck_assert_msg(lines_of(fixture_audit()) == 5, "row %zu", i);
    }
    audit_budget_free(&fixture_budget);
}
END_TEST

START_TEST(records_all_that_was_changed)
{
    begin_budget(5, 5);
    for (int i = 0; i < 20; i++) {
        say_often(SETTER, "UpdateAccountSettings joe@a.test {x=1;}", "200 OK",
                  1);
        say_often(SETTER, "UpdateAccountSettings joe@a.test {x=2;}", "200 OK",
                  1);
    }
    ck_assert_uint_eq(lines_of(fixture_audit()), 40);
    audit_budget_free(&fixture_budget);
}
END_TEST

/* Just below, just above, and who is quiet pays for nobody. */
START_TEST(bounds_the_audit_of_all_together)
{
    begin_budget(5, 7);
    say_often(JOE, "PostServerAlert hi", refused, 5);
    say_often(POSTER, "PostServerAlert hi", refused, 5);
    say_often(OTHER, "PostServerAlert hi", refused, 5);
    ck_assert_uint_eq(lines_of(fixture_audit()), 7);
    fixture_now += HOUR;
    say_often(USER, "PostServerAlert hi", refused, 1);
    ck_assert_uint_eq(lines_of(fixture_audit()), 1);
    audit_budget_free(&fixture_budget);
}
END_TEST

START_TEST(says_how_many_were_left_out)
{
    char line[200];

    begin_budget(5, 1000);
    say_often(JOE, "PostServerAlert hi", refused, 30);
    say_often(POSTER, "PostServerAlert hi", refused, 5);
    fixture_audit();
    tell(false); /* the hour is not over */
    ck_assert_str_eq(fixture_audit(), "");
    fixture_now += HOUR;
    say_often(JOE, "PostServerAlert hi", refused, 1); /* one more */
    ck_assert_str_eq(fixture_audit(), "");
    tell(false);
    snprintf(line, sizeof line, "%s", fixture_audit());
    ck_assert_uint_eq(lines_of(line), 1);
    ck_assert_ptr_nonnull(strstr(line, "joe@a.test|"));
    ck_assert_ptr_nonnull(strstr(line, "26 more since 20261122T133000Z"));
    tell(false); /* as if the commit had failed */
    ck_assert_str_eq(fixture_audit(), line);
    audit_budget_told(fixture_budget, fixture_now);
    tell(true);
    ck_assert_str_eq(fixture_audit(), "");
    say_often(JOE, "PostServerAlert hi", refused, 6);
    ck_assert_uint_eq(lines_of(fixture_audit()), 5);
    tell(true); /* the server ends within the hour */
    ck_assert_ptr_nonnull(strstr(fixture_audit(), "|1 more since "));
    audit_budget_free(&fixture_budget);
}
END_TEST

/* More accounts than there are entries share one count. */
START_TEST(counts_a_bounded_number_of_accounts)
{
    const struct audit_limits l = {1, UINT_MAX};
    struct audit_budget *b = audit_budget_new(&l);
    unsigned written = 0;

    for (uint64_t i = 1; i <= 3 * AUDIT_BUDGET_ACCOUNTS; i++)
        written += audit_budget_take(b, i, "someone", FIXTURE_NOW);
    ck_assert_uint_eq(written, AUDIT_BUDGET_ACCOUNTS + 1);
    audit_budget_told(b, FIXTURE_NOW + HOUR);
    ck_assert(audit_budget_take(b, 1, "someone", FIXTURE_NOW + HOUR));
    audit_budget_free(&b);
}
END_TEST

Suite *
admin_server_suite(void)
{
    Suite *s = suite_create("admin_server");
    TCase *t = tcase_create("admin_server");

    tcase_add_checked_fixture(t, fixture_setup, fixture_teardown);
    tcase_add_test(t, answers_simple_commands);
    tcase_add_test(t, documents_commands);
    tcase_add_test(t, bounds_the_audit_of_what_was_refused);
    tcase_add_test(t, bounds_the_audit_of_what_changed_nothing);
    tcase_add_test(t, records_all_that_was_changed);
    tcase_add_test(t, bounds_the_audit_of_all_together);
    tcase_add_test(t, says_how_many_were_left_out);
    tcase_add_test(t, counts_a_bounded_number_of_accounts);
    tcase_add_test(t, lists_commands);
    tcase_add_test(t, moves_the_clock_in_tests_only);
    tcase_add_test(t, hangs_in_tests_only);
    tcase_add_test(t, knows_live_commands);
    tcase_add_test(t, speaks_in_words);
    suite_add_tcase(s, t);
    return s;
}
