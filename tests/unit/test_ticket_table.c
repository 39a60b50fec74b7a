/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"

Suite *ticket_table_suite(void);

static uint64_t joe;

static void
setup(void)
{
    fixture_setup();
    joe = fixture_account(fixture_domain("example.test"), "joe");
}

struct ask {
    struct ticket_rec k;
    int64_t now;
    unsigned max;
    bool more, there;
    uint64_t account;
    struct ticket_keep keep;
};

static enum store_result
put(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return ticket_put(t, &q->k, err);
}

static enum store_result
take(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;
    uint8_t hash[TICKET_HASH_BYTES];

    memcpy(hash, q->k.hash, sizeof hash);
    memset(&q->k, 0, sizeof q->k);
    return ticket_take(t, hash, &q->k, err);
}

static enum store_result
expire(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return ticket_expire(t, q->now, q->max, &q->more, err);
}

static enum store_result
trim(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return ticket_trim(t, q->account, q->max, &q->keep, err);
}

static enum store_result
trim_waiting(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return ticket_trim_waiting(t, q->account, q->max, q->keep.number[0], err);
}

static enum store_result
remove_joe(struct store_txn *t, void *arg, struct errbuf *err)
{
    (void)arg;
    return account_remove(t, joe, err);
}

static struct ask
ticket(uint8_t n, int64_t expires)
{
    struct ask q = {.k = {.account = joe, .cred_serial = n}};

    memset(q.k.hash, n, sizeof q.k.hash);
    q.k.expires = expires;
    return q;
}

START_TEST(good_for_once)
{
    struct ask q = ticket(200, 1000), r = ticket(200, 0);

    fixture_run(take, &r, STORE_NOTFOUND);
    fixture_run(put, &q, STORE_OK);
    fixture_run(put, &q, STORE_EXISTS);
    fixture_reopen();
    r = ticket(200, 0);
    fixture_run(take, &r, STORE_OK);
    ck_assert_mem_eq(r.k.hash, q.k.hash, sizeof q.k.hash);
    ck_assert_uint_eq(r.k.account, joe);
    ck_assert_uint_eq(r.k.cred_serial, 200);
    ck_assert_int_eq(r.k.expires, 1000);
    r = ticket(200, 0);
    fixture_run(take, &r, STORE_NOTFOUND);
    fixture_verify();
}
END_TEST

START_TEST(expiring)
{
    struct ask q = {.now = 100, .max = 1};

    fixture_run(expire, &q, STORE_OK);
    for (uint8_t i = 0; i < 4; i++) { /* 101, 100, 99, 98 */
        struct ask k = ticket(i, 101 - i);

        fixture_run(put, &k, STORE_OK);
    }
    fixture_run(expire, &q, STORE_OK);
    for (uint8_t i = 0; i < 4; i++) {
        struct ask k = ticket(i, 0);
        bool there = i != 3;

        fixture_run(take, &k, there ? STORE_OK : STORE_NOTFOUND);
        k.k.expires = 101 - i;
        if (there)
            fixture_run(put, &k, STORE_OK);
    }
    q.max = 10;
    fixture_run(expire, &q, STORE_OK); /* at or before */
    for (uint8_t i = 0; i < 4; i++) {
        struct ask k = ticket(i, 0);

        fixture_run(take, &k, i == 0 ? STORE_OK : STORE_NOTFOUND);
    }
    fixture_verify();
}
END_TEST

/* Who expires is told when there is more to do. */
START_TEST(expiring_in_pieces)
{
    struct ask q = {.now = 100, .max = 2};

    for (uint8_t i = 0; i < 4; i++) {
        struct ask k = ticket(i, 100);

        fixture_run(put, &k, STORE_OK);
    }
    fixture_run(expire, &q, STORE_OK);
    ck_assert(q.more);
    fixture_run(expire, &q, STORE_OK);
    ck_assert(!q.more);
    fixture_verify();
}
END_TEST

