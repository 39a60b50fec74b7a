/* SPDX-License-Identifier: BSD-2-Clause */
/* DRYRUN: every command of the tables is tried, and the tables of the store are
 * compared, record by record, with what they were. */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "storage/txn.h"
#include "tests/unit/admin_fixture.h"
#include "util/xmalloc.h"
#include "ximss/server/cli/admin_command.h"

Suite *admin_dry_run_suite(void);

/* --- what there is --- */

static enum store_result
dump_table(struct store_txn *t, enum table table, struct buf *out,
           struct errbuf *err)
{
    const struct key from = {0};
    struct cursor c;
    enum store_result r = cursor_open(&c, t, table, &from, "dumping", err);

    buf_appendf(out, "[%s]", table_file[table]);
    while (r == STORE_OK) {
        buf_append_u64(out, c.key.len);
        buf_append(out, c.key.data, c.key.len);
        buf_append_u64(out, c.value.len);
        buf_append(out, c.value.data, c.value.len);
        r = cursor_next(&c, err);
    }
    cursor_close(&c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

/* All tables, and the counters, which are written with the next change. */
static enum store_result
dump(struct admin_context *x, void *arg, struct errbuf *err)
{
    struct buf *out = arg;
    enum store_result r = STORE_OK;

    out->len = 0;
    for (int i = 0; i < TABLE_COUNT && r == STORE_OK; i++)
        r = dump_table(x->txn, (enum table)i, out, err);
    for (int i = 0; i < COUNTER_COUNT; i++)
        buf_appendf(out, " %llu", (unsigned long long)x->txn->counter[i]);
    return r;
}

/* --- the lines --- */

/* Of each command that changes something, one that does. */
static const char *const lines[] = {
    "SETSERVERALERTS {20301201060000=x;}",
    "POSTSERVERALERT x SEVERITY critical KEY new",
    "POSTSERVERALERT other KEY k REPLACE",
    "REMOVESERVERALERT KEY k",
    "SETDOMAINALERTS a.test {20301201060000=x;}",
    "POSTDOMAINALERT a.test ALERT x",
    "REMOVEDOMAINALERT a.test ALERT KEY d",
    "SETACCOUNTALERTS joe@a.test {20301201060000=x;}",
    "POSTACCOUNTALERT joe@a.test ALERT x",
    "REMOVEACCOUNTALERT joe@a.test ALERT KEY a",
    "CREATEDOMAIN c.test",
    "RENAMEDOMAIN b.test INTO c.test",
    "DELETEDOMAIN a.test FORCE",
    "UPDATEDOMAINSETTINGS a.test {RealName=x;}",
    "SETDOMAINSETTINGS a.test {RealName=x;}",
    "UPDATEDOMAINDEFAULTS {CRAMMD5=YES;}",
    "SETDOMAINDEFAULTS {CRAMMD5=YES;}",
    "UPDATEACCOUNTDEFAULTS a.test {QuotaAlert=90;}",
    "SETACCOUNTDEFAULTS a.test {QuotaAlert=90;}",
    "UPDATEACCOUNTTEMPLATE a.test {RealName=x;}",
    "SETACCOUNTTEMPLATE a.test {RealName=x;}",
    "UPDATESERVERACCOUNTDEFAULTS {QuotaAlert=90;}",
    "SETSERVERACCOUNTDEFAULTS {QuotaAlert=90;}",
    "UPDATEALLACCOUNTSDEFAULTS {QuotaAlert=90;}",
    "SETALLACCOUNTSDEFAULTS {QuotaAlert=90;}",
    "CREATEACCOUNT new@a.test {Password=secret;}",
    "RENAMEACCOUNT joe@a.test INTO jim",
    "DELETEACCOUNT joe@a.test",
    "SETACCOUNTALIASES joe@a.test (jo)",
    "SETDOMAINALIASES a.test (aa.test)",
    "CREATEGROUP g2@a.test {Members=(joe);}",
    "RENAMEGROUP g@a.test INTO h",
    "DELETEGROUP g@a.test",
    "SETGROUP g@a.test {Members=(joe);}",
    "UPDATEGROUP g@a.test ADD (joe)",
    "CREATEFORWARDER f2@a.test TO joe@a.test",
    "RENAMEFORWARDER f@a.test INTO ff",
    "DELETEFORWARDER f@a.test",
    "UPDATEACCOUNTSETTINGS joe@a.test {RealName=x;}",
    "SETACCOUNTSETTINGS joe@a.test {RealName=x;}",
    "UPDATEACCOUNT joe@a.test {RealName=x;}",
    "SETACCOUNT joe@a.test {RealName=x;}",
    "SETACCOUNTPASSWORD joe@a.test PASSWORD other",
    "SETACCOUNTRIGHTS joe@a.test (CanPostAlerts)",
    "KILLACCOUNTSESSIONS joe@a.test",
    "FORGETACCOUNTLOGINS joe@a.test",
    "SUSPENDDOMAIN a.test",
    "RESUMEDOMAIN b.test",
    "UPDATEACCOUNTPREFS joe@a.test {TimeZone=\"Asia/Tokyo\";}",
    "SETACCOUNTPREFS joe@a.test {TimeZone=\"Asia/Tokyo\";}",
    "SETWEBUSER joe@a.test {TimeZone=\"Asia/Tokyo\";}",
    "CREATEXIMSSSESSION joe@a.test ADDRESS 192.0.2.1",
    "CREATEWEBUSERSESSION joe@a.test ADDRESS 192.0.2.1",
    "KILLSESSION 1-x",
    "KILLWEBUSERSESSION 1-x",
    "CREATEACCOUNTTOKEN joe@a.test NAME t2",
    "REVOKEACCOUNTTOKEN joe@a.test NAME t",
    "SETSTORAGEUSED joe@a.test 50M",
    "REFRESHSTORAGEUSED",
    "WRITELOG 3 x",
    "SETLOGALL ON",
    "TESTCLOCK 10",
    "TESTHANG main 10",
    "STARTBACKUP /nowhere",
    "SETSTATELEMENT cliCommands 0",
    "SETTRIGGER disk-low {Below=5;}",
    "REMOVETRIGGER busy",
    "SETHANDLER masters {Limit=5;}",
    "REMOVEHANDLER ops",
    "TESTHANDLER ops",
    "SHUTDOWN",
};

/* Those that are refused as things are here: without devices, a cluster, sources
 * outside, or other types of accounts. */
static const char *const refused[] = {
    "SETCLUSTERALERTS",
    "POSTCLUSTERALERT",
    "REMOVECLUSTERALERT",
    "CREATESHAREDDOMAIN",
    "SETACCOUNTTYPE",
    "SYNCOUTSIDEUSERS",
    "REVOKEACCOUNTDEVICE",
    "UPDATECLUSTERACCOUNTDEFAULTS",
    "SETCLUSTERACCOUNTDEFAULTS",
    "UPDATECLUSTERDOMAINDEFAULTS",
    "SETCLUSTERDOMAINDEFAULTS",
};

static const char *const before[] = {
    "PostServerAlert one KEY k",
    "PostDomainAlert a.test ALERT one KEY d",
    "PostAccountAlert joe@a.test ALERT one KEY a",
    "CreateGroup g@a.test {Members=(ann);}",
    "CreateForwarder f@a.test TO joe@a.test",
    "SetAccountPassword joe@a.test PASSWORD secret",
    "CreateAccountToken joe@a.test NAME t",
    "SuspendDomain b.test",
    "SetTrigger busy {Element=sessionsOpen;Above=5000;}",
    "SetHandler ops {Accounts=joe@a.test;}",
};

static void
setup(void)
{
    fixture_setup();
    fixture_settings.test_hooks = true;
    fixture_settings.can_ask = true;
    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++)
        ck_assert_int_eq(*fixture_say(LOCAL, before[i]), '2');
}

/* --- tests --- */

static bool
begins_with(const char *line, const char *verb)
{
    size_t n = strlen(verb);

    return strncmp(line, verb, n) == 0 && (line[n] == ' ' || line[n] == '\0');
}

static bool
has_line(const char *verb)
{
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (begins_with(lines[i], verb))
            return true;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (strcmp(refused[i], verb) == 0)
            return true;
    return false;
}

/* "DRYRUN line" leaves all as it was; the answer, to be freed. */
static char *
try_line(enum who who, const char *line)
{
    struct buf was = {0}, is = {0};
    char *dry = xasprintf("DryRun  %s", line), *answer;

    fixture_run(LOCAL, dump, &was);
    answer = xstrdup(fixture_say(who, dry));
    ck_assert_msg(fixture_effects[0] == '\0', "%s: %s", dry, fixture_effects);
    fixture_run(LOCAL, dump, &is);
    ck_assert_msg(was.len == is.len && memcmp(was.data, is.data, is.len) == 0,
                  "%s: the store has changed", dry);
    buf_clear(&was);
    buf_clear(&is);
    free(dry);
    return answer;
}

/* It is no small copy: a dump sees what a change does. */
START_TEST(dumps_see_changes)
{
    struct buf was = {0}, is = {0};

    fixture_run(LOCAL, dump, &was);
    ck_assert_str_eq(fixture_say(LOCAL, "CreateAccount x@a.test"), "200 OK");
    fixture_run(LOCAL, dump, &is);
    ck_assert(was.len != is.len);
    buf_clear(&was);
    buf_clear(&is);
}
END_TEST

START_TEST(every_change_has_a_line)
{
    for (size_t f = 0; admin_families[f] != NULL; f++)
        for (size_t i = 0; i < admin_families[f]->n; i++) {
            const struct admin_command *k = &admin_families[f]->commands[i];

            if (admin_families[f] != &admin_absent_family &&
                ((k->flags & (ADMIN_CHANGES | ADMIN_ACTS)) != 0 ||
                 admin_live_acts(k->live)))
                ck_assert_msg(has_line(k->name), "no line for %s", k->name);
        }
}
END_TEST

/* A trial says that it would be done, and changes nothing; and it would be. */
START_TEST(tries_changes)
{
    char *answer = try_line(LOCAL, lines[_i]);

    ck_assert_msg(strcmp(answer, "200 OK") == 0, "%s: %s", lines[_i], answer);
    ck_assert_msg(fixture_changed, "%s: would change nothing", lines[_i]);
    ck_assert_msg(*fixture_say(LOCAL, lines[_i]) == '2', "%s", lines[_i]);
    ck_assert_msg(fixture_changed, "%s: changed nothing", lines[_i]);
    free(answer);
}
END_TEST

/* Whatever it is, without and with something behind it. */
START_TEST(tries_all_commands)
{
    static const char *const more[] = {"", " joe@a.test", " a.test",
                                       " joe@a.test ()", " a.test {}"};

    for (size_t f = 0; admin_families[f] != NULL; f++)
        for (size_t i = 0; i < admin_families[f]->n; i++) {
            char *line = xasprintf("%s%s", admin_families[f]->commands[i].name,
                                   more[_i]);

            free(try_line(LOCAL, line));
            free(line);
        }
}
END_TEST

/* What is so already is no change, tried or done. */
START_TEST(tells_what_is_so_already)
{
    static const char *const same[] = {
        "SuspendDomain b.test",
        "ResumeDomain a.test",
        "PostServerAlert one KEY k",
        "PostServerAlert one KEY k REPLACE",
        "SetAccountRights joe@a.test ()",
        "SetAccountAliases joe@a.test ()",
        "UpdateAccountSettings joe@a.test {}",
        "UpdateGroup g@a.test REMOVE (joe)",
    };

    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        free(try_line(LOCAL, same[i]));
        ck_assert_msg(!fixture_changed, "%s", same[i]);
        ck_assert_str_eq(fixture_say(LOCAL, same[i]), "200 OK");
        ck_assert_msg(!fixture_changed, "%s", same[i]);
    }
}
END_TEST

