/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/admin_fixture.h"
#include "util/clock.h"
#include "ximss/server/audit_budget.h"

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

        ck_assert_msg(admin_is_live(line, strlen(line)) == live_lines[i].live,
                      "%s", line);
        ck_assert_msg(admin_runs_alone(line, strlen(line)) ==
                          live_lines[i].alone,
                      "%s", line);
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

/* Who has no right cannot fill the audit log; who has one is all in it. */
START_TEST(bounds_the_audit_of_the_many)
{
    fixture_budget = audit_budget_new();
    fixture_audit();
    for (int i = 0; i < 30; i++)
        ck_assert_str_eq(fixture_say(JOE, "PostServerAlert hi"),
                         "510 insufficient access rights");
    ck_assert_uint_eq(lines_of(fixture_audit()), AUDIT_BUDGET_RECORDS);
    for (int i = 0; i < 30; i++)
        fixture_say(POSTER, "PostServerAlert hi");
    ck_assert_uint_eq(lines_of(fixture_audit()), 30);
    fixture_now += 61 * INT64_C(1000000);
    fixture_say(JOE, "PostServerAlert hi");
    ck_assert_ptr_nonnull(
        strstr(fixture_audit(), "(and 10 before it, by such accounts)|"));
    fixture_say(JOE, "PostServerAlert hi");
    ck_assert_ptr_null(strstr(fixture_audit(), "before it"));
    audit_budget_free(&fixture_budget);
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
    tcase_add_test(t, bounds_the_audit_of_the_many);
    tcase_add_test(t, lists_commands);
    tcase_add_test(t, moves_the_clock_in_tests_only);
    tcase_add_test(t, knows_live_commands);
    tcase_add_test(t, speaks_in_words);
    suite_add_tcase(s, t);
    return s;
}
