/* SPDX-License-Identifier: BSD-2-Clause */
/* The whole source, with its thread, over Maildirs on the disk.  Time is moved,
 * and reports are waited for. */
#include "config.h"

#include "quota/maildir_source.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <check.h>

#include "quota/maildir_read.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/maildir_fixture.h"
#include "tests/unit/quota_sink.h"
#include "util/clock.h"
#include "util/log.h"

Suite *maildir_source_suite(void);

/* A read of a Maildir of this user hangs until the test lets it go on: the
 * linker gives us each call of maildir_read. */
#define HANGING "hanging"

enum maildir_result __real_maildir_read(const char *path, size_t root,
                                        const atomic_bool *end,
                                        struct maildir_use *use_r,
                                        struct errbuf *err);
enum maildir_result __wrap_maildir_read(const char *path, size_t root,
                                        const atomic_bool *end,
                                        struct maildir_use *use_r,
                                        struct errbuf *err);

static pthread_mutex_t hang_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t hang_changed = PTHREAD_COND_INITIALIZER;
static bool hangs, let_go, came_back;

enum maildir_result
__wrap_maildir_read(const char *path, size_t root, const atomic_bool *end,
                    struct maildir_use *use_r, struct errbuf *err)
{
    if (strstr(path, HANGING) != NULL) {
        pthread_mutex_lock(&hang_lock);
        hangs = true;
        pthread_cond_broadcast(&hang_changed);
        while (!let_go)
            pthread_cond_wait(&hang_changed, &hang_lock);
        came_back = true;
        pthread_cond_broadcast(&hang_changed);
        pthread_mutex_unlock(&hang_lock);
    }
    return __real_maildir_read(path, root, end, use_r, err);
}

static void
wait_for(const bool *flag)
{
    pthread_mutex_lock(&hang_lock);
    while (!*flag)
        pthread_cond_wait(&hang_changed, &hang_lock);
    pthread_mutex_unlock(&hang_lock);
}

static const char *const users[] = {"ann@a.test", "bob@a.test", "joe@b.test",
                                    NULL};
static const char *const nobody[] = {NULL};

static struct maildir_source *source;
static struct maildir_config config;
static char template[4096];

static void
setup(void)
{
    maildir_fixture_setup();
    snprintf(template, sizeof template, "%s", maildir_fixture_path("%d/%n"));
    config = (struct maildir_config){.path = template};
    quota_sink_reset(users);
    hangs = let_go = came_back = false;
}

static void
teardown(void)
{
    maildir_source_stop(&source);
    quota_sink_settle();
    maildir_fixture_teardown();
}

static void
start(void)
{
    struct errbuf err = {""};

    source = maildir_source_start(&config, &quota_sink_test, &err);
    ck_assert_msg(source != NULL, "%s", err.text);
}

static void
make_maildir(const char *name, const char *maildirsize)
{
    char path[300];

    snprintf(path, sizeof path, "%s/cur", name);
    maildir_fixture_dir(path);
    snprintf(path, sizeof path, "%s/maildirsize", name);
    if (maildirsize != NULL)
        maildir_fixture_file(path, maildirsize);
}

START_TEST(reads_all_at_the_start)
{
    struct quota_report r;

    make_maildir("a.test/ann", "1000S\n5 1\n");
    make_maildir("b.test/joe", NULL);
    maildir_fixture_file("b.test/joe/cur/1,S=77", "");
    config.use_limits = true;
    start();
    quota_sink_expect("ann@a.test", 1, 5);
    quota_sink_expect("joe@b.test", 1, 77);
    ck_assert_uint_eq(quota_sink_reports("bob@a.test", NULL), 0);

    ck_assert_uint_eq(quota_sink_reports("ann@a.test", &r), 1);
    ck_assert_int_eq(r.source, QUOTA_SOURCE_MAILDIR);
    ck_assert(r.has_limit && !r.rounded && !r.is_percent);
    ck_assert_uint_eq(r.limit, 1000);
    quota_sink_reports("joe@b.test", &r);
    ck_assert(!r.has_limit); /* names of files tell none */
}
END_TEST

START_TEST(limits_are_not_used)
{
    struct quota_report r;

    make_maildir("a.test/ann", "1000S\n5 1\n");
    start();
    quota_sink_expect("ann@a.test", 1, 5);
    quota_sink_reports("ann@a.test", &r);
    ck_assert(!r.has_limit);
    ck_assert_uint_eq(r.limit, 0);
}
END_TEST

