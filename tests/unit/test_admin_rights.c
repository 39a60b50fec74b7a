/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may run which command: one row per command, one column per kind of
 * administrator.  Nothing that a row does is kept. */
#include "config.h"

#include <check.h>
#include <string.h>
#include <strings.h>

#include "tests/unit/admin_fixture.h"
#include "ximss/server/cli/admin_call.h"

Suite *admin_rights_suite(void);

/* "." done; "x" 510; others: as in `codes`. */
static const struct {
    char sign;
    const char *code;
} codes[] = {{'.', "20"},  {'0', "500"}, {'1', "501"}, {'x', "510"},
             {'2', "512"}, {'3', "513"}, {'4', "514"}, {'5', "515"},
             {'g', "552"}, {'f', "553"}};

/* Columns: Local, Postmaster, All domains, can Monitor, domains Read, User of
 * the main domain; of a.test: aDmin, Poster, Creator, Setter, Watcher, Other,
 * Joe; the admin of b.test. */
static const struct {
    const char *line;
    /*               LPAMRU DPCSWOJ B */
    const char *may;
} rows[] = {
    /* alerts */
    {"GetServerAlerts", "..... x xxxxxxx x"},
    {"PostServerAlert hi", "...xx x xxxxxxx x"},
    {"SetServerAlerts {}", "...xx x xxxxxxx x"},
    {"RemoveServerAlert 20260101000000", "444xx x xxxxxxx x"},
    {"GetClusterAlerts", "11111 x xxxxxxx x"},
    {"PostClusterAlert hi", "111xx x xxxxxxx x"},
    {"SetClusterAlerts {}", "111xx x xxxxxxx x"},
    {"RemoveClusterAlert 20260101000000", "111xx x xxxxxxx x"},
    {"GetDomainAlerts a.test", "..... x ..xxxxx x"},
    {"SetDomainAlerts a.test {}", "...xx x ..xxxxx x"},
    {"PostDomainAlert a.test ALERT hi", "...xx x ..xxxxx x"},
    {"RemoveDomainAlert a.test ALERT 20260101000000", "444xx x 44xxxxx x"},
    {"PostDomainAlert main.test ALERT hi", "...xx x xxxxxxx x"},
    {"GetDomainAlerts nowhere.test", "22222 x xxxxxxx x"},
    {"PostDomainAlert nowhere.test ALERT hi", "222xx x xxxxxxx x"},
    {"GetAccountAlerts joe@a.test", "..... x ..xxxx. x"},
    {"SetAccountAlerts joe@a.test {}", "...xx x ..xxxxx x"},
    {"PostAccountAlert joe@a.test ALERT hi", "...xx x ..xxxxx x"},
    {"RemoveAccountAlert joe@a.test ALERT 20260101000000", "444xx x 44xxxxx x"},
    {"PostAccountAlert nobody@a.test ALERT hi", "333xx x 33xxxxx x"},
    {"PostAccountAlert nobody@nowhere.test ALERT hi", "222xx x xxxxxxx x"},
    {"PostAccountAlert postmaster@main.test ALERT hi", "...xx x xxxxxxx x"},
    {"GetAccountAlerts *", "3.... . ....... ."},
    /* domains */
    {"ListDomains", "..... x ......x ."},
    {"MainDomainName", "..... x ......x ."},
    {"ListDomainObjects a.test 10", "..... x ......x x"},
    {"CreateDomain new.test", "...xx x xxxxxxx x"},
    {"CreateDomain new.test SHARED", "111xx x xxxxxxx x"},
    {"CreateSharedDomain new.test", "111xx x xxxxxxx x"},
    {"RenameDomain a.test INTO n.test", "...xx x xxxxxxx x"},
    {"RenameDomain main.test INTO n.test", "..xxx x xxxxxxx x"},
    {"RenameDomain nowhere.test INTO n.test", "222xx x xxxxxxx x"},
    {"DeleteDomain b.test FORCE", "...xx x xxxxxxx x"},
    {"DeleteDomain b.test", "111xx x xxxxxxx x"},
    {"DeleteDomain main.test FORCE", "111xx x xxxxxxx x"},
    {"GetDomainSettings a.test", "..... x ......x x"},
    {"GetDomainSettings nowhere.test", "22222 x xxxxxxx x"},
    {"GetDomainEffectiveSettings a.test", "..... x ......x x"},
    {"UpdateDomainSettings a.test {a=b;}", "...xx x .xx.xxx x"},
    {"SetDomainSettings a.test {a=b;}", "...xx x .xx.xxx x"},
    {"UpdateDomainSettings main.test {a=b;}", "...xx x xxxxxxx x"},
    {"GetAccountDefaults a.test", "..... x ......x x"},
    {"UpdateAccountDefaults a.test {a=b;}", "...xx x .xx.xxx x"},
    {"SetAccountDefaults a.test {a=b;}", "...xx x .xx.xxx x"},
    {"GetAccountTemplate a.test", "..... x ......x x"},
    {"UpdateAccountTemplate a.test {a=b;}", "...xx x .xx.xxx x"},
    {"SetAccountTemplate a.test {a=b;}", "...xx x .xx.xxx x"},
    {"GetServerAccountDefaults", "..... x xxxxxxx x"},
    {"UpdateServerAccountDefaults {a=b;}", "..xxx x xxxxxxx x"},
    {"SetServerAccountDefaults {a=b;}", "..xxx x xxxxxxx x"},
    {"GetAllAccountsDefaults", "..... x xxxxxxx x"},
    {"UpdateAllAccountsDefaults {a=b;}", "..xxx x xxxxxxx x"},
    {"SetAllAccountsDefaults {a=b;}", "..xxx x xxxxxxx x"},
    {"GetClusterAccountDefaults", "11111 x xxxxxxx x"},
    {"UpdateClusterAccountDefaults {}", "11xxx x xxxxxxx x"},
    {"SetClusterAccountDefaults {}", "11xxx x xxxxxxx x"},
    {"GetDomainDefaults", "..... x xxxxxxx x"},
    {"UpdateDomainDefaults {a=b;}", "..xxx x xxxxxxx x"},
    {"SetDomainDefaults {a=b;}", "..xxx x xxxxxxx x"},
    {"GetClusterDomainDefaults", "11111 x xxxxxxx x"},
    {"UpdateClusterDomainDefaults {}", "11xxx x xxxxxxx x"},
    {"SetClusterDomainDefaults {}", "11xxx x xxxxxxx x"},
    {"GetDomainAliases a.test", "..... x ......x x"},
    {"SetDomainAliases a.test ()", "...xx x xxxxxxx x"},
    /* accounts */
    {"ListAccounts a.test", "..... x ......x x"},
    {"ListAccounts nowhere.test", "22222 x xxxxxxx x"},
    {"ListOutsideUsers a.test", "111xx x 1x1xxxx x"},
    {"CheckOutsideUsers a.test (joe)", "111xx x 1x1xxxx x"},
    {"PlanOutsideUsers a.test PRESENT (joe)", "111xx x 1x1xxxx x"},
    {"SyncOutsideUsers a.test ABSENT (joe)", "111xx x 1x1xxxx x"},
    {"CreateAccount new@a.test", "...xx x .x.xxxx x"},
    {"CreateAccount new@main.test", "...xx x xxxxxxx x"},
    {"RenameAccount joe@a.test into jim@a.test", "...xx x .x.xxxx x"},
    {"RenameAccount joe@a.test into joe@b.test", "...xx x xxxxxxx x"},
    {"RenameAccount admin@a.test into boss@a.test", "...xx x .xxxxxx x"},
    {"RenameAccount postmaster@main.test into p@main.test",
     "11xxx x xxxxxxx x"},
    {"DeleteAccount joe@a.test", "...xx x .x.xxxx x"},
    {"DeleteAccount admin@a.test", "...xx x .xxxxxx x"},
    {"DeleteAccount all@main.test", "...xx x xxxxxxx x"},
    {"DeleteAccount postmaster@main.test", "11xxx x xxxxxxx x"},
    {"DeleteAccount nobody@a.test", "333xx x 3x3xxxx x"},
    {"SetAccountType joe@a.test TextMailbox", "...xx x .xx.xxx x"},
    {"GetAccountSettings joe@a.test", "..... x ....... x"},
    {"GetAccountSettings nobody@a.test", "33333 x 333333x x"},
    {"GetAccountSettings user@main.test", "..... . xxxxxxx x"},
    {"GetAccountSettings *", "3.... . ....... ."},
    {"GetAccount joe@a.test", "..... x ....... x"},
    {"GetAccountEffectiveSettings joe@a.test", "..... x ....... x"},
    {"UpdateAccountSettings joe@a.test {a=b;}", "...xx x .xx.xxx x"},
    {"SetAccountSettings joe@a.test {a=b;}", "...xx x .xx.xxx x"},
    {"UpdateAccount joe@a.test {a=b;}", "...xx x .xx.xxx x"},
    {"SetAccount joe@a.test {a=b;}", "...xx x .xx.xxx x"},
    {"UpdateAccountSettings postmaster@main.test {a=b;}", "..xxx x xxxxxxx x"},
    {"SetAccountPassword joe@a.test PASSWORD secret", "...xx x .xx.xxx x"},
    {"SetAccountPassword admin@a.test PASSWORD secret", "...xx x .xxxxxx x"},
    {"SetAccountPassword postmaster@main.test TO secret", "..xxx x xxxxxxx x"},
    {"UpdateAccountSettings joe@a.test {Password=secret;}",
     "...xx x .xx.xxx x"},
    {"VerifyAccountPassword joe@a.test PASSWORD secret", "555xx x 555555x x"},
    {"VerifyAccountPassword postmaster@main.test PASSWORD secret",
     "55xxx x xxxxxxx x"},
    {"GetAccountPlainPassword joe@a.test", "111xx x 1xx1xxx x"},
    {"GetAccountInfo joe@a.test", "..... x ....... x"},
    {"GetAccountInfo joe@a.test Key StorageUsed", "..... x ....... x"},
    {"GetAccountRights joe@a.test", "..... x ......x x"},
    {"SetAccountRights joe@a.test (CanPostAlerts)", "...xx x xxxxxxx x"},
    {"SetAccountRights joe@a.test (Master)", "111xx x xxxxxxx x"},
    {"SetAccountRights joe@a.test (\"Can Monitor\")", "111xx x xxxxxxx x"},
    {"SetAccountRights user@main.test (\"Can Monitor\")", "..xxx x xxxxxxx x"},
    {"SetAccountRights user@main.test (CanPostAlerts)", "..xxx x xxxxxxx x"},
    {"SetAccountRights all@main.test (Master)", "..xxx x xxxxxxx x"},
    {"SetAccountRights postmaster@main.test ()", ".1xxx x xxxxxxx x"},
    {"ForgetAccountLogins joe@a.test", "...xx x .xxx.xx x"},
    {"ForgetAccountLogins admin@a.test", "...xx x .xxxxxx x"},
    {"KillAccountSessions joe@a.test", "...xx x .xxx.xx x"},
    {"KillAccountSessions admin@a.test", "...xx x .xxxxxx x"},
    {"KillAccountSessions postmaster@main.test", "..xxx x xxxxxxx x"},
    {"GetAccountAliases joe@a.test", "..... x ....... x"},
    {"SetAccountAliases joe@a.test ()", "...xx x .xxxx.x x"},
    {"SetAccountAliases admin@a.test ()", "...xx x .xxxxxx x"},
    {"SetAccountAliases postmaster@main.test ()", "..xxx x xxxxxxx x"},
    {"SetAccountAliases nobody@a.test ()", "333xx x 3xxxx3x x"},
    {"GetAccountPrefs joe@a.test", "..... x ....... x"},
    {"GetAccountEffectivePrefs joe@a.test", "..... x ....... x"},
    {"UpdateAccountPrefs joe@a.test {a=b;}", "...xx x .xx.xx. x"},
    {"SetAccountPrefs admin@a.test {a=b;}", "...xx x .xxxxxx x"},
    {"UpdateAccountPrefs postmaster@main.test {}", "..xxx x xxxxxxx x"},
    {"UpdateAccountPrefs * {a=b;}", "3.... . ....... ."},
    {"GetAccountStat joe@a.test", "..... x ....... x"},
    {"GetAccountLocation joe@a.test", "..... x ......x x"},
    /* the state of domains */
    {"SuspendDomain b.test", "...xx x xxxxxxx x"},
    {"SuspendDomain main.test", "111xx x xxxxxxx x"},
    {"ResumeDomain b.test", "...xx x xxxxxxx x"},
    {"ResumeDomain nowhere.test", "222xx x xxxxxxx x"},
    {"ListControlledDomains", "..... x ......x ."},
    {"ListAdminDomains a.test", "..... x ......x x"},
    {"GetDomainLocation a.test", "..... x ......x x"},
    {"GetDomainStat a.test", "..... x ......x x"},
    /* groups and forwarders */
    {"ListGroups a.test", "..... x ......x x"},
    {"ListGroups nowhere.test", "22222 x xxxxxxx x"},
    {"CreateGroup g@a.test", "...xx x .xxxxxx x"},
    {"CreateGroup g@main.test", "...xx x xxxxxxx x"},
    {"CreateGroup g@nowhere.test", "222xx x xxxxxxx x"},
    {"RenameGroup g@a.test INTO h", "gggxx x gxxxxxx x"},
    {"RenameGroup g@nowhere.test INTO h", "222xx x xxxxxxx x"},
    {"DeleteGroup g@a.test", "gggxx x gxxxxxx x"},
    {"GetGroup g@a.test", "ggggg x ggggggx x"},
    {"GetGroup g@nowhere.test", "22222 x xxxxxxx x"},
    {"SetGroup g@a.test {}", "gggxx x gxxxxxx x"},
    {"UpdateGroup g@a.test ADD (joe)", "gggxx x gxxxxxx x"},
    {"ListForwarders a.test", "..... x ......x x"},
    {"FindForwarders a.test TO joe", "..... x ......x x"},
    {"FindForwarders nowhere.test TO joe", "22222 x xxxxxxx x"},
    {"CreateForwarder f@a.test TO joe", "...xx x .xxxxxx x"},
    {"CreateForwarder f@nowhere.test TO joe", "222xx x xxxxxxx x"},
    {"RenameForwarder f@a.test INTO g", "fffxx x fxxxxxx x"},
    {"DeleteForwarder f@a.test", "fffxx x fxxxxxx x"},
    {"GetForwarder f@a.test", "fffff x ffffffx x"},
    /* what is absent */
    {"GetAccountMailRules joe@a.test", "..... x ....... x"},
    {"GetAccountMailRules nobody@a.test", "33333 x 333333x x"},
    {"SetAccountMailRules joe@a.test ()", "...xx x ....... x"},
    {"SetAccountMailRules joe@a.test (x)", "111xx x 1111111 x"},
    {"GetServerMailRules", "..... x xxxxxxx x"},
    {"SetServerMailRules ()", "...xx x xxxxxxx x"},
    {"SetServerMailRules (x)", "111xx x xxxxxxx x"},
    {"GetClusterMailRules", "11111 x xxxxxxx x"},
    {"CreateDirectoryDomain d.test", "111xx x xxxxxxx x"},
    /* the server */
    {"Noop", "..... . ....... ."},
    {"Echo x", "..... . ....... ."},
    {"GetVersion", "..... . ....... ."},
    {"GetCurrentTime", "..... . ....... ."},
    {"ListCLICommands", "..... . ....... ."},
    {"Shutdown", "..xxx x xxxxxxx x"},
    {"GetBackup", "..xxx x xxxxxxx x"},
    {"StartBackup /nowhere", "..xxx x xxxxxxx x"},
    {"ListAccountSessions joe@a.test", "...xx x .xxx.xx x"},
    {"ListAccountDevices joe@a.test", "...xx x .xxx.xx x"},
    {"RevokeAccountDevice joe@a.test *", "...xx x .xxx.xx x"},
    {"ListAccountSessions postmaster@main.test", "..xxx x xxxxxxx x"},
    {"ListSessions", "....x x xxxxxxx x"},
    {"ListSessions 5", "....x x xxxxxxx x"},
    {"ListSessions x", "11111 1 1111111 1"},
    {"GetSession 100000-abc", "...xx x .xxx.xx ."},
    {"GetSession 100000-abc DOMAIN a.test", "...xx x .xxx.xx x"},
    {"KillSession 100000-abc", "...xx x .xxx.xx ."},
    {"KillSession 100000-abc DOMAIN nowhere.test", "222xx x xxxxxxx x"},
    {"FindAccountSession joe@a.test", "...xx x .xxx.xx x"},
    {"FindAccountSession admin@a.test", "...xx x .xxxxxx x"},
    {"CreateAccountToken joe@a.test", "...xx x .xx.xx. x"},
    {"CreateAccountToken admin@a.test", "...xx x .xxxxxx x"},
    {"CreateAccountToken postmaster@main.test", "..xxx x xxxxxxx x"},
    {"ListAccountTokens joe@a.test", "..... x ....... x"},
    {"ListAccountTokens *", "3.... . ....... ."},
    {"RevokeAccountToken joe@a.test NAME x", "111xx x 1xx1xx1 x"},
    {"RevokeAccountToken nobody@a.test NAME x", "333xx x 3xx3xxx x"},
    {"CreateXIMSSSession joe@a.test ADDRESS 192.0.2.1", "...xx x .xxx.xx x"},
    {"CreateXIMSSSession admin@a.test ADDRESS 192.0.2.1", "...xx x .xxxxxx x"},
    {"CreateXIMSSSession postmaster@main.test ADDRESS 192.0.2.1",
     "..xxx x xxxxxxx x"},
    {"CreateWebUserSession joe@a.test ADDRESS 192.0.2.1", "...xx x .xxx.xx x"},
    {"GetSystemInfo", "..... x ......x ."},
    {"WriteLog 3 hi", "....x x xxxxxxx x"},
    {"SetLogAll OFF", "...xx x xxxxxxx x"},
    {"SetLogAll ON", "...xx x xxxxxxx x"},
    {"TestLoop 1", "....x x xxxxxxx x"},
    {"Route joe@a.test", "..... x ....... x"},
    {"Route user@main.test", "..... . xxxxxxx x"},
    {"GetCurrentController", "1111x x xxxxxxx x"},
    {"GetStatElement logins", "....x x xxxxxxx x"},
    {"GetNextStatName logins", "....x x xxxxxxx x"},
    {"GetSNMPElement logins", "....x x xxxxxxx x"},
    {"GetStatTable logins", "....x x xxxxxxx x"},
    {"SetStatElement cliCommands 0", "..xxx x xxxxxxx x"},
    {"GetAudit LIMIT 1", "...xx x ......x ."},
    {"GetAudit LIMIT 1 DOMAIN a.test", "...xx x ......x x"},
    {"VerifyAudit", "..xxx x xxxxxxx x"},
    {"ListTriggers", "..xxx x xxxxxxx x"},
    {"GetTrigger disk-low", "..xxx x xxxxxxx x"},
    {"SetTrigger disk-low {Below=5;}", "..xxx x xxxxxxx x"},
    {"RemoveTrigger disk-low", "..xxx x xxxxxxx x"},
    {"ListHandlers", "..xxx x xxxxxxx x"},
    {"GetHandler masters", "..xxx x xxxxxxx x"},
    {"SetHandler masters {Limit=5;}", "..xxx x xxxxxxx x"},
    {"RemoveHandler masters", "..xxx x xxxxxxx x"},
    {"TestHandler masters", "..xxx x xxxxxxx x"},
    {"GetEffectiveAccountPrefs joe@a.test", "..... x ....... x"},
    {"GetWebUser joe@a.test", "..... x ....... x"},
    {"GetEffectiveWebUser joe@a.test", "..... x ....... x"},
    {"SetWebUser joe@a.test {a=b;}", "...xx x .xx.xx. x"},
    {"FindWebUserSession joe@a.test", "...xx x .xxx.xx x"},
    {"GetWebUserSession 1-x DOMAIN a.test", "...xx x .xxx.xx x"},
    {"KillWebUserSession 1-x DOMAIN a.test", "...xx x .xxx.xx x"},
    {"GetStorageUsed joe@a.test", "..... x ....... x"},
    {"SetStorageUsed joe@a.test 5", "...xx x .xx.xxx x"},
    {"RefreshStorageUsed joe@a.test", "111xx x 1xx1xxx x"},
    {"RefreshStorageUsed", "111xx x xxxxxxx x"},
    {"ListStorageUsed a.test", "..... x ......x x"},
    {"TestClock 5", "00000 0 0000000 0"},
    {"TestHang main 5", "00000 0 0000000 0"},
    {"NoSuchCommand", "00000 0 0000000 0"},
};