/* Said again, they change nothing. */
START_TEST(changes_once)
{
    static const char *const once[] = {
        "UPDATEDOMAINSETTINGS a.test {RealName=x;}",
        "SETDOMAINSETTINGS a.test {RealName=x;}",
        "UPDATEDOMAINDEFAULTS {CRAMMD5=YES;}",
        "UPDATESERVERACCOUNTDEFAULTS {QuotaAlert=90;}",
        "UPDATEACCOUNTDEFAULTS a.test {QuotaAlert=90;}",
        "UPDATEACCOUNTTEMPLATE a.test {RealName=x;}",
        "SETACCOUNTALIASES joe@a.test (jo)",
        "SETDOMAINALIASES a.test (aa.test)",
        "UPDATEGROUP g@a.test ADD (joe)",
        "SETGROUP g@a.test {Members=(joe);}",
        "UPDATEACCOUNTSETTINGS joe@a.test {RealName=x;}",
        "SETACCOUNTRIGHTS joe@a.test (CanPostAlerts)",
        "UPDATEACCOUNTPREFS joe@a.test {TimeZone=\"Asia/Tokyo\";}",
        "SUSPENDDOMAIN a.test",
        "POSTSERVERALERT other KEY k REPLACE",
        "SETSERVERALERTS {20301201060000=x;}",
        "SETTRIGGER disk-low {Below=5;}",
        "SETHANDLER masters {Limit=5;}",
    };

    ck_assert_msg(*fixture_say(LOCAL, once[_i]) == '2', "%s", once[_i]);
    ck_assert_msg(fixture_changed, "%s", once[_i]);
    ck_assert_msg(*fixture_say(LOCAL, once[_i]) == '2', "%s", once[_i]);
    ck_assert_msg(!fixture_changed, "%s: again", once[_i]);
}
END_TEST

