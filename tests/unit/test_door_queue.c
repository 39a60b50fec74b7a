/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "clients/dovecot/door_queue.h"
#include "clients/dovecot/door_text.h"

Suite *door_queue_suite(void);

static struct door_queue q;

static void
setup(void)
{
    q = (struct door_queue){0};
}

static void
teardown(void)
{
    door_queue_clear(&q);
    ck_assert_uint_eq(q.bytes + q.n_waiting + q.n_sent + q.n_shown, 0);
}

static void
add(uint64_t id, const char *text)
{
    struct door_message m = {.type = DOOR_ALERT,
                             .alert = id,
                             .text = text,
                             .text_len = strlen(text)};

    ck_assert(door_queue_add(&q, &m, 100));
}

/* The alerts as "id:state". */
static const char *
seen(void)
{
    static char out[200];
    size_t n = 0;

    out[0] = '\0';
    for (const struct door_alert *a = q.first; a != NULL; a = a->next)
        n += (size_t)snprintf(out + n, sizeof out - n, "%s%d:%c",
                              n > 0 ? " " : "", (int)a->id, "wsS"[a->state]);
    return out;
}

START_TEST(keeps_the_order)
{
    add(3, "three");
    add(1, "one\nline");
    add(2, "two");
    ck_assert_str_eq(seen(), "3:w 1:w 2:w");
    ck_assert_uint_eq(door_queue_waiting(&q)->id, 3);
    door_queue_sent(&q, door_queue_waiting(&q), 17, 18);
    ck_assert_uint_eq(q.first->mark, 17);
    ck_assert_int_eq(q.first->sent_at, 18);
    ck_assert_ptr_null(q.first->line);
    ck_assert_str_eq(door_queue_waiting(&q)->line, "one | line");
    door_queue_shown(&q, q.first);
    ck_assert_str_eq(seen(), "3:S 1:w 2:w");
    ck_assert_uint_eq(q.n_waiting, 2);
    ck_assert_uint_eq(q.n_shown, 1);
    door_queue_remove(&q, 1);
    door_queue_remove(&q, 99);
    ck_assert_str_eq(seen(), "3:S 2:w");
}
END_TEST

/* After a lost connection the server names what counts: nothing is shown twice,
 * nor what was withdrawn. */
START_TEST(follows_the_server)
{
    add(1, "shown");
    add(2, "sent");
    add(3, "seen elsewhere");
    add(4, "waits");
    door_queue_shown(&q, q.first);
    q.first->told = true;
    door_queue_sent(&q, door_queue_waiting(&q), 0, 0);
    door_queue_begin(&q);
    ck_assert(!q.first->told);
    add(1, "shown");
    add(2, "sent");
    add(4, "waits");
    add(5, "new");
    door_queue_end(&q);
    ck_assert_str_eq(seen(), "1:S 2:s 4:w 5:w");
}
END_TEST

START_TEST(is_bounded)
{
    char text[2 * DOOR_TEXT_IMAP];
    uint64_t n = 0;

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    while (!door_queue_is_full(&q)) {
        struct door_message m = {.type = DOOR_ALERT,
                                 .alert = ++n,
                                 .text = text,
                                 .text_len = sizeof text - 1};

        ck_assert(door_queue_add(&q, &m, 100000));
        ck_assert_uint_le(q.bytes, DOOR_QUEUE_BYTES +
                                       sizeof(struct door_alert) +
                                       DOOR_TEXT_IMAP + 1);
    }
    ck_assert_uint_ge(n, DOOR_QUEUE_BYTES / (DOOR_TEXT_IMAP + 200));
    /* What was written costs no text any more, what was shown nothing. */
    while (door_queue_waiting(&q) != NULL)
        door_queue_sent(&q, door_queue_waiting(&q), 0, 0);
    ck_assert(!door_queue_is_full(&q));
    ck_assert_uint_eq(q.bytes, n * sizeof(struct door_alert));
    for (struct door_alert *a = q.first; a != NULL; a = a->next)
        door_queue_shown(&q, a);
    ck_assert_uint_eq(q.bytes, 0);
    ck_assert_uint_eq(q.n_shown, n);
}
END_TEST

Suite *
door_queue_suite(void)
{
    Suite *s = suite_create("door_queue");
    TCase *t = tcase_create("door_queue");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, keeps_the_order);
    tcase_add_test(t, follows_the_server);
    tcase_add_test(t, is_bounded);
    suite_add_tcase(s, t);
    return s;
}