static char
sign_of(const char *answer)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (strncmp(answer, codes[i].code, strlen(codes[i].code)) == 0)
            return codes[i].sign;
    }
    return '?';
}

static void
ask_everybody(const char *line, char got[64])
{
    size_t n = 0;

    for (enum who w = LOCAL; w < WHO_N; w++) {
        if (w == USER || w == ADMIN || w == STRANGER)
            got[n++] = ' ';
        got[n++] = sign_of(fixture_try(w, line));
    }
    got[n] = '\0';
}

START_TEST(knows_who_may)
{
    char got[64];
    struct buf wrong = {0};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ask_everybody(rows[i].line, got);
        if (strcmp(got, rows[i].may) != 0)
            buf_appendf(&wrong, "\n%s\n  gave     %s\n  expected %s",
                        rows[i].line, got, rows[i].may);
    }
    ck_assert_msg(wrong.len == 0, "%s", buf_cstr(&wrong));
    buf_clear(&wrong);
}
END_TEST

/* --- who may read everything changes nothing --- */

/* Commands that are not in the table above: each is another name of one that
 * is, is everybody's, or is asked for a session that is not there. */
static const char *const elsewhere[] = {
    "ECHO", "GETVERSION", "GETCURRENTTIME", "LISTCLICOMMANDS", "NOOP",
};

