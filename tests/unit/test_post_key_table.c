/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"

Suite *post_key_table_suite(void);

struct ask {
    uint64_t author;
    const char *key;
    int64_t time; /* since, before */
    struct post_key_rec rec;
    unsigned max;
    bool more;
};

static enum store_result
put(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return post_key_put(t, q->author, q->key, &q->rec, err);
}

static enum store_result
find(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    const struct post_key_life life = {q->time, 0};

    return post_key_find(t, q->author, q->key, &life, &q->rec, err);
}

static enum store_result
expire(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    const struct post_key_life life = {q->time, 0};

    return post_key_expire(t, &life, q->max, &q->more, err);
}

static void
remember(uint64_t author, const char *key, int64_t now, uint64_t alert)
{
    struct ask q = {
        .author = author, .key = key, .rec = {.posted = now, .alert = alert}};

    memset(q.rec.digest, (int)alert, sizeof q.rec.digest);
    fixture_run(put, &q, STORE_OK);
}

/* The alert, 0 if it is not found. */
static uint64_t
look_up(uint64_t author, const char *key, int64_t since)
{
    struct ask q = {.author = author, .key = key, .time = since};
    enum store_result r = store_run(fixture_store, find, &q, &fixture_err);
    uint8_t digest[POST_DIGEST_BYTES];

    if (r == STORE_NOTFOUND)
        return 0;
    ck_assert_int_eq(r, STORE_OK);
    memset(digest, (int)q.rec.alert, sizeof digest);
    ck_assert_mem_eq(q.rec.digest, digest, sizeof digest);
    ck_assert_int_ge(q.rec.posted, since);
    return q.rec.alert;
}

START_TEST(found_by_author_key_and_time)
{
    remember(1, "backup", 100, 7);
    remember(2, "backup", 200, 8);
    remember(1, "Backup", 300, 9);
    fixture_reopen();
    ck_assert_uint_eq(look_up(1, "backup", 100), 7);
    ck_assert_uint_eq(look_up(1, "backup", 101), 0);
    ck_assert_uint_eq(look_up(2, "backup", 0), 8);
    ck_assert_uint_eq(look_up(1, "Backup", 0), 9);
    ck_assert_uint_eq(look_up(3, "backup", 0), 0);
    ck_assert_uint_eq(look_up(1, "back", 0), 0);
    ck_assert_uint_eq(look_up(1, "backups", 0), 0);
    fixture_verify();
}
END_TEST

START_TEST(used_again)
{
    struct ask q = {.time = 150, .max = 10};

    remember(1, "backup", 100, 7);
    remember(1, "backup", 200, 8);
    ck_assert_uint_eq(look_up(1, "backup", 0), 8);
    fixture_run(expire, &q, STORE_OK); /* of the first use there is nothing */
    ck_assert_uint_eq(look_up(1, "backup", 200), 8);
    remember(1, "backup", 200, 9); /* in the same moment */
    ck_assert_uint_eq(look_up(1, "backup", 200), 9);
    remember(1, "backup", 10, 10); /* the clock was set back */
    ck_assert_uint_eq(look_up(1, "backup", 10), 10);
    fixture_verify();
}
END_TEST

START_TEST(expiring)
{
    struct ask q = {.max = 2};
    unsigned left = 0;

    fixture_run(expire, &q, STORE_OK);
    for (unsigned i = 0; i < 5; i++) {
        char key[8];

        snprintf(key, sizeof key, "k%u", i);
        remember(1, key, 100 - (int64_t)i, i + 1); /* k4 is the oldest */
    }
    q.time = 99; /* before it: k2, k3, k4 */
    fixture_run(expire, &q, STORE_OK);
    ck_assert_uint_eq(look_up(1, "k4", 0), 0);
    ck_assert_uint_eq(look_up(1, "k3", 0), 0);
    ck_assert_uint_eq(look_up(1, "k2", 0), 3);
    for (int i = 0; i < 3; i++)
        fixture_run(expire, &q, STORE_OK);
    for (unsigned i = 0; i < 5; i++) {
        char key[8];

        snprintf(key, sizeof key, "k%u", i);
        left += look_up(1, key, 0) != 0;
    }
    ck_assert_uint_eq(left, 2);
    fixture_verify();
}
END_TEST

