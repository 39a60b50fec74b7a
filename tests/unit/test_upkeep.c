/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "storage/tables.h"
#include "tests/unit/stage.h"
#include "util/clock.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/upkeep.h"
#include "ximss/server/live/usage_feed.h"

Suite *upkeep_suite(void);

/* What has come to its end since the last round is removed in this one,
 * however much it is: what comes in faster than it goes would stay for ever. */

#define MANY 2500

static void
setup(void)
{
    stage_setup();
    stage->usage_feed = usage_feed_new(stage, CLOCK_SECOND);
}

static void
teardown(void)
{
    usage_feed_flush(stage->usage_feed);
    stage_sync();
    usage_feed_free(&stage->usage_feed);
    stage_teardown();
}

static struct ticket_rec
ticket(unsigned i, int64_t expires)
{
    struct ticket_rec k = {.account = stage_account(ANN), .expires = expires};

    snprintf((char *)k.hash, sizeof k.hash, "%u", i);
    return k;
}

struct left {
    unsigned tickets, keys;
};

/* So many that come to their end, and a ticket that does not. */
static enum store_result
fill(struct store_txn *t, void *arg, struct errbuf *err)
{
    const struct left *n = arg;
    int64_t now = clock_now(), expires = now + 60 * CLOCK_SECOND;
    const struct post_key_rec used = {.posted = now, .alert = 1};
    struct ticket_rec k = ticket(MANY, now + 900000 * CLOCK_SECOND);
    enum store_result r = ticket_put(t, &k, err);
    char key[20];

    for (unsigned i = 0; r == STORE_OK && i < n->tickets; i++) {
        k = ticket(i, expires);
        r = ticket_put(t, &k, err);
    }
    for (unsigned i = 0; r == STORE_OK && i < n->keys; i++) {
        snprintf(key, sizeof key, "%u", i);
        r = post_key_put(t, 1, key, &used, err);
    }
    return r;
}

static enum store_result
count(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct left *left = arg;
    const struct post_key_life any = {0, 0};
    struct post_key_rec rec;
    enum store_result r;
    char key[20];

    *left = (struct left){0, 0};
    for (unsigned i = 0; i <= MANY; i++) {
        struct ticket_rec k = ticket(i, 0), was;

        r = ticket_take(t, k.hash, &was, err);
        if (r == STORE_OK) {
            left->tickets++;
            r = ticket_put(t, &was, err);
        }
        snprintf(key, sizeof key, "%u", i);
        if (r == STORE_OK || r == STORE_NOTFOUND)
            r = post_key_find(t, 1, key, &any, &rec, err);
        if (r == STORE_OK)
            left->keys++;
        else if (r != STORE_NOTFOUND)
            return r;
    }
    return STORE_OK;
}

static bool
is_done(void *arg)
{
    struct left *left = arg;

    stage_run(count, left);
    return left->tickets <= 1 && left->keys == 0;
}

/* Many of one kind, too: neither keeps the other going. */
static const struct left kinds[] = {{MANY, MANY}, {MANY, 0}, {0, MANY}};

START_TEST(test_tickets_and_keys)
{
    struct left many = kinds[_i], left;

    stage_run(fill, &many);
    upkeep_tick(stage);
    stage_sync();
    stage_run(count, &left);
    ck_assert_uint_eq(left.tickets,
                      many.tickets + 1); /* none before its time */
    ck_assert_uint_eq(left.keys, many.keys);
    clock_advance(86500 * CLOCK_SECOND);
    upkeep_tick(stage);
    stage_until(is_done, &left);
    ck_assert_uint_eq(left.tickets, 1);
}
END_TEST

static bool
all_are_gone(void *arg)
{
    const uint64_t *last = arg;

    for (uint64_t id = 1; id <= *last; id++)
        if (stage_has_alert(id))
            return false;
    return true;
}

START_TEST(test_alerts)
{
    int64_t until = clock_now() + 60 * CLOCK_SECOND;
    uint64_t last = 0;

    for (int i = 0; i < 1100; i++)
        last = stage_post_until(ALERT_SERVER, 0, "x", until);
    clock_advance(61 * CLOCK_SECOND);
    upkeep_tick(stage);
    stage_until(all_are_gone, &last);
}
END_TEST

Suite *
upkeep_suite(void)
{
    Suite *s = suite_create("upkeep");
    TCase *t = tcase_create("upkeep");

    tcase_set_timeout(t, 120);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, test_tickets_and_keys, 0,
                        sizeof kinds / sizeof kinds[0]);
    tcase_add_test(t, test_alerts);
    suite_add_tcase(s, t);
    return s;
}
