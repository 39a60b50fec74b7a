/* SPDX-License-Identifier: BSD-2-Clause */
/* Mail and commands, by programs that really run; the queues; the end. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "notify/notify.h"
#include "tests/unit/notify_fixture.h"
#include "tests/unit/suite.h"
#include "util/clock.h"
#include "util/xmalloc.h"

/* A program that hangs, and does not mind SIGTERM. */
#define HANGS "trap '' TERM; echo $$ >$D/pid; exec tail -f /dev/null"

int __real_pidfd_open(pid_t pid, unsigned flags);
int __wrap_pidfd_open(pid_t pid, unsigned flags);
static bool no_pidfd;

int
__wrap_pidfd_open(pid_t pid, unsigned flags)
{
    errno = ENOSYS;
    return no_pidfd ? -1 : __real_pidfd_open(pid, flags);
}

static void
run(uint64_t tag, const char *path)
{
    const char *const argv[] = {path, NULL};
    struct notify_notice x = {
        .method = NOTIFY_COMMAND, .argv = argv, .tag = tag};

    notify_fixture_submit(&x);
}

static void
expect(uint64_t tag, const char *result)
{
    ck_assert_str_eq(notify_fixture_result(tag), result);
    ck_assert_uint_eq(notify_fixture_times(tag), 1);
}

/* --- what a program gets --- */

START_TEST(mail_is_given_to_sendmail)
{
    struct notify_notice x = {.method = NOTIFY_MAIL,
                              .to = "a@example.test, b@example.test",
                              .subject = "Pl\xc3\xa4tze",
                              .body = ".\nBcc: c@example.test\n",
                              .tag = 1};
    const char *mail;

    free(notify_fixture_config.sendmail);
    notify_fixture_config.sendmail = xstrdup(notify_fixture_script(
        "sendmail", "echo \"$*\" >$D/arguments; cat >$D/mail"));
    notify_fixture_start();
    notify_fixture_submit(&x);
    expect(1, "ok");
    ck_assert_str_eq(notify_fixture_file("arguments"), "-t -oi\n");
    mail = notify_fixture_file("mail");
    ck_assert_ptr_nonnull(strstr(mail, "\nFrom: ximssd@example.test\n"
                                       "To: a@example.test,\n b@example.test\n"
                                       "Subject: =?UTF-8?B?"));
    ck_assert_ptr_nonnull(strstr(mail, "\nAuto-Submitted: auto-generated\n"));
    ck_assert_ptr_nonnull(strstr(mail, "\n\n.\nBcc: c@example.test\n"));
}
END_TEST

START_TEST(command_gets_its_words_and_nothing_else)
{
    const char *path = notify_fixture_script(
        "command", "for a in \"$@\"; do echo \"[$a]\"; done >$D/arguments\n"
                   "cat >$D/input; pwd >$D/directory; env | sort >$D/env\n"
                   "grep -E '^Sig(Blk|Ign)' /proc/self/status >$D/signals\n"
                   "ps -o pgid= -o sid= -p $$ >$D/group; echo $$ >$D/pid\n"
                   "echo out; exec ls /proc/self/fd >$D/open");
    const char *const argv[] = {path, "$(id)", "a b\n", "", "*", NULL};
    struct notify_notice x = {.method = NOTIFY_COMMAND,
                              .argv = argv,
                              .body = "{\"a\":1}",
                              .json = true,
                              .tag = 1};
    int inherited = open("/dev/null", O_RDONLY); /* not O_CLOEXEC */
    unsigned long long blocked, ignored;
    long pid, group, session;

    signal(SIGPIPE, SIG_IGN);
    notify_fixture_start();
    notify_fixture_submit(&x);
    expect(1, "ok");
    ck_assert_str_eq(notify_fixture_file("arguments"),
                     "[$(id)]\n[a b\n]\n[]\n[*]\n");
    ck_assert_str_eq(notify_fixture_file("input"), "{\"a\":1}");
    ck_assert_str_eq(notify_fixture_file("directory"), "/\n");
    ck_assert_str_eq(notify_fixture_file("env"),
                     "LC_ALL=C\nPATH=/usr/local/sbin:/usr/local/bin:"
                     "/usr/sbin:/usr/bin:/sbin:/bin\nPWD=/\n");
    /* but for two that are the C library's own */
    ck_assert_int_eq(sscanf(notify_fixture_file("signals"),
                            "SigBlk: %llx SigIgn: %llx", &blocked, &ignored),
                     2);
    ck_assert_uint_eq(blocked, 0);
    ck_assert_uint_eq(ignored & 0x7fffffff, 0);
    pid = strtol(notify_fixture_file("pid"), NULL, 10);
    ck_assert_int_eq(
        sscanf(notify_fixture_file("group"), "%ld %ld", &group, &session), 2);
    ck_assert_int_eq(group, pid);
    ck_assert_int_eq(session, pid);
    /* 3: the directory, which it reads */
    ck_assert_str_eq(notify_fixture_file("open"), "0\n1\n2\n3\n");
    close(inherited);
}
END_TEST

