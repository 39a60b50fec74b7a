/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/audit_chain.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"

Suite *audit_chain_suite(void);

#define RECORDS 10
#define T0      (1000 * SECOND)

static enum store_result
add(struct store_txn *t, void *arg, struct errbuf *err)
{
    const int *i = arg;
    char what[32];
    const struct audit_rec a = {.time = T0 + *i * SECOND,
                                .who = "postmaster@example.test",
                                .from = "192.0.2.1 ximss",
                                .what = what,
                                .outcome = "ok"};

    snprintf(what, sizeof what, "line %02d", *i);
    return audit_add(t, &a, err);
}

static void
setup(void)
{
    fixture_setup();
    for (int i = 1; i <= RECORDS; i++)
        fixture_run(add, &i, STORE_OK);
}

/* --- what a check finds --- */

struct found {
    struct audit_check k;
    char text[2000];
    unsigned n, noted;
};

static void
find(const char *text, bool noted, void *arg)
{
    struct found *f = arg;

    f->n++;
    f->noted += noted;
    if (strlen(f->text) + strlen(text) + 2 < sizeof f->text) {
        strcat(f->text, text);
        strcat(f->text, "\n");
    }
}

static enum store_result
check_part(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct found *f = arg;
    enum store_result r = audit_check(t, &f->k, find, f, err);

    return r == STORE_OK && !f->k.done ? STORE_AGAIN : r;
}

static struct found
check(void)
{
    struct found f = {0};

    fixture_run(check_part, &f, STORE_OK);
    return f;
}

START_TEST(sound)
{
    struct found f = check();

    ck_assert_str_eq(f.text, "");
    ck_assert_uint_eq(f.k.checked, RECORDS);
    ck_assert_uint_eq(f.k.link.number, RECORDS);
    fixture_verify();
    fixture_reopen(); /* the chain goes on */
    for (int i = 1; i <= 3000; i++)
        fixture_run(add, &i, STORE_OK);
    f = check();
    ck_assert_str_eq(f.text, "");
    ck_assert_uint_eq(f.k.checked, RECORDS + 3000);
    fixture_verify();
}
END_TEST

static enum store_result
add_and_fail(struct store_txn *t, void *arg, struct errbuf *err)
{
    enum store_result r = add(t, arg, err);

    if (r == STORE_OK)
        r = audit_flush(t, err);
    ck_assert_int_eq(r, STORE_OK);
    err_set(err, "no");
    return STORE_ERROR;
}

START_TEST(what_is_taken_back_is_not_in_the_chain)
{
    int i = 1;

    fixture_run(add_and_fail, &i, STORE_ERROR);
    fixture_run(add, &i, STORE_OK);
    ck_assert_uint_eq(check().k.checked, RECORDS + 1);
    fixture_verify();
}
END_TEST

/* --- forgers --- */

/* An entry of the chain, and its record in t->record. */
static struct audit_entry
read_entry(struct store_txn *t, uint64_t number)
{
    struct key k = key_number(number);
    const struct slice key = {k.data, k.len};
    struct audit_entry e;
    struct slice v;
    struct errbuf err;

    ck_assert_int_eq(txn_get(t, TABLE_AUDIT_CHAIN, &k, &v, "", &err), STORE_OK);
    ck_assert_int_eq(audit_entry_decode(&key, &v, &e, &err), 0);
    ck_assert_int_eq(txn_get(t, TABLE_AUDIT, &e.record, &v, "", &err),
                     STORE_OK);
    buf_append(txn_record(t), v.data, v.len);
    return e;
}

static void
change(struct store_txn *t)
{
    struct audit_entry e = read_entry(t, 4);
    struct errbuf err;
    char *at = memmem(t->record.data, t->record.len, "line", 4);

    ck_assert_ptr_nonnull(at);
    *at = 'f';
    ck_assert_int_eq(txn_put(t, TABLE_AUDIT, &e.record, "", &err), STORE_OK);
}

/* ... with a hash that fits. */
static void
change_with_hash(struct store_txn *t)
{
    struct audit_entry before = read_entry(t, 3), e;
    struct slice value;
    struct errbuf err;

    change(t);
    e = read_entry(t, 4);
    value = (struct slice){(uint8_t *)t->record.data, t->record.len};
    audit_hash(e.hash, before.hash, &e.record, &value);
    ck_assert_int_eq(audit_entry_put(t, &e, &err), STORE_OK);
}

static void
remove_record(struct store_txn *t, uint64_t number)
{
    struct audit_entry e = read_entry(t, number);
    struct errbuf err;

    ck_assert_int_eq(txn_del(t, TABLE_AUDIT, &e.record, "", &err), STORE_OK);
}

static void
remove_one(struct store_txn *t)
{
    remove_record(t, 5);
}

