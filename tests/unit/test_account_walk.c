/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "quota/account_walk.h"

#include <check.h>

#include <event2/event.h>

#include "tests/unit/pump.h"
#include "tests/unit/quota_sink.h"
#include "util/buf.h"
#include "util/mailbox.h"

Suite *account_walk_suite(void);

static struct event_base *base;
static struct mailbox *box;
static struct account_walk *walk;
static struct buf seen; /* names, "|" behind a page, "." behind the last */
static unsigned pages, most_pages, ended;

static void
on_page(struct account_page *page, void *arg)
{
    ck_assert_ptr_eq(arg, &walk);
    for (size_t i = 0; i < page->n; i++)
        buf_append_str(&seen, page->users[i]);
    buf_append_str(&seen, page->failed ? "!" : page->last ? "." : "|");
    account_page_free(&page);
    if (++pages < most_pages)
        account_walk_next(walk);
    else
        ended = 1;
}

static const char *
walk_pages(const char *const *users, unsigned size, unsigned n)
{
    quota_sink_reset(users);
    walk = account_walk_new(&quota_sink_test, box, size, on_page, &walk);
    pages = ended = 0;
    most_pages = n;
    account_walk_next(walk);
    pump_flag(base, &ended);
    account_walk_free(&walk);
    ck_assert_ptr_null(walk);
    return buf_cstr(&seen);
}

static void
setup(void)
{
    pages = most_pages = ended = 0;
    base = event_base_new();
    box = mailbox_new(base, NULL);
}

static void
teardown(void)
{
    quota_sink_settle();
    mailbox_flush(box);
    mailbox_free(&box);
    event_base_free(base);
    buf_clear(&seen);
}

static const char *const five[] = {"a", "b", "c", "d", "e", NULL};
static const char *const none[] = {NULL};

static const struct {
    const char *const *users;
    unsigned size, pages;
    const char *seen;
} walks[] = {
    {five, 2, 3, "ab|cd|e."},
    {five, 5, 2, "abcde|."},
    {five, 6, 1, "abcde."},
    {five, 1, 6, "a|b|c|d|e|."},
    {five, 4, 5, "abcd|e.abcd|e.abcd|"},
    {none, 3, 2, ".."},
};

START_TEST(pages_in_order)
{
    ck_assert_str_eq(
        walk_pages(walks[_i].users, walks[_i].size, walks[_i].pages),
        walks[_i].seen);
}
END_TEST

/* A page that failed is asked for again, and not skipped. */
START_TEST(failure)
{
    quota_sink_reset(five);
    walk = account_walk_new(&quota_sink_test, box, 3, on_page, &walk);
    account_walk_next(walk);
    pump_flag(base, &ended);
    ended = 0;
    quota_sink_mode(QUOTA_SINK_FAIL);
    account_walk_next(walk);
    pump_flag(base, &ended);
    ended = 0;
    quota_sink_mode(QUOTA_SINK_ANSWER);
    account_walk_next(walk);
    pump_flag(base, &ended);
    ck_assert_str_eq(buf_cstr(&seen), "abc|!de.");
    account_walk_free(&walk);
}
END_TEST

/* The answer comes when nobody wants it any more: before and after it is in
 * the mailbox. */
START_TEST(freed_while_asked)
{
    quota_sink_reset(five);
    quota_sink_mode(QUOTA_SINK_KEEP);
    for (int answered = 0; answered < 2; answered++) {
        walk = account_walk_new(&quota_sink_test, box, 3, on_page, &walk);
        account_walk_next(walk);
        if (answered)
            ck_assert_uint_eq(quota_sink_answer(), 1);
        account_walk_free(&walk);
        if (!answered)
            ck_assert_uint_eq(quota_sink_answer(), 1);
        ck_assert_uint_eq(mailbox_flush(box), (unsigned)answered);
    }
    ck_assert_uint_eq(pages, 0);
}
END_TEST

Suite *
account_walk_suite(void)
{
    Suite *s = suite_create("account_walk");
    TCase *tc = tcase_create("account_walk");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, pages_in_order, 0, sizeof walks / sizeof walks[0]);
    tcase_add_test(tc, failure);
    tcase_add_test(tc, freed_while_asked);
    suite_add_tcase(s, tc);
    return s;
}