START_TEST(keys_of_all_sizes)
{
    char key[300] = {0};
    struct ask q = {.author = UINT64_MAX, .key = key, .rec.alert = 1};

    fixture_run(put, &q, STORE_REFUSED);
    memset(key, 'k', 255);
    remember(UINT64_MAX, key, 1, 5);
    ck_assert_uint_eq(look_up(UINT64_MAX, key, 0), 5);
    fixture_verify();
    key[255] = 'k';
    fixture_run(put, &q, STORE_REFUSED);
    fixture_run(find, &q, STORE_REFUSED);
    q = (struct ask){.time = INT64_MAX, .max = 9};
    fixture_run(expire, &q, STORE_OK);
    fixture_verify();
}
END_TEST

static void
remember_for(const char *key, enum alert_scope scope, uint64_t target)
{
    struct ask q = {
        .author = 1,
        .key = key,
        .rec = {.posted = 1, .alert = 1, .scope = scope, .target = target}};

    memset(q.rec.digest, 1, sizeof q.rec.digest);
    fixture_run(put, &q, STORE_OK);
}

static enum store_result
remove_joe(struct store_txn *t, void *arg, struct errbuf *err)
{
    return account_remove(t, *(uint64_t *)arg, err);
}

/* Whose name is given to another means another. */
START_TEST(free_when_the_target_is_gone)
{
    uint64_t domain = fixture_domain("a.test"),
             joe = fixture_account(domain, "joe");

    remember_for("joe", ALERT_ACCOUNT, joe);
    remember_for("domain", ALERT_DOMAIN, domain);
    remember_for("none", ALERT_DOMAIN, domain + 1);
    remember_for("server", ALERT_SERVER, 0);
    ck_assert_uint_eq(look_up(1, "joe", 0), 1);
    fixture_run(remove_joe, &joe, STORE_OK);
    fixture_account(domain, "joe");
    ck_assert_uint_eq(look_up(1, "joe", 0), 0);
    ck_assert_uint_eq(look_up(1, "domain", 0), 1);
    ck_assert_uint_eq(look_up(1, "none", 0), 0);
    ck_assert_uint_eq(look_up(1, "server", 0), 1);
    fixture_verify();
}
END_TEST

static enum store_result
release(struct store_txn *t, void *arg, struct errbuf *err)
{
    return post_key_release(t, arg, err);
}

START_TEST(released_with_its_alert_alone)
{
    char k[] = "k", other[] = "other";
    struct alert_rec a = {.id = 2, .author = 1};

    remember(1, k, 100, 1);
    remember(1, k, 200, 2);             /* it was used again */
    fixture_run(release, &a, STORE_OK); /* posted without a key */
    a.post_key = other;
    fixture_run(release, &a, STORE_OK);
    a.post_key = k;
    a.id = 1;
    fixture_run(release, &a, STORE_OK);
    a.id = 2;
    a.author = 2;
    fixture_run(release, &a, STORE_OK);
    ck_assert_uint_eq(look_up(1, k, 0), 2);
    a.author = 1;
    fixture_run(release, &a, STORE_OK);
    ck_assert_uint_eq(look_up(1, k, 0), 0);
    fixture_verify();
}
END_TEST

/* --- as long as the alert --- */

#define DAY (INT64_C(86400) * 1000000)

static enum store_result
post(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct alert_rec *a = arg;
    struct ask q = {.author = a->author,
                    .key = a->post_key,
                    .rec = {.posted = a->posted, .scope = a->scope}};
    enum store_result r = alert_add(t, a, err);

    q.rec.alert = a->id;
    return r == STORE_OK ? put(t, &q, err) : r;
}

static uint64_t
post_until(const char *key, int64_t until)
{
    char text[] = "x", who[] = "local:0", from[] = "here";
    struct alert_rec a = {.scope = ALERT_SERVER,
                          .severity = ALERT_WARNING,
                          .posted = DAY,
                          .until = until,
                          .author = 1,
                          .author_name = who,
                          .origin = from,
                          .text = text,
                          .text_len = 1,
                          .post_key = (char *)(uintptr_t)key};

    fixture_run(post, &a, STORE_OK);
    return a.id;
}

