/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "passdb/pam_source.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>

#include "passdb/pam_name.h"
#include "passdb/pam_wire.h"
#include "passdb/source.h"
#include "tests/unit/local_peer.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/pump.h"
#include "util/clock.h"

Suite *pam_source_suite(void);

/* The real program with the real PAM.  Services are described in a directory of
 * the test, and most ask a script, which does what the user's name says. */

#define LONG_MS  600000
#define ASKS     8
#define PASSWORD "right"

struct one {
    struct passdb_request request;
    unsigned done;
    unsigned place; /* the how many-th that was answered */
    char why[200];
};

static struct event_base *base;
static struct passdb_source *source;
static struct one ones[ASKS];
static unsigned n_done;
static struct passdb_pam_config config;

PRINTF_LIKE(3, 4)
static void
put_file(const char *name, int mode, const char *fmt, ...)
{
    const char *path = local_path(name);
    FILE *f = fopen(path, "w");
    va_list ap;

    ck_assert_ptr_nonnull(f);
    va_start(ap, fmt);
    vfprintf(f, fmt, ap);
    va_end(ap);
    fclose(f);
    ck_assert_int_eq(chmod(path, (mode_t)mode), 0);
}

/* Each process that hangs leaves its number in a file. */
static const char script[] =
    "#!/bin/sh\n"
    "cd %s || exit 1\n"
    "password=$(tr -d '\\000')\n"
    "hang() { exec sleep 100000; }\n"
    "case $PAM_USER in\n"
    "hang) echo $$ >hang.new; mv hang.new hang; hang ;;\n"
    "fifo*) echo $PAM_USER >>order; read -r line <gate ;;\n"
    "crash) kill -SEGV $PPID; hang ;;\n"
    "gone) kill -KILL $PPID; hang ;;\n"
    "daemon)\n"
    "    setsid sh -c 'echo $$ >hang.new; mv hang.new hang; exec sleep 100000' &\n"
    "    while [ ! -e hang ]; do :; done ;;\n"
    "look)\n"
    "    env | grep '^[^O]*_' | sort >look; echo $(ls /proc/$PPID/fd 2>/dev/null) >>look\n"
    "    sed -n 's/^NoNewPrivs:.//p' /proc/$PPID/status >>look\n"
    "    sed -n 's/^Max core file size *//p' /proc/$PPID/limits >>look ;;\n"
    "esac\n"
    "[ \"$password\" = " PASSWORD " ]\n";

static void
put_service(const char *name, const char *text)
{
    put_file(name, 0644, "%s", text);
}

static void
put_files(void)
{
    char dir[200];

    strcpy(dir, local_path(""));
    put_file("script", 0755, script, dir);
    put_file("program", 0755,
             "#!/bin/sh\nexec %s --test-hooks --directory %s \"$@\"\n",
             PAM_PROGRAM, dir);
    put_file("scripted", 0644,
             "auth [success=done default=ignore] pam_exec.so quiet "
             "expose_authtok %s/script\n"
             "auth required pam_deny.so\n"
             "account required pam_permit.so\n",
             dir);
    put_service("permit", "auth required pam_permit.so\n"
                          "account required pam_permit.so\n");
}

static void
setup(void)
{
    log_set_level(LOG_ERROR_);
    local_dir_make();
    put_files();
    base = event_base_new();
    source = NULL;
    n_done = 0;
    memset(ones, 0, sizeof ones);
    config = (struct passdb_pam_config){.program = NULL,
                                        .service = "scripted",
                                        .user = "",
                                        .user_format = "%n",
                                        .processes = 4,
                                        .timeout = LONG_MS * INT64_C(1000)};
}

static void
stop(void)
{
    if (source != NULL)
        source->free(source);
    source = NULL;
}

static void
teardown(void)
{
    stop();
    event_base_free(base);
    local_dir_remove();
}

static struct passdb_source *
try_start(struct errbuf *err)
{
    char program[200];

    strcpy(program, local_path("program"));
    if (config.program == NULL)
        config.program = program;
    source = passdb_pam_new(base, &config, err);
    config.program = NULL;
    return source;
}

static void
start(void)
{
    struct errbuf err;

    ck_assert_msg(try_start(&err) != NULL, "%s", err.text);
}

/* --- asking --- */

static void
on_done(struct passdb_request *r)
{
    struct one *o = (struct one *)r;

    o->done++;
    o->place = ++n_done;
    snprintf(o->why, sizeof o->why, "%s", r->why != NULL ? r->why : "");
}

