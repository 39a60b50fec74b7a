/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stddef.h>

#include "ximss/server/auth/login_slots.h"

Suite *login_slots_suite(void);

/* A log-in: which one it is in the order of those that were let in later. */
struct one {
    struct login_slot slot;
    int granted;
};

static int order;

static void
on_granted(struct login_slot *slot)
{
    struct one *one =
        (struct one *)(void *)((char *)slot - offsetof(struct one, slot));

    one->granted = ++order;
}

static bool
take(struct login_slots *l, uint64_t address, struct one *one)
{
    return login_slot_take(l, address, &one->slot, on_granted);
}

static unsigned most;

static unsigned
most_now(const struct login_slot *slot)
{
    (void)slot;
    return most;
}

/* More than the limit, if one says so, as long as it does. */
START_TEST(some_may_be_more)
{
    struct login_slots *l = login_slots_new(2);
    struct one a[6];

    for (int i = 0; i < 6; i++)
        a[i] = (struct one){.slot = {.most = most_now}};
    order = 0;
    most = 4;
    for (int i = 0; i < 4; i++)
        ck_assert(take(l, 1, &a[i]));
    ck_assert(!take(l, 1, &a[4]));
    ck_assert(!take(l, 1, &a[5]));
    most = 0;
    login_slot_release(&a[0].slot);
    login_slot_release(&a[1].slot);
    ck_assert_int_eq(order, 0);
    login_slot_release(&a[2].slot);
    ck_assert_int_eq(a[4].granted, 1);
    ck_assert_int_eq(order, 1);
    most = 3;
    login_slot_release(&a[3].slot);
    ck_assert_int_eq(a[5].granted, 2);
    login_slot_release(&a[4].slot);
    login_slot_release(&a[5].slot);
    login_slots_free(&l);
}
END_TEST

START_TEST(so_many_and_no_more)
{
    struct login_slots *l = login_slots_new(2);
    struct one a[5] = {{.granted = 0}}, other = {.granted = 0};

    order = 0;
    ck_assert(take(l, 1, &a[0]));
    ck_assert(take(l, 1, &a[1]));
    for (int i = 2; i < 5; i++)
        ck_assert(!take(l, 1, &a[i]));
    ck_assert(take(l, 2, &other));
    login_slot_release(&other.slot);
    ck_assert_int_eq(order, 0);
    login_slot_release(&a[1].slot);
    ck_assert_int_eq(a[2].granted, 1);
    ck_assert_int_eq(a[3].granted, 0);
    login_slot_release(&a[1].slot); /* not held any more */
    ck_assert_int_eq(order, 1);
    login_slot_release(&a[0].slot);
    login_slot_release(&a[2].slot);
    ck_assert_int_eq(a[3].granted, 2);
    ck_assert_int_eq(a[4].granted, 3);
    login_slot_release(&a[3].slot);
    login_slot_release(&a[4].slot);
    /* It is as if nobody had been there. */
    ck_assert(take(l, 1, &a[0]));
    login_slot_release(&a[0].slot);
    login_slots_free(&l);
    ck_assert_ptr_null(l);
}
END_TEST

START_TEST(whoever_leaves_is_not_waited_for)
{
    struct login_slots *l = login_slots_new(1);
    struct one a[4] = {{.granted = 0}};

    order = 0;
    ck_assert(login_slot_cancel(&a[0].slot)); /* never asked for one */
    login_slot_release(&a[0].slot);
    ck_assert(take(l, 1, &a[0]));
    for (int i = 1; i < 4; i++)
        ck_assert(!take(l, 1, &a[i]));
    ck_assert(login_slot_cancel(&a[1].slot));
    login_slot_release(&a[0].slot);
    ck_assert_int_eq(a[1].granted, 0);
    ck_assert_int_eq(a[2].granted, 1);
    ck_assert(!login_slot_cancel(&a[2].slot)); /* it is let in already */
    ck_assert(login_slot_cancel(&a[3].slot));
    login_slot_release(&a[2].slot);
    ck_assert_int_eq(order, 1);
    login_slots_free(&l);
    login_slots_free(&l);
}
END_TEST

START_TEST(another_limit)
{
    struct login_slots *l = login_slots_new(1);
    struct one a[4] = {{.granted = 0}};

    order = 0;
    ck_assert(take(l, 1, &a[0]));
    for (int i = 1; i < 4; i++)
        ck_assert(!take(l, 1, &a[i]));
    login_slots_set(l, 2);
    login_slot_release(&a[0].slot);
    ck_assert_int_eq(a[1].granted, 1);
    ck_assert_int_eq(a[2].granted, 2);
    ck_assert_int_eq(a[3].granted, 0);
    login_slots_set(l, 1);
    login_slot_release(&a[1].slot);
    ck_assert_int_eq(a[3].granted, 0);
    login_slot_release(&a[2].slot);
    ck_assert_int_eq(a[3].granted, 3);
    login_slot_release(&a[3].slot);
    login_slots_free(&l);
}
END_TEST

Suite *
login_slots_suite(void)
{
    Suite *s = suite_create("login_slots");
    TCase *t = tcase_create("login_slots");

    tcase_add_test(t, so_many_and_no_more);
    tcase_add_test(t, some_may_be_more);
    tcase_add_test(t, whoever_leaves_is_not_waited_for);
    tcase_add_test(t, another_limit);
    suite_add_tcase(s, t);
    return s;
}