struct sweep {
    int64_t now;
    unsigned looked; /* at so many keys */
};

static enum store_result
sweep(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct sweep *s = arg;
    const struct post_key_life life = {s->now, DAY};
    bool more = true;
    enum store_result r = STORE_OK;

    s->looked = 0;
    while (r == STORE_OK && more) {
        unsigned before = store_changes(t);

        r = post_key_expire(t, &life, 1, &more, err);
        s->looked += store_changes(t) != before;
    }
    return r;
}

static bool
lives(const char *key, int64_t now)
{
    struct ask q = {.author = 1, .key = key, .time = now};
    enum store_result r = store_run(fixture_store, find, &q, &fixture_err);

    ck_assert(r == STORE_OK || r == STORE_NOTFOUND);
    return r == STORE_OK;
}

static enum store_result
remove_alert(struct store_txn *t, void *arg, struct errbuf *err)
{
    return alert_remove(t, *(uint64_t *)arg, err);
}

/* Looked at once a day after the post, and then at the end of the alert. */
START_TEST(as_long_as_the_alert)
{
    struct sweep s = {.now = 2 * DAY + 1};
    uint64_t endless = post_until("endless", 0), gone = post_until("gone", 0);

    post_until("long", 10 * DAY);
    post_until("short", DAY + 1);
    fixture_run(remove_alert, &gone, STORE_OK); /* as delivery does */
    fixture_run(sweep, &s, STORE_OK);
    ck_assert_uint_eq(s.looked, 4);
    fixture_verify();
    ck_assert(lives("endless", s.now) && lives("long", s.now));
    ck_assert(!lives("gone", s.now) && !lives("short", s.now));
    for (s.now = 3 * DAY; s.now <= 10 * DAY; s.now += DAY) {
        fixture_run(sweep, &s, STORE_OK);
        ck_assert_uint_eq(s.looked, 0);
    }
    ck_assert(lives("long", 10 * DAY - 1));
    ck_assert(!lives("long", 10 * DAY));
    s.now = 10 * DAY + 1;
    fixture_run(sweep, &s, STORE_OK);
    ck_assert_uint_eq(s.looked, 1);
    fixture_verify();
    /* One without an end once in a while. */
    s.now = 2 * DAY + 1 + POST_KEY_AGAIN;
    fixture_run(sweep, &s, STORE_OK);
    ck_assert_uint_eq(s.looked, 0);
    s.now++;
    fixture_run(sweep, &s, STORE_OK);
    ck_assert_uint_eq(s.looked, 1);
    ck_assert(lives("endless", s.now));
    fixture_run(remove_alert, &endless, STORE_OK);
    ck_assert(!lives("endless", s.now));
    s.now += POST_KEY_AGAIN + 1;
    fixture_run(sweep, &s, STORE_OK);
    ck_assert_uint_eq(s.looked, 1);
    fixture_verify();
}
END_TEST

/* What moved is put back to the beginning when the key is used again. */
START_TEST(used_again_after_it_moved)
{
    struct sweep s = {.now = 2 * DAY + 1};

    post_until("k", 10 * DAY);
    fixture_run(sweep, &s, STORE_OK);
    remember(1, "k", 3 * DAY, 77);
    fixture_verify();
    s.now = 4 * DAY + 1;
    fixture_run(sweep, &s, STORE_OK);
    ck_assert_uint_eq(s.looked, 1);
    ck_assert_uint_eq(look_up(1, "k", 0), 0);
    fixture_verify();
}
END_TEST

Suite *
post_key_table_suite(void)
{
    Suite *s = suite_create("post_key_table");
    TCase *tc = tcase_create("post_key_table");

    tcase_add_checked_fixture(tc, fixture_setup, fixture_teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, found_by_author_key_and_time);
    tcase_add_test(tc, used_again);
    tcase_add_test(tc, expiring);
    tcase_add_test(tc, keys_of_all_sizes);
    tcase_add_test(tc, as_long_as_the_alert);
    tcase_add_test(tc, used_again_after_it_moved);
    tcase_add_test(tc, free_when_the_target_is_gone);
    tcase_add_test(tc, released_with_its_alert_alone);
    suite_add_tcase(s, tc);
    return s;
}