static void
remove_with_entry(struct store_txn *t, uint64_t number)
{
    struct key k = key_number(number);
    struct errbuf err;

    remove_record(t, number);
    ck_assert_int_eq(txn_del(t, TABLE_AUDIT_CHAIN, &k, "", &err), STORE_OK);
}

static void
remove_two_with_entries(struct store_txn *t)
{
    remove_with_entry(t, 5);
    remove_with_entry(t, 6);
}

static void
cut_end(struct store_txn *t)
{
    remove_with_entry(t, 9);
    remove_with_entry(t, 10);
}

static void
cut_beginning(struct store_txn *t)
{
    remove_with_entry(t, 1);
}

static void
remove_all(struct store_txn *t)
{
    for (uint64_t i = 1; i <= RECORDS; i++)
        remove_with_entry(t, i);
}

static void
swap(struct store_txn *t)
{
    struct audit_entry a = read_entry(t, 3), b;
    struct buf value = {0};
    struct errbuf err;

    buf_append(&value, t->record.data, t->record.len);
    b = read_entry(t, 7);
    ck_assert_int_eq(txn_put(t, TABLE_AUDIT, &a.record, "", &err), STORE_OK);
    buf_append(txn_record(t), value.data, value.len);
    ck_assert_int_eq(txn_put(t, TABLE_AUDIT, &b.record, "", &err), STORE_OK);
    buf_clear(&value);
}

static void
put_at(struct store_txn *t, int64_t time)
{
    struct key k = {0};
    struct errbuf err;

    key_time(&k, time);
    key_u32(&k, 77);
    ck_assert_int_eq(txn_put_new(t, TABLE_AUDIT, &k, "", &err), STORE_OK);
}

static void
put_in_between(struct store_txn *t)
{
    read_entry(t, 5);
    put_at(t, T0 + 5 * SECOND);
}

static void
put_old(struct store_txn *t)
{
    enc_u8(txn_record(t), AUDIT_OLD);
    put_at(t, T0 + 5 * SECOND);
}

static void
damage_head(struct store_txn *t)
{
    struct errbuf err;

    t->audit_head.hash[0] ^= 1;
    ck_assert_int_eq(audit_chain_put_head(t, &err), STORE_OK);
}

static const struct {
    void (*forge)(struct store_txn *t);
    const char *found;
} forgeries[] = {
    {change, "record 4 was changed, or the one before it\n"},
    {change_with_hash, "record 5 was changed, or the one before it\n"},
    {remove_one, "record 5 is missing\n"},
    {remove_two_with_entries, "record 7 was changed, or the one before it\n"
                              "records 5 to 6 are missing\n"},
    {cut_end, "records 9 to 10 are missing\n"},
    {cut_beginning, "record 2 was changed, or the one before it\n"
                    "record 1 is missing\n"},
    {remove_all, "records 1 to 10 are missing\n"},
    {swap, "record 3 was changed, or the one before it\n"
           "record 7 was changed, or the one before it\n"
           "a record is not in the chain: serial 2 of time 1003000000\n"
           "a record is not in the chain: serial 6 of time 1007000000\n"},
    {put_in_between,
     "a record is not in the chain: serial 77 of time 1005000000\n"},
    {put_old, "a record is not in the chain: serial 77 of time 1005000000\n"},
    {damage_head, "record 10 is not the one that the head names\n"},
};

static enum store_result
forge(struct store_txn *t, void *arg, struct errbuf *err)
{
    const int *i = arg;

    (void)err;
    forgeries[*i].forge(t);
    return STORE_OK;
}

START_TEST(forgeries_are_found)
{
    struct errbuf err;
    struct found f;
    char *report;
    size_t len;
    FILE *to;

    fixture_run(forge, &_i, STORE_OK);
    f = check();
    ck_assert_str_eq(f.text, forgeries[_i].found);
    fixture_close();
    to = open_memstream(&report, &len);
    ck_assert_int_eq(store_verify(fixture_dir, to, &err), STORE_DAMAGED);
    fclose(to);
    ck_assert_ptr_nonnull(strstr(report, "audit.db: "));
    free(report);
    fixture_open();
}
END_TEST

/* --- a store of an older format --- */

static enum store_result
put_older(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct buf *b;

    (void)arg;
    (void)err;
    t->counter[COUNTER_FORMAT] = FORMAT_HASHES;
    b = txn_record(t);
    enc_u8(b, AUDIT_OLD);
    enc_i64(b, 5 * SECOND);
    enc_text(b, "me");
    enc_text(b, "");
    enc_text(b, "it");
    enc_text(b, "ok");
    put_at(t, 5 * SECOND);
    return STORE_OK;
}