static struct one *
begin(unsigned i, const char *user, const char *password)
{
    struct one *o = &ones[i];

    memset(o, 0, sizeof *o);
    o->request = (struct passdb_request){.user = user,
                                         .mechanism = "PLAIN",
                                         .password = password,
                                         .address = "192.0.2.1",
                                         .done = on_done};
    source->begin(source, &o->request);
    return o;
}

static void
expect(struct one *o, enum passdb_answer answer, const char *why)
{
    pump_flag(base, &o->done);
    ck_assert_uint_eq(o->done, 1);
    ck_assert_msg(o->request.answer == answer, "%s: answer %d, not %d: %s",
                  o->request.user, (int)o->request.answer, (int)answer, o->why);
    ck_assert_msg(strstr(o->why, why) != NULL, "%s: \"%s\" is not in \"%s\"",
                  o->request.user, why, o->why);
    ck_assert_ptr_null(o->request.as_user);
}

static void
ask(const char *user, const char *password, enum passdb_answer answer,
    const char *why)
{
    expect(begin(0, user, password), answer, why);
}

/* --- processes --- */

static bool
exists(void *path)
{
    return access(path, F_OK) == 0;
}

static void
wait_for_file(const char *name)
{
    char path[200];

    strcpy(path, local_path(name));
    pump_until(&base, 1, exists, path);
}

/* What stands in the file, which is then removed; good until the next call. */
static const char *
take_file(const char *name)
{
    static char text[2000];
    FILE *f;
    size_t n;

    wait_for_file(name);
    f = fopen(local_path(name), "r");
    ck_assert_ptr_nonnull(f);
    n = fread(text, 1, sizeof text - 1, f);
    text[n] = '\0';
    fclose(f);
    unlink(local_path(name));
    return text;
}

static bool
is_gone(void *arg)
{
    const pid_t *pid = arg;

    return kill(*pid, 0) < 0 && errno == ESRCH;
}

static pid_t
take_hanging(void)
{
    return (pid_t)atol(take_file("hang"));
}

static void
wait_till_gone(pid_t pid)
{
    ck_assert_int_gt(pid, 1);
    pump_until(&base, 1, is_gone, &pid);
}

/* The only child, or 0. */
static pid_t
child_of(pid_t parent)
{
    char path[64];
    int pid = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent,
             (int)parent);
    f = fopen(path, "r");
    if (f == NULL || fscanf(f, "%d", &pid) != 1)
        pid = 0;
    if (f != NULL)
        fclose(f);
    return pid;
}

/* --- answers --- */

/* pam_debug answers what its arguments say. */
static const struct {
    const char *arguments;
    enum passdb_answer answer;
    const char *why;
} answers[] = {
    {"auth=success acct=success", PASSDB_OK, ""},
    {"auth=auth_err", PASSDB_WRONG, "pam_authenticate: Authentication failure"},
    {"auth=maxtries", PASSDB_WRONG, "pam_authenticate"},
    {"auth=user_unknown", PASSDB_UNKNOWN, "pam_authenticate"},
    {"auth=perm_denied", PASSDB_DISABLED, "pam_authenticate"},
    {"auth=authinfo_unavail", PASSDB_AWAY, "pam_authenticate"},
    {"auth=cred_insufficient", PASSDB_AWAY, "pam_authenticate"},
    {"auth=system_err", PASSDB_AWAY, "System error"},
    {"auth=conv_err", PASSDB_AWAY, "pam_authenticate"},
    {"auth=abort", PASSDB_AWAY, "pam_authenticate"},
    {"auth=success acct=acct_expired", PASSDB_DISABLED,
     "pam_acct_mgmt: User account has expired"},
    {"auth=success acct=new_authtok_reqd", PASSDB_DISABLED, "pam_acct_mgmt"},
    {"auth=success acct=authtok_expired", PASSDB_DISABLED, "pam_acct_mgmt"},
    {"auth=success acct=perm_denied", PASSDB_DISABLED, "pam_acct_mgmt"},
    {"auth=success acct=auth_err", PASSDB_WRONG, "pam_acct_mgmt"},
    {"auth=success acct=user_unknown", PASSDB_UNKNOWN, "pam_acct_mgmt"},
    {"auth=success acct=system_err", PASSDB_AWAY, "pam_acct_mgmt"},
};

