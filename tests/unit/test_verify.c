/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/txn.h"
#include "tests/unit/full_store.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"

Suite *verify_suite(void);

/* Verifies the closed store; the report, which the caller frees. */
static char *
verify(int expected)
{
    struct errbuf err = {{0}};
    char *report;
    size_t len;
    FILE *f = open_memstream(&report, &len);
    int ret = store_verify(fixture_dir, f, &err);

    fclose(f);
    ck_assert_msg(ret == expected, "%d: %s: %s", ret, err.text, report);
    ck_assert((ret == 0) == (len == 0));
    ck_assert((ret == 0) == (err.text[0] == 0));
    return report;
}

START_TEST(a_sound_store)
{
    fixture_close();
    free(verify(0));
    free(verify(0)); /* which it still is */
    fixture_open();
}
END_TEST

/* --- damaged pages: each table, any byte --- */

static void
flip_bit(const char *file, off_t at, unsigned bit)
{
    char path[256];
    uint8_t byte;
    int fd;

    snprintf(path, sizeof path, "%s/db/%s", fixture_dir, file);
    fd = open(path, O_RDWR);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
    byte ^= (uint8_t)(1u << bit);
    ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

#define META_BYTES 512 /* of the first page; nothing is behind them */

START_TEST(a_flipped_bit_is_found)
{
    const char *file = table_file[_i];
    unsigned seed = (unsigned)_i + 1;
    /* Half of the tables in their first page, half in the second. */
    off_t at =
        _i % 2 == 0 ? rand_r(&seed) % META_BYTES : 4096 + rand_r(&seed) % 4096;
    char *report;

    fixture_close();
    flip_bit(file, at, (unsigned)_i % 8);
    report = verify(-1);
    ck_assert_msg(strstr(report, file) != NULL, "%s at %lld: %s", file,
                  (long long)at, report);
    free(report);
    fixture_teardown();
    fixture_setup();
}
END_TEST

/* --- tables that contradict each other --- */

struct damage {
    const char *name;
    enum table table;
    const char *key;    /* hexadecimal */
    const char *value;  /* hexadecimal, NULL: the record is removed */
    const char *report; /* must be in the report */
};

static const struct damage damages[] = {
    {"a name that leads nowhere", TABLE_DOMAIN_NAME, "63", "01" N9,
     "domain_name.db: c: leads to no domain"},
    {"a second name", TABLE_DOMAIN_NAME, "63", "01" N1,
     "domain_name.db: c: leads to no domain"},
    {"an alias that leads nowhere", TABLE_DOMAIN_NAME, "62", "0201" N9,
     "domain_name.db: b: leads to no domain"},
    {"an alias without entry", TABLE_DOMAIN_NAME, "00" N1 "62", NULL,
     "domain_name.db: b: an alias of which its domain does not know"},
    {"an entry without alias", TABLE_DOMAIN_NAME, "62", NULL,
     "domain_name.db: b: is no alias of domain 1"},
    {"an entry of a name", TABLE_DOMAIN_NAME, "62", "01" N1,
     "domain_name.db: b: is no alias of domain 1"},
    {"an entry of nobody", TABLE_DOMAIN_NAME, "00" N9 "62", "01",
     "domain_name.db: b: is no alias of domain 9"},
    {"an entry damaged", TABLE_DOMAIN_NAME, "00" N1 "62", "0100",
     "domain_name.db: a damaged entry"},
    {"an entry cut short", TABLE_DOMAIN_NAME, "00" N1, "01",
     "domain_name.db: a damaged entry"},
    {"a domain by its alias only", TABLE_DOMAIN_NAME, "612e74657374", "0201" N1,
     "domain.db: domain 1: its name does not lead to it"},
    {"a domain without name", TABLE_DOMAIN_NAME, "612e74657374", NULL,
     "domain.db: domain 1: its name does not lead to it"},
    {"a domain beyond the counter", TABLE_META, "636f756e7465722f646f6d61696e",
     "01"
     "0000000000000000",
     "domain.db: domain 1: a number not yet given"},
    {"an account without name", TABLE_ACCOUNT_NAME, N1 "6a6f65", NULL,
     "account.db: account 1: its name does not lead to it"},
    {"a wrong count", TABLE_ACCOUNT_NAME, N1, "01" N9,
     "account_name.db: domain 1: has 1 accounts, says 9"},
    {"aliases not counted", TABLE_ACCOUNT_NAME, N1, "01" N1,
     "account_name.db: domain 1: has 1 aliases, says 0"},
    {"a damaged count", TABLE_ACCOUNT_NAME, N1, "02" N1,
     "account_name.db: domain 1: damaged record"},
    {"no count", TABLE_ACCOUNT_NAME, N1, NULL,
     "account_name.db: domain 1: has 1 accounts, says 0"},
    {"a name of nobody", TABLE_ACCOUNT_NAME, N1 "79", "01" N9,
     "account_name.db: domain 1, y: leads to no account of that name"},
    {"an account's alias that leads nowhere", TABLE_ACCOUNT_NAME, N1 "7a",
     "0201" N9,
     "account_name.db: domain 1, z: leads to no account of the domain"},
    {"an alias in another domain", TABLE_ACCOUNT_NAME, N9 "7a", "0201" N1,
     "account_name.db: domain 9, z: leads to no account of the domain"},
    {"an account's alias without entry", TABLE_ACCOUNT_NAME, N0 N1 "7a", NULL,
     "account_name.db: domain 1, z: an alias of which its account does not"},
    {"an account's entry without alias", TABLE_ACCOUNT_NAME, N1 "7a", NULL,
     "account_name.db: z: is no alias of account 1"},
    {"an account's entry of a name", TABLE_ACCOUNT_NAME, N1 "7a", "01" N1,
     "account_name.db: z: is no alias of account 1"},
    {"an account's entry of nobody", TABLE_ACCOUNT_NAME, N0 N9 "7a", "01",
     "account_name.db: z: is no alias of account 9"},
    {"an account's entry damaged", TABLE_ACCOUNT_NAME, N0 N1, "01",
     "account_name.db: a damaged entry"},
    {"an alias's verifier cut off", TABLE_ACCOUNT_NAME, N0 N1 "7a", "02" N1,
     "account_name.db: a damaged entry"},
    {"verifiers that an older program would take for damage", TABLE_META,
     "666f726d6174", "010000000000000003",
     "account_name.db: a record of format 4 in a store of format 3"},
    {"an account by its alias only", TABLE_ACCOUNT_NAME, N1 "6a6f65", "0201" N1,
     "account.db: account 1: its name does not lead to it"},
    {"aliases that an older program would read", TABLE_META, "666f726d6174",
     "01" N1, "a record of format 2 in a store of format 1"},
    {"usage that an older program would not remove", TABLE_META, "666f726d6174",
     "010000000000000002", "a record of format 3 in a store of format 2"},
    {"usage of nobody", TABLE_USAGE, N9, "01" N1 N1 "0100" N1 N1 N1,
     "usage.db: account 9: does not exist"},
    {"usage with an alert to come", TABLE_USAGE, N1, "01" N1 N1 "0100" N1 N1 N9,
     "usage.db: account 1: an alert not yet given out"},
    {"usage damaged", TABLE_USAGE, N1, "01" N1 N1 "0110" N1 N1 N1,
     "usage.db: account 1: damaged record"},
    {"no account", TABLE_ACCOUNT, N1, NULL,
     "prefs.db: account 1: does not exist"},
    {"a damaged account", TABLE_ACCOUNT, N1, "01",
     "account.db: account 1: damaged record"},
    {"a state of nobody", TABLE_STATE, N9,
     "01" N1 N1 "00000000"
     "00000000"
     "00000000",
     "state.db: account 9: does not exist"},
    {"a position too far", TABLE_STATE, N1,
     "01" N9 N1 "00000000"
     "00000000"
     "00000000",
     "state.db: account 1: a position beyond all alerts"},
    {"ids out of order", TABLE_STATE, N1,
     "01" N1 N1 "00000000"
     "00000002" N9 N1 "00000000",
     "state.db: account 1: ids that do not ascend"},
    {"preferences damaged", TABLE_PREFS, N1, "02",
     "prefs.db: account 1: damaged record"},
    {"no alert", TABLE_ALERT, "03" N1 N1, NULL,
     "alert_id.db: alert 1: does not exist"},
    {"an end of no alert", TABLE_ALERT_UNTIL, N1 N1, "0103" N1,
     "alert_until.db: an end that is no alert's"},
    {"an alert not found by id", TABLE_ALERT_ID, N1, NULL,
     "alert.db: alert 1: its id does not lead to it"},
    {"an id that leads elsewhere", TABLE_ALERT_ID, N1, "0104" N1,
     "alert.db: alert 1: its id does not lead to it"},
    {"an end without entry", TABLE_ALERT_UNTIL, "*", NULL,
     "alert.db: alert 1: no entry for its end"},
    {"a key used twice", TABLE_ALERT, "03" N1 "0000000000000000",
     "0102"
     "0006445fd6b14000"
     "0000000000000000"
     "0000000069248100"
     "0000000000000001"
     "00000000"
     "00000000"
     "00000000",
     "its key is another's too"},
    {"no entry of a post key", TABLE_POST_KEY_TIME, "*", NULL,
     "post_key.db: a key of alert 1 has no entry by time"},
    {"keys that an older program would take for damage", TABLE_META,
     "666f726d6174", "010000000000000004",
     "post_key.db: a record of format 5 in a store of format 4"},
    {"a key of an alert that an older program would take for damage",
     TABLE_META, "666f726d6174", "010000000000000004",
     "alert.db: a record of format 5 in a store of format 4"},
    {"no post key", TABLE_POST_KEY, "*", NULL,
     "post_key_time.db: an entry that leads to no key"},
    {"no entry of a ticket", TABLE_TICKET_TIME, "*", NULL,
     "ticket.db: a ticket of account 1 has no entry by time"},
    {"no ticket", TABLE_TICKET, "*", NULL,
     "ticket_time.db: an entry that leads to no ticket"},
    {"an account's entry of no ticket", TABLE_TICKET_ACCOUNT, N1 N1 N0 N0 N0 N0,
     "01", "ticket_account.db: an entry that leads to no ticket"},
    {"tickets that an older program would not count", TABLE_META,
     "666f726d6174", "010000000000000003",
     "ticket_account.db: a record of format 4 in a store of format 3"},
    {"a token damaged", TABLE_TOKEN, N1 "74", "01",
     "token.db: a damaged record"},
    {"a token under another name", TABLE_TOKEN, N1 "75",
     "01" N1 "00000001"
     "74" N0 N0 "00000000"
     "00000000",
     "token.db: a token under another name"},
    {"a token of nobody", TABLE_TOKEN,
     "0000000000000063"
     "74",
     "01" N1 "00000001"
     "74" N0 N0 "00000000"
     "00000000",
     "token.db: a token of an account that is not there"},
    {"tokens that an older program does not know", TABLE_META, "666f726d6174",
     "010000000000000004",
     "token.db: a record of format 5 in a store of "
     "format 4"},
    {"a group without name", TABLE_ACCOUNT_NAME, N1 "67", NULL,
     "object.db: domain 1, g: its name does not lead to it"},
    {"a group by a forwarder's name", TABLE_ACCOUNT_NAME, N1 "67", "0302",
     "object.db: domain 1, g: its name does not lead to it"},
    {"a group by an account's name", TABLE_ACCOUNT_NAME, N1 "67", "01" N1,
     "account_name.db: domain 1, g: leads to no account of that name"},
    {"a name of no group", TABLE_ACCOUNT_NAME, N1 "68", "0301",
     "account_name.db: domain 1, h: leads to no object of that name"},
    {"a group that is not there", TABLE_OBJECT,
     N1 "01"
        "67",
     NULL, "account_name.db: domain 1, g: leads to no object of that name"},
    {"a group of no domain", TABLE_OBJECT,
     N9 "01"
        "67",
     "01" N1 "00000000", "object.db: domain 9, g: there is no such domain"},
    {"an object of no kind", TABLE_OBJECT,
     N1 "03"
        "67",
     "01" N1 "00000000", "object.db: a damaged record"},
    /* what older programs could not store, and newer ones find nobody by */
    {"a name in capitals", TABLE_ACCOUNT_NAME, N1 "58", "01" N1,
     "account_name.db: X: is not in normal form, which is x"},
    {"a name with the sign of Kelvin", TABLE_ACCOUNT_NAME, N1 "e284aa", "01" N1,
     "account_name.db: \u212a: is not in normal form, which is k"},
    {"the normal form of a group", TABLE_ACCOUNT_NAME, N1 "47", "01" N1,
     "account_name.db: G: has the normal form of another name, g"},
    {"a name with a blank", TABLE_ACCOUNT_NAME, N1 "612062", "01" N1,
     "account_name.db: domain 1, a b: cannot be a name: character 2, U+0020"},
    {"a domain in capitals", TABLE_DOMAIN_NAME, "582e74657374", "01" N1,
     "domain_name.db: X.test: is not in normal form, which is x.test"},
    {"a domain of other letters", TABLE_DOMAIN_NAME, "c3a42e74657374", "01" N1,
     "domain_name.db: \u00e4.test: is not in normal form, which is "
     "xn--4ca.test"},
    {"a domain that is none", TABLE_DOMAIN_NAME, "612f62", "01" N1,
     "domain_name.db: a/b: cannot be the name of a domain: character 2"},
    {"an object damaged", TABLE_OBJECT,
     N1 "01"
        "67",
     "01" N1, "object.db: a damaged record"},
    {"an object without name", TABLE_OBJECT, N1 "01", "01" N1 "00000000",
     "object.db: a damaged record"},
    {"a name of an unknown kind", TABLE_ACCOUNT_NAME, N1 "67", "0303",
     "account_name.db: a damaged name"},
    {"groups not counted", TABLE_ACCOUNT_NAME, N1, "02" N1 N1,
     "account_name.db: domain 1: has 1 groups, says 0"},
    {"a domain's name that is a group's", TABLE_DOMAIN_NAME, "63", "0301",
     "domain_name.db: c: leads to no domain"},
    {"groups that an older program does not know", TABLE_META, "666f726d6174",
     "010000000000000004",
     "object.db: a record of format 5 in a store of "
     "format 4"},
    {"a trigger damaged", TABLE_TRIGGER, "0174", "0100",
     "trigger.db: a damaged record"},
    {"a trigger without name", TABLE_TRIGGER, "01", "0100000000",
     "trigger.db: a damaged record"},
    {"a part of a handler that there is not", TABLE_HANDLER, "0374",
     "0100000000", "handler.db: a damaged record"},
    {"triggers that an older program does not know", TABLE_META, "666f726d6174",
     "010000000000000007",
     "trigger.db: a record of format 8 in a store of format 7"},
    {"audit damaged", TABLE_AUDIT,
     "8000000000000000"
     "00000000",
     "01ff", "audit.db: damaged record"},
    {"trash damaged", TABLE_TRASH, "03", "01", "trash.db: a key of 1 bytes"},
    {"a text damaged", TABLE_META, "746578742f61", "0100", "meta.db: text"},
};

/* Key "*": the table's first record. */
static enum store_result
first_key(struct store_txn *t, enum table table, struct key *k,
          struct errbuf *err)
{
    struct key from = {0};
    struct cursor c;
    enum store_result r = cursor_open(&c, t, table, &from, "testing", err);

    if (r != STORE_OK)
        return r;
    key_bytes(k, c.key.data, c.key.len);
    cursor_close(&c);
    return STORE_OK;
}

static enum store_result
do_damage(struct store_txn *t, void *arg, struct errbuf *err)
{
    const struct damage *d = arg;
    struct key k = {0};
    uint8_t value[256];

    if (strcmp(d->key, "*") == 0) {
        enum store_result r = first_key(t, d->table, &k, err);

        if (r != STORE_OK)
            return r;
    } else {
        k.len = full_store_hex(d->key, k.data);
    }
    if (d->value == NULL)
        return txn_del(t, d->table, &k, "testing", err);
    buf_append(txn_record(t), value, full_store_hex(d->value, value));
    return txn_put(t, d->table, &k, "testing", err);
}

START_TEST(a_contradiction_is_found)
{
    struct damage d = damages[_i];
    char *report;

    fixture_run(do_damage, &d, STORE_OK);
    fixture_close();
    report = verify(-1);
    ck_assert_msg(strstr(report, d.report) != NULL, "%s: %s", d.name, report);
    free(report);
    fixture_open();
}
END_TEST

static enum store_result
put_unshown(struct store_txn *t, void *arg, struct errbuf *err)
{
    (void)arg;
    return usage_put(t, 1, &(struct usage_rec){.alert = 1, .unshown = true},
                     err);
}

/* An older program would take it for damage. */
START_TEST(usage_of_a_newer_format)
{
    struct damage d = {.table = TABLE_META,
                       .key = "666f726d6174",
                       .value = "010000000000000005"};
    char *report;

    fixture_run(put_unshown, NULL, STORE_OK);
    fixture_verify();
    fixture_run(do_damage, &d, STORE_OK);
    fixture_close();
    report = verify(-1);
    ck_assert_msg(strstr(report, "usage.db: a record of format 6 in a store of "
                                 "format 5") != NULL,
                  "%s", report);
    free(report);
    fixture_open();
}
END_TEST

static enum store_result
put_hash(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct account_rec a = {0};
    enum store_result r = account_get(t, 1, &a, err);

    (void)arg;
    strcpy(a.cred.hash, "{SSHA}x");
    if (r == STORE_OK)
        r = account_put(t, &a, err);
    account_rec_clear(&a);
    return r;
}

START_TEST(a_hash_of_a_newer_format)
{
    struct damage d = {.table = TABLE_META,
                       .key = "666f726d6174",
                       .value = "010000000000000006"};
    char *report;

    fixture_run(put_hash, NULL, STORE_OK);
    fixture_verify();
    fixture_run(do_damage, &d, STORE_OK);
    fixture_close();
    report = verify(-1);
    ck_assert_msg(strstr(report, "account.db: a record of format 7 in a store "
                                 "of format 6") != NULL,
                  "%s", report);
    free(report);
    fixture_open();
}
END_TEST

/* --- what a job gets to see of it --- */

static enum store_result
read_account(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct account_rec a = {0};
    enum store_result r = account_get(t, 1, &a, err);

    (void)arg;
    account_rec_clear(&a);
    return r;
}

static enum store_result
find_account(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct account_rec a = {0};

    (void)arg;
    return account_find(t, 1, "joe", &a, err);
}

START_TEST(a_damaged_record_fails_its_job)
{
    struct damage bad = {.table = TABLE_ACCOUNT, .key = N1, .value = "01"};
    struct damage gone = {.table = TABLE_ACCOUNT, .key = N1};

    fixture_run(do_damage, &bad, STORE_OK);
    fixture_run(read_account, NULL, STORE_ERROR);
    ck_assert_str_eq(fixture_err.text, "reading an account: damaged record");
    fixture_run(do_damage, &gone, STORE_OK);
    fixture_run(read_account, NULL, STORE_NOTFOUND);
    fixture_run(find_account, NULL, STORE_ERROR);
    ck_assert_ptr_nonnull(strstr(fixture_err.text, "leads nowhere"));
    fixture_post(ALERT_SERVER, 0, SECOND, "x"); /* and the store goes on */
}
END_TEST

Suite *
verify_suite(void)
{
    Suite *s = suite_create("verify");
    TCase *tc = tcase_create("verify");

    tcase_add_checked_fixture(tc, full_store_setup, fixture_teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, a_sound_store);
    tcase_add_loop_test(tc, a_contradiction_is_found, 0,
                        sizeof damages / sizeof damages[0]);
    tcase_add_test(tc, usage_of_a_newer_format);
    tcase_add_test(tc, a_hash_of_a_newer_format);
    tcase_add_test(tc, a_damaged_record_fails_its_job);
    suite_add_tcase(s, tc);
    tc = suite_add_many(s, full_store_setup, fixture_teardown);
    tcase_add_loop_test(tc, a_flipped_bit_is_found, 0, TABLE_COUNT);
    return s;
}
