/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/fake_server.h"

Suite *client_programs_suite(void);

/* ximss-client and ximssctl as processes, against the scripted server.  The
 * programs are in the folder where `make check` runs. */

static struct fake_server f;
static pid_t child;

static void
setup(void)
{
    fake_init(&f, false);
    setenv("TZ", "UTC", 1);
    setenv("XIMSS_PASSWORD", "secret", 1);
    unsetenv("NO_COLOR");
    child = 0;
}

static void
setup_unix(void)
{
    fake_init(&f, true);
    setenv("TZ", "UTC", 1);
    setenv("XIMSS_SOCKET", f.path, 1);
    child = 0;
}

static void
teardown(void)
{
    if (child > 0) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    fake_clear(&f);
}

static const char *
path_of(const char *name)
{
    static char path[4][200];
    static unsigned n;
    char *p = path[n++ % 4];

    snprintf(p, 200, "%s/%s", f.dir, name);
    return p;
}

static void
redirect(const char *path, int flags, int fd)
{
    int from = open(path, flags, 0600);

    if (from < 0 || dup2(from, fd) < 0)
        _exit(99);
}

/* Starts a program with its output in files. */
static void
start(const char *const *argv)
{
    char *copy[20] = {NULL};

    for (int i = 0; argv[i] != NULL; i++)
        copy[i] = strdup(argv[i]);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        redirect(access(path_of("input"), F_OK) == 0 ? path_of("input")
                                                     : "/dev/null",
                 O_RDONLY, 0);
        redirect(path_of("stdout"), O_WRONLY | O_CREAT | O_TRUNC, 1);
        redirect(path_of("stderr"), O_WRONLY | O_CREAT | O_TRUNC, 2);
        execvp(copy[0], copy);
        _exit(98);
    }
    for (int i = 0; copy[i] != NULL; i++)
        free(copy[i]);
}

#define START(...) start((const char *const[]){__VA_ARGS__, NULL})

