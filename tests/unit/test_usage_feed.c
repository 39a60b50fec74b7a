/* SPDX-License-Identifier: BSD-2-Clause */
/* Reports from sources, and the names that they ask for. */
#include "config.h"

#include "ximss/server/live/usage_feed.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/txn.h"
#include "tests/unit/stage.h"
#include "util/buf.h"
#include "util/xmalloc.h"

Suite *usage_feed_suite(void);

static struct usage_feed *feed;

static void
setup(void)
{
    stage_setup_three();
    feed = usage_feed_new(stage, 0);
}

static void
teardown(void)
{
    stage_sync();
    usage_feed_free(&feed);
    stage_teardown();
}

static void
report(const char *user, uint64_t used)
{
    const struct quota_sink *sink = usage_feed_sink(feed);

    sink->report(sink->arg, &(struct quota_report){.user = user,
                                                   .source = QUOTA_SOURCE_DICT,
                                                   .used = used});
}

struct ask {
    uint64_t account;
    struct usage_rec rec;
};

static enum store_result
get(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *a = arg;

    return usage_get(t, a->account, &a->rec, err);
}

static struct usage_rec
usage_of_who(enum stage_who who)
{
    struct ask a = {.account = stage_account(who)};

    stage_run(get, &a);
    return a.rec;
}

static bool
ann_uses(void *arg)
{
    return usage_of_who(ANN).used == *(uint64_t *)arg;
}

START_TEST(the_newest_report_counts)
{
    uint64_t last = 999;

    for (uint64_t used = 1; used <= last; used++)
        report("ann@main.test", used);
    report("dan@a.test", 5);
    report("nobody@a.test", 6);
    report("dan@nowhere.test", 7);
    report("@", 8);
    report("", 9);
    report("bob", 10); /* of the main domain */
    stage_until(ann_uses, &last);
    stage_sync();
    ck_assert_uint_eq(usage_of_who(DAN).used, 5);
    ck_assert_uint_eq(usage_of_who(DAN).source, QUOTA_SOURCE_DICT);
    ck_assert_uint_eq(usage_of_who(BOB).used, 10);
    ck_assert_uint_eq(usage_of_who(EVE).used, 0);
}
END_TEST

/* What the store refuses waits for the next tick; what came meanwhile is
 * newer, but for the limit that only the first one knew. */
START_TEST(a_full_disk_loses_nothing)
{
    const struct quota_sink *sink = usage_feed_sink(feed);
    uint64_t used = 70;

    stage_disk_full(true);
    sink->report(sink->arg,
                 &(struct quota_report){.user = "ann@main.test",
                                        .source = QUOTA_SOURCE_DOVEADM,
                                        .used = 60,
                                        .has_limit = true,
                                        .limit = 100});
    stage_sync();
    report("ann@main.test", 70);
    stage_sync();
    ck_assert_uint_eq(usage_of_who(ANN).used, 0);
    usage_feed_tick(feed);
    stage_sync();
    ck_assert_uint_eq(usage_of_who(ANN).used, 0);
    stage_disk_full(false);
    usage_feed_tick(feed);
    stage_until(ann_uses, &used);
    ck_assert(usage_of_who(ANN).has_limit);
    ck_assert_uint_eq(usage_of_who(ANN).limit, 100);
    ck_assert_uint_eq(usage_of_who(ANN).source, QUOTA_SOURCE_DICT);
}
END_TEST

START_TEST(what_waits_at_the_end_is_stored)
{
    stage_disk_full(true);
    report("ann@main.test", 70);
    stage_sync();
    stage_disk_full(false);
    usage_feed_flush(feed);
    stage_sync();
    ck_assert_uint_eq(usage_of_who(ANN).used, 70);
}
END_TEST

/* The first is stored at once; those behind it wait for the pause's end, and
 * then come without anybody's doing. */
START_TEST(reports_are_gathered)
{
    uint64_t first = 1, last = 2;

    usage_feed_free(&feed);
    feed = usage_feed_new(stage, 100000);
    report("ann@main.test", first);
    stage_until(ann_uses, &first);
    report("bob@main.test", 3);
    report("ann@main.test", last);
    stage_until(ann_uses, &last);
    ck_assert_uint_eq(usage_of_who(BOB).used, 3);
}
END_TEST