/* What nobody saw heals at the next reading. */
START_TEST(reads_all_again)
{
    make_maildir("a.test/ann", "1000S\n5 1\n");
    config.interval = 3600 * CLOCK_SECOND;
    start();
    quota_sink_expect("ann@a.test", 1, 5);
    maildir_fixture_append("a.test/ann/maildirsize", "6 1\n");
    clock_advance(3600 * CLOCK_SECOND);
    quota_sink_expect("ann@a.test", 2, 11);
    ck_assert_uint_eq(quota_sink_reports("ann@a.test", NULL), 2);
}
END_TEST

START_TEST(reads_what_it_is_asked_for)
{
    make_maildir("a.test/ann", "1000S\n5 1\n");
    make_maildir("a.test/bob", "1000S\n7 1\n");
    start();
    quota_sink_expect("ann@a.test", 1, 5);
    quota_sink_expect("bob@a.test", 1, 7);
    maildir_fixture_append("a.test/ann/maildirsize", "6 1\n");
    maildir_source_ask(source, "ann@a.test");
    quota_sink_expect("ann@a.test", 2, 11);
    ck_assert_uint_eq(quota_sink_reports("bob@a.test", NULL), 1);
    maildir_source_online(source, "ann@a.test");
    maildir_source_ask(source, "ann@a.test");
    maildir_source_offline(source, "ann@a.test");
    maildir_source_ask(source, "ann@a.test");
    quota_sink_expect("ann@a.test", 3, 11);
    maildir_fixture_append("a.test/bob/maildirsize", "1 1\n");
    maildir_source_refresh(source);
    quota_sink_expect("bob@a.test", 2, 8);
    ck_assert_uint_eq(quota_sink_progress_of(QUOTA_ROUND_DUE), 2);
}
END_TEST

/* The store has no answer at first. */
START_TEST(listing_fails)
{
    make_maildir("a.test/ann", "1000S\n5 1\n");
    quota_sink_mode(QUOTA_SINK_FAIL);
    start();
    while (quota_sink_listings() < 1)
        sched_yield();
    quota_sink_settle();
    quota_sink_mode(QUOTA_SINK_ANSWER);
    /* The clock may move before the failure has come: move it on. */
    while (quota_sink_listings() < 2) {
        clock_advance(CLOCK_SECOND);
        sched_yield();
    }
    quota_sink_expect("ann@a.test", 1, 5);
}
END_TEST

/* Over many pages, each account once. */
START_TEST(many_accounts)
{
    static char names[1000][24];
    static const char *many[1001];
    char path[64];

    for (int i = 0; i < 1000; i++) {
        snprintf(names[i], sizeof names[i], "u%03d@c.test", i);
        many[i] = names[i];
    }
    make_maildir("c.test/u000", "0S\n7 1\n");
    for (int i = 100; i < 1000; i += 100) {
        snprintf(path, sizeof path, "c.test/u%03d", i);
        make_maildir(path, "0S\n7 1\n");
    }
    quota_sink_reset(many);
    start();
    quota_sink_expect("u900@c.test", 1, 7);
    ck_assert_uint_eq(quota_sink_all_reports(), 10);
    /* 11: the tenth page is full. */
    while (quota_sink_listings() < 11)
        sched_yield();
}
END_TEST

START_TEST(watches_who_is_online)
{
    quota_sink_reset(nobody);
    make_maildir("a.test/ann", "1000S\n5 1\n");
    make_maildir("a.test/bob", "1000S\n1 1\n");
    start();
    maildir_source_online(source, "ann@a.test");
    maildir_source_online(source, "bob@a.test");
    quota_sink_expect("ann@a.test", 1, 5);
    quota_sink_expect("bob@a.test", 1, 1);
    maildir_fixture_replace("a.test/ann/maildirsize", "1000S\n6 1\n");
    quota_sink_expect("ann@a.test", 2, 6);
    maildir_fixture_append("a.test/ann/maildirsize", "10 1\n");
    quota_sink_expect("ann@a.test", 3, 16);
    maildir_fixture_replace("a.test/ann/maildirsize", "1000S\n7 1\n");
    quota_sink_expect("ann@a.test", 4, 7);
    ck_assert_uint_eq(quota_sink_reports("bob@a.test", NULL), 1);
    /* The same again at each log-in. */
    maildir_source_online(source, "ann@a.test");
    quota_sink_expect("ann@a.test", 5, 7);
}
END_TEST