/* Waits for its end; the exit code. */
static int
finish(void)
{
    int status;

    while (waitpid(child, &status, 0) < 0)
        ck_assert_int_eq(errno, EINTR);
    child = 0;
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* A whole file (static memory). */
static const char *
contents(const char *name)
{
    static char text[8192];
    FILE *file = fopen(path_of(name), "r");
    size_t n;

    ck_assert_ptr_nonnull(file);
    n = fread(text, 1, sizeof text - 1, file);
    text[n] = '\0';
    fclose(file);
    return text;
}

static void
write_input(const char *text)
{
    FILE *file = fopen(path_of("input"), "w");

    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static void
ok(unsigned id)
{
    char m[100];

    snprintf(m, sizeof m, "<response id=\"%u\"/>", id);
    fake_send(&f, m);
}

static void
bye(unsigned id)
{
    char m[100];

    snprintf(m, sizeof m, "<bye id=\"%u\"/>", id);
    fake_expect(&f, m);
    ok(id);
}

/* --- ximss-client --- */

static const char *
port(void)
{
    static char text[16];

    snprintf(text, sizeof text, "%u", f.port);
    return text;
}

static void
let_client_in(const char *options)
{
    char m[300];

    fake_accept(&f);
    fake_expect(&f, "<listFeatures id=\"1\" domain=\"example.test\"/>");
    fake_send(&f, "<features id=\"1\"/>");
    ok(1);
    snprintf(m, sizeof m,
             "<login id=\"2\" authData=\"joe@example.test\" "
             "password=\"secret\"%s alertChanges=\"yes\" ticket=\"yes\"/>",
             options);
    fake_expect(&f, m);
    fake_send(&f, "<session id=\"2\" userName=\"joe@example.test\"/>");
    ok(2);
}

static const char hostile[] =
    "<alert alertID=\"7\" scope=\"server\" severity=\"critical\" "
    "gmtTime=\"20261122T133000Z\" localTime=\"20261122T153000\" "
    "until=\"20261201T060000Z\">one\ntwo \"\\\" \xc2\x9b"
    "31m &lt;b&gt;</alert>";

START_TEST(client_prints)
{
    START("./ximss-client", "--host", "127.0.0.1", "--port", port(), "--count",
          "2", "joe@example.test");
    let_client_in(" alertConfirm=\"yes\"");
    fake_send(&f, hostile);
    fake_expect(&f, "<alertConfirm id=\"3\" alertID=\"7\"/>");
    ok(3);
    fake_send(&f, hostile);
    fake_expect(&f, "<alertConfirm id=\"4\" alertID=\"7\"/>");
    fake_send(&f, "<alertRemoved alertID=\"7\"/>");
    fake_send(&f, "<alert alertID=\"8\" gmtTime=\"20261122T133001Z\">x</alert>"
                  "\0<alert alertID=\"9\">y</alert>");
    fake_expect(&f, "<alertConfirm id=\"5\" alertID=\"8\"/>");
    bye(6);
    ck_assert_int_eq(finish(), 0);
    ck_assert_ptr_nonnull(
        strstr(contents("stdout"),
               "2026-11-22 13:30:00  critical  one\n"
               "                               two \"\\\" \\x9B31m <b>\n"));
    ck_assert_ptr_nonnull(strstr(contents("stdout"), "withdrawn  alert 7\n"));
    ck_assert_ptr_nonnull(
        strstr(contents("stdout"), "2026-11-22 13:30:01  warning   x\n"));
    ck_assert_ptr_null(strchr(contents("stdout"), '\033'));
    ck_assert_str_eq(contents("stderr"),
                     "ximss-client: logged in as joe@example.test\n");
}
END_TEST

START_TEST(client_prints_json)
{
    START("./ximss-client", "--host", "127.0.0.1", "--port", port(), "--once",
          "--json", "--quiet", "joe@example.test");
    let_client_in(" alertConfirm=\"yes\"");
    fake_send(&f, "<alertRemoved alertID=\"6\"/>");
    fake_send(&f, hostile);
    fake_expect(&f, "<alertConfirm id=\"3\" alertID=\"7\"/>");
    bye(4);
    ck_assert_int_eq(finish(), 0);
    ck_assert_str_eq(
        contents("stdout"),
        "{\"event\":\"removed\",\"alertID\":\"6\"}\n"
        "{\"event\":\"alert\",\"alertID\":\"7\",\"scope\":\"server\","
        "\"severity\":\"critical\",\"gmtTime\":\"2026-11-22T13:30:00Z\","
        "\"localTime\":\"20261122T153000\","
        "\"until\":\"2026-12-01T06:00:00Z\",\"text\":\"one\\u000atwo "
        "\\\"\\\\\\\" \xc2\x9b"
        "31m <b>\"}\n");
    ck_assert_str_eq(contents("stderr"), "");
}
END_TEST

START_TEST(client_runs_commands)
{
    static const char command[] =
        "#!/bin/sh\n"
        "cat\n"
        "echo \"$ALERT_ID $ALERT_SCOPE $ALERT_SEVERITY $ALERT_TIME $1\"\n"
        "echo \"until $ALERT_UNTIL\"\n"
        "[ \"$ALERT_TEXT\" = '$(touch x) `y`' ] && echo same\n"
        "[ -z \"$XIMSS_PASSWORD\" ] && echo no password\n";
    char exec[300];

    write_input(command);
    ck_assert_int_eq(chmod(path_of("input"), 0700), 0);
    snprintf(exec, sizeof exec, "%s  --word", path_of("input"));
    START("./ximss-client", "--host", "127.0.0.1", "--port", port(), "--once",
          "--exec", exec, "joe@example.test");
    let_client_in(" alertConfirm=\"yes\"");
    fake_send(&f, "<alert alertID=\"7\" scope=\"account\" "
                  "gmtTime=\"20261122T133000Z\" until=\"20261201T060000Z\">"
                  "$(touch x) `y`</alert>");
    fake_expect(&f, "<alertConfirm id=\"3\" alertID=\"7\"/>");
    bye(4);
    ck_assert_int_eq(finish(), 0);
    ck_assert_str_eq(contents("stdout"),
                     "$(touch x) `y`\n"
                     "7 account warning 2026-11-22T13:30:00+0000 --word\n"
                     "until 2026-12-01T06:00:00+0000\n"
                     "same\nno password\n");
}
END_TEST

START_TEST(client_does_not_confirm_what_it_cannot_run)
{
    START("./ximss-client", "--host", "127.0.0.1", "--port", port(), "--exec",
          "/nonexistent/command", "joe@example.test");
    let_client_in(" alertConfirm=\"yes\"");
    fake_send(&f, hostile);
    bye(3);
    ck_assert_int_eq(finish(), 5);
    ck_assert_ptr_nonnull(
        strstr(contents("stderr"), "/nonexistent/command: No such file"));
}
END_TEST

START_TEST(client_stays_through_restarts)
{
    START("./ximss-client", "--host", "127.0.0.1", "--port", port(), "--once",
          "joe@example.test");
    let_client_in(" alertConfirm=\"yes\"");
    fake_send(&f, "<bye/>");
    fake_accept(&f);
    fake_expect(&f, "<listFeatures id=\"3\" domain=\"example.test\"/>");
    ck_assert_ptr_nonnull(strstr(contents("stderr"),
                                 "the server ended the session; connecting "
                                 "again in 1 s\n"));
}
END_TEST

START_TEST(client_is_refused)
{
    START("./ximss-client", "--host", "127.0.0.1", "--port", port(),
          "joe@example.test");
    fake_accept(&f);
    fake_read(&f);
    ok(1);
    fake_read(&f);
    fake_send(&f, "<response id=\"2\" errorText=\"incorrect password\" "
                  "errorNum=\"515\"/>");
    ck_assert_int_eq(finish(), 4);
    ck_assert_str_eq(contents("stderr"),
                     "ximss-client: log-in refused: incorrect password (515); "
                     "check the account's name and the password\n");
}
END_TEST

static const struct {
    const char *arg;
    int code;
    const char *out, *err;
} usages[] = {
    {"--help", 0, "  --password-fd N  ", ""},
    {"--version", 0, "ximss-client " PACKAGE_VERSION "\n", ""},
    {"--nonsense", 2, "", "Try: ximss-client --help\n"},
    {"--count=0x", 2, "", "Try: ximss-client --help\n"},
    {"--tls=ssl", 2, "", "Try: ximss-client --help\n"},
    {"joe", 2, "", "no server: give a host"},
};

START_TEST(client_usage)
{
    START("./ximss-client", usages[_i].arg);
    ck_assert_int_eq(finish(), usages[_i].code);
    ck_assert_ptr_nonnull(strstr(contents("stdout"), usages[_i].out));
    ck_assert_ptr_nonnull(strstr(contents("stderr"), usages[_i].err));
}
END_TEST

/* --- ximssctl --- */

static void
let_ctl_in(void)
{
    fake_accept(&f);
    fake_expect(&f, "<login id=\"1\" method=\"EXTERNAL\" alerts=\"no\"/>");
    fake_send(&f, "<session id=\"1\" userName=\"local:0\"/>");
    ok(1);
}

/* Answers one command (request 2) and the farewell. */
static bool changes; /* the command that runs */

static int
answer(const char *command, const char *result)
{
    char m[1000];

    let_ctl_in();
    snprintf(m, sizeof m, "<cliExecute id=\"2\"%s>%s</cliExecute>",
             changes ? " report=\"yes\"" : "", command);
    fake_expect(&f, m);
    if (result != NULL) {
        snprintf(m, sizeof m, "<cliResult id=\"2\">%s</cliResult>", result);
        fake_send(&f, m);
    }
    ok(2);
    bye(3);
    return finish();
}

static void
expect_cli(unsigned id, const char *command)
{
    char m[300];

    snprintf(m, sizeof m, "<cliExecute id=\"%u\"%s>%s</cliExecute>", id,
             changes ? " report=\"yes\"" : "", command);
    fake_expect(&f, m);
}

static void
refuse(unsigned id, int code, const char *text)
{
    char m[300];

    snprintf(m, sizeof m,
             "<response id=\"%u\" errorText=\"%s\" errorNum=\"%d\"/>", id, text,
             code);
    fake_send(&f, m);
}

static void
give(unsigned id, const char *result)
{
    char m[300];

    snprintf(m, sizeof m, "<cliResult id=\"%u\">%s</cliResult>", id, result);
    fake_send(&f, m);
    ok(id);
}

START_TEST(ctl_posts)
{
    START("./ximssctl", "alert", "post", "--domain", "example.test",
          "--severity=critical", "--until", "2026-12-01 06:00", "--key", "k",
          "a <b>");
    let_ctl_in();
    fake_expect(&f, "<alertPost id=\"2\" scope=\"domain\" "
                    "target=\"example.test\" severity=\"critical\" "
                    "until=\"20261201T060000Z\" key=\"k\">a &lt;b&gt;"
                    "</alertPost>");
    fake_send(&f, "<alertPosted id=\"2\" alertID=\"17\" "
                  "gmtTime=\"20261122T133000Z\" sessions=\"1\"/>");
    ok(2);
    bye(3);
    ck_assert_int_eq(finish(), 0);
    ck_assert_str_eq(contents("stdout"), "alert 17 posted, 1 session told\n");
}
END_TEST

START_TEST(ctl_posts_from_standard_input)
{
    write_input("two\nlines\n");
    START("./ximssctl", "--json", "alert", "post", "--server", "--test");
    let_ctl_in();
    fake_expect(&f, "<alertPost id=\"2\" scope=\"server\" "
                    "severity=\"warning\" test=\"yes\">two\nlines"
                    "</alertPost>");
    fake_send(&f, "<alertPosted id=\"2\" sessions=\"2\" accounts=\"9\"/>");
    ok(2);
    bye(3);
    ck_assert_int_eq(finish(), 0);
    ck_assert_str_eq(contents("stdout"), "{\"changed\":true,\"dryRun\":true,"
                                         "\"sessions\":2,\"accounts\":9}\n");
}
END_TEST

START_TEST(ctl_lists_alerts)
{
    START("./ximssctl", "alert", "list");
    let_ctl_in();
    fake_expect(&f, "<alertList id=\"2\" scope=\"server\"/>");
    fake_send(&f, "<alertReport id=\"2\" alertID=\"17\" scope=\"server\" "
                  "severity=\"info\" gmtTime=\"20261122T133000Z\" "
                  "author=\"a@b\">x\ny</alertReport>");
    fake_send(&f, "<alertReport id=\"2\" alertID=\"18\" scope=\"server\" "
                  "severity=\"info\" gmtTime=\"20261122T133001Z\" "
                  "author=\"local:0\">z</alertReport>");
    ok(2);
    bye(3);
    ck_assert_int_eq(finish(), 0);
    ck_assert_str_eq(
        contents("stdout"),
        "ID  POSTED               SEVERITY  UNTIL  AUTHOR                "
        "KEY  TEXT\n"
        "17  2026-11-22 13:30:00  info      -      a@b                   "
        "-    x\\ny\n"
        "18  2026-11-22 13:30:01  info      -      root on this machine  "
        "-    z\n");
}
END_TEST

START_TEST(ctl_lists_own_alerts)
{
    START("./ximssctl", "alert", "list", "--own");
    let_ctl_in();
    fake_expect(&f, "<alertList id=\"2\"/>");
    fake_send(&f, "<alertReport id=\"2\" alertID=\"17\" scope=\"server\" "
                  "gmtTime=\"20261122T133000Z\" "
                  "until=\"20261122T143000Z\">x</alertReport>");
    ok(2);
    bye(3);
    ck_assert_int_eq(finish(), 0);
    ck_assert_ptr_nonnull(
        strstr(contents("stdout"), "2026-11-22 14:30:00  server  -    x\n"));
}
END_TEST

START_TEST(ctl_removes_some)
{
    START("./ximssctl", "alert", "remove", "17", "18");
    let_ctl_in();
    fake_expect(&f, "<alertRemove id=\"2\" alertID=\"17\" report=\"yes\"/>");
    ok(2); /* an older server */
    fake_expect(&f, "<alertRemove id=\"3\" alertID=\"18\" report=\"yes\"/>");
    fake_send(&f, "<response id=\"3\" errorText=\"no such alert\" "
                  "errorNum=\"514\"/>");
    bye(4);
    ck_assert_int_eq(finish(), 5);
    ck_assert_str_eq(contents("stdout"), "alert 17 removed\n");
    ck_assert_str_eq(contents("stderr"),
                     "ximssctl: alert 18: no such alert (514)\n");
}
END_TEST

START_TEST(ctl_says_what_it_removed)
{
    START("./ximssctl", "alert", "remove", "17", "18");
    let_ctl_in();
    fake_expect(&f, "<alertRemove id=\"2\" alertID=\"17\" report=\"yes\"/>");
    fake_send(&f, "<alertWithdrawn id=\"2\" alertID=\"17\" scope=\"account\" "
                  "target=\"joe@a.test\" sessions=\"1\"/>");
    ok(2);
    fake_expect(&f, "<alertRemove id=\"3\" alertID=\"18\" report=\"yes\"/>");
    fake_send(&f, "<alertWithdrawn id=\"3\" alertID=\"18\" scope=\"server\" "
                  "sessions=\"12\"/>");
    ok(3);
    bye(4);
    ck_assert_int_eq(finish(), 0);
    ck_assert_str_eq(contents("stdout"),
                     "alert 17 removed (account joe@a.test), 1 session told\n"
                     "alert 18 removed (server), 12 sessions told\n");
}
END_TEST

#define Q "\""

static const struct {
    const char *args[8];
    const char *command, *result, *out;
} commands[] = {
    {{"domain", "list"}, "LISTDOMAINS", "(a.test,b.test)", "a.test\nb.test\n"},
    {{"domain", "create", "a.test"}, "CREATEDOMAIN a.test", NULL, ""},
    {{"domain", "create", "a.test", "k=v w", "--force"},
     "CREATEDOMAIN a.test {k=" Q "v w" Q ";} FORCE",
     NULL,
     ""},
    {{"domain", "delete", "a.test", "--force"},
     "DELETEDOMAIN a.test FORCE",
     NULL,
     ""},
    {{"domain", "rename", "a.test", "b.test"},
     "RENAMEDOMAIN a.test INTO b.test",
     NULL,
     ""},
    {{"domain", "settings", "a.test"},
     "GETDOMAINSETTINGS a.test",
     "{k=v;long=(1,2);}",
     "k     v\nlong  (1,2)\n"},
    {{"domain", "settings", "a.test", "k=default"},
     "UPDATEDOMAINSETTINGS a.test {k=default;}",
     NULL,
     ""},
    {{"account", "list", "a.test"},
     "LISTACCOUNTS a.test",
     "{joe=macnt;sue=macnt;}",
     "joe\nsue\n"},
    {{"--json", "account", "list"},
     "LISTACCOUNTS",
     "{joe=macnt;}",
     "[\"joe\"]\n"},
    {{"account", "create", "joe@a.test", "--real-name", "Joe D."},
     "CREATEACCOUNT joe@a.test {Password=" Q "p \\" Q "w" Q ";RealName=" Q
     "Joe D." Q ";}",
     NULL,
     ""},
    {{"account", "create", "joe@a.test", "MaxAccountSize=5M", "--no-password"},
     "CREATEACCOUNT joe@a.test {MaxAccountSize=5M;}",
     NULL,
     ""},
    {{"account", "delete", "joe@a.test"}, "DELETEACCOUNT joe@a.test", NULL, ""},
    {{"account", "rename", "joe@a.test", "jim@a.test"},
     "RENAMEACCOUNT joe@a.test INTO jim@a.test",
     NULL,
     ""},
    {{"account", "password", "joe@a.test"},
     "SETACCOUNTPASSWORD joe@a.test PASSWORD " Q "p \\" Q "w" Q,
     NULL,
     ""},
    {{"account", "verify", "joe@a.test"},
     "VERIFYACCOUNTPASSWORD joe@a.test PASSWORD " Q "p \\" Q "w" Q,
     NULL,
     ""},
    {{"account", "settings", "joe@a.test", "--effective"},
     "GETACCOUNTEFFECTIVESETTINGS joe@a.test",
     "{QuotaAlert=80;}",
     "QuotaAlert  80\n"},
    {{"account", "settings", "joe@a.test", "MaxAcountSize=5M", "--force"},
     "UPDATEACCOUNTSETTINGS joe@a.test {MaxAcountSize=5M;} FORCE",
     NULL,
     ""},
    {{"account", "rights", "joe@a.test", "--set=CanPostAlert", "--force"},
     "SETACCOUNTRIGHTS joe@a.test (CanPostAlert) FORCE",
     NULL,
     ""},
    {{"server", "log", "Warning", "x"}, "WRITELOG 4 x", NULL, ""},
    {{"server", "log", "error", "x"}, "WRITELOG 2 x", NULL, ""},
    {{"server", "log", "info", "x"}, "WRITELOG 3 x", NULL, ""},
    {{"server", "log", "debug", "x"}, "WRITELOG 5 x", NULL, ""},
    {{"server", "log", "9", "x"}, "WRITELOG 9 x", NULL, ""},
    {{"account", "settings", "joe@a.test", "QuotaAlert=90"},
     "UPDATEACCOUNTSETTINGS joe@a.test {QuotaAlert=90;}",
     NULL,
     ""},
    {{"account", "info", "joe@a.test"},
     "GETACCOUNTINFO joe@a.test",
     "{StorageUsed=0;}",
     "StorageUsed  0\n"},
    {{"account", "rights", "joe@a.test"},
     "GETACCOUNTRIGHTS joe@a.test",
     "(" Q "All Domains" Q ",CanPostAlerts)",
     "All Domains\nCanPostAlerts\n"},
    {{"account", "rights", "joe@a.test", "--set", "All Domains,CanPostAlerts"},
     "SETACCOUNTRIGHTS joe@a.test (" Q "All Domains" Q ",CanPostAlerts)",
     NULL,
     ""},
    {{"account", "rights", "joe@a.test", "--set="},
     "SETACCOUNTRIGHTS joe@a.test ()",
     NULL,
     ""},
    {{"account", "info", "joe@a.test", "StorageUsed", "LastLogin"},
     "GETACCOUNTINFO joe@a.test (StorageUsed,LastLogin)",
     "{StorageUsed=0;LastLogin=#T22-11-2026_13:30:00;}",
     "StorageUsed  0\nLastLogin    2026-11-22 13:30:00\n"},
    {{"account", "stat", "joe@a.test", "Alerts"},
     "GETACCOUNTSTAT joe@a.test KEY Alerts",
     "2",
     "2\n"},
    {{"account", "prefs", "joe@a.test", "--effective"},
     "GETACCOUNTEFFECTIVEPREFS joe@a.test",
     "{TimeZone=" Q "(UTC)" Q ";}",
     "TimeZone  (UTC)\n"},
    {{"account", "aliases", "joe@a.test", "--set", "j,jo"},
     "SETACCOUNTALIASES joe@a.test (j,jo)",
     NULL,
     ""},
    {{"account", "sessions", "joe@a.test"},
     "LISTACCOUNTSESSIONS joe@a.test",
     "(100000-a)",
     "100000-a\n"},
    {{"account", "kill", "joe@a.test"},
     "KILLACCOUNTSESSIONS joe@a.test",
     NULL,
     ""},
    {{"account", "forget", "joe@a.test"},
     "FORGETACCOUNTLOGINS joe@a.test",
     NULL,
     ""},
    {{"session", "list", "--limit", "5"},
     "LISTSESSIONS 5",
     "({id=100000-a;user=" Q "joe@a.test" Q ";address=" Q "[::1]:5" Q
     ";seconds=7;})",
     "ID        USER        ADDRESS  DOOR  SECONDS\n"
     "100000-a  joe@a.test  [::1]:5  -     7\n"},
    {{"session", "list"},
     "LISTSESSIONS",
     "({id=1-a;user=" Q "local:0" Q ";},{id=2-b;user=" Q "local:1000" Q ";},"
     "{id=3-c;user=" Q "local:0@a.test" Q ";})",
     "ID   USER                       ADDRESS  DOOR  SECONDS\n"
     "1-a  root on this machine       -        -     -\n"
     "2-b  user 1000 on this machine  -        -     -\n"
     "3-c  local:0@a.test             -        -     -\n"},
    {{"--json", "session", "list"},
     "LISTSESSIONS",
     "({id=100000-a;user=" Q "local:0" Q ";})",
     "[{\"id\":\"100000-a\",\"user\":\"local:0\"}]\n"},
    {{"session", "show", "1-a"},
     "GETSESSION 1-a",
     "{id=1-a;user=" Q "local:0" Q ";}",
     "id    1-a\nuser  root on this machine\n"},
    {{"account", "token", "list", "joe"},
     "LISTACCOUNTTOKENS joe",
     "{mine={Created=a;Expires=never;Author=" Q "local:0" Q ";};}",
     "NAME  CREATED  EXPIRES  BY\n"
     "mine  a        never    root on this machine\n"},
    {{"session", "find", "joe", "--protocol", "XIMSS", "--address", "::1"},
     "FINDACCOUNTSESSION joe ADDRESS " Q "::1" Q " PROTOCOL XIMSS",
     "100000-a",
     "100000-a\n"},
    {{"session", "kill", "100000-a"}, "KILLSESSION 100000-a", NULL, ""},
    {{"session", "create", "joe", "--address", "10.0.0.1", "--for=10.0.0.2"},
     "CREATEXIMSSSESSION joe ADDRESS 10.0.0.1 FOR 10.0.0.2",
     Q "x+y" Q,
     "x+y\n"},
    {{"domain", "suspend", "a.test"}, "SUSPENDDOMAIN a.test", NULL, ""},
    {{"domain", "template", "a.test", "QuotaAlert=70"},
     "UPDATEACCOUNTTEMPLATE a.test {QuotaAlert=70;}",
     NULL,
     ""},
    {{"domain", "aliases", "a.test"},
     "GETDOMAINALIASES a.test",
     "(b.test)",
     "b.test\n"},
    {{"server", "log", "3", "say \"hi\""},
     "WRITELOG 3 " Q "say \\" Q "hi\\" Q Q,
     NULL,
     ""},
    {{"server", "account-defaults", "QuotaAlert=70"},
     "UPDATESERVERACCOUNTDEFAULTS {QuotaAlert=70;}",
     NULL,
     ""},
    {{"server", "account-defaults"}, "GETSERVERACCOUNTDEFAULTS", "{}", ""},
    {{"server", "stat", "logins"},
     "GETSTATTABLE logins",
     "{logins={Kind=counter;Unit=" Q Q ";Help=" Q "Log-ins" Q ";Value=#7;};}",
     "7\n"},
    {{"server", "stat", "diskfree"},
     "GETSTATTABLE diskfree",
     "{diskFree={Kind=integer;Unit=bytes;Help=Free;Value=#-1;};}",
     "-\n"},
    {{"--json", "server", "stat", "diskfree"},
     "GETSTATTABLE diskfree",
     "{diskFree={Kind=integer;Unit=bytes;Help=Free;Value=#-1;};}",
     "null\n"},
    {{"server", "stat"},
     "GETSTATTABLE",
     "{logins={Kind=counter;Unit=" Q Q ";Help=" Q "Log-ins" Q ";Value=#7;};"
     "diskFree={Kind=integer;Unit=bytes;Help=Free;Value=#12;};"
     "commitTime={Kind=histogram;Unit=microseconds;Help=Disk;Count=#2;"
     "Sum=#400;Bounds=(#100,#250);UpTo=(#0,#2);};}",
     "logins      7       Log-ins\n"
     "diskFree    12      Free (bytes)\n"
     "commitTime  200 us  Disk (on average)\n"},
    {{"--json", "server", "stat"},
     "GETSTATTABLE",
     "{logins={Kind=counter;Unit=" Q Q ";Help=" Q "Log-ins" Q ";Value=#7;};"
     "commitTime={Kind=histogram;Unit=microseconds;Help=Disk;Count=#2;"
     "Sum=#400;Bounds=(#100,#250);UpTo=(#0,#2);};}",
     "{\"logins\":7,\"commitTime\":{\"count\":2,\"sum\":400,"
     "\"upTo\":{\"100\":0,\"250\":2}}}\n"},
    {{"server", "shutdown", "--yes"}, "SHUTDOWN", NULL, ""},
    {{"cli", "ECHO (a, b)"}, "ECHO (a, b)", "(a, b)", "(a,b)\n"},
    {{"cli", "--json", "ECHO {a=b;}"},
     "ECHO {a=b;}",
     "{a=b;}",
     "{\"a\":\"b\"}\n"},
};

/* Else it only asks. */
static bool
is_change(const char *command)
{
    static const char *const questions[] = {"GET",  "LIST",   "FIND",
                                            "ECHO", "VERIFY", "ROUTE"};

    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++)
        if (strncmp(command, questions[i], strlen(questions[i])) == 0)
            return false;
    return true;
}

START_TEST(ctl_runs_commands)
{
    const char *argv[12] = {"./ximssctl"};

    for (unsigned i = 0; commands[_i].args[i] != NULL; i++)
        argv[i + 1] = commands[_i].args[i];
    setenv("XIMSS_NEW_PASSWORD", "p \"w", 1);
    start(argv);
    changes = is_change(commands[_i].command);
    ck_assert_int_eq(answer(commands[_i].command, commands[_i].result), 0);
    if (changes && commands[_i].out[0] == '\0') /* it says what it did */
        ck_assert_ptr_nonnull(strchr(contents("stdout"), '\n'));
    else
        ck_assert_str_eq(contents("stdout"), commands[_i].out);
    changes = false;
    ck_assert_str_eq(contents("stderr"), "");
}
END_TEST

/* Again and again, with what it grew by, until the server does not answer. */
START_TEST(ctl_watches_statistics)
{
    START("./ximssctl", "server", "stat", "--watch", "1", "logins");
    let_ctl_in();
    expect_cli(2, "GETSTATTABLE logins");
    give(2, "{logins={Kind=counter;Unit=" Q Q ";Help=x;Value=#7;};}");
    expect_cli(3, "GETSTATTABLE logins");
    refuse(3, 501, "no more");
    bye(4);
    ck_assert_int_eq(finish(), 1);
    ck_assert_str_eq(contents("stdout"), "logins  7    x\n");
    ck_assert_str_eq(contents("stderr"), "ximssctl: no more (501)\n");
}
END_TEST

START_TEST(ctl_watches_in_bounds)
{
    START("./ximssctl", "server", "stat", "--watch", "301");
    ck_assert_int_eq(finish(), 2);
    ck_assert_str_eq(contents("stderr"),
                     "ximssctl: --watch takes 1 to 300 seconds, not 301\n");
}
END_TEST

START_TEST(ctl_may_not_ask_for_counters)
{
    START("./ximssctl", "server", "stat");
    let_ctl_in();
    fake_read(&f);
    refuse(2, 510, "insufficient access rights");
    bye(3);
    ck_assert_int_eq(finish(), 10);
    ck_assert_str_eq(contents("stdout"), "");
    ck_assert_str_eq(contents("stderr"),
                     "ximssctl: insufficient access rights (510)\n");
}
END_TEST

START_TEST(ctl_tells_refusals)
{
    START("./ximssctl", "cli", "GETDOMAINSETTINGS none");
    let_ctl_in();
    fake_read(&f);
    fake_send(&f, "<response id=\"2\" errorText=\"unknown domain\" "
                  "errorNum=\"512\"/>");
    bye(3);
    ck_assert_int_eq(finish(), 9);
    ck_assert_str_eq(contents("stderr"), "ximssctl: unknown domain (512)\n");
}
END_TEST

START_TEST(ctl_tells_a_lost_connection)
{
    START("./ximssctl", "cli", "NOOP");
    let_ctl_in();
    fake_read(&f);
    fake_hang_up(&f);
    ck_assert_int_eq(finish(), 3);
    ck_assert_str_eq(contents("stderr"),
                     "ximssctl: the connection was lost before the answer "
                     "came; it may have been carried out\n");
}
END_TEST

START_TEST(ctl_is_refused)
{
    START("./ximssctl", "cli", "NOOP");
    fake_accept(&f);
    fake_read(&f);
    fake_send(&f, "<response id=\"1\" errorText=\"insufficient access "
                  "rights\" errorNum=\"510\"/>");
    ck_assert_int_eq(finish(), 4);
}
END_TEST

START_TEST(ctl_cannot_connect)
{
    START("./ximssctl", "--socket", "/nonexistent/socket", "cli", "NOOP");
    ck_assert_int_eq(finish(), 3);
    ck_assert_ptr_nonnull(strstr(contents("stderr"), "is the server running"));
}
END_TEST

static const struct {
    const char *args[5];
    int code;
    const char *out, *err;
} ctl_usages[] = {
    {{"--help"}, 0, "account import FILE.csv", ""},
    {{"alert", "--help"}, 0, "alert remove ID...", ""},
    {{"alert", "post", "--help"}, 0, "--until TIME", ""},
    {{"account", "import", "-h"}, 0, "--window N", ""},
    {{"--version"}, 0, "ximssctl " PACKAGE_VERSION "\n", ""},
    {{NULL}, 2, "", "no command; try: ximssctl --help"},
    {{"nonsense"}, 2, "", "unknown command: nonsense"},
    {{"alert"}, 2, "", "alert what?"},
    {{"alert", "x"}, 2, "", "unknown command: alert x"},
    {{"alert", "post", "x"}, 2, "", "say who it is for"},
    {{"alert", "post", "--server", "--account=a", "x"}, 2, "", "only one of"},
    {{"alert", "post", "--server", "--until=never", "x"}, 2, "", "--until"},
    {{"alert", "post", "--server", "--severity=x", "x"}, 2, "", "--severity"},
    {{"alert", "remove"}, 2, "", "which alert? say ID..."},
    {{"account", "settings", "joe", "MaxAcountSize=5M"},
     1,
     "",
     "unknown setting MaxAcountSize: did you mean MaxAccountSize?"},
    {{"account", "create", "joe", "--no-password", "QuotaAlrt=5"},
     1,
     "",
     "did you mean QuotaAlert?"},
    {{"domain", "create", "a.test", "crammd5=YES"},
     1,
     "",
     "did you mean CRAMMD5?"},
    {{"account", "rights", "joe", "--set", "Master,CanPostAlert"},
     1,
     "",
     "unknown right CanPostAlert: did you mean CanPostAlerts?"},
    {{"alert", "list", "--bad"}, 2, "", "try: ximssctl alert list --help"},
    {{"domain", "create", "x", "novalue"}, 2, "", "KEY=VALUE"},
    {{"domain", "settings", "x", "k=v", "--effective"}, 2, "", "usage: "},
    {{"domain", "suspend"},
     2,
     "",
     "usage: ximssctl domain suspend [options] NAME\n"},
    {{"domain", "suspend", "a", "b"}, 2, "", "usage: "},
    {{"account", "aliases", "a", "b", "--set=c"}, 2, "", "usage: "},
    {{"session", "create", "x"}, 2, "", "[options] ACCOUNT --address IP\n"},
    {{"session", "kill"},
     2,
     "",
     "usage: ximssctl session kill [options] ID...\n"},
    {{"server", "-h"}, 0, "server log LEVEL TEXT", ""},
    {{"--tls", "x", "cli", "NOOP"}, 2, "", "--tls takes"},
    {{"--port", "99999", "cli", "NOOP"}, 2, "", "--port takes"},
    {{"--host", "h", "cli", "NOOP"}, 2, "", "--host needs --user"},
    {{"account", "import", "/nonexistent.csv"}, 6, "", "No such file"},
    {{"account", "import", "x", "--window=0"}, 2, "", "--window takes"},
    {{"account", "import", "x", "--from=x"}, 2, "", "--from takes"},
    {{"cli"}, 2, "", "either a command or --file FILE"},
    {{"cli", "NOOP", "--file=x"}, 2, "", "either a command or --file FILE"},
    {{"cli", "--file=x", "--window=2"}, 2, "", "--window needs --keep-going"},
    {{"cli", "--file=/nonexistent"}, 6, "", "No such file"},
};

START_TEST(ctl_usage)
{
    const char *argv[8] = {"./ximssctl"};

    for (unsigned i = 0; i < 5 && ctl_usages[_i].args[i] != NULL; i++)
        argv[i + 1] = ctl_usages[_i].args[i];
    start(argv);
    ck_assert_int_eq(finish(), ctl_usages[_i].code);
    ck_assert_ptr_nonnull(strstr(contents("stdout"), ctl_usages[_i].out));
    ck_assert_ptr_nonnull(strstr(contents("stderr"), ctl_usages[_i].err));
}
END_TEST

/* --- ximssctl account import --- */

static void
expect_creation(unsigned id, const char *rest)
{
    char m[300];

    snprintf(m, sizeof m, "<cliExecute id=\"%u\">CREATEACCOUNT %s</cliExecute>",
             id, rest);
    fake_expect(&f, m);
}

START_TEST(import_pipelines)
{
    write_input("name,password,real name,MaxAccountSize\n"
                "joe,pw 1,Joe,5M\n"
                "sue@b.test,pw2,,\n"
                "\n"
                "jim,,\"Jim\nB\",\n"
                "a,b,c,d,e\n"
                "amy,pw,x,\n");
    START("./ximssctl", "account", "import", "--domain", "a.test", "-");
    let_ctl_in();
    /* All are sent before the first is answered. */
    expect_creation(2, "joe@a.test {PasswordHash=\"{PLAIN}pw 1\";RealName=Joe;"
                       "MaxAccountSize=5M;}");
    expect_creation(3, "sue@b.test {PasswordHash=\"{PLAIN}pw2\";}");
    expect_creation(4, "jim@a.test {RealName=\"Jim\\eB\";}");
    expect_creation(5, "amy@a.test {PasswordHash=\"{PLAIN}pw\";RealName=x;}");
    ok(2);
    fake_send(&f, "<response id=\"3\" errorText=\"unknown domain\" "
                  "errorNum=\"512\"/>");
    fake_send(&f, "<response id=\"4\" errorText=\"exists\" "
                  "errorNum=\"520\"/>");
    ok(5);
    bye(6);
    ck_assert_int_eq(finish(), 5);
    ck_assert_str_eq(contents("stdout"),
                     "2 created, 1 existed already, 2 refused\n");
    ck_assert_str_eq(contents("stderr"),
                     "standard input:7: there are too many fields\n"
                     "standard input:3: sue@b.test: unknown domain (512)\n");
}
END_TEST

START_TEST(import_keeps_to_its_window)
{
    write_input("a,1\nb,2\nc,3\n");
    START("./ximssctl", "account", "import", "--window=2", path_of("input"));
    let_ctl_in();
    expect_creation(2, "a {PasswordHash=\"{PLAIN}1\";}");
    expect_creation(3, "b {PasswordHash=\"{PLAIN}2\";}");
    fake_turn(&f);
    ck_assert_uint_eq(f.in.len, 0);
    ok(2);
    expect_creation(4, "c {PasswordHash=\"{PLAIN}3\";}");
    ok(3);
    ok(4);
    bye(5);
    ck_assert_int_eq(finish(), 0);
}
END_TEST

START_TEST(import_says_where_to_go_on)
{
    write_input("a,1\nb,2\nc,3\nd,4\n");
    START("./ximssctl", "--json", "account", "import", "--from", "2",
          path_of("input"));
    let_ctl_in();
    expect_creation(2, "b {PasswordHash=\"{PLAIN}2\";}");
    expect_creation(3, "c {PasswordHash=\"{PLAIN}3\";}");
    expect_creation(4, "d {PasswordHash=\"{PLAIN}4\";}");
    ok(2);
    fake_hang_up(&f);
    ck_assert_int_eq(finish(), 5);
    ck_assert_str_eq(
        contents("stdout"),
        "{\"changed\":true,\"created\":1,\"existing\":0,\"failed\":0,\"nextLine\":3}\n");
    ck_assert_ptr_nonnull(strstr(contents("stderr"), "continue with --from 3"));
}
END_TEST

START_TEST(import_is_stopped_by_a_signal)
{
    write_input("a,1\nb,2\nc,3\n");
    START("./ximssctl", "account", "import", "--window=1", path_of("input"));
    let_ctl_in();
    expect_creation(2, "a {PasswordHash=\"{PLAIN}1\";}");
    kill(child, SIGINT);
    ok(2);
    /* Whether the answer or the signal came first: it ends in good order. */
    if (strncmp(fake_read(&f), "<bye", 4) != 0) {
        ok(3);
        bye(4);
    } else {
        ok(3);
    }
    ck_assert_int_eq(finish(), 5);
    ck_assert_ptr_nonnull(strstr(contents("stderr"), "continue with --from "));
}
END_TEST

START_TEST(import_takes_broken_files)
{
    write_input("a,1\n\"b\"x,2\n,3\n\xff,4\nc,5\n");
    START("./ximssctl", "account", "import", path_of("input"));
    let_ctl_in();
    expect_creation(2, "a {PasswordHash=\"{PLAIN}1\";}");
    expect_creation(3, "c {PasswordHash=\"{PLAIN}5\";}");
    ok(2);
    ok(3);
    bye(4);
    ck_assert_int_eq(finish(), 5);
    ck_assert_ptr_nonnull(
        strstr(contents("stderr"), "input:2: malformed record: "));
    ck_assert_ptr_nonnull(
        strstr(contents("stderr"), "input:3: there is no name\n"));
    ck_assert_ptr_nonnull(strstr(contents("stderr"), "input:4: "));
}
END_TEST

/* --- ximssctl cli --file --- */

static const char three[] = "# a file\n"
                            "ECHO (a, b)\n"
                            "\n"
                            "CREATEACCOUNT joe@none {Password=x;}\r\n"
                            "  NOOP\n";

static void
nothing_is_sent(void)
{
    fake_turn(&f);
    ck_assert_uint_eq(f.in.len, 0);
}

START_TEST(file_stops_at_a_refusal)
{
    write_input(three);
    START("./ximssctl", "cli", "--file", path_of("input"));
    let_ctl_in();
    expect_cli(2, "ECHO (a, b)");
    nothing_is_sent();
    give(2, "(a, b)");
    expect_cli(3, "CREATEACCOUNT joe@none {Password=x;}");
    nothing_is_sent();
    refuse(3, 512, "unknown domain");
    bye(4);
    ck_assert_int_eq(finish(), 5);
    ck_assert_str_eq(contents("stdout"), "(a,b)\n");
    ck_assert_ptr_nonnull(strstr(contents("stderr"),
                                 "/input:4: CREATEACCOUNT joe@none ...: "
                                 "unknown domain (512)\n"
                                 "ximssctl: stopped before line 4 of "));
    ck_assert_ptr_nonnull(
        strstr(contents("stderr"), "continue with --from 4\n"));
}
END_TEST

START_TEST(file_stops_at_its_first_line)
{
    write_input("PASS secret\nNOOP\n");
    START("./ximssctl", "cli", "--file", "-");
    let_ctl_in();
    expect_cli(2, "PASS secret");
    refuse(2, 500, "unknown command");
    bye(3);
    ck_assert_int_eq(finish(), 1);
    ck_assert_str_eq(contents("stdout"), "");
    ck_assert_str_eq(
        contents("stderr"),
        "standard input:1: PASS: unknown command (500)\n"
        "ximssctl: stopped before line 1 of standard input; continue "
        "with --from 1\n");
}
END_TEST

START_TEST(file_keeps_going)
{
    write_input(three);
    START("./ximssctl", "cli", "--keep-going", "--file", "-");
    let_ctl_in();
    /* All are sent before the first is answered. */
    expect_cli(2, "ECHO (a, b)");
    expect_cli(3, "CREATEACCOUNT joe@none {Password=x;}");
    expect_cli(4, "NOOP");
    give(2, "(a, b)");
    refuse(3, 512, "unknown domain");
    ok(4);
    bye(5);
    ck_assert_int_eq(finish(), 5);
    ck_assert_str_eq(contents("stdout"), "(a,b)\n");
    ck_assert_str_eq(contents("stderr"),
                     "standard input:4: CREATEACCOUNT joe@none ...: unknown "
                     "domain (512)\n"
                     "2 done, 1 refused\n");
}
END_TEST

START_TEST(file_gives_json)
{
    write_input("ECHO (a, b)\n\xff\nNOOP\nX \"y\n");
    START("./ximssctl", "--json", "cli", "--keep-going", "--window", "1",
          "--file", "-");
    let_ctl_in();
    expect_cli(2, "ECHO (a, b)");
    nothing_is_sent();
    give(2, "(a, b)");
    expect_cli(3, "NOOP");
    ok(3);
    expect_cli(4, "X \"y");
    refuse(4, 501, "malformed at byte 5");
    bye(5);
    ck_assert_int_eq(finish(), 5);
    ck_assert_str_eq(
        contents("stdout"),
        "{\"line\":1,\"command\":\"ECHO ...\",\"code\":200,"
        "\"result\":[\"a\",\"b\"]}\n"
        "{\"line\":2,\"command\":\"\",\"error\":\"the text is not UTF-8 or has "
        "control characters\"}\n"
        "{\"line\":3,\"command\":\"NOOP\",\"code\":200}\n"
        "{\"line\":4,\"command\":\"X ...\",\"code\":501,"
        "\"error\":\"malformed at byte 5\"}\n");
}
END_TEST

START_TEST(file_of_what_goes_well)
{
    write_input("NOOP\nNOOP");
    START("./ximssctl", "cli", "--from", "2", "--file", path_of("input"));
    let_ctl_in();
    expect_cli(2, "NOOP");
    ok(2);
    bye(3);
    ck_assert_int_eq(finish(), 0);
    ck_assert_str_eq(contents("stdout"), "");
    ck_assert_str_eq(contents("stderr"), "");
}
END_TEST

START_TEST(file_says_what_a_lost_connection_leaves)
{
    write_input("NOOP\nNOOP\nNOOP\nNOOP\n");
    START("./ximssctl", "cli", "--keep-going", "--window", "2", "--file", "-");
    let_ctl_in();
    expect_cli(2, "NOOP");
    expect_cli(3, "NOOP");
    ok(2);
    expect_cli(4, "NOOP");
    fake_hang_up(&f);
    ck_assert_int_eq(finish(), 5);
    ck_assert_ptr_nonnull(strstr(
        contents("stderr"),
        "1 done, 0 refused\n"
        "ximssctl: lines 2 to 3 may have been carried out\n"
        "ximssctl: stopped before line 2 of standard input; continue with "
        "--from 2\n"));
}
END_TEST

/* Commands from a pipe are carried out as they come. */
START_TEST(file_does_not_wait_for_its_end)
{
    int fd;

    ck_assert_int_eq(mkfifo(path_of("input"), 0600), 0);
    START("./ximssctl", "cli", "--keep-going", "--file", "-");
    fd = open(path_of("input"), O_WRONLY);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "ECHO a\n", 7), 7);
    let_ctl_in();
    expect_cli(2, "ECHO a");
    give(2, "a");
    ck_assert_int_eq(write(fd, "ECHO b\n", 7), 7);
    expect_cli(3, "ECHO b");
    give(3, "b");
    close(fd);
    bye(4);
    ck_assert_int_eq(finish(), 0);
    ck_assert_str_eq(contents("stdout"), "a\nb\n");
}
END_TEST