static enum store_result
do_damage(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct key k = {0};

    (void)arg;
    key_u64(&k, stage_account(ANN));
    buf_append(txn_record(t), "damaged", 7);
    return txn_put(t, TABLE_USAGE, &k, "testing", err);
}

static void
tick(unsigned n)
{
    for (; n > 0; n--) {
        usage_feed_tick(feed);
        for (int i = 0; i < 4; i++)
            stage_sync();
    }
}

START_TEST(one_that_cannot_be_stored_holds_up_no_other)
{
    stage_run(do_damage, NULL);
    report("ann@main.test", 1); /* goes by itself, and is left out */
    stage_sync();
    for (int i = 0; i < 3; i++) {
        stage_disk_full(true); /* so that those that follow go together */
        report("bob@main.test", 10);
        tick(1);
        report("ann@main.test", 1);
        report("dan@a.test", 20);
        report("eve@a.test", 30);
        report("sue@shared.test", 40);
        stage_disk_full(false);
        tick(8);
    }
    ck_assert_uint_eq(usage_of_who(BOB).used, 10);
    ck_assert_uint_eq(usage_of_who(DAN).used, 20);
    ck_assert_uint_eq(usage_of_who(EVE).used, 30);
    ck_assert_uint_eq(usage_of_who(SUE).used, 40);
}
END_TEST

/* --- names --- */

struct names {
    struct quota_listing listing;
    struct buf got;
    unsigned questions;
    bool failed, last;
};

/* On the writer thread, while the test waits. */
static void
on_names(struct quota_listing *l, const char *const *users, size_t n,
         bool failed)
{
    struct names *x = (struct names *)l;

    for (size_t i = 0; i < n; i++)
        buf_appendf(&x->got, "%s ", users[i]);
    free(l->after);
    l->after = l->resume != NULL ? l->resume
               : n == l->most    ? xstrdup(users[n - 1])
                                 : NULL;
    l->resume = NULL;
    x->last = l->after == NULL;
    x->failed = failed;
    x->questions++;
}

static void
ask(struct names *x, unsigned most)
{
    const struct quota_sink *sink = usage_feed_sink(feed);

    x->listing.most = most;
    x->listing.done = on_names;
    sink->list(sink->arg, &x->listing);
    stage_sync();
    ck_assert(!x->failed);
}

static const char all[] = "dan@a.test eve@a.test ann@main.test bob@main.test "
                          "postmaster@main.test sue@shared.test ";

START_TEST(names_come_page_by_page)
{
    struct names x = {0};
    unsigned most = (unsigned)_i;

    while (!x.last)
        ask(&x, most);
    ck_assert_str_eq(buf_cstr(&x.got), all);
    buf_clear(&x.got);
}
END_TEST

/* For a mail server: not the postmaster, unless it told of him. */
START_TEST(names_for_a_mail_server)
{
    static const struct {
        enum quota_source source;
        bool is_there;
    } rows[] = {{0, false},
                {QUOTA_SOURCE_ADMIN, false},
                {QUOTA_SOURCE_MAILDIR, false},
                {QUOTA_SOURCE_DICT, true},
                {QUOTA_SOURCE_DOVEADM, true},
                {QUOTA_SOURCE_WARNING, true}};
    const struct quota_report r = {
        .user = "postmaster@main.test", .source = rows[_i].source, .used = 7};
    struct names x = {.listing.leave_own = true};

    stage->main_domain_number = stage_domain(BOB);
    if (rows[_i].source != 0) {
        usage_feed_sink(feed)->report(usage_feed_sink(feed)->arg, &r);
        stage_sync();
    }
    ask(&x, 100);
    ck_assert_msg((strstr(buf_cstr(&x.got), "postmaster@") != NULL) ==
                      rows[_i].is_there,
                  "%s", buf_cstr(&x.got));
    ck_assert_ptr_nonnull(strstr(buf_cstr(&x.got), "bob@main.test "));
    buf_clear(&x.got);
}
END_TEST