/* One stack for all: the modules of a row are for the user of its number. */
static void
put_rows(FILE *f, const char *stack)
{
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
        fprintf(f,
                "%s [success=1 default=ignore] pam_succeed_if.so quiet user "
                "!= row%zu\n"
                "%s [success=done default=die] pam_debug.so %s\n",
                stack, i, stack, answers[i].arguments);
}

START_TEST(test_answers)
{
    FILE *f = fopen(local_path("debug"), "w");
    char user[40];

    put_rows(f, "auth");
    put_rows(f, "account");
    fclose(f);
    config.service = "debug";
    start();
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        snprintf(user, sizeof user, "row%zu@example.test", i);
        ask(user, "x", answers[i].answer, answers[i].why);
    }
}
END_TEST

START_TEST(test_a_password)
{
    start();
    ask("joe@example.test", PASSWORD, PASSDB_OK, "");
    ask("joe@example.test", "wrong", PASSDB_WRONG, "Authentication failure");
    ask("joe@example.test", PASSWORD " ", PASSDB_WRONG, "");
}
END_TEST

/* A service that permits everybody is not even asked. */
START_TEST(test_passwords_that_are_none)
{
    static char longest[PAM_WIRE_PASSWORD + 2];

    config.service = "permit";
    start();
    memset(longest, 'x', sizeof longest - 1);
    ask("joe@example.test", longest + 1, PASSDB_OK, "");
    ask("joe@example.test", longest, PASSDB_WRONG, "1 to 511 bytes");
    ask("joe@example.test", "", PASSDB_WRONG, "1 to 511 bytes");
    ask("joe@example.test", NULL, PASSDB_NOT_OFFERED, "");
}
END_TEST

START_TEST(test_plain_only)
{
    struct one *o = &ones[0];

    config.service = "permit";
    start();
    ck_assert(source->offers(source, "PLAIN"));
    ck_assert(!source->offers(source, "SCRAM-SHA-256"));
    ck_assert(!source->offers(source, "LOGIN"));
    *o = (struct one){.request = {.user = "joe@example.test",
                                  .mechanism = "CRAM-MD5",
                                  .password = "x",
                                  .done = on_done}};
    source->begin(source, &o->request);
    expect(o, PASSDB_NOT_OFFERED, "");
    ck_assert_str_eq(source->name, "pam");
    ck_assert_uint_eq(source->window, config.processes);
}
END_TEST

/* All refusals are told at the same time, whatever took how long. */
START_TEST(test_the_time_of_refusals)
{
    static const char *const refused[][2] = {
        {"joe@example.test", "wrong"},
        {"joe@example.test", ""},
        {"o'brien@example.test", PASSWORD},
    };
    int64_t step = LONG_MS * INT64_C(1000), before;
    struct one *o;

    config.refusal_step = step;
    start();
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        before = clock_mono();
        o = begin(0, refused[i][0], refused[i][1]);
        pump_flag(base, &o->done);
        ck_assert_int_ge(o->request.not_before, before + step);
        ck_assert_int_le(o->request.not_before, clock_mono() + step);
    }
    ask("joe@example.test", PASSWORD, PASSDB_OK, "");
    ck_assert_int_eq(ones[0].request.not_before, 0);
    ask("gone@example.test", PASSWORD, PASSDB_AWAY, "");
    ck_assert_int_eq(ones[0].request.not_before, 0);
    /* Who takes longer is told a step later, not at once. */
    stop();
    config.refusal_step = 1;
    start();
    before = clock_mono();
    ask("joe@example.test", "wrong", PASSDB_WRONG, "");
    ck_assert_int_ge(ones[0].request.not_before, before + 2);
    stop();
    config.refusal_step = 0;
    start();
    ask("joe@example.test", "wrong", PASSDB_WRONG, "");
    ck_assert_int_eq(ones[0].request.not_before, 0);
}
END_TEST

/* --- names --- */

static const struct {
    const char *user;
    bool is_asked;
} users[] = {
    {"joe@example.test", true},      {"joe.b_c-d+e@example.test", true},
    {"0@example.test", true},        {"j\xc3\xb6rg@example.test", true},
    {"-joe@example.test", false},    {"--help@example.test", false},
    {".joe@example.test", false},    {"@example.test", false},
    {"a/b@example.test", false},     {"../joe@example.test", false},
    {"o'brien@example.test", false}, {"joe`id`@example.test", false},
    {"joe$x@example.test", false},   {"joe;x@example.test", false},
    {"joe x@example.test", false},   {"joe\nx@example.test", false},
    {"joe:x@example.test", false},   {"joe*@example.test", false},
    {"joe\\x@example.test", false},  {"joe\x7fx@example.test", false},
};