START_TEST(ignores_who_is_offline)
{
    quota_sink_reset(nobody);
    make_maildir("a.test/ann", "1000S\n5 1\n");
    make_maildir("a.test/bob", "1000S\n1 1\n");
    start();
    maildir_source_online(source, "ann@a.test");
    maildir_source_online(source, "bob@a.test");
    quota_sink_expect("ann@a.test", 1, 5);
    quota_sink_expect("bob@a.test", 1, 1);
    maildir_source_offline(source, "ann@a.test");
    maildir_source_offline(source, "nobody@a.test");
    /* Bob's log-in comes behind it. */
    maildir_source_online(source, "bob@a.test");
    quota_sink_expect("bob@a.test", 2, 1);
    maildir_fixture_append("a.test/ann/maildirsize", "6 1\n");
    maildir_fixture_append("a.test/bob/maildirsize", "1 1\n");
    quota_sink_expect("bob@a.test", 3, 2);
    ck_assert_uint_eq(quota_sink_reports("ann@a.test", NULL), 1);
}
END_TEST

/* A burst of deliveries makes few reports, and does not put them off: a tenth of
 * a second lies between two, however long the burst takes. */
START_TEST(bursts)
{
    int64_t began;

    quota_sink_reset(nobody);
    make_maildir("a.test/ann", "0S\n0 0\n");
    start();
    maildir_source_online(source, "ann@a.test");
    quota_sink_expect("ann@a.test", 1, 0);
    began = clock_mono();
    for (int i = 0; i < 500; i++)
        maildir_fixture_append("a.test/ann/maildirsize", "1 1\n");
    quota_sink_expect("ann@a.test", 2, 500);
    ck_assert_uint_le(quota_sink_reports("ann@a.test", NULL),
                      2 + (clock_mono() - began) / (CLOCK_SECOND / 10));
}
END_TEST

/* Looks once a minute where no watch can tell. */
static void
expect_by_poll(const char *user, uint64_t used)
{
    struct quota_report r = {0};

    for (int i = 0; i < 3000 && r.used != used; i++) {
        clock_advance(CLOCK_SECOND);
        sched_yield();
        quota_sink_reports(user, &r);
    }
    quota_sink_expect(user, 1, used);
}

START_TEST(polls_without_watches)
{
    struct quota_report r;

    quota_sink_reset(nobody);
    make_maildir("a.test/ann", "0S\n5 1\n");
    make_maildir("a.test/bob", "0S\n1 1\n");
    config.most_watches = 1;
    start();
    maildir_source_online(source, "ann@a.test");
    quota_sink_expect("ann@a.test", 1, 5);
    maildir_source_online(source, "bob@a.test");
    quota_sink_expect("bob@a.test", 1, 1);
    maildir_fixture_append("a.test/bob/maildirsize", "1 1\n");
    maildir_fixture_append("a.test/ann/maildirsize", "1 1\n");
    quota_sink_expect("ann@a.test", 2, 6);
    ck_assert_uint_eq(quota_sink_reports("bob@a.test", &r), 1);
    expect_by_poll("bob@a.test", 2);
    /* Ann's watch becomes Bob's when he is looked at next. */
    maildir_source_offline(source, "ann@a.test");
    maildir_fixture_append("a.test/bob/maildirsize", "1 1\n");
    expect_by_poll("bob@a.test", 3);
    maildir_fixture_append("a.test/bob/maildirsize", "1 1\n");
    quota_sink_expect("bob@a.test", 4, 4);
}
END_TEST

START_TEST(polls_names_of_files)
{
    quota_sink_reset(nobody);
    make_maildir("a.test/ann", NULL);
    start();
    maildir_source_online(source, "ann@a.test");
    quota_sink_expect("ann@a.test", 1, 0);
    maildir_fixture_file("a.test/ann/cur/1,S=9", "");
    expect_by_poll("ann@a.test", 9);
    /* A maildirsize that comes is seen at once. */
    maildir_fixture_replace("a.test/ann/maildirsize", "0S\n10 1\n");
    quota_sink_expect("ann@a.test", 3, 10);
}
END_TEST