/* The same rights; and who tries what they may not is on record. */
START_TEST(asks_for_rights)
{
    char *dry;

    fixture_audit();
    ck_assert_str_eq(fixture_say(JOE, "DryRun DeleteDomain b.test"),
                     "510 insufficient access rights");
    ck_assert_str_eq(fixture_audit(),
                     "joe@a.test|192.0.2.1 ximss|DRYRUN DELETEDOMAIN b.test|"
                     "insufficient access rights\n");
    dry = try_line(LOCAL, "CreateAccount joe@a.test");
    ck_assert_str_eq(dry, "520 account with this name already exists");
    free(dry);
    ck_assert_str_eq(fixture_audit(), "");
}
END_TEST

START_TEST(reads_the_word)
{
    static const struct exchange e[] = {
        {LOCAL, "dryrun Echo x", "201 x"},
        {LOCAL, "\t DRYRUN\tNoop", "200 OK"},
        {LOCAL, "DRYRUN", "500 unknown command"},
        {LOCAL, "DRYRUN ", "500 unknown command"},
        {LOCAL, "DRYRUN DRYRUN Noop", "500 unknown command"},
        {LOCAL, "DRYRUNS Noop", "500 unknown command"},
        {LOCAL, "DRYRUN CreateAccountToken joe@a.test NAME u", "200 OK"},
    };

    CONVERSE(e);
}
END_TEST

Suite *
admin_dry_run_suite(void)
{
    Suite *s = suite_create("admin_dry_run");
    TCase *tc = tcase_create("admin_dry_run");

    tcase_add_checked_fixture(tc, setup, fixture_teardown);
    tcase_add_test(tc, dumps_see_changes);
    tcase_add_test(tc, every_change_has_a_line);
    tcase_add_loop_test(tc, tries_changes, 0, sizeof lines / sizeof lines[0]);
    tcase_add_loop_test(tc, tries_all_commands, 0, 5);
    tcase_add_test(tc, tells_what_is_so_already);
    tcase_add_loop_test(tc, changes_once, 0, 18);
    tcase_add_test(tc, asks_for_rights);
    tcase_add_test(tc, reads_the_word);
    suite_add_tcase(s, tc);
    return s;
}