START_TEST(without_json_there_is_no_input)
{
    const char *path = notify_fixture_script(
        "command", "readlink /proc/self/fd/0 >$D/input; exit 0");
    const char *const argv[] = {path, NULL};
    struct notify_notice x = {
        .method = NOTIFY_COMMAND, .argv = argv, .body = "x", .tag = 1};

    notify_fixture_start();
    notify_fixture_submit(&x);
    expect(1, "ok");
    ck_assert_str_eq(notify_fixture_file("input"), "/dev/null\n");
}
END_TEST

/* --- how it ends --- */

static const struct {
    const char *script, *why;
} ends[] = {
    {"exit 0", "ok"},
    {"echo no >&2; exit 0", "ok"},
    {"exit 75", "it ended with status 75"},
    {"echo no way >&2; exit 1", "it ended with status 1: no way"},
    {"printf 'a\\nb\\033[1m\\n\\n' >&2; exit 2",
     "it ended with status 2: a b?[1m"},
    {"kill -KILL $$", "it was ended by signal 9"},
    {"head -c 200000 /dev/zero | tr '\\0' x >&2; exit 3",
     "it ended with status 3: "
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxx"},
    /* one that goes on in the background is nobody's business */
    {"sleep 5 & exit 0", "ok"},
};

START_TEST(end_of_a_program_is_told)
{
    const char *path = notify_fixture_script("command", ends[_i].script);

    notify_fixture_start();
    run(1, path);
    expect(1, ends[_i].why);
}
END_TEST

START_TEST(end_is_seen_where_the_system_does_not_tell)
{
    const char *path = notify_fixture_script("command", "exec 2>&-; exit 7");

    no_pidfd = true;
    notify_fixture_start();
    run(1, path);
    expect(1, "it ended with status 7");
}
END_TEST

START_TEST(end_is_seen_where_children_are_ignored)
{
    const char *path = notify_fixture_script("command", "exit 0");

    signal(SIGCHLD, SIG_IGN); /* the system reaps them */
    notify_fixture_start();
    run(1, path);
    expect(1, "it ended, and nobody knows how");
    signal(SIGCHLD, SIG_DFL);
}
END_TEST

START_TEST(missing_program_is_told)
{
    const char *path = notify_fixture_path("none");
    char *why = xasprintf("%s: No such file or directory", path);

    notify_fixture_allow(&notify_fixture_config.commands, path);
    notify_fixture_start();
    run(1, path);
    expect(1, why);
    free(why);
}
END_TEST

/* What is not allowed is not run, whether it is asked before or not. */
START_TEST(other_programs_are_refused)
{
    const char *const argv[] = {"/bin/true", NULL};
    struct notify_notice x = {.method = NOTIFY_COMMAND, .argv = argv, .tag = 1};
    const char *why = "/bin/true is not one of notify-commands";
    struct notify *n;
    struct errbuf err;

    notify_fixture_allow(&notify_fixture_config.commands, "/bin/true2");
    n = notify_fixture_start();
    ck_assert_int_eq(notify_check(n, &x, &err), -1);
    ck_assert_str_eq(err.text, why);
    notify_fixture_submit(&x);
    expect(1, why);
    /* other settings, for what begins from now on */
    notify_fixture_allow(&notify_fixture_config.commands, "/bin/true");
    notify_fixture_start();
    ck_assert_int_eq(notify_check(n, &x, &err), 0);
    x.tag = 2;
    notify_fixture_submit(&x);
    expect(2, "ok");
}
END_TEST

/* --- deadlines --- */

static bool
is_gone(pid_t pid)
{
    char *path = xasprintf("/proc/%d/stat", (int)pid), state = 'Z';
    FILE *in = fopen(path, "re");

    if (in != NULL && fscanf(in, "%*d %*s %c", &state) != 1)
        state = 'Z';
    if (in != NULL)
        fclose(in);
    free(path);
    return state == 'Z' || state == 'X'; /* whoever reaps it */
}

static void
wait_until_gone(const char *file)
{
    pid_t pid = (pid_t)strtol(notify_fixture_file(file), NULL, 10);

    while (!is_gone(pid))
        sched_yield();
}

START_TEST(deadline_ends_a_program)
{
    const char *path =
        notify_fixture_script("command", "echo at >&2; echo $$ >$D/pid\n"
                                         "exec tail -f /dev/null");

    notify_fixture_config.timeout = CLOCK_SECOND / 2;
    notify_fixture_start();
    run(1, path);
    expect(1, "no end within 500 ms (notify-timeout): it was ended by signal "
              "15: at");
    wait_until_gone("pid");
}
END_TEST

/* Also what it has started, and what does not mind SIGTERM. */
START_TEST(deadline_ends_its_group)
{
    const char *path = notify_fixture_script(
        "command",
        "(trap '' TERM; echo 1 >$D/ready; exec tail -f /dev/null) &\n"
        "echo $! >$D/pid; exec tail -f /dev/null");

    notify_fixture_config.timeout = CLOCK_SECOND / 2;
    notify_fixture_start();
    run(1, path);
    expect(1, "no end within 500 ms (notify-timeout): it was ended by signal "
              "15");
    wait_until_gone("pid");
}
END_TEST

START_TEST(deadline_kills_the_stubborn)
{
    const char *path = notify_fixture_script("command", HANGS);

    notify_fixture_config.timeout = CLOCK_SECOND / 10;
    notify_fixture_start();
    run(1, path);
    expect(1, "no end within 100 ms (notify-timeout): it was ended by signal "
              "9");
    wait_until_gone("pid");
}
END_TEST

/* --- queues --- */

/* With both places taken, ten wait, and no more; another method goes on. */
START_TEST(queues_are_bounded_and_apart)
{
    const char *path = notify_fixture_script(
        "command", "echo $$ >>$D/pids; read x <$D/fifo; exit 0");
    const char *const argv[] = {path, NULL};
    struct notify_notice x = {.method = NOTIFY_COMMAND, .argv = argv},
                         mail = {.method = NOTIFY_MAIL,
                                 .to = "a@x",
                                 .subject = "",
                                 .body = "",
                                 .tag = 40};
    const char *fifo = notify_fixture_path("fifo");
    char *make = xasprintf("mkfifo %s", fifo);
    struct notify *n;
    int release;

    ck_assert_int_eq(system(make), 0);
    free(make);
    free(notify_fixture_config.sendmail);
    notify_fixture_config.sendmail = xstrdup("/bin/true");
    n = notify_fixture_start();
    for (x.tag = 0; x.tag < 2; x.tag++)
        notify_fixture_submit(&x);
    while (strchr(notify_fixture_file("pids"), '\n') ==
           strrchr(notify_fixture_file("pids"), '\n'))
        sched_yield(); /* both run */
    for (; x.tag < 12; x.tag++)
        notify_fixture_submit(&x);
    ck_assert(!notify_submit(n, &x));
    ck_assert_uint_eq(notify_pending(n), 12);
    notify_fixture_submit(&mail);
    expect(40, "ok");
    signal(SIGPIPE, SIG_IGN); /* who reads may have gone */
    while (notify_pending(n) > 0) {
        release = open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        if (release >= 0 && write(release, "\n", 1) >= 0)
            sched_yield();
        close(release);
    }
    for (uint64_t tag = 0; tag < 12; tag++)
        expect(tag, "ok");
    ck_assert_uint_eq(notify_fixture_times(12), 0);
}
END_TEST

static const struct {
    enum notify_method method;
    size_t to, subject, body, words, word;
    const char *why; /* NULL: it fits */
} sizes[] = {
    {NOTIFY_MAIL, 0, NOTIFY_SUBJECT_MOST, NOTIFY_BODY_MOST, 0, 0, NULL},
    {NOTIFY_MAIL, 0, NOTIFY_SUBJECT_MOST + 1, 1, 0, 0,
     "the subject has 1001 bytes, and may have 1000"},
    {NOTIFY_MAIL, NOTIFY_TO_MOST + 1, 1, 1, 0, 0,
     "to has 2001 bytes, and may have 2000"},
    {NOTIFY_MAIL, 0, 1, NOTIFY_BODY_MOST + 1, 0, 0,
     "the body has 65537 bytes, and may have 65536"},
    {NOTIFY_COMMAND, 0, 0, 1, NOTIFY_ARGS_MOST, NOTIFY_ARG_MOST, NULL},
    {NOTIFY_COMMAND, 0, 0, 1, NOTIFY_ARGS_MOST + 1, 1,
     "the command has more than 64 words"},
    {NOTIFY_COMMAND, 0, 0, 1, 2, NOTIFY_ARG_MOST + 1,
     "a word of the command has 8193 bytes, and may have 8192"},
};

static char *
text_of(size_t len)
{
    char *text = xmalloc(len + 1);

    memset(text, 'x', len);
    text[len] = '\0';
    return text;
}

/* From both sides, asked before and not. */
START_TEST(sizes_have_limits)
{
    const char *argv[NOTIFY_ARGS_MOST + 2] = {"/bin/true"};
    char *word = text_of(sizes[_i].word), *to = text_of(sizes[_i].to);
    char *subject = text_of(sizes[_i].subject), *body = text_of(sizes[_i].body);
    struct notify_notice x = {.method = sizes[_i].method,
                              .to = sizes[_i].to > 0 ? to : "a@x",
                              .subject = subject,
                              .body = body,
                              .argv = argv,
                              .tag = 1};
    struct errbuf err = {""};
    struct notify *n;

    for (size_t i = 1; i < sizes[_i].words; i++)
        argv[i] = word;
    free(notify_fixture_config.sendmail);
    notify_fixture_config.sendmail = xstrdup("/bin/true");
    notify_fixture_allow(&notify_fixture_config.commands, "/bin/true");
    n = notify_fixture_start();
    ck_assert_int_eq(notify_check(n, &x, &err), sizes[_i].why == NULL ? 0 : -1);
    notify_fixture_submit(&x);
    expect(1, sizes[_i].why != NULL ? sizes[_i].why : "ok");
    ck_assert(sizes[_i].why == NULL || strcmp(err.text, sizes[_i].why) == 0);
    free(word);
    free(to);
    free(subject);
    free(body);
}
END_TEST

/* --- the end --- */

START_TEST(end_is_bounded)
{
    const char *path = notify_fixture_script("command", HANGS);
    const char *const argv[] = {path, NULL};
    struct notify_notice x = {.method = NOTIFY_COMMAND, .argv = argv};

    notify_fixture_start();
    for (x.tag = 0; x.tag < 5; x.tag++)
        notify_fixture_submit(&x);
    notify_fixture_file("pid"); /* one runs */
    ck_assert_int_lt(notify_fixture_stop(), NOTIFY_STOP_MOST);
    expect(0, "the server stops: it was ended by signal 9");
    for (uint64_t tag = 2; tag < 5; tag++)
        expect(tag, "the server stops");
}
END_TEST

/* What gets through in a second has got through. */
START_TEST(end_lets_what_is_in_progress_end)
{
    const char *path =
        notify_fixture_script("command", "echo 1 >$D/ready; sleep 0.2; exit 0");

    notify_fixture_start();
    run(1, path);
    notify_fixture_file("ready");
    notify_fixture_stop();
    expect(1, "ok");
}
END_TEST

START_TEST(nothing_is_accepted_after_the_end)
{
    const char *const argv[] = {"/bin/true", NULL};
    struct notify_notice x = {.method = NOTIFY_COMMAND, .argv = argv, .tag = 1};
    struct notify *n = notify_fixture_start();

    notify_stop(n);
    ck_assert(!notify_submit(n, &x));
    notify_stop(n);
    ck_assert_uint_eq(notify_fixture_times(1), 0);
}
END_TEST

/* --- settings --- */

static const struct {
    const char *from, *url, *command, *key, *why;
} settings[] = {
    {"", "https://a/b", "/bin/true", NULL, ""},
    {"joe", NULL, NULL, "notify-from", "\"joe\" is no address: NAME@DOMAIN"},
    {"", "a.b/c", NULL, "notify-urls", "a.b/c: begins with http://"},
    {"", NULL, "true", "notify-commands",
     "true: a program has an absolute path"},
};

START_TEST(settings_are_checked)
{
    struct errbuf err = {""};
    const char *key;

    free(notify_fixture_config.from);
    notify_fixture_config.from = xstrdup(settings[_i].from);
    if (settings[_i].url != NULL)
        notify_fixture_allow(&notify_fixture_config.urls, settings[_i].url);
    if (settings[_i].command != NULL)
        notify_fixture_allow(&notify_fixture_config.commands,
                             settings[_i].command);
    key = notify_config_check(&notify_fixture_config, &err);
    ck_assert_pstr_eq(key, settings[_i].key);
    ck_assert_msg(
        strncmp(err.text, settings[_i].why, strlen(settings[_i].why)) == 0,
        "%s", err.text);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(table)[0]))