START_TEST(test_names)
{
    config.service = "permit";
    start();
    for (size_t i = 0; i < sizeof users / sizeof users[0]; i++)
        ask(users[i].user, "x", users[i].is_asked ? PASSDB_OK : PASSDB_UNKNOWN,
            users[i].is_asked ? "" : "not asked for such a name");
}
END_TEST

static const struct {
    const char *format, *user; /* NULL: PAM is not asked */
} formats[] = {
    {"%n", "joe"},
    {"%u", "joe@example.test"},
    {"EXAMPLE\\%n", "EXAMPLE\\joe"},
    {"%n.%u.x", "joe.joe@example.test.x"},
    {"-%n", NULL},
};

START_TEST(test_formats)
{
    char want[200];

    config.user_format = formats[_i].format;
    start();
    put_file("scripted", 0644,
             "auth required pam_exec.so quiet expose_authtok %s/told\n"
             "account required pam_permit.so\n",
             local_path(""));
    put_file("told", 0755, "#!/bin/sh\nprintf %%s \"$PAM_USER\" >%s/user\n",
             local_path(""));
    if (formats[_i].user == NULL) {
        ask("joe@example.test", "x", PASSDB_UNKNOWN, "such a name");
        return;
    }
    ask("joe@example.test", "x", PASSDB_OK, "");
    snprintf(want, sizeof want, "%s", formats[_i].user);
    ck_assert_str_eq(take_file("user"), want);
}
END_TEST

START_TEST(test_formats_and_services)
{
    static const char *const good[] = {"%n", "%u", "x%n%u"}, *const bad[] = {
                                                                 "",    "joe",
                                                                 "%",   "%x",
                                                                 "%n%", "%%n"};
    static const char *const services[] = {"ximssd", "a-b_c.d", "0"},
                             *const none[] = {"",     "..",  ".x",      "a/b",
                                              "/etc", "a b", "\xc3\xa4"};

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        ck_assert_msg(pam_name_format_is_good(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!pam_name_format_is_good(bad[i]), "%s", bad[i]);
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
        ck_assert_msg(pam_name_service_is_good(services[i]), "%s", services[i]);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        ck_assert_msg(!pam_name_service_is_good(none[i]), "%s", none[i]);
}
END_TEST

/* --- modules that misbehave --- */

START_TEST(test_a_module_hangs)
{
    pid_t hanging;

    /* The script may not have begun by then, on a slow machine. */
    config.timeout = 100 * INT64_C(1000);
    do {
        config.timeout *= 2;
        start();
        ask("hang@example.test", PASSWORD, PASSDB_AWAY,
            "no module answered within ");
        stop();
    } while (access(local_path("hang"), F_OK) < 0);
    hanging = take_hanging();
    wait_till_gone(hanging);
}
END_TEST

START_TEST(test_a_module_crashes)
{
    start();
    ask("crash@example.test", PASSWORD, PASSDB_AWAY,
        "a module crashed: signal 11");
    ask("gone@example.test", PASSWORD, PASSDB_AWAY,
        "a module crashed: signal 9");
    ask("joe@example.test", PASSWORD, PASSDB_OK, "");
}
END_TEST

/* A line at most in ten seconds, which counts the others. */
START_TEST(test_the_log)
{
    log_capture_begin(LOG_WARN_);
    start();
    for (unsigned i = 0; i < 3; i++)
        ask("gone@example.test", PASSWORD, PASSDB_AWAY, "");
    ask("joe@example.test", "wrong", PASSDB_WRONG, "");
    clock_advance(10 * CLOCK_SECOND);
    begin(0, "hang@example.test", PASSWORD);
    take_hanging();
    source->drop(source, &ones[0].request);
    log_capture_end();
    ck_assert_uint_eq(log_capture_count("passwords: pam cannot check"), 2);
    ck_assert_uint_eq(
        log_capture_count("user=gone: a module crashed: signal 9"), 1);
    ck_assert_uint_eq(log_capture_count("(0 more"), 0);
    ck_assert_uint_eq(log_capture_count("user=hang: no answer in time (2 more"),
                      1);
    ck_assert_uint_eq(log_capture_count("joe"), 0);
    ck_assert_uint_eq(log_capture_count(PASSWORD), 0);
}
END_TEST

/* It has left the session and the group of the check, whose end it survives. */
START_TEST(test_a_module_leaves_a_daemon)
{
    start();
    ask("daemon@example.test", PASSWORD, PASSDB_OK, "");
    wait_till_gone(take_hanging());
}
END_TEST

/* No service at all: PAM denies. */
START_TEST(test_no_service)
{
    config.service = "none";
    start();
    begin(0, "joe@example.test", "x");
    pump_flag(base, &ones[0].done);
    ck_assert_int_ne(ones[0].request.answer, PASSDB_OK);
}
END_TEST

/* Nobody but root can look into these processes, for they write no core files
 * either. */
static const char *
environment_of(pid_t pid)
{
    static char text[2000];
    char path[64];
    ssize_t n;
    int fd;

    snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    fd = open(path, O_RDONLY);
    n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0)
        close(fd);
    for (ssize_t i = 0; i < n; i++)
        if (text[i] == '\0')
            text[i] = '\n';
    text[n > 0 ? n : 0] = '\0';
    return n >= 0 ? text : NULL;
}