static bool
is_elsewhere(const char *name)
{
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++)
        if (strcmp(elsewhere[i], name) == 0)
            return true;
    return false;
}

static bool
is_of(const char *line, const char *command)
{
    size_t n = strlen(command);

    return strncasecmp(line, command, n) == 0 &&
           (line[n] == ' ' || line[n] == '\0');
}

/* The columns of Can Monitor and Domains Read. */
static bool
readers_are_refused(const char *may)
{
    return strchr(".", may[3]) == NULL && strchr(".", may[4]) == NULL;
}

/* No row of a command that may change something lets them; and every command
 * has a row, so that a new one is thought about. */
START_TEST(readers_change_nothing)
{
    struct buf wrong = {0};

    for (size_t f = 0; admin_families[f] != NULL; f++) {
        const struct admin_family *family = admin_families[f];

        for (size_t i = 0; i < family->n && family != &admin_absent_family;
             i++) {
            const struct admin_command *k = &family->commands[i];
            unsigned found = is_elsewhere(k->name);

            for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
                if (!is_of(rows[r].line, k->name))
                    continue;
                found++;
                if ((k->flags & ADMIN_CHANGES) != 0 &&
                    strchr(rows[r].line, '*') == NULL &&
                    !readers_are_refused(rows[r].may))
                    buf_appendf(&wrong, "\n%s", rows[r].line);
            }
            if (found == 0)
                buf_appendf(&wrong, "\n%s has no row", k->name);
        }
    }
    ck_assert_msg(wrong.len == 0, "%s", buf_cstr(&wrong));
    buf_clear(&wrong);
}
END_TEST