#define EMPTY 250

static enum store_result
add_domains(struct store_txn *t, void *arg, struct errbuf *err)
{
    enum store_result r = STORE_OK;
    char name[32];

    (void)arg;
    for (unsigned i = 0; i < EMPTY && r == STORE_OK; i++) {
        struct domain_rec d = {.name = name, .created = 1};
        uint64_t number;

        snprintf(name, sizeof name, "n%03u.test", i);
        r = domain_add(t, &d, &number, err);
    }
    return r;
}

/* Many domains without accounts are no work for one job. */
START_TEST(names_of_many_domains)
{
    static const unsigned sizes[] = {1, 2, 100};
    struct names x = {0};

    stage_run(add_domains, NULL);
    while (!x.last)
        ask(&x, sizes[_i]);
    ck_assert_str_eq(buf_cstr(&x.got), all);
    ck_assert_uint_ge(x.questions, EMPTY / 100 + 1);
    buf_clear(&x.got);
}
END_TEST

#define GROUPS 2500

static enum store_result
add_groups(struct store_txn *t, void *arg, struct errbuf *err)
{
    char name[32], none[] = "";
    struct object_rec o = {
        .kind = OBJECT_GROUP, .name = name, .created = 1, .text = none};
    struct domain_rec d = {0};
    enum store_result r = domain_find(t, "main.test", &d, err);

    (void)arg;
    o.domain = d.number;
    domain_rec_clear(&d);
    for (unsigned i = 0; i < GROUPS && r == STORE_OK; i++) {
        snprintf(name, sizeof name, "%s%04u", i % 2 == 0 ? "aa" : "g", i);
        r = object_add(t, &o, err);
    }
    return r;
}

/* Names that are no accounts' are none for a source, and many of them no work
 * for one job. */
START_TEST(names_of_groups_are_passed_over)
{
    static const unsigned sizes[] = {1, 2, 100};
    struct names x = {0};

    stage_run(add_groups, NULL);
    while (!x.last)
        ask(&x, sizes[_i]);
    ck_assert_str_eq(buf_cstr(&x.got), all);
    ck_assert_uint_ge(x.questions, GROUPS / 1001 + 1);
    buf_clear(&x.got);
}
END_TEST

static const struct {
    const char *after, *next;
} pages[] = {
    {"dan@a.test", "eve@a.test ann@main.test "},
    {"aaa@main.test", "ann@main.test bob@main.test "},
    {"zzz@a.test", "ann@main.test bob@main.test "},
    {"joe@b.test", "ann@main.test bob@main.test "}, /* a domain that is gone */
    {"sue@shared.test", ""},
    {"sue@zzz.test", ""},
    {"no address", "dan@a.test eve@a.test "},
};

START_TEST(names_that_are_gone_do_no_harm)
{
    struct names x = {0};

    x.listing.after = xstrdup(pages[_i].after);
    ask(&x, 2);
    ck_assert_str_eq(buf_cstr(&x.got), pages[_i].next);
    free(x.listing.after);
    buf_clear(&x.got);
}
END_TEST

Suite *
usage_feed_suite(void)
{
    Suite *s = suite_create("usage_feed");
    TCase *tc = tcase_create("usage_feed");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, the_newest_report_counts);
    tcase_add_test(tc, a_full_disk_loses_nothing);
    tcase_add_test(tc, reports_are_gathered);
    tcase_add_test(tc, what_waits_at_the_end_is_stored);
    tcase_add_test(tc, one_that_cannot_be_stored_holds_up_no_other);
    tcase_add_loop_test(tc, names_come_page_by_page, 1, 8);
    tcase_add_loop_test(tc, names_for_a_mail_server, 0, 6);
    tcase_add_loop_test(tc, names_of_many_domains, 0, 3);
    tcase_add_loop_test(tc, names_of_groups_are_passed_over, 0, 3);
    tcase_add_loop_test(tc, names_that_are_gone_do_no_harm, 0,
                        (int)(sizeof pages / sizeof pages[0]));
    suite_add_tcase(s, tc);
    return s;
}
