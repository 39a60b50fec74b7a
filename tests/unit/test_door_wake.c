/* SPDX-License-Identifier: BSD-2-Clause */
/* Who sleeps, from when to when, and what else that means. */
#include "config.h"

#include "ximss/server/live/door_wake.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "quota/sources.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/quota_sink.h"
#include "tests/unit/stage.h"
#include "util/clock.h"
#include "ximss/server/live/door.h"
#include "ximss/server/live/quota_presence.h"
#include "ximss/server/live/wake_files.h"

Suite *door_wake_suite(void);

#define SECONDS(n) ((n)*CLOCK_SECOND)

static char directory[64];

static void
setup(void)
{
    struct errbuf err;

    stage_setup();
    snprintf(directory, sizeof directory, "/tmp/wake.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    stage->wake_files = wake_files_open(directory, 2, &err);
    ck_assert_ptr_nonnull(stage->wake_files);
    stage->door = door_new();
    ck_assert_int_eq(door_configure(stage->door, stage_config, &err), 0);
    log_capture_begin(LOG_WARN_);
}

static void
teardown(void)
{
    struct wake_files *files = stage->wake_files;
    struct door *door = stage->door;
    char command[100];

    log_capture_end();
    stage_teardown();
    wake_files_close(&files);
    door_free(&door);
    snprintf(command, sizeof command, "rm -r %s", directory);
    ck_assert_int_eq(system(command), 0);
}

/* At the door, with a file to wake it. */
static struct client *
open_at_door(enum stage_who who)
{
    struct account *a = stage_loaded(who);
    struct client *c = client_connect(who, CLIENT_DOOR);

    c->s->door = SESSION_DOOR_IMAP;
    c->s->opt_confirm = true;
    session_open(c->s, a);
    c->number = c->s->number;
    door_wake_join(stage_worker(who), c->s);
    session_start_alerts(c->s);
    return c;
}

static void
path_of(const struct client *c, struct buf *b)
{
    ck_assert(door_wake_path(session_worker(c->s), c->s, b));
}

static off_t
size_of(struct buf *path)
{
    struct stat st;

    return lstat(buf_cstr(path), &st) == 0 ? st.st_size : -1;
}

static void
fall_asleep(struct client **c)
{
    client_say(*c, "<bye id=\"1\" hibernate=\"yes\"/>\n");
    stage_turns();
    client_free(c);
    stage_turns();
}

static bool
is_asleep(enum stage_who who)
{
    return door_wake_is_asleep(stage_loaded(who));
}

/* Whatever breaks a connection may come before its bye is read. */
START_TEST(test_bye_that_was_not_read)
{
    struct client *c = open_at_door(ANN);
    struct buf path = {0};

    path_of(c, &path);
    client_say(c, "<bye id=\"1\" hibernate=\"yes\"/>\n");
    close(c->fd);
    session_tell(c->s, "x", 2);
    c->fd = dup(0);
    client_free(&c);
    ck_assert(is_asleep(ANN));
    stage_post(ALERT_ACCOUNT, ANN, "wake up");
    ck_assert_int_eq(size_of(&path), 1);
    buf_clear(&path);
}
END_TEST

START_TEST(test_who_sleeps)
{
    struct client *c = open_at_door(ANN);

    client_say(c, "<bye id=\"1\"/>\n");
    stage_turns();
    client_free(&c);
    ck_assert(!is_asleep(ANN));
    c = open_at_door(ANN);
    session_kill(stage_worker(ANN), c->number);
    client_free(&c);
    ck_assert(!is_asleep(ANN));
    c = open_at_door(ANN);
    fall_asleep(&c);
    ck_assert(is_asleep(ANN));
}
END_TEST

/* --- presence --- */

static bool
is_present(enum stage_who who)
{
    return stage_loaded(who)->told_domain != NULL;
}

/* Whoever sleeps is woken for quota alerts, so sources go on looking. */
START_TEST(test_presence)
{
    struct errbuf err;
    const struct quota_sources_config none = {0};
    struct client *c;

    stage->quota_sources = quota_sources_start(&none, &quota_sink_test, &err);
    ck_assert_ptr_nonnull(stage->quota_sources);
    c = open_at_door(ANN);
    ck_assert(is_present(ANN));
    fall_asleep(&c);
    ck_assert(is_asleep(ANN));
    ck_assert(is_present(ANN));
    quota_presence_end(stage_worker(ANN), stage_loaded(ANN));
    quota_presence_renamed(stage_worker(ANN), stage_loaded(ANN));
    ck_assert(is_present(ANN));
    stage_post(ALERT_ACCOUNT, ANN, "wake up");
    ck_assert(!is_asleep(ANN));
    ck_assert(!is_present(ANN));
    quota_sources_stop(&stage->quota_sources);
}
END_TEST

/* --- files --- */

static void
go_on_for(int64_t seconds)
{
    clock_advance(SECONDS(seconds));
    door_wake_catch_up(stage_worker(ANN));
    stage_turns();
}

START_TEST(test_file_that_cannot_be_written)
{
    struct client *c = open_at_door(ANN);
    struct buf path = {0};

    path_of(c, &path);
    fall_asleep(&c);
    ck_assert_int_eq(unlink(buf_cstr(&path)), 0);
    ck_assert_int_eq(symlink("none", buf_cstr(&path)), 0);
    stage_post(ALERT_ACCOUNT, ANN, "wake up");
    ck_assert(is_asleep(ANN));
    ck_assert_int_eq(unlink(buf_cstr(&path)), 0);
    ck_assert_int_eq(close(creat(buf_cstr(&path), 0600)), 0);
    go_on_for(59);
    ck_assert_int_eq(size_of(&path), 0);
    go_on_for(61);
    ck_assert_int_eq(size_of(&path), 1);
    ck_assert(!is_asleep(ANN));
    buf_clear(&path);
}
END_TEST

/* By its end, who watched it is awake. */
START_TEST(test_file_that_was_removed)
{
    struct client *c = open_at_door(ANN), *awake = open_at_door(ANN);
    struct buf path = {0}, next = {0};

    path_of(c, &path);
    fall_asleep(&c);
    ck_assert_int_eq(unlink(buf_cstr(&path)), 0);
    stage_post(ALERT_ACCOUNT, ANN, "wake up");
    ck_assert(!is_asleep(ANN));
    c = open_at_door(ANN);
    path_of(c, &next);
    ck_assert_str_ne(buf_cstr(&next), buf_cstr(&path));
    ck_assert_int_eq(size_of(&next), 0);
    client_free(&awake);
    client_free(&c);
    buf_clear(&path);
    buf_clear(&next);
}
END_TEST

START_TEST(test_who_only_might_have_slept)
{
    struct client *ann = open_at_door(ANN), *bob = open_at_door(BOB);

    client_say(ann, "<bye id=\"1\"/>\n");
    stage_turns();
    client_free(&ann);
    fall_asleep(&bob);
    go_on_for(59);
    ck_assert_ptr_nonnull(stage_loaded(ANN)->wake);
    go_on_for(1);
    ck_assert_ptr_null(stage_loaded(ANN)->wake);
    go_on_for(3500);
    ck_assert_ptr_nonnull(stage_loaded(BOB)->wake);
    go_on_for(100);
    ck_assert_ptr_null(stage_loaded(BOB)->wake);
}
END_TEST

START_TEST(test_limit_is_told)
{
    struct client *c[] = {open_at_door(ANN), open_at_door(BOB)};

    for (int i = 1; i <= 2; i++) {
        for (int j = 0; j < 3; j++) {
            struct client *more = open_at_door(DAN);

            ck_assert(!more->s->may_sleep);
            client_free(&more);
        }
        ck_assert_uint_eq(log_capture_count("2 accounts have a file"), i);
        clock_advance(SECONDS(61));
    }
    for (int i = 0; i < 2; i++)
        client_free(&c[i]);
}
END_TEST

Suite *
door_wake_suite(void)
{
    Suite *s = suite_create("door_wake");
    TCase *t = tcase_create("door_wake");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 120);
    tcase_add_test(t, test_bye_that_was_not_read);
    tcase_add_test(t, test_who_sleeps);
    tcase_add_test(t, test_presence);
    tcase_add_test(t, test_file_that_cannot_be_written);
    tcase_add_test(t, test_file_that_was_removed);
    tcase_add_test(t, test_who_only_might_have_slept);
    tcase_add_test(t, test_limit_is_told);
    suite_add_tcase(s, t);
    return s;
}