Suite *
client_programs_suite(void)
{
    Suite *s = suite_create("client_programs");
    TCase *client = tcase_create("ximss_client"),
          *ctl = tcase_create("ximssctl");

    tcase_set_timeout(client, 60);
    tcase_add_checked_fixture(client, setup, teardown);
    tcase_add_test(client, client_prints);
    tcase_add_test(client, client_prints_json);
    tcase_add_test(client, client_runs_commands);
    tcase_add_test(client, client_does_not_confirm_what_it_cannot_run);
    tcase_add_test(client, client_stays_through_restarts);
    tcase_add_test(client, client_is_refused);
    tcase_add_loop_test(client, client_usage, 0,
                        sizeof usages / sizeof usages[0]);
    suite_add_tcase(s, client);

    tcase_set_timeout(ctl, 60);
    tcase_add_checked_fixture(ctl, setup_unix, teardown);
    tcase_add_test(ctl, ctl_posts);
    tcase_add_test(ctl, ctl_posts_from_standard_input);
    tcase_add_test(ctl, ctl_lists_alerts);
    tcase_add_test(ctl, ctl_lists_own_alerts);
    tcase_add_test(ctl, ctl_removes_some);
    tcase_add_test(ctl, ctl_says_what_it_removed);
    tcase_add_loop_test(ctl, ctl_runs_commands, 0,
                        sizeof commands / sizeof commands[0]);
    tcase_add_test(ctl, ctl_watches_statistics);
    tcase_add_test(ctl, ctl_watches_in_bounds);
    tcase_add_test(ctl, ctl_may_not_ask_for_counters);
    tcase_add_test(ctl, ctl_tells_refusals);
    tcase_add_test(ctl, ctl_tells_a_lost_connection);
    tcase_add_test(ctl, ctl_is_refused);
    tcase_add_test(ctl, ctl_cannot_connect);
    tcase_add_loop_test(ctl, ctl_usage, 0,
                        sizeof ctl_usages / sizeof ctl_usages[0]);
    tcase_add_test(ctl, import_pipelines);
    tcase_add_test(ctl, import_keeps_to_its_window);
    tcase_add_test(ctl, import_says_where_to_go_on);
    tcase_add_test(ctl, import_is_stopped_by_a_signal);
    tcase_add_test(ctl, import_takes_broken_files);
    tcase_add_test(ctl, file_stops_at_a_refusal);
    tcase_add_test(ctl, file_stops_at_its_first_line);
    tcase_add_test(ctl, file_keeps_going);
    tcase_add_test(ctl, file_gives_json);
    tcase_add_test(ctl, file_of_what_goes_well);
    tcase_add_test(ctl, file_says_what_a_lost_connection_leaves);
    tcase_add_test(ctl, file_does_not_wait_for_its_end);
    suite_add_tcase(s, ctl);
    return s;
}
