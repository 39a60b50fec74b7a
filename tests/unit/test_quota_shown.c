/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of a quota alert: who is sent it, after it was shown, after it
 * was not, and after the memory was lost. */
#include "config.h"

#include "ximss/server/live/quota_shown.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/stage.h"
#include "util/clock.h"
#include "util/xmalloc.h"
#include "ximss/server/live/delivery.h"

Suite *quota_shown_suite(void);

#define MINUTES (60 * CLOCK_SECOND)

/* ann may use 100 bytes, and uses that many. */
static enum store_result
let_use(struct store_txn *t, void *arg, struct errbuf *err)
{
    const struct usage_rec use = {.used = *(const uint64_t *)arg};
    struct account_rec a = {0};
    enum store_result r = account_get(t, stage_account(ANN), &a, err);

    if (r == STORE_OK) {
        free(a.settings);
        a.settings = xstrdup("{MaxAccountSize=100;}");
        r = account_put(t, &a, err);
    }
    if (r == STORE_OK)
        r = usage_put(t, stage_account(ANN), &use, err);
    account_rec_clear(&a);
    return r;
}

static void
setup(void)
{
    uint64_t used = 85;

    stage_setup();
    stage_run(let_use, &used);
}

static enum store_result
read_usage(struct store_txn *t, void *arg, struct errbuf *err)
{
    return usage_get(t, stage_account(ANN), arg, err);
}

static bool
is_unshown(void)
{
    struct usage_rec rec;

    stage_run(read_usage, &rec);
    return rec.unshown;
}

static bool
is_shown(void *arg)
{
    (void)arg;
    return !is_unshown();
}

/* Checks and notes have a lane of their own, so a sync does not wait for them. */
static void
becomes_shown(void)
{
    stage_until(is_shown, NULL);
}

static bool
is_checked(void *arg)
{
    const struct client *c = arg;

    return !c->s->quota_wait;
}

/* The quota alert that the client was told of since the last time; 0: none. */
static unsigned long
told(struct client *c)
{
    const char *heard, *id;

    stage_until(is_checked, c);
    heard = client_hear(c);
    id = strstr(heard, "alertID=\"");
    if (strstr(heard, "kind=\"quota\"") == NULL || id == NULL)
        return 0;
    return strtoul(id + strlen("alertID=\""), NULL, 10);
}

/* Logs in, and out again at once. */
static unsigned long
told_at_log_in(unsigned flags)
{
    struct client *c = client_open(ANN, flags);
    unsigned long id = told(c);

    client_free(&c);
    stage_sync();
    return id;
}

static void
confirm(struct client *c, unsigned long id)
{
    char text[64];

    snprintf(text, sizeof text, "<alertConfirm id=\"1\" alertID=\"%lu\"/>\n",
             id);
    client_say(c, text);
    stage_sync();
}

START_TEST(test_nobody_was_shown_it)
{
    ck_assert_uint_eq(told_at_log_in(CLIENT_CONFIRM), 1);
    ck_assert_uint_eq(told_at_log_in(CLIENT_CONFIRM), 1);
    ck_assert(is_unshown());
    stage_restart(); /* ... and nothing has it any more */
    ck_assert_uint_eq(told_at_log_in(CLIENT_CONFIRM), 2);
    ck_assert_uint_eq(told_at_log_in(CLIENT_CONFIRM), 2);
    clock_advance(10 * MINUTES); /* its figures are old */
    ck_assert_uint_eq(told_at_log_in(CLIENT_CONFIRM), 3);
    clock_advance(10 * MINUTES);
    stage_restart();
    ck_assert_uint_eq(told_at_log_in(CLIENT_CONFIRM), 4);
}
END_TEST

START_TEST(test_pause_from_the_confirmation)
{
    struct client *c = client_open(ANN, CLIENT_CONFIRM);

    ck_assert_uint_eq(told(c), 1);
    clock_advance(9 * MINUTES);
    confirm(c, 1);
    becomes_shown();
    clock_advance(9 * MINUTES);
    ck_assert_uint_eq(told_at_log_in(CLIENT_CONFIRM), 0);
    stage_restart();
    client_free(&c);
    ck_assert_uint_eq(told_at_log_in(0), 0);
    clock_advance(1 * MINUTES);
    ck_assert_uint_eq(told_at_log_in(0), 2);
}
END_TEST

/* One confirms what both were sent; the other is told nothing more, whatever it
 * does, and so is who comes. */
START_TEST(test_two_at_once)
{
    struct client *one = client_open(ANN, CLIENT_CONFIRM),
                  *two = client_open(ANN, CLIENT_CONFIRM | CLIENT_CHANGES);

    ck_assert_uint_eq(told(one), 1);
    ck_assert_uint_eq(told(two), 1);
    confirm(one, 1);
    client_expect(one, "<response id=\"1\"/>\n");
    client_expect(two, "");
    confirm(two, 1); /* for it is on its screen */
    client_expect(two, "<response id=\"1\"/>\n");
    client_free(&one);
    client_free(&two);
    ck_assert_uint_eq(told_at_log_in(CLIENT_CONFIRM), 0);
}
END_TEST