/* It comes after the log-in, goes, and comes again. */
START_TEST(maildirs_come_and_go)
{
    quota_sink_reset(nobody);
    make_maildir("a.test/bob", "0S\n1 1\n");
    start();
    maildir_source_online(source, "ann@a.test");
    maildir_source_online(source, "bob@a.test");
    quota_sink_expect("bob@a.test", 1, 1);
    ck_assert_uint_eq(quota_sink_reports("ann@a.test", NULL), 0);
    make_maildir("a.test/ann", "0S\n5 1\n");
    expect_by_poll("ann@a.test", 5);
    maildir_fixture_remove("a.test/ann");
    make_maildir("a.test/ann", "0S\n6 1\n");
    expect_by_poll("ann@a.test", 6);
    maildir_fixture_append("a.test/ann/maildirsize", "1 1\n");
    quota_sink_expect("ann@a.test", 3, 7);
}
END_TEST

START_TEST(shared_maildir)
{
    quota_sink_reset(nobody);
    make_maildir("a.test/ann", "0S\n5 1\n");
    snprintf(template, sizeof template, "%s", maildir_fixture_path("%d/%Ln"));
    start();
    maildir_source_online(source, "ann@a.test");
    quota_sink_expect("ann@a.test", 1, 5);
    maildir_source_online(source, "Ann@a.test");
    quota_sink_expect("Ann@a.test", 1, 5);
    maildir_source_offline(source, "Ann@a.test");
    maildir_source_online(source, "Ann@a.test");
    maildir_fixture_append("a.test/ann/maildirsize", "1 1\n");
    quota_sink_expect("ann@a.test", 2, 6);
    expect_by_poll("Ann@a.test", 6);
}
END_TEST

/* A user whose Maildir is a link to another's, or in a directory that is. */
START_TEST(anothers_maildir)
{
    make_maildir("a.test/ann", "0S\n5 1\n");
    maildir_fixture_link("a.test/bob", "ann");
    maildir_fixture_link("b.test", "a.test");
    quota_sink_reset(
        (const char *const[]){"ann@b.test", "bob@a.test", "ann@a.test", NULL});
    start();
    maildir_source_online(source, "bob@a.test");
    maildir_source_online(source, "ann@b.test");
    quota_sink_expect("ann@a.test", 1, 5); /* the last of them */
    maildir_source_stop(&source);
    ck_assert_uint_eq(quota_sink_all_reports(),
                      quota_sink_reports("ann@a.test", NULL));
}
END_TEST

START_TEST(refused_names)
{
    static const char *const bad[] = {"../ann@a.test", "x@../a.test", NULL};

    quota_sink_reset(bad);
    make_maildir("a.test/ann", "0S\n5 1\n");
    start();
    maildir_source_online(source, "../ann@a.test");
    maildir_source_offline(source, "../ann@a.test");
    maildir_source_online(source, "ann@a.test");
    quota_sink_expect("ann@a.test", 1, 5);
    maildir_source_stop(&source);
    ck_assert_uint_eq(quota_sink_all_reports(),
                      quota_sink_reports("ann@a.test", NULL));
}
END_TEST

/* What a million accounts have in common is said once, and again only when it
 * was over. */
START_TEST(says_once_what_is_wrong)
{
    quota_sink_reset(nobody);
    make_maildir("a.test/ann", NULL);
    make_maildir("a.test/bob", NULL);
    make_maildir("a.test/joe", NULL);
    maildir_fixture_file("a.test/ann/cur/1,S=18446744073709551615", "");
    maildir_fixture_file("a.test/ann/cur/2,S=1", "");
    maildir_fixture_file("a.test/bob/cur/1,S=18446744073709551615", "");
    maildir_fixture_file("a.test/bob/cur/2,S=1", "");
    config.most_watches = 1;
    log_capture_begin(LOG_WARN_);
    start();
    /* One at a time, so that their order is known. */
    maildir_source_online(source, "ann@a.test");
    while (log_capture_count("too large") < 1)
        sched_yield();
    maildir_source_online(source, "bob@a.test");
    while (log_capture_count("max_user_watches") < 1)
        sched_yield();
    maildir_source_online(source, "joe@a.test");
    quota_sink_expect("joe@a.test", 1, 0);
    maildir_source_stop(&source);
    log_capture_end();
    ck_assert_msg(log_capture_count("\n") == 2, "%s", log_capture_text());
    ck_assert_uint_eq(log_capture_count("a.test/ann: the sizes in the names"),
                      1);
    ck_assert_uint_eq(log_capture_count("quota: 1 Maildirs are watched, and no"
                                        " more can be: "),
                      1);
}
END_TEST