Suite *notify_calls_suite(void);

Suite *
notify_calls_suite(void)
{
    Suite *s = suite_create("notify_calls");
    TCase *t = tcase_create("calls");

    tcase_add_checked_fixture(t, notify_fixture_setup, notify_fixture_teardown);
    tcase_add_test(t, mail_is_given_to_sendmail);
    tcase_add_test(t, command_gets_its_words_and_nothing_else);
    tcase_add_test(t, without_json_there_is_no_input);
    tcase_add_loop_test(t, end_of_a_program_is_told, 0, COUNT(ends));
    tcase_add_test(t, end_is_seen_where_the_system_does_not_tell);
    tcase_add_test(t, end_is_seen_where_children_are_ignored);
    tcase_add_test(t, missing_program_is_told);
    tcase_add_test(t, other_programs_are_refused);
    tcase_add_test(t, deadline_ends_a_program);
    tcase_add_test(t, deadline_ends_its_group);
    tcase_add_test(t, deadline_kills_the_stubborn);
    tcase_add_test(t, queues_are_bounded_and_apart);
    tcase_add_loop_test(t, sizes_have_limits, 0, COUNT(sizes));
    tcase_add_test(t, end_is_bounded);
    tcase_add_test(t, end_lets_what_is_in_progress_end);
    tcase_add_test(t, nothing_is_accepted_after_the_end);
    tcase_add_loop_test(t, settings_are_checked, 0, COUNT(settings));
    suite_add_tcase(s, t);
    return s;
}
