/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/door_told.h"

#include <check.h>

#include "util/clock.h"
#include "ximss/server/live/account.h"
#include "ximss/server/live/alert.h"
#include "ximss/server/live/session_private.h"

Suite *door_told_suite(void);

#define DAY_US (86400 * CLOCK_SECOND)
#define KEPT   65536

static struct worker worker;
static struct account account = {.number = 1};
static struct session session = {.account = &account, .number = 7};
static struct alert alert;

static void
setup(void)
{
    door_told_init(&worker);
    account.number = 1;
    session.number = 7;
    alert = (struct alert){.rec = {.id = 5}};
}

static void
teardown(void)
{
    door_told_clear(&worker);
    ck_assert_ptr_null(worker.told);
}

static bool
is_told(uint64_t number, uint64_t id)
{
    alert.rec.id = id;
    return door_told_lately(&worker, number, &alert);
}

static void
tell(uint64_t number, uint64_t id)
{
    account.number = number;
    alert.rec.id = id;
    door_told_note(&worker, &session, &alert);
}

START_TEST(test_account_and_alert)
{
    tell(1, 5);
    ck_assert(is_told(1, 5));
    ck_assert(!is_told(1, 6));
    ck_assert(!is_told(2, 5));
    alert.rec.id = 5;
    account.number = 1;
    ck_assert(door_told_by(&worker, &session, &alert));
    session.number++;
    ck_assert(!door_told_by(&worker, &session, &alert));
}
END_TEST

START_TEST(test_a_day)
{
    tell(1, 5);
    clock_advance(DAY_US - 2 * CLOCK_SECOND);
    ck_assert(is_told(1, 5));
    clock_advance(2 * CLOCK_SECOND);
    ck_assert(!is_told(1, 5));
    tell(1, 5);
    ck_assert(is_told(1, 5));
}
END_TEST

/* Of an account they are one, whatever their ids; but the one is known that the
 * session was told. */
START_TEST(test_generated)
{
    alert.generated = true;
    tell(1, 5);
    ck_assert(is_told(1, 6));
    ck_assert(!is_told(2, 5));
    account.number = 1;
    alert.rec.id = 6;
    ck_assert(!door_told_by(&worker, &session, &alert));
    alert.rec.id = 5;
    ck_assert(door_told_by(&worker, &session, &alert));
    alert.generated = false;
    ck_assert(!is_told(1, 6));
}
END_TEST

START_TEST(test_bound)
{
    for (uint64_t i = 0; i < KEPT; i++)
        tell(i, 5);
    ck_assert(is_told(0, 5));
    tell(KEPT, 5);
    ck_assert(!is_told(0, 5));
    ck_assert(is_told(1, 5));
    ck_assert(is_told(KEPT, 5));
}
END_TEST

static void
try_pop3(uint64_t id, bool is_told)
{
    session.number++;
    session.door = SESSION_DOOR_POP3;
    alert.rec.id = id;
    ck_assert(door_told_in_vain(&worker, &session, &alert) == !is_told);
    if (!is_told)
        return;
    door_told_try(&worker, &session, &alert);
    ck_assert(!door_told_in_vain(&worker, &session, &alert));
}

START_TEST(test_pop3_in_vain)
{
    for (int i = 0; i < 3; i++)
        try_pop3(5, true);
    try_pop3(5, false);
    try_pop3(4, false);
    session.door = SESSION_DOOR_IMAP;
    ck_assert(!door_told_in_vain(&worker, &session, &alert));
    /* What is new is told. */
    for (int i = 0; i < 3; i++)
        try_pop3(6, true);
    try_pop3(6, false);
    account.number = 2;
    try_pop3(6, true);
    account.number = 1;
    clock_advance(DAY_US);
    try_pop3(6, true);
}
END_TEST

/* Who waits for five alerts, and confirms each, gets them all. */
START_TEST(test_pop3_confirms)
{
    for (int i = 0; i < 6; i++) {
        try_pop3(5, true);
        door_told_confirmed(&worker, &session);
    }
    for (int i = 0; i < 3; i++)
        try_pop3(5, true);
    session.door = SESSION_DOOR_IMAP;
    door_told_confirmed(&worker, &session);
    try_pop3(5, false);
}
END_TEST

Suite *
door_told_suite(void)
{
    Suite *s = suite_create("door_told");
    TCase *t = tcase_create("door_told");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_account_and_alert);
    tcase_add_test(t, test_a_day);
    tcase_add_test(t, test_generated);
    tcase_add_test(t, test_bound);
    tcase_add_test(t, test_pop3_in_vain);
    tcase_add_test(t, test_pop3_confirms);
    suite_add_tcase(s, t);
    return s;
}