/* A first pass that takes long says how far it is. */
START_TEST(says_how_far_it_is)
{
    make_maildir("a.test/ann", "0S\n1 1\n");
    make_maildir("a.test/" HANGING, "0S\n2 1\n");
    make_maildir("b.test/joe", "0S\n3 1\n");
    quota_sink_reset((const char *const[]){"ann@a.test", HANGING "@a.test",
                                           "joe@b.test", "zoe@b.test", NULL});
    log_capture_begin(LOG_INFO_);
    start();
    wait_for(&hangs);
    clock_advance(7 * CLOCK_SECOND);
    pthread_mutex_lock(&hang_lock);
    let_go = true;
    pthread_cond_broadcast(&hang_changed);
    pthread_mutex_unlock(&hang_lock);
    while (log_capture_count("quota: read 3 Maildirs in ") < 1)
        sched_yield();
    maildir_source_stop(&source);
    log_capture_end();
    ck_assert_msg(log_capture_count("quota: read 2 of the Maildirs\n") == 1,
                  "%s", log_capture_text());
    ck_assert_msg(log_capture_count(" s; 1 accounts have none, 0 may not be"
                                    " read, 0 could not be\n") == 1,
                  "%s", log_capture_text());
}
END_TEST

START_TEST(bad_path)
{
    struct errbuf err = {""};

    config.path = "/var/vmail/%h";
    ck_assert_ptr_null(maildir_source_start(&config, &quota_sink_test, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "%h"));
}
END_TEST

START_TEST(stops_at_once)
{
    start();
    maildir_source_stop(&source);
    ck_assert_ptr_null(source);
    maildir_source_stop(&source);
}
END_TEST

/* The store answers when the source is gone. */
START_TEST(stops_while_asked)
{
    quota_sink_mode(QUOTA_SINK_KEEP);
    start();
    while (quota_sink_listings() < 1)
        sched_yield();
    maildir_source_stop(&source);
    ck_assert_uint_eq(quota_sink_answer(), 1);
    ck_assert_uint_eq(quota_sink_all_reports(), 0);
}
END_TEST

/* A file system hangs: others are not held up, the end is bounded, and what
 * comes of it afterwards is not reported. */
START_TEST(stops_while_reading_hangs)
{
    quota_sink_reset(nobody);
    log_set_level(LOG_ERROR_);
    make_maildir("a.test/" HANGING, "0S\n5 1\n");
    config.stop_wait = CLOCK_SECOND / 100;
    start();
    maildir_source_online(source, HANGING "@a.test");
    wait_for(&hangs);
    for (int i = 0; i < 1000; i++)
        maildir_source_online(source, "ann@a.test");
    maildir_source_stop(&source);
    ck_assert_ptr_null(source);
    pthread_mutex_lock(&hang_lock);
    let_go = true;
    pthread_cond_broadcast(&hang_changed);
    pthread_mutex_unlock(&hang_lock);
    wait_for(&came_back);
    ck_assert_uint_eq(quota_sink_all_reports(), 0);
}
END_TEST

Suite *
maildir_source_suite(void)
{
    Suite *s = suite_create("maildir_source");
    TCase *tc = tcase_create("maildir_source");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, reads_all_at_the_start);
    tcase_add_test(tc, limits_are_not_used);
    tcase_add_test(tc, reads_all_again);
    tcase_add_test(tc, reads_what_it_is_asked_for);
    tcase_add_test(tc, listing_fails);
    tcase_add_test(tc, many_accounts);
    tcase_add_test(tc, watches_who_is_online);
    tcase_add_test(tc, ignores_who_is_offline);
    tcase_add_test(tc, bursts);
    tcase_add_test(tc, polls_without_watches);
    tcase_add_test(tc, polls_names_of_files);
    tcase_add_test(tc, maildirs_come_and_go);
    tcase_add_test(tc, shared_maildir);
    tcase_add_test(tc, anothers_maildir);
    tcase_add_test(tc, refused_names);
    tcase_add_test(tc, says_once_what_is_wrong);
    tcase_add_test(tc, says_how_far_it_is);
    tcase_add_test(tc, bad_path);
    tcase_add_test(tc, stops_at_once);
    tcase_add_test(tc, stops_while_asked);
    tcase_add_test(tc, stops_while_reading_hangs);
    suite_add_tcase(s, tc);
    return s;
}
