/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/push_log.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

Suite *push_log_suite(void);

static struct push_log l;
static struct buf confirmed; /* ids of alerts, each with a blank */

static void
on_confirm(void *arg, const struct push *p)
{
    (void)arg;
    if (p->alert != NULL)
        buf_appendf(&confirmed, "%s ", p->alert);
}

static void
setup(void)
{
    push_log_init(&l, on_confirm, NULL);
}

static void
teardown(void)
{
    push_log_clear(&l);
    buf_clear(&confirmed);
}

/* An alert whose XML is its id. */
static void
add(const char *alert)
{
    push_log_add(&l, "alert", alert, strlen(alert), alert, false);
}

static void
poll_is(uint64_t ack, const char *expected)
{
    const char *text;
    size_t len;
    bool some = push_log_poll(&l, ack, &text, &len);

    ck_assert_str_eq(some ? text : "none", expected);
    if (some)
        ck_assert_uint_eq(len, strlen(text));
}

static void
next_is(uint64_t id, const char *expected)
{
    const struct push *p = push_log_next(&l, id);

    ck_assert_str_eq(p != NULL ? p->xml : "none", expected);
}

START_TEST(batches_are_frozen)
{
    poll_is(0, "none");
    add("a");
    poll_is(0, "<XIMSS respSeq=\"1\">a</XIMSS>");
    add("b");
    add("c");
    poll_is(0, "<XIMSS respSeq=\"1\">a</XIMSS>");
    ck_assert_str_eq(buf_cstr(&confirmed), "");
    poll_is(1, "<XIMSS respSeq=\"2\">bc</XIMSS>");
    ck_assert_str_eq(buf_cstr(&confirmed), "a ");
    poll_is(0, "<XIMSS respSeq=\"2\">bc</XIMSS>");
    poll_is(99, "none");
    ck_assert_str_eq(buf_cstr(&confirmed), "a b c ");
    ck_assert_uint_eq(l.n, 0);
    ck_assert_uint_eq(l.bytes, 0);
    add("d");
    poll_is(2, "<XIMSS respSeq=\"3\">d</XIMSS>");
}
END_TEST

START_TEST(sync_takes_what_was_never_sent)
{
    struct buf out = {0};

    add("a");
    poll_is(0, "<XIMSS respSeq=\"1\">a</XIMSS>");
    add("b");
    push_log_sync(&l, &out);
    push_log_sync(&l, &out);
    ck_assert_str_eq(buf_cstr(&out), "b");
    ck_assert_str_eq(buf_cstr(&confirmed), "");
    push_log_sync_done(&l);
    ck_assert_str_eq(buf_cstr(&confirmed), "b ");
    poll_is(0, "<XIMSS respSeq=\"1\">a</XIMSS>");
    poll_is(1, "none");
    buf_clear(&out);
}
END_TEST

START_TEST(some_messages_are_for_streams_only)
{
    push_log_add(&l, "alertRemoved", "r", 1, NULL, true);
    ck_assert(!push_log_has_unsent(&l));
    poll_is(0, "none");
    next_is(0, "r");
    add("a");
    poll_is(0, "<XIMSS respSeq=\"1\">a</XIMSS>");
}
END_TEST

START_TEST(those_who_only_poll_gather_nothing)
{
    for (unsigned i = 0; i < 3; i++) {
        add("a");
        push_log_add(&l, "alertRemoved", "r", 1, NULL, true);
    }
    poll_is(0, "<XIMSS respSeq=\"1\">aaa</XIMSS>");
    l.streamed = 2;
    poll_is(1, "none");
    ck_assert_uint_eq(l.n, 2); /* what a stream has, and what came last */
    next_is(0, "r");
    ck_assert_uint_eq(push_log_next(&l, 0)->id, 2);
    ck_assert_uint_eq(push_log_next(&l, 2)->id, 6);
}
END_TEST

START_TEST(events_in_order)
{
    add("a");
    add("b");
    next_is(0, "a");
    next_is(1, "b");
    next_is(2, "none");
    push_log_ack(&l, 3); /* was never given out */
    ck_assert_str_eq(buf_cstr(&confirmed), "");
    push_log_ack(&l, 1);
    ck_assert_str_eq(buf_cstr(&confirmed), "a ");
    next_is(0, "b");
    push_log_ack(&l, 0);
    push_log_ack(&l, 2);
    ck_assert_str_eq(buf_cstr(&confirmed), "a b ");
}
END_TEST

