/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/board.h"

#include <check.h>

Suite *board_suite(void);

static struct board board;

static void
setup(void)
{
    board_init(&board);
}

static void
teardown(void)
{
    board_clear(&board);
}

static void
add(enum alert_scope scope, uint64_t target, uint64_t id)
{
    struct alert_rec rec = {.id = id, .scope = scope, .target = target};
    struct alert *a = alert_new(&rec);

    board_add(&board, a, "a.test", true);
    alert_unref(&a);
}

/* Number of alerts in a scope's set; -1: there is no set. */
static int
count(enum alert_scope scope, uint64_t target)
{
    const struct alert_array *set = board_set(&board, scope, target);

    return set != NULL ? (int)set->n : -1;
}

START_TEST(test_scopes)
{
    uint64_t version = board.version;

    add(ALERT_SERVER, 0, 1);
    add(ALERT_CLUSTER, 0, 2);
    add(ALERT_DOMAIN, 7, 3);
    add(ALERT_DOMAIN, 8, 4);
    add(ALERT_DOMAIN, 7, 5);
    add(ALERT_ACCOUNT, 7, 6); /* not kept here */
    ck_assert_int_eq(count(ALERT_SERVER, 0), 1);
    ck_assert_int_eq(count(ALERT_CLUSTER, 0), 1);
    ck_assert_int_eq(count(ALERT_DOMAIN, 7), 2);
    ck_assert_int_eq(count(ALERT_DOMAIN, 8), 1);
    ck_assert_int_eq(count(ALERT_DOMAIN, 9), -1);
    ck_assert_int_eq(count(ALERT_ACCOUNT, 7), -1);
    ck_assert_uint_eq(board.version, version + 6);
    board_remove(&board, ALERT_SERVER, 0, 1);
    board_remove(&board, ALERT_CLUSTER, 0, 2);
    board_remove(&board, ALERT_DOMAIN, 7, 3);
    board_remove(&board, ALERT_DOMAIN, 9, 3);
    board_remove(&board, ALERT_ACCOUNT, 7, 6);
    ck_assert_int_eq(count(ALERT_SERVER, 0), 0);
    ck_assert_int_eq(count(ALERT_CLUSTER, 0), 0);
    ck_assert_int_eq(count(ALERT_DOMAIN, 7), 1);
    ck_assert_uint_eq(board.version, version + 11);
    board_remove(&board, ALERT_DOMAIN, 7, 5);
    ck_assert_ptr_null(board_find_domain(&board, 7)); /* nothing needs it */
    ck_assert_ptr_nonnull(board_find_domain(&board, 8));
}
END_TEST

/* A domain stays while it has alerts or accounts. */
START_TEST(test_domains)
{
    struct domain *d = board_domain(&board, 7, "a.test", true);

    ck_assert_str_eq(d->name, "a.test");
    ck_assert(d->shared);
    ck_assert(TAILQ_EMPTY(&d->online));
    ck_assert_ptr_eq(board_domain(&board, 7, "other", false), d);
    ck_assert_str_eq(d->name, "a.test");
    d->accounts++;
    board_release_domain(&board, d);
    ck_assert_ptr_eq(board_find_domain(&board, 7), d);
    add(ALERT_DOMAIN, 7, 1);
    d->accounts--;
    board_release_domain(&board, d);
    ck_assert_ptr_eq(board_find_domain(&board, 7), d);
    board_remove(&board, ALERT_DOMAIN, 7, 1);
    ck_assert_ptr_null(board_find_domain(&board, 7));
}
END_TEST

/* Numbers go on; what is beyond the newest is forgotten in large pieces. */
START_TEST(test_removals)
{
    struct removals *r = &board.removals[0];

    ck_assert_uint_eq(removals_next(r), 0);
    for (uint64_t i = 0; i < 5 * BOARD_REMOVALS; i++) {
        board_note_removal(&board, ALERT_SERVER, 0, 1000 + i);
        ck_assert_uint_eq(removals_next(r), i + 1);
        ck_assert_uint_le(r->n, 2 * BOARD_REMOVALS);
        ck_assert_uint_ge(r->n, i < BOARD_REMOVALS ? i + 1 : BOARD_REMOVALS);
        ck_assert_uint_eq(removals_at(r, r->first)->id, 1000 + r->first);
        ck_assert_uint_eq(removals_at(r, i)->id, 1000 + i);
    }
    /* each audience has its own; who is not here is told nothing */
    ck_assert_uint_eq(removals_next(&board.removals[1]), 0);
    board_note_removal(&board, ALERT_CLUSTER, 0, 7);
    ck_assert_uint_eq(removals_next(&board.removals[1]), 1);
    ck_assert_uint_eq(removals_at(&board.removals[1], 0)->id, 7);
    ck_assert_uint_eq(removals_next(r), 5 * BOARD_REMOVALS);
    board_note_removal(&board, ALERT_DOMAIN, 12345, 1);
}
END_TEST

Suite *
board_suite(void)
{
    Suite *s = suite_create("board");
    TCase *t = tcase_create("board");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, test_scopes);
    tcase_add_test(t, test_domains);
    tcase_add_test(t, test_removals);
    suite_add_tcase(s, t);
    return s;
}