static bool
see_old(const struct audit_rec *a, const struct audit_place *at, void *arg)
{
    unsigned *n = arg;

    if (at->serial == 77) {
        ck_assert_str_eq(a->what, "it");
        ck_assert_str_eq(a->target, "");
        ck_assert_uint_eq(a->domain, 0);
    }
    ++*n;
    return true;
}

static enum store_result
count(struct store_txn *t, void *arg, struct errbuf *err)
{
    static const struct audit_place start;

    *(unsigned *)arg = 0;
    return audit_walk(t, &start, false, see_old, arg, err);
}

static enum store_result
get_format(struct store_txn *t, void *arg, struct errbuf *err)
{
    (void)err;
    *(uint64_t *)arg = t->counter[COUNTER_FORMAT];
    return STORE_OK;
}

START_TEST(records_from_before)
{
    uint64_t format = 0;
    unsigned n;
    int i = 1;

    fixture_run(put_older, NULL, STORE_OK);
    fixture_reopen();
    fixture_verify();
    fixture_run(get_format, &format, STORE_OK);
    ck_assert_uint_eq(format, FORMAT_HASHES);
    fixture_run(add, &i, STORE_OK);
    fixture_run(get_format, &format, STORE_OK);
    ck_assert_uint_eq(format, FORMAT_AUDIT_CHAIN);
    fixture_run(count, &n, STORE_OK);
    ck_assert_uint_eq(n, 2);
    ck_assert_str_eq(check().text, "");
    fixture_verify();
}
END_TEST

/* --- salvage --- */

/* A record of the moment of the repair, so that a gap may not have its key. */
static enum store_result
add_at_repair(struct store_txn *t, void *arg, struct errbuf *err)
{
    const struct audit_rec a = {.time = 7000 * SECOND, .who = "me"};

    (void)arg;
    t->audit_seq = 0;
    return audit_add(t, &a, err);
}

static enum store_result
lose(struct store_txn *t, void *arg, struct errbuf *err)
{
    (void)arg;
    (void)err;
    remove_record(t, 4);
    remove_record(t, 5);
    remove_with_entry(t, 12);
    remove_with_entry(t, 13);
    return STORE_OK;
}

/* The report is the caller's. */
static char *
salvage(enum store_salvage expected)
{
    char *report;
    size_t len;
    FILE *to = open_memstream(&report, &len);

    fixture_close();
    ck_assert_int_eq(
        store_salvage(fixture_dir, 7000 * SECOND, to, &fixture_err), expected);
    fclose(to);
    fixture_open();
    return report;
}

START_TEST(salvage_keeps_a_whole_chain)
{
    struct found f;

    free(salvage(STORE_SALVAGED));
    f = check();
    ck_assert_str_eq(f.text, "");
    ck_assert_uint_eq(f.k.link.number, RECORDS);
    fixture_verify();
}
END_TEST

START_TEST(salvage_notes_gaps)
{
    struct found f;
    char *report;
    unsigned n;
    int i = 11;

    fixture_run(add_at_repair, NULL, STORE_OK); /* number 11 */
    fixture_run(add, &i, STORE_OK);
    i = 12;
    fixture_run(add, &i, STORE_OK);
    fixture_run(lose, NULL, STORE_OK);
    report = salvage(STORE_SALVAGED_PART);
    ck_assert_ptr_nonnull(
        strstr(report, "audit.db: audit records 4 to 5 are missing\n"
                       "audit.db: audit records 12 to 13 are missing\n"));
    free(report);
    f = check();
    ck_assert_str_eq(
        f.text, "records 4 to 5 are missing since a repair by --salvage\n"
                "records 12 to 13 are missing since a repair by --salvage\n");
    ck_assert_uint_eq(f.noted, 2);
    fixture_verify();
    fixture_run(count, &n, STORE_OK);
    ck_assert_uint_eq(n, 9 + 2); /* nothing was overwritten */
    fixture_run(add, &i, STORE_OK);
    fixture_verify();
    ck_assert_uint_eq(check().k.link.number, 14);
}
END_TEST

Suite *
audit_chain_suite(void)
{
    Suite *s = suite_create("audit_chain");
    TCase *tc = tcase_create("written");
    TCase *empty = tcase_create("empty");

    tcase_add_checked_fixture(tc, setup, fixture_teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, sound);
    tcase_add_test(tc, what_is_taken_back_is_not_in_the_chain);
    tcase_add_loop_test(tc, forgeries_are_found, 0,
                        (int)(sizeof forgeries / sizeof forgeries[0]));
    tcase_add_test(tc, salvage_keeps_a_whole_chain);
    tcase_add_test(tc, salvage_notes_gaps);
    suite_add_tcase(s, tc);
    tcase_add_checked_fixture(empty, fixture_setup, fixture_teardown);
    tcase_add_test(empty, records_from_before);
    suite_add_tcase(s, empty);
    return s;
}
