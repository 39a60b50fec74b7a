/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "quota/sources.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>

#include "tests/unit/local_peer.h"
#include "tests/unit/pump.h"
#include "util/log.h"

Suite *sources_suite(void);

#define DELIVERY                   \
    "H3\t2\t0\t\tquota\nB1\tu@d\n" \
    "S1\tpriv/quota/storage\t5\nC1\n"

/* What the last report said, once it has come. */
static struct {
    sem_t came;
    pthread_t thread;
    char user[64];
    enum quota_source source;
    uint64_t used;
} last;

static void
on_report(void *arg, const struct quota_report *r)
{
    (void)arg;
    last.thread = pthread_self();
    last.source = r->source;
    last.used = r->used;
    snprintf(last.user, sizeof last.user, "%s", r->user);
    sem_post(&last.came);
}

static const struct quota_sink sink = {.report = on_report};

static void
setup(void)
{
    log_set_level(LOG_ERROR_);
    local_dir_make();
    sem_init(&last.came, 0, 0);
}

static void
teardown(void)
{
    sem_destroy(&last.came);
    local_dir_remove();
    log_set_level(LOG_INFO_);
}

static struct quota_sources *
start(const char *dict, const char *warning)
{
    struct quota_sources_config cfg = {
        .dict_socket = dict, .warning_socket = warning, .socket_mode = 0660};
    struct quota_sources *s;
    struct errbuf err;

    s = quota_sources_start(&cfg, &sink, &err);
    ck_assert_msg(s != NULL, "%s", err.text);
    return s;
}

static void
wait_for_report(enum quota_source source, uint64_t used)
{
    while (sem_wait(&last.came) < 0)
        ck_assert_int_eq(errno, EINTR);
    ck_assert_int_eq(last.source, source);
    ck_assert_uint_eq(last.used, used);
    ck_assert_str_eq(last.user, "u@d");
    ck_assert(!pthread_equal(last.thread, pthread_self()));
}

static unsigned
count_threads(void)
{
    DIR *d = opendir("/proc/self/task");
    struct dirent *entry;
    unsigned n = 0;

    ck_assert_ptr_nonnull(d);
    while ((entry = readdir(d)) != NULL)
        n += entry->d_name[0] != '.';
    closedir(d);
    return n;
}

START_TEST(none_wanted)
{
    unsigned threads = count_threads();
    struct quota_sources *s = start(NULL, "");
    struct quota_sources_counts counts;

    ck_assert_uint_eq(count_threads(), threads);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* nor a guard */
    quota_sources_online(s, "u@d");
    quota_sources_offline(s, "u@d");
    quota_sources_get_counts(s, &counts);
    ck_assert_uint_eq(counts.dict.sockets.accepted, 0);
    quota_sources_stop(&s);
    ck_assert_ptr_null(s);
    quota_sources_stop(&s);
}
END_TEST

START_TEST(both)
{
    struct quota_sources *s = start(local_path("dict"), local_path("warning"));
    struct quota_sources_counts counts;
    struct stat st;
    int fd;

    ck_assert_int_eq(lstat(local_path("dict"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0660);
    fd = peer_connect(local_path("dict"));
    peer_say(fd, DELIVERY);
    peer_expect(fd, NULL, "O1\n", false);
    wait_for_report(QUOTA_SOURCE_DICT, 5);
    close(fd);
    fd = peer_connect(local_path("warning"));
    peer_say(fd, "VERSION\tscript\t4\t0\nnoreply\n80\nu@d\n\n");
    close(fd);
    wait_for_report(QUOTA_SOURCE_WARNING, 80);
    quota_sources_online(s, "u@d");
    quota_sources_offline(s, "u@d");
    quota_sources_get_counts(s, &counts);
    ck_assert_uint_eq(counts.dict.sockets.accepted, 1);
    ck_assert_uint_eq(counts.dict.commits, 1);
    ck_assert_uint_eq(counts.warning.sockets.accepted, 1);
    quota_sources_stop(&s);
    ck_assert_int_eq(access(local_path("dict"), F_OK), -1);
    ck_assert_int_eq(access(local_path("warning"), F_OK), -1);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

START_TEST(start_and_stop_again)
{
    for (int i = 0; i < 5; i++) {
        struct quota_sources *s = start(local_path("dict"), NULL);
        int fd = peer_connect(local_path("dict"));

        peer_say(fd, DELIVERY);
        peer_expect(fd, NULL, "O1\n", false);
        quota_sources_stop(&s);
        peer_expect(fd, NULL, "", true);
        close(fd);
    }
}
END_TEST

/* One that cannot start takes the others with it. */
START_TEST(cannot_start)
{
    static const struct {
        const char *dict, *warning, *why;
    } rows[] = {
        {"dict", "no/warning", "the quota source warning: listening on /"},
        {"same", "same",
         "the quota source warning: another server listens on /"},
        {"a-name-of-a-hundred-bytes-"
         "------------------------------------------------------------------",
         NULL,
         "the quota source dict: the socket's path is longer than 99 bytes: "},
    };
    struct errbuf err;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char dict[256], warning[256] = "";
        struct quota_sources_config cfg = {.dict_socket = dict,
                                           .warning_socket = warning};

        strcpy(dict, local_path(rows[i].dict));
        if (rows[i].warning != NULL)
            strcpy(warning, local_path(rows[i].warning));
        ck_assert_ptr_null(quota_sources_start(&cfg, &sink, &err));
        ck_assert_msg(strncmp(err.text, rows[i].why, strlen(rows[i].why)) == 0,
                      "row %zu: %s", i, err.text);
        ck_assert_int_eq(access(dict, F_OK), -1);
    }
}
END_TEST

static bool
is_gone(void *file)
{
    return access(file, F_OK) < 0;
}

/* kill -9 while deliveries are on: what is connected is closed, and the sockets
 * go. */
START_TEST(killed)
{
    struct event_base *base = event_base_new();
    char dict[256], warning[256], byte;
    int ends[2], fd;
    pid_t pid;

    strcpy(dict, local_path("dict"));
    strcpy(warning, local_path("warning"));
    ck_assert_int_eq(pipe(ends), 0);
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        start(dict, warning);
        if (write(ends[1], "", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
    fd = peer_connect(dict);
    peer_say(fd, DELIVERY);
    peer_expect(fd, NULL, "O1\n", false);
    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    peer_expect(fd, NULL, "", true);
    pump_until(&base, 1, is_gone, dict);
    pump_until(&base, 1, is_gone, warning);
    close(fd);
    close(ends[0]);
    close(ends[1]);
    event_base_free(base);
}
END_TEST

Suite *
sources_suite(void)
{
    Suite *s = suite_create("sources");
    TCase *tc = tcase_create("sources");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, none_wanted);
    tcase_add_test(tc, both);
    tcase_add_test(tc, start_and_stop_again);
    tcase_add_test(tc, cannot_start);
    tcase_add_test(tc, killed);
    suite_add_tcase(s, tc);
    return s;
}
