/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/mailbox.h"

#include <check.h>
#include <pthread.h>
#include <stdlib.h>

#include <event2/event.h>

#include "tests/unit/pump.h"
#include "util/xmalloc.h"

Suite *mailbox_suite(void);

#define SENDERS 4
#define EACH    2000

struct letter {
    struct mail mail;
    unsigned sender, number;
};

/* Who reads. */
struct reader {
    struct event_base *base;
    struct mailbox *box;
    unsigned next[SENDERS]; /* the number that the sender's next has */
    unsigned n, most;       /* pump ends when n is at least most */
};

static struct reader reader;

static void
setup(void)
{
    reader = (struct reader){.base = event_base_new()};
    reader.box = mailbox_new(reader.base, &reader);
}

static void
teardown(void)
{
    mailbox_free(&reader.box);
    ck_assert_ptr_null(reader.box);
    mailbox_free(&reader.box);
    event_base_free(reader.base);
}

static void
deliver(struct mail *m, void *owner)
{
    struct letter *l = (struct letter *)m;

    ck_assert_ptr_eq(owner, &reader);
    ck_assert_uint_eq(l->number, reader.next[l->sender]);
    reader.next[l->sender]++;
    reader.n++;
    free(l);
}

static void
put(unsigned sender, unsigned number)
{
    struct letter *l = xcalloc(1, sizeof *l);

    l->mail.deliver = deliver;
    l->sender = sender;
    l->number = number;
    mailbox_put(reader.box, &l->mail);
}

static bool
has_enough(void *arg)
{
    (void)arg;
    return reader.n >= reader.most;
}

static void *
send_all(void *arg)
{
    for (unsigned i = 0; i < EACH; i++)
        put(*(unsigned *)arg, i);
    return NULL;
}

/* Each sender's mails come in the order of putting, and none is lost. */
START_TEST(test_threads)
{
    pthread_t threads[SENDERS];
    unsigned numbers[SENDERS];

    for (unsigned i = 0; i < SENDERS; i++) {
        numbers[i] = i;
        ck_assert_int_eq(
            pthread_create(&threads[i], NULL, send_all, &numbers[i]), 0);
    }
    reader.most = SENDERS * EACH;
    pump_until(&reader.base, 1, has_enough, NULL);
    for (unsigned i = 0; i < SENDERS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_uint_eq(reader.next[i], EACH);
    }
    ck_assert_uint_eq(mailbox_flush(reader.box), 0);
}
END_TEST

/* A turn delivers 256 at most, so that sockets get theirs. */
START_TEST(test_bounded_turn)
{
    for (unsigned i = 0; i < 600; i++)
        put(0, i);
    event_base_loop(reader.base, EVLOOP_ONCE);
    ck_assert_uint_eq(reader.n, 256);
    event_base_loop(reader.base, EVLOOP_ONCE);
    ck_assert_uint_eq(reader.n, 512);
    put(0, 600); /* behind those that wait */
    event_base_loop(reader.base, EVLOOP_ONCE);
    ck_assert_uint_eq(reader.n, 601);
    event_base_loop(reader.base, EVLOOP_NONBLOCK);
    ck_assert_uint_eq(reader.n, 601);
}
END_TEST

/* One that is much work counts as many. */
START_TEST(test_turn_of_work)
{
    for (unsigned i = 0; i < 600; i++) {
        struct letter *l = xcalloc(1, sizeof *l);

        l->mail.deliver = deliver;
        l->mail.work = i < 10 ? 100 : 0;
        l->number = i;
        mailbox_put(reader.box, &l->mail);
    }
    event_base_loop(reader.base, EVLOOP_ONCE);
    ck_assert_uint_eq(reader.n, 3);
    for (unsigned i = 0; i < 3; i++)
        event_base_loop(reader.base, EVLOOP_ONCE);
    ck_assert_uint_eq(reader.n, 10 + 156);
    ck_assert_uint_eq(mailbox_flush(reader.box), 600 - 166);
}
END_TEST

static void
deliver_and_put(struct mail *m, void *owner)
{
    (void)owner;
    put(1, reader.next[0]++);
    free(m);
}

/* What is put while mail is delivered comes too, and behind it. */
START_TEST(test_put_while_delivering)
{
    for (unsigned i = 0; i < 3; i++) {
        struct mail *m = xcalloc(1, sizeof *m);

        m->deliver = deliver_and_put;
        mailbox_put(reader.box, m);
    }
    reader.most = 3;
    pump_until(&reader.base, 1, has_enough, NULL);
    ck_assert_uint_eq(reader.next[0], 3);
    ck_assert_uint_eq(reader.next[1], 3);
}
END_TEST

/* Flushing delivers what is there, and counts; what its deliveries put waits
 * for the next one. */
START_TEST(test_flush)
{
    ck_assert_uint_eq(mailbox_flush(reader.box), 0);
    for (unsigned i = 0; i < 600; i++)
        put(2, i);
    ck_assert_uint_eq(mailbox_flush(reader.box), 600);
    ck_assert_uint_eq(reader.n, 600);
    for (unsigned i = 0; i < 2; i++) {
        struct mail *m = xcalloc(1, sizeof *m);

        m->deliver = deliver_and_put;
        mailbox_put(reader.box, m);
    }
    ck_assert_uint_eq(mailbox_flush(reader.box), 2);
    ck_assert_uint_eq(mailbox_flush(reader.box), 2);
    ck_assert_uint_eq(reader.next[1], 2);
    /* The wake-ups that are left find nothing. */
    pump_turns(&reader.base, 1);
    ck_assert_uint_eq(reader.n, 602);
}
END_TEST

/* The end of a turn's bound and a flush: what the turn left over is flushed
 * first. */
START_TEST(test_flush_after_turn)
{
    for (unsigned i = 0; i < 300; i++)
        put(0, i);
    event_base_loop(reader.base, EVLOOP_ONCE);
    put(0, 300);
    ck_assert_uint_eq(mailbox_flush(reader.box), 45);
}
END_TEST

Suite *
mailbox_suite(void)
{
    Suite *s = suite_create("mailbox");
    TCase *t = tcase_create("mailbox");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, test_threads);
    tcase_add_test(t, test_bounded_turn);
    tcase_add_test(t, test_turn_of_work);
    tcase_add_test(t, test_put_while_delivering);
    tcase_add_test(t, test_flush);
    tcase_add_test(t, test_flush_after_turn);
    suite_add_tcase(s, t);
    return s;
}