/* What a session that confirms nothing was sent counts.  If it breaks, it has not
 * shown it, and the next log-in gets it, as long as it is in memory. */
START_TEST(test_plain_sessions)
{
    struct client *c = client_open(ANN, 0);

    stage_until(is_checked, c);
    becomes_shown();
    client_free(&c); /* with unread bytes: a reset */
    ck_assert_uint_eq(told_at_log_in(CLIENT_CONFIRM), 1);
    stage_restart();
    ck_assert_uint_eq(told_at_log_in(CLIENT_CONFIRM), 0);
}
END_TEST

START_TEST(test_a_plain_and_a_confirming_session)
{
    struct client *door = client_open(ANN, CLIENT_CONFIRM), *c;

    ck_assert_uint_eq(told(door), 1);
    c = client_open(ANN, 0);
    ck_assert_uint_eq(told(c), 1);
    becomes_shown();
    delivery_check(stage_worker(ANN)); /* all was acknowledged */
    client_say(c, "<noop id=\"1\"/>\n");
    stage_sync();
    client_free(&door); /* without confirming it: the other has shown it */
    client_free(&c);
    ck_assert_uint_eq(told_at_log_in(CLIENT_CONFIRM), 0);
    stage_restart();
    ck_assert_uint_eq(told_at_log_in(CLIENT_CONFIRM), 0);
}
END_TEST

START_TEST(test_dismissed)
{
    struct client *c = client_open(ANN, CLIENT_CONFIRM);

    ck_assert_uint_eq(told(c), 1);
    client_say(c, "<alertDismiss id=\"1\" alertID=\"1\"/>\n");
    stage_sync();
    becomes_shown();
    client_free(&c);
    stage_restart();
    ck_assert_uint_eq(told_at_log_in(CLIENT_CONFIRM), 0);
}
END_TEST

/* An account whose alert nobody was shown stays in memory, until the alert is
 * too old; then another takes its place. */
START_TEST(test_not_kept_in_memory)
{
    struct worker *w = stage_worker(ANN);

    ck_assert_uint_eq(told_at_log_in(CLIENT_CONFIRM), 1);
    stage_save();
    account_trim(w, 0);
    ck_assert_ptr_nonnull(account_lookup(w, stage_account(ANN)));
    clock_advance(10 * MINUTES);
    account_trim(w, 0);
    ck_assert_ptr_null(account_lookup(w, stage_account(ANN)));
    clock_advance(-10 * MINUTES); /* the clock is set back */
    ck_assert_uint_eq(told_at_log_in(CLIENT_CONFIRM), 2);
}
END_TEST

/* The same where it was seen to be too old, and nothing came of it. */
START_TEST(test_no_space_for_another)
{
    ck_assert_uint_eq(told_at_log_in(CLIENT_CONFIRM), 1);
    clock_advance(10 * MINUTES);
    stage_disk_full(true);
    ck_assert_uint_eq(told_at_log_in(CLIENT_CONFIRM), 0);
    stage_disk_full(false);
    clock_advance(-5 * MINUTES);
    ck_assert_uint_eq(told_at_log_in(CLIENT_CONFIRM), 2);
}
END_TEST

START_TEST(test_up_to_an_id)
{
    struct client *c = client_open(ANN, CLIENT_CONFIRM);

    ck_assert_uint_eq(told(c), 1);
    quota_shown(stage_worker(ANN), stage_loaded(ANN), 0);
    quota_shown(stage_worker(BOB), stage_loaded(BOB), 1);
    stage_sync();
    ck_assert(is_unshown());
    quota_shown(stage_worker(ANN), stage_loaded(ANN), 2);
    stage_sync();
    becomes_shown();
    client_free(&c);
}
END_TEST

Suite *
quota_shown_suite(void)
{
    Suite *s = suite_create("quota_shown");
    TCase *t = tcase_create("quota_shown");

    tcase_add_checked_fixture(t, setup, stage_teardown);
    tcase_set_timeout(t, 120);
    tcase_add_test(t, test_nobody_was_shown_it);
    tcase_add_test(t, test_pause_from_the_confirmation);
    tcase_add_test(t, test_two_at_once);
    tcase_add_test(t, test_plain_sessions);
    tcase_add_test(t, test_a_plain_and_a_confirming_session);
    tcase_add_test(t, test_dismissed);
    tcase_add_test(t, test_not_kept_in_memory);
    tcase_add_test(t, test_no_space_for_another);
    tcase_add_test(t, test_up_to_an_id);
    suite_add_tcase(s, t);
    return s;
}