START_TEST(knows_what_it_can_go_on_from)
{
    ck_assert(push_log_knows(&l, 0));
    ck_assert(!push_log_knows(&l, 1));
    add("a");
    add("b");
    add("c");
    push_log_ack(&l, 2);
    ck_assert(!push_log_knows(&l, 1)); /* it may lack 2 */
    ck_assert(push_log_knows(&l, 2));
    ck_assert(push_log_knows(&l, 3));
    ck_assert(!push_log_knows(&l, 4));
    ck_assert(!push_log_knows(&l, UINT64_MAX));
}
END_TEST

START_TEST(a_batch_that_a_stream_confirmed_stays_as_it_was)
{
    add("a");
    poll_is(0, "<XIMSS respSeq=\"1\">a</XIMSS>");
    push_log_ack(&l, 1);
    ck_assert_str_eq(buf_cstr(&confirmed), "a ");
    poll_is(0, "<XIMSS respSeq=\"1\">a</XIMSS>");
    poll_is(1, "none");
    ck_assert_str_eq(buf_cstr(&confirmed), "a ");
}
END_TEST

START_TEST(withdraws_only_what_nobody_was_sent)
{
    add("a");
    add("b");
    add("c");
    l.streamed = 1;
    ck_assert(!push_log_withdraw(&l, "a"));
    ck_assert(push_log_withdraw(&l, "b"));
    ck_assert(!push_log_withdraw(&l, "b"));
    ck_assert(!push_log_withdraw(&l, "x"));
    ck_assert(push_log_holds(&l, "c"));
    poll_is(0, "<XIMSS respSeq=\"1\">ac</XIMSS>");
    ck_assert(!push_log_withdraw(&l, "c"));
    ck_assert_str_eq(buf_cstr(&confirmed), "");
}
END_TEST

START_TEST(forgets_what_the_server_will_push_again)
{
    add("a");
    poll_is(0, "<XIMSS respSeq=\"1\">a</XIMSS>");
    add("b");
    push_log_add(&l, "response", "r", 1, NULL, false);
    push_log_forget_unsent(&l);
    ck_assert(push_log_holds(&l, "a"));
    ck_assert(!push_log_holds(&l, "b"));
    poll_is(1, "<XIMSS respSeq=\"2\">r</XIMSS>");
}
END_TEST

START_TEST(goes_on_behind_another)
{
    push_log_begin_at(&l, 1000);
    add("a");
    next_is(1000, "a");
    ck_assert_uint_eq(l.last_id, 1001);
    ck_assert(!push_log_knows(&l, 7)); /* of the one before */
    push_log_ack(&l, 7);
    /* The client has batch 7, whatever that was. */
    poll_is(7, "<XIMSS respSeq=\"8\">a</XIMSS>");
    poll_is(7, "<XIMSS respSeq=\"8\">a</XIMSS>");
    add("b");
    poll_is(8, "<XIMSS respSeq=\"9\">b</XIMSS>");
    poll_is(8, "<XIMSS respSeq=\"9\">b</XIMSS>");
}
END_TEST

static const struct {
    uint64_t id;
    const char *xml, *expected;
} frames[] = {
    {7, "<a/>", "id: 7\nevent: n\ndata: <a/>\n\n"},
    {0, "<a/>", "event: n\ndata: <a/>\n\n"},
    {1, "<a>x\ny</a>", "id: 1\nevent: n\ndata: <a>x\ndata: y</a>\n\n"},
    {1, "x\n\nid: 9\n",
     "id: 1\nevent: n\ndata: x\ndata: \ndata: id: 9\n"
     "data: \n\n"},
    {1, "", "id: 1\nevent: n\ndata: \n\n"},
};

START_TEST(frames_every_line)
{
    struct buf out = {0};

    push_log_frame(&out, frames[_i].id, "n", frames[_i].xml,
                   strlen(frames[_i].xml));
    ck_assert_str_eq(buf_cstr(&out), frames[_i].expected);
    buf_clear(&out);
}
END_TEST

Suite *
push_log_suite(void)
{
    Suite *s = suite_create("push_log");
    TCase *tc = tcase_create("all");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, batches_are_frozen);
    tcase_add_test(tc, sync_takes_what_was_never_sent);
    tcase_add_test(tc, some_messages_are_for_streams_only);
    tcase_add_test(tc, those_who_only_poll_gather_nothing);
    tcase_add_test(tc, events_in_order);
    tcase_add_test(tc, knows_what_it_can_go_on_from);
    tcase_add_test(tc, a_batch_that_a_stream_confirmed_stays_as_it_was);
    tcase_add_test(tc, withdraws_only_what_nobody_was_sent);
    tcase_add_test(tc, forgets_what_the_server_will_push_again);
    tcase_add_test(tc, goes_on_behind_another);
    tcase_add_loop_test(tc, frames_every_line, 0,
                        sizeof frames / sizeof frames[0]);
    suite_add_tcase(s, tc);
    return s;
}