/* Refused, and refused in the same words, whether it exists or not. */
START_TEST(does_not_tell_what_exists)
{
    static const char *const lines[][2] = {
        {"GetDomainSettings b.test", "GetDomainSettings nowhere.test"},
        {"GetAccountSettings stranger@b.test",
         "GetAccountSettings nobody@b.test"},
        {"GetAccountSettings stranger@b.test",
         "GetAccountSettings nobody@nowhere.test"},
        {"PostAccountAlert stranger@b.test ALERT x",
         "PostAccountAlert nobody@b.test ALERT x"},
        {"CreateAccount stranger@b.test", "CreateAccount nobody@b.test"},
        {"RenameAccount joe@a.test into stranger@b.test",
         "RenameAccount joe@a.test into nobody@nowhere.test"},
        {"KillSession 1-x DOMAIN b.test", "KillSession 1-x DOMAIN nowhere"},
        {"VerifyAccountPassword stranger@b.test PASSWORD x",
         "VerifyAccountPassword nobody@nowhere.test PASSWORD x"},
    };

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        for (enum who w = ADMIN; w <= JOE; w++) {
            ck_assert_str_eq(fixture_try(w, lines[i][0]),
                             "510 insufficient access rights");
            ck_assert_str_eq(fixture_try(w, lines[i][1]),
                             "510 insufficient access rights");
        }
    }
}
END_TEST

Suite *
admin_rights_suite(void)
{
    Suite *s = suite_create("admin_rights");
    TCase *t = tcase_create("admin_rights");

    tcase_add_checked_fixture(t, fixture_setup, fixture_teardown);
    tcase_set_timeout(t, 30);
    tcase_add_test(t, knows_who_may);
    tcase_add_test(t, readers_change_nothing);
    tcase_add_test(t, does_not_tell_what_exists);
    suite_add_tcase(s, t);
    return s;
}