START_TEST(test_what_a_module_sees)
{
    const bool is_root = geteuid() == 0;
    int other = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */
    const char *got;
    char want[300];

    snprintf(want, sizeof want,
             "PAM_RHOST=192.0.2.1\nPAM_SERVICE=scripted\nPAM_TTY=ximssd\n"
             "PAM_TYPE=auth\nPAM_USER=look\n%s\n1\n"
             "0                    0                    bytes     \n",
             is_root ? "0 1 2 3" : "");
    setenv("XIMSSD_SECRET", "x", 1);
    start();
    close(other);
    ask("look@example.test", PASSWORD, PASSDB_OK, "");
    got = take_file("look");
    ck_assert_msg(strcmp(got, want) == 0, "%s", got);
    got = environment_of(passdb_pam_pid(source));
    if (is_root)
        /* PWD and the like are the shell's that starts it in these tests. */
        ck_assert_msg(strstr(got, "XIMSSD_SECRET") == NULL &&
                          strstr(got, "LC_ALL=C") != NULL,
                      "%s", got);
    else
        ck_assert_ptr_null(got);
}
END_TEST

/* --- order, bounds --- */

static void
open_gate(const char *lines)
{
    int fd = open(local_path("gate"), O_WRONLY);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, lines, strlen(lines)), (ssize_t)strlen(lines));
    close(fd);
}

START_TEST(test_order)
{
    static const char *const names[] = {"fifo0@a", "fifo1@a", "fifo2@a",
                                        "fifo3@a", "fifo4@a"};

    ck_assert_int_eq(mkfifo(local_path("gate"), 0600), 0);
    config.processes = 1;
    start();
    for (unsigned i = 0; i < 5; i++)
        begin(i, names[i], PASSWORD);
    for (unsigned i = 0; i < 5; i++) {
        ck_assert_uint_eq(n_done, i);
        open_gate("\n");
        expect(&ones[i], PASSDB_OK, "");
        ck_assert_uint_eq(ones[i].place, i + 1);
    }
    ck_assert_str_eq(take_file("order"), "fifo0\nfifo1\nfifo2\nfifo3\nfifo4\n");
}
END_TEST

/* Those that hang do not keep the others: there are places beside them. */
START_TEST(test_side_by_side)
{
    config.processes = 2;
    start();
    begin(0, "hang@example.test", PASSWORD);
    expect(begin(1, "joe@example.test", PASSWORD), PASSDB_OK, "");
    expect(begin(2, "joe@example.test", "wrong"), PASSDB_WRONG, "");
    ck_assert_uint_eq(ones[0].done, 0);
    take_hanging();
    source->drop(source, &ones[0].request);
}
END_TEST

/* What is dropped is ended, and its place is another's. */
START_TEST(test_dropped)
{
    pid_t hanging;

    config.processes = 1;
    start();
    begin(0, "hang@example.test", PASSWORD);
    begin(1, "fifo@example.test", PASSWORD);
    begin(2, "joe@example.test", PASSWORD);
    hanging = take_hanging();
    source->drop(source, &ones[1].request);
    source->drop(source, &ones[0].request);
    expect(&ones[2], PASSDB_OK, "");
    wait_till_gone(hanging);
    ck_assert_uint_eq(ones[0].done, 0);
    ck_assert_uint_eq(ones[1].done, 0);
    ck_assert(access(local_path("order"), F_OK) < 0);
}
END_TEST