static enum store_result
probe(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;
    struct ticket_rec k;
    enum store_result r = ticket_find(t, q->k.hash, &k, err);

    q->there = r == STORE_OK;
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

/* Which tickets there are, a bit for each. */
static unsigned
present(unsigned n)
{
    unsigned bits = 0;

    for (uint8_t i = 0; i < n; i++) {
        struct ask k = ticket(i, 0);

        fixture_run(probe, &k, STORE_OK);
        if (k.there)
            bits |= 1U << i;
    }
    return bits;
}

/* The next to end go, but for those that are to stay; others' are not touched. */
START_TEST(trimming)
{
    struct ask other = ticket(7, 1), q = {.account = joe}, again;
    uint64_t keep[2] = {ticket_number(ticket(5, 0).k.hash),
                        ticket_number(ticket(2, 0).k.hash)};

    other.k.account = fixture_account(1, "amy");
    fixture_run(put, &other, STORE_OK);
    for (uint8_t i = 0; i < 6; i++) { /* 5 ends first */
        struct ask k = ticket(i, 100 - i);

        fixture_run(put, &k, STORE_OK);
    }
    q.max = 6;
    fixture_run(trim, &q, STORE_OK);
    ck_assert_uint_eq(present(8), 0xbf);
    q.max = 5;
    fixture_run(trim, &q, STORE_OK);
    ck_assert_uint_eq(present(8), 0x9f);
    again = ticket(5, 95);
    fixture_run(put, &again, STORE_OK);
    q.keep = (struct ticket_keep){keep, 2};
    q.max = 3;
    fixture_run(trim, &q, STORE_OK);
    ck_assert_uint_eq(present(8), 0xa5); /* 4, 3 and 1 */
    q.max = 1;
    fixture_run(trim, &q, STORE_OK); /* those to keep are more than that */
    ck_assert_uint_eq(present(8), 0xa4);
    q.keep.n = 0;
    q.max = 0;
    fixture_run(trim, &q, STORE_OK);
    ck_assert_uint_eq(present(8), 0x80);
    fixture_verify();
}
END_TEST

/* 5 and 3 are devices, which end first. */
START_TEST(devices_are_not_trimmed)
{
    struct ask q = {.account = joe};

    for (uint8_t i = 0; i < 6; i++) {
        struct ask k = ticket(i, 100 - i);

        k.k.is_device = k.k.has_key = i == 3 || i == 5;
        k.k.device = k.k.is_device ? i : 0;
        fixture_run(put, &k, STORE_OK);
    }
    q.max = 4;
    fixture_run(trim, &q, STORE_OK);
    ck_assert_uint_eq(present(8), 0x3f);
    q.max = 3;
    fixture_run(trim, &q, STORE_OK);
    ck_assert_uint_eq(present(8), 0x2f);
    q.max = 0;
    fixture_run(trim, &q, STORE_OK);
    ck_assert_uint_eq(present(8), 0x28);
    fixture_verify();
}
END_TEST

/* 5 and 4: somebody's session and its ticket; 3 a device; 2, 1 and 0 wait. */
START_TEST(only_those_that_wait_are_trimmed)
{
    uint64_t keep = ticket_number(ticket(2, 0).k.hash);
    struct ask other = ticket(7, 1);
    struct ask q = {.account = joe, .keep = {&keep, 1}};

    other.k.account = fixture_account(1, "amy");
    other.k.is_session = other.k.is_waiting = true;
    fixture_run(put, &other, STORE_OK);
    for (uint8_t i = 0; i < 6; i++) {
        struct ask k = ticket(i, 100 - i);

        k.k.is_session = i == 5 || i < 3;
        k.k.is_waiting = i < 3;
        k.k.session = i == 4 ? ticket_number(ticket(5, 0).k.hash) : 0;
        k.k.is_device = k.k.has_key = i == 3;
        k.k.device = i == 3 ? 9 : 0;
        fixture_run(put, &k, STORE_OK);
    }
    q.max = 5;
    fixture_run(trim_waiting, &q, STORE_OK);
    ck_assert_uint_eq(present(8), 0xbf);
    q.max = 4;
    fixture_run(trim_waiting, &q, STORE_OK);
    ck_assert_uint_eq(present(8), 0xbd); /* 2 ends first, but stays */
    q.max = 0;
    fixture_run(trim_waiting, &q, STORE_OK);
    ck_assert_uint_eq(present(8), 0xbc);
    fixture_verify();
}
END_TEST

static enum store_result
drop_of(struct store_txn *t, void *arg, struct errbuf *err)
{
    const struct ask *q = arg;

    return ticket_drop_of(t, q->account, q->k.session, q->k.device, err);
}

static enum store_result
sessions(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;
    struct ticket_rec *list;
    size_t n;
    enum store_result r = ticket_sessions(t, q->account, &list, &n, err);

    q->max = (unsigned)n;
    free(list);
    return r;
}

/* 1 and 2: sessions, with the tickets 3 and 4, and 5; 0 is of none.  2 and 5 came
 * by device 9. */
START_TEST(what_belongs_together_goes_together)
{
    uint64_t s[2] = {ticket_number(ticket(1, 0).k.hash),
                     ticket_number(ticket(2, 0).k.hash)};
    const uint64_t of[6] = {0, 0, 0, s[0], s[0], s[1]};
    struct ask q = {.account = joe}, other = ticket(7, 1), one = ticket(1, 0);

    other.k.account = fixture_account(1, "amy");
    other.k.session = s[0];
    fixture_run(put, &other, STORE_OK);
    for (uint8_t i = 0; i < 6; i++) {
        struct ask k = ticket(i, 100 - i);

        k.k.is_session = i == 1 || i == 2;
        k.k.session = of[i];
        k.k.device = i == 2 || i == 5 ? 9 : 0;
        fixture_run(put, &k, STORE_OK);
    }
    fixture_run(sessions, &q, STORE_OK);
    ck_assert_uint_eq(q.max, 2);
    fixture_run(take, &one, STORE_NOTFOUND); /* a session is no ticket */
    fixture_verify();
    q.k.session = s[1] + 1;
    fixture_run(drop_of, &q, STORE_OK);
    ck_assert_uint_eq(present(8), 0xbf);
    q.k.session = s[0];
    fixture_run(drop_of, &q, STORE_OK);
    ck_assert_uint_eq(present(8), 0xa5);
    q.k.session = 0;
    q.k.device = 9;
    fixture_run(drop_of, &q, STORE_OK);
    ck_assert_uint_eq(present(8), 0x81);
    fixture_run(sessions, &q, STORE_OK);
    ck_assert_uint_eq(q.max, 0);
    fixture_verify();
}
END_TEST

START_TEST(void_without_its_account)
{
    struct ask q = ticket(1, 1000);

    fixture_run(put, &q, STORE_OK);
    fixture_run(remove_joe, NULL, STORE_OK);
    fixture_run(take, &q, STORE_NOTFOUND);
    fixture_verify();
    q.now = 2000;
    q.max = 10;
    fixture_run(expire, &q, STORE_OK);
    fixture_verify();
}
END_TEST

Suite *
ticket_table_suite(void)
{
    Suite *s = suite_create("ticket_table");
    TCase *tc = tcase_create("ticket_table");

    tcase_add_checked_fixture(tc, setup, fixture_teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, good_for_once);
    tcase_add_test(tc, expiring);
    tcase_add_test(tc, expiring_in_pieces);
    tcase_add_test(tc, trimming);
    tcase_add_test(tc, devices_are_not_trimmed);
    tcase_add_test(tc, only_those_that_wait_are_trimmed);
    tcase_add_test(tc, what_belongs_together_goes_together);
    tcase_add_test(tc, void_without_its_account);
    suite_add_tcase(s, tc);
    return s;
}