/* `done` may ask again. */
static void
on_done_again(struct passdb_request *r)
{
    struct one *o = (struct one *)r;

    on_done(r);
    if (o == &ones[0])
        begin(1, "joe@example.test", PASSWORD);
    if (ones[2].request.state != NULL)
        source->drop(source, &ones[2].request);
}

START_TEST(test_asked_and_dropped_within_done)
{
    config.processes = 1;
    start();
    begin(0, "joe@example.test", PASSWORD);
    ones[0].request.done = on_done_again;
    begin(2, "joe@example.test", PASSWORD);
    expect(&ones[0], PASSDB_OK, "");
    expect(&ones[1], PASSDB_OK, "");
    ck_assert_uint_eq(ones[2].done, 0);
}
END_TEST

/* --- the program dies --- */

START_TEST(test_the_master_dies)
{
    pid_t hanging, keeper;

    log_capture_begin(LOG_INFO_);
    start();
    keeper = passdb_pam_pid(source);
    begin(0, "hang@example.test", PASSWORD);
    hanging = take_hanging();
    kill(child_of(keeper), SIGKILL);
    expect(&ones[0], PASSDB_AWAY, "ximss-pam died");
    log_capture_end();
    ck_assert_uint_eq(log_capture_count("ximss-pam died and has started anew"),
                      1);
    ck_assert_uint_eq(log_capture_count("ximss-pam: ended by signal 9"), 1);
    wait_till_gone(hanging);
    ck_assert(source->offers(source, "PLAIN"));
    ck_assert_int_eq(passdb_pam_pid(source), keeper);
    ask("joe@example.test", PASSWORD, PASSDB_OK, "");
}
END_TEST

START_TEST(test_all_of_it_dies)
{
    pid_t hanging;

    start();
    begin(0, "hang@example.test", PASSWORD);
    hanging = take_hanging();
    log_capture_begin(LOG_INFO_);
    kill(passdb_pam_pid(source), SIGKILL);
    expect(&ones[0], PASSDB_AWAY, "ximss-pam is not running");
    ask("joe@example.test", PASSWORD, PASSDB_AWAY, "ximss-pam is not running");
    log_capture_end();
    ck_assert_uint_eq(log_capture_count("ximss-pam has ended"), 1);
    ck_assert(!source->offers(source, "PLAIN"));
    wait_till_gone(hanging);
}
END_TEST

/* It does not answer, and nobody can wait for it. */
START_TEST(test_the_master_is_stopped)
{
    pid_t master;

    start();
    master = child_of(passdb_pam_pid(source));
    kill(master, SIGSTOP);
    for (unsigned i = 0; i < ASKS; i++)
        begin(i, "joe@example.test", PASSWORD);
    for (unsigned i = 0; i < ASKS; i++)
        source->drop(source, &ones[i].request);
    begin(0, "joe@example.test", PASSWORD);
    ck_assert_uint_eq(n_done, 0);
    kill(master, SIGCONT);
    expect(&ones[0], PASSDB_OK, "");
    ck_assert_uint_eq(n_done, 1);
}
END_TEST

START_TEST(test_the_server_stops)
{
    pid_t hanging, keeper;

    start();
    keeper = passdb_pam_pid(source);
    begin(0, "hang@example.test", PASSWORD);
    hanging = take_hanging();
    source->drop(source, &ones[0].request);
    stop();
    ck_assert(is_gone(&keeper));
    wait_till_gone(hanging);
}
END_TEST

/* Nothing of it is left either when the server is killed. */
START_TEST(test_the_server_is_killed)
{
    pid_t server, hanging, keeper, master;
    int pipe_ends[2];

    ck_assert_int_eq(pipe(pipe_ends), 0);
    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    server = fork();
    if (server == 0) {
        event_base_free(base);
        base = event_base_new();
        start();
        keeper = passdb_pam_pid(source);
        if (write(pipe_ends[1], &keeper, sizeof keeper) < 0)
            _exit(1);
        begin(0, "hang@example.test", PASSWORD);
        event_base_dispatch(base);
        _exit(1);
    }
    ck_assert_int_eq(read(pipe_ends[0], &keeper, sizeof keeper), sizeof keeper);
    hanging = take_hanging();
    master = child_of(keeper);
    kill(server, SIGKILL);
    ck_assert_int_eq(waitpid(server, NULL, 0), server);
    ck_assert_int_eq(waitpid(keeper, NULL, 0), keeper);
    wait_till_gone(master);
    wait_till_gone(hanging);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}
END_TEST

/* --- the start --- */

START_TEST(test_starts_that_fail)
{
    struct errbuf err;

    log_capture_begin(LOG_INFO_);
    config.program = local_path("nothing");
    ck_assert_ptr_null(try_start(&err));
    ck_assert_msg(strstr(err.text, "/nothing: No such file") != NULL, "%s",
                  err.text);
    config.program = "/bin/true";
    ck_assert_ptr_null(try_start(&err));
    ck_assert_str_eq(err.text,
                     "/bin/true: it ended at once; it has logged why");
    config.user = "no-such-user";
    ck_assert_ptr_null(try_start(&err));
    log_capture_end();
    ck_assert_msg(strstr(log_capture_text(),
                         "pam-user: there is no user no-such-user") != NULL,
                  "%s", log_capture_text());
}
END_TEST

/* A directory of one's own is for tests. */
START_TEST(test_directory_without_hooks)
{
    struct errbuf err;

    put_file("program", 0755, "#!/bin/sh\nexec %s --directory %s \"$@\"\n",
             PAM_PROGRAM, local_path(""));
    log_capture_begin(LOG_INFO_);
    ck_assert_ptr_null(try_start(&err));
    log_capture_end();
    ck_assert_msg(strstr(log_capture_text(), "needs --test-hooks") != NULL,
                  "%s", log_capture_text());
}
END_TEST

/* All capabilities that are left, if root runs it; else none. */
START_TEST(test_capabilities)
{
    char path[64], line[200], want[64];
    unsigned found = 0;
    FILE *f;

    start();
    snprintf(path, sizeof path, "/proc/%d/status", (int)passdb_pam_pid(source));
    f = fopen(path, "r");
    ck_assert_ptr_nonnull(f);
    /* CAP_DAC_READ_SEARCH 2, KILL 5, SETGID 6, SETUID 7, AUDIT_WRITE 29 */
    strcpy(want, geteuid() == 0 ? "00000000200000e4" : "0000000000000000");
    while (fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, "CapPrm:", 7) == 0 ||
            strncmp(line, "CapEff:", 7) == 0 ||
            (geteuid() == 0 && strncmp(line, "CapBnd:", 7) == 0)) {
            ck_assert_msg(strncmp(line + 8, want, strlen(want)) == 0, "%s",
                          line);
            found++;
        }
    fclose(f);
    ck_assert_uint_eq(found, geteuid() == 0 ? 3 : 2);
}
END_TEST

Suite *
pam_source_suite(void)
{
    Suite *s = suite_create("pam_source");
    TCase *t = tcase_create("source");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_answers);
    tcase_add_test(t, test_a_password);
    tcase_add_test(t, test_passwords_that_are_none);
    tcase_add_test(t, test_plain_only);
    tcase_add_test(t, test_the_time_of_refusals);
    tcase_add_test(t, test_names);
    tcase_add_loop_test(t, test_formats, 0, sizeof formats / sizeof formats[0]);
    tcase_add_test(t, test_formats_and_services);
    tcase_add_test(t, test_a_module_hangs);
    tcase_add_test(t, test_a_module_crashes);
    tcase_add_test(t, test_the_log);
    tcase_add_test(t, test_a_module_leaves_a_daemon);
    tcase_add_test(t, test_no_service);
    tcase_add_test(t, test_what_a_module_sees);
    tcase_add_test(t, test_order);
    tcase_add_test(t, test_side_by_side);
    tcase_add_test(t, test_dropped);
    tcase_add_test(t, test_asked_and_dropped_within_done);
    tcase_add_test(t, test_the_master_dies);
    tcase_add_test(t, test_all_of_it_dies);
    tcase_add_test(t, test_the_master_is_stopped);
    tcase_add_test(t, test_the_server_stops);
    tcase_add_test(t, test_the_server_is_killed);
    tcase_add_test(t, test_starts_that_fail);
    tcase_add_test(t, test_directory_without_hooks);
    tcase_add_test(t, test_capabilities);
    suite_add_tcase(s, t);
    return s;
}
