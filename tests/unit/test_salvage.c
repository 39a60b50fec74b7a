/* SPDX-License-Identifier: BSD-2-Clause */

/* What salvage keeps of a damaged store, and what not.  How a store is found to
 * be damaged is in test_damage.c. */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/log_files.h"
#include "storage/salvage.h"
#include "storage/verify.h"
#include "tests/unit/disk_fault.h"
#include "tests/unit/full_store.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"
#include "util/xmalloc.h"

Suite *salvage_suite(void);

#define NOW (INT64_C(1764000000) * SECOND) /* 20251124T160000Z */

/* What is added to each counter if numbers that were given out may be lost. */
#define SPARED 1000000

/* --- all records of a store --- */

/* If the newest records of the audit log may be missing, one more says so. */
#define META_AND_AUDIT \
    (1U << TABLE_META | 1U << TABLE_AUDIT | 1U << TABLE_AUDIT_CHAIN)

struct dump {
    struct buf table[TABLE_COUNT];
};

/* Salvage does not keep verifiers of aliases: the next log-in makes them. */
static bool
has_a_verifier(enum table table, const struct slice *key)
{
    return table == TABLE_ACCOUNT_NAME && key_get_u64(key->data) == 0;
}

static enum store_result
dump_table(struct store_txn *t, enum table table, struct buf *b,
           struct errbuf *err)
{
    struct key from = {0};
    struct cursor c;
    enum store_result r = cursor_open(&c, t, table, &from, "testing", err);

    for (; r == STORE_OK; r = cursor_next(&c, err)) {
        enc_data(b, (const char *)c.key.data, c.key.len);
        if (!has_a_verifier(table, &c.key))
            enc_data(b, (const char *)c.value.data, c.value.len);
    }
    cursor_close(&c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

static enum store_result
dump_body(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct dump *d = arg;
    enum store_result r = STORE_OK;

    for (enum table i = 0; r == STORE_OK && i < TABLE_COUNT; i++)
        r = dump_table(t, i, &d->table[i], err);
    return r;
}

/* Of the open store; dump_check frees it. */
static struct dump
dump(void)
{
    struct dump d = {0};

    fixture_run(dump_body, &d, STORE_OK);
    return d;
}

/* Fails the test unless the open store has the same records, whatever is in
 * the tables of the set `but` (a bit each). */
static void
dump_check(struct dump *was, unsigned but)
{
    struct dump is = dump();

    for (enum table i = 0; i < TABLE_COUNT; i++) {
        const struct buf *a = &was->table[i], *b = &is.table[i];

        if ((but & 1U << i) == 0)
            ck_assert_msg(
                a->len == b->len &&
                    (a->len == 0 || memcmp(a->data, b->data, a->len) == 0),
                "%s is not as it was", table_file[i]);
        buf_clear(&was->table[i]);
        buf_clear(&is.table[i]);
    }
}

/* --- damage, and what comes of it --- */

static char *
path_in(const char *file)
{
    return xasprintf("%s/db/%s", fixture_dir, file);
}

static void
zero_page(const char *file, off_t page)
{
    static const char zeros[4096];
    char *path = path_in(file);
    int fd = open(path, O_WRONLY);

    ck_assert_int_eq(pwrite(fd, zeros, sizeof zeros, page * 4096), 4096);
    close(fd);
    free(path);
}

/* Of a closed store; the report is the caller's. */
static enum store_salvage
salvage(char **report_r)
{
    enum store_salvage r;
    size_t len;
    FILE *f = open_memstream(report_r, &len);

    fixture_err.text[0] = 0;
    r = store_salvage(fixture_dir, NOW, f, &fixture_err);
    fclose(f);
    return r;
}

/* Closes the store, zeroes a page of a table, salvages, and opens what came of
 * it, which must be sound. */
static void
salvage_without(const char *file, off_t page, enum store_salvage expected,
                const char *said)
{
    char *report;
    enum store_salvage r;

    fixture_close();
    zero_page(file, page);
    r = salvage(&report);
    ck_assert_msg(r == expected, "%d: %s\n%s", (int)r, fixture_err.text,
                  report);
    ck_assert_msg(strstr(report, said) != NULL, "%s", report);
    free(report);
    fixture_open();
    fixture_verify();
}

/* --- a store with something in each table --- */

START_TEST(each_record_comes_back)
{
    struct dump was = dump();

    salvage_without("alert_id.db", 1, STORE_SALVAGED,
                    "post_key.db: 1 records brought back");
    dump_check(&was, 0);
    ck_assert_uint_eq(fixture_post(ALERT_SERVER, 0, SECOND, "x"), 2);
}
END_TEST

/* Values that do not fit into a page have pages of their own. */
START_TEST(long_records_come_back)
{
    static char text[20001];
    struct dump was;

    memset(text, 'x', sizeof text - 1);
    for (size_t n = 1000; n < sizeof text; n *= 2) {
        text[n] = '\0';
        fixture_post(ALERT_ACCOUNT, 1, SECOND, text);
        text[n] = 'x';
    }
    was = dump();
    salvage_without("alert_id.db", 1, STORE_SALVAGED,
                    "alert.db: 6 records brought back");
    dump_check(&was, 0);
}
END_TEST

/* The first of them has its own page behind the root, which is a leaf: that
 * record is lost, and no other. */
START_TEST(a_long_record_is_lost_with_one_page)
{
    static char text[5001];

    memset(text, 'x', sizeof text - 1);
    fixture_post(ALERT_ACCOUNT, 1, SECOND, text);
    salvage_without("alert.db", 2, STORE_SALVAGED_PART,
                    "alert.db: 1 records brought back\n"
                    "alert.db: 2 pages or records could not be read\n");
}
END_TEST

/* Each table that is made anew. */
START_TEST(what_follows_from_others_is_made_anew)
{
    static const enum table tables[] = {TABLE_ALERT_ID, TABLE_ALERT_UNTIL,
                                        TABLE_POST_KEY_TIME, TABLE_TICKET_TIME,
                                        TABLE_TICKET_ACCOUNT};
    struct dump was = dump();
    char *report;

    fixture_close();
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        zero_page(table_file[tables[i]], 1);
    ck_assert_int_eq(salvage(&report), STORE_SALVAGED);
    free(report);
    fixture_open();
    dump_check(&was, 0);
    fixture_verify();
}
END_TEST

/* The numbers given out are lost with meta.db.  The accounts, domains and
 * alerts that are there say where they were at least. */
START_TEST(numbers_are_not_given_again)
{
    struct dump was = dump();

    salvage_without("meta.db", 1, STORE_SALVAGED_PART,
                    "meta.db: it was damaged");
    dump_check(&was, META_AND_AUDIT);
    ck_assert_uint_eq(fixture_post(ALERT_SERVER, 0, SECOND, "x"), SPARED + 2);
    ck_assert_uint_eq(fixture_domain("c.test"), SPARED + 2);
    ck_assert_uint_eq(fixture_account(1, "jim"), SPARED + 2);
}
END_TEST

/* Who lost the log and the mark has the tables as they were written last. */
START_TEST(tables_are_kept_without_their_log)
{
    struct dump was = dump();
    char *home = xasprintf("%s/db", fixture_dir), *mark = path_in("mark");
    char *report;

    fixture_close();
    log_files_remove(home, UINT32_MAX);
    ck_assert_int_eq(unlink(mark), 0);
    ck_assert_int_eq(salvage(&report), STORE_SALVAGED_PART);
    ck_assert_msg(strstr(report, "the log cannot be used") != NULL, "%s",
                  report);
    free(report);
    free(home);
    free(mark);
    fixture_open();
    dump_check(&was, META_AND_AUDIT);
    ck_assert_uint_eq(fixture_post(ALERT_SERVER, 0, SECOND, "x"), SPARED + 2);
    fixture_verify();
}
END_TEST

/* --- what does not fit --- */

#define NO           "00000000" /* an empty text */
#define Z32          N0 N0 N0 N0
#define CURRENT      "0006445fd6b14000"
#define KEY_OF_1     "0000000069248100" /* the CLI key of alert 1 */
#define FLAGS        "00"
#define DOMAIN(name) "01" N1 FLAGS name NO NO
#define ACCOUNT(domain, name) \
    "01" domain N1 NO NO N0 N0 Z32 Z32 FLAGS name NO NO NO NO
#define STATE(position, shown, dismissed) "01" position N1 NO shown dismissed
#define USAGE(alert)                      "01" N1 N1 "0100" N1 N1 alert
#define ALERT                             "0102" CURRENT N0 "0000000000000007" N1 NO NO NO
#define POST_KEY(alert)                   "01" CURRENT alert Z32
#define TICKET                            "01" N1 NO N1
#define TOKEN(name)                       "01" N1 name N0 N0 NO NO
#define OBJECT                            "01" N1 NO
#define AUDIT                             "01" CURRENT NO NO NO NO

#define A_TEST "00000006 612e74657374"
#define B      "00000001 62"
#define C      "00000001 63"
#define JOE    "00000003 6a6f65"
#define JIM    "00000003 6a696d"
#define Z      "00000001 7a"
#define X32    "78787878787878787878787878787878 78787878787878787878787878787878"
#define LONG   X32 X32 X32 X32 X32 X32 X32 X32 /* a byte too long */

/* Each is put to a store with something in each table, as if a page had held it
 * too. */
static const struct row {
    const char *name;
    enum table table;
    const char *key, *value; /* hexadecimal */
    /* A number of it was given out, although it is left out: this counter
     * comes to 9. */
    enum counter reaches; /* COUNTER_COUNT: none */
} left_out[] = {
#define NOTHING COUNTER_COUNT
    {"no key", TABLE_META, "", "01" N9, NOTHING},
    {"a text damaged", TABLE_META, "746578742f61", "0100", NOTHING},
    {"a secret cut short", TABLE_META, "736563726574", "01" N1, NOTHING},
    {"a secret of a later version", TABLE_META, "736563726574", "02" Z32,
     NOTHING},
    {"a counter damaged", TABLE_META, "636f756e7465722f616c657274", "01",
     NOTHING},

    {"a domain's number cut short", TABLE_DOMAIN, "00000000000009", DOMAIN(C),
     NOTHING},
    {"a domain damaged", TABLE_DOMAIN, N9, "01" N1, NOTHING},
    {"a domain without name", TABLE_DOMAIN, N9, DOMAIN(NO), NOTHING},
    {"two domains of one name", TABLE_DOMAIN, N9, DOMAIN(A_TEST),
     COUNTER_DOMAIN},
    {"a domain under the alias of another", TABLE_DOMAIN, N9, DOMAIN(B),
     COUNTER_DOMAIN},
    {"a domain under its name before", TABLE_DOMAIN, N1, DOMAIN(C), NOTHING},
    {"no name", TABLE_DOMAIN_NAME, "", "0201" N1, NOTHING},
    {"a domain's name damaged", TABLE_DOMAIN_NAME, "63", "0201", NOTHING},
    {"a domain's name too long", TABLE_DOMAIN_NAME, LONG, "0201" N1, NOTHING},
    {"an alias of no domain", TABLE_DOMAIN_NAME, "63", "0201" N9, NOTHING},
    {"the name of a domain as an alias", TABLE_DOMAIN_NAME, "612e74657374",
     "0201" N1, NOTHING},

    {"an account's number cut short", TABLE_ACCOUNT, "00000000000009",
     ACCOUNT(N1, JIM), NOTHING},
    {"an account damaged", TABLE_ACCOUNT, N9, "01" N1, NOTHING},
    {"an account of no domain", TABLE_ACCOUNT, N9, ACCOUNT(N9, JIM),
     COUNTER_ACCOUNT},
    {"an account without name", TABLE_ACCOUNT, N9, ACCOUNT(N1, NO),
     COUNTER_ACCOUNT},
    {"two accounts of one name", TABLE_ACCOUNT, N9, ACCOUNT(N1, JOE),
     COUNTER_ACCOUNT},
    {"an account under the alias of another", TABLE_ACCOUNT, N9, ACCOUNT(N1, Z),
     COUNTER_ACCOUNT},
    {"an account under its name before", TABLE_ACCOUNT, N1, ACCOUNT(N1, JIM),
     NOTHING},
    {"an account's name cut short", TABLE_ACCOUNT_NAME, "00000000000001",
     "0201" N1, NOTHING},
    {"an account's name damaged", TABLE_ACCOUNT_NAME, N1 "79", "0201", NOTHING},
    {"an alias of no account", TABLE_ACCOUNT_NAME, N1 "79", "0201" N9, NOTHING},
    {"an alias in another domain", TABLE_ACCOUNT_NAME, N9 "79", "0201" N1,
     NOTHING},
    {"the name of an account as an alias", TABLE_ACCOUNT_NAME, N1 "6a6f65",
     "0201" N1, NOTHING},

    {"preferences of nobody", TABLE_PREFS, N9, "01" NO, NOTHING},
    {"preferences damaged", TABLE_PREFS, N1, "01", NOTHING},
    {"preferences under a longer key", TABLE_PREFS, N1 "00", "01" NO, NOTHING},
    {"preferences twice", TABLE_PREFS, N1, "01" NO, NOTHING},
    {"a state of nobody", TABLE_STATE, N9, STATE(N9, NO, NO), COUNTER_ALERT},
    {"a state damaged", TABLE_STATE, N1, "01" N9, NOTHING},
    {"shown twice", TABLE_STATE, N1, STATE(N9, "00000002" N1 N1, NO), NOTHING},
    {"dismissed out of order", TABLE_STATE, N1, STATE(N9, NO, "00000002" N9 N1),
     NOTHING},
    {"usage of nobody", TABLE_USAGE, N9, USAGE(N9), COUNTER_ALERT},
    {"usage damaged", TABLE_USAGE, N1, "01" N1, NOTHING},

    {"an alert's key cut short", TABLE_ALERT, "03" N1, ALERT, NOTHING},
    {"an alert damaged", TABLE_ALERT, "03" N1 N9, "0102", NOTHING},
    {"an alert of no scope", TABLE_ALERT, "05" N1 N9, ALERT, NOTHING},
    {"an alert to no domain", TABLE_ALERT, "03" N9 N9, ALERT, COUNTER_ALERT},
    {"an alert to no account", TABLE_ALERT, "04" N9 N9, ALERT, COUNTER_ALERT},
    {"an alert to one server", TABLE_ALERT, "01" N1 N9, ALERT, COUNTER_ALERT},
    {"an alert to one cluster", TABLE_ALERT, "02" N1 N9, ALERT, COUNTER_ALERT},
    {"an alert twice", TABLE_ALERT, "03" N1 N1, ALERT, NOTHING},
    {"a post key without text", TABLE_POST_KEY, N1, POST_KEY(N9), NOTHING},
    {"a post key too long", TABLE_POST_KEY, N1 LONG, POST_KEY(N9), NOTHING},
    {"a post key damaged", TABLE_POST_KEY, N1 "6b", "01" CURRENT, NOTHING},
    {"a post key twice", TABLE_POST_KEY, N1 "6b6579", POST_KEY(N9),
     COUNTER_ALERT},
    {"a ticket under half a hash", TABLE_TICKET, N0 N0, TICKET, NOTHING},
    {"a ticket damaged", TABLE_TICKET, N1 N0 N0 N0, "01", NOTHING},
    {"a ticket twice", TABLE_TICKET, Z32, TICKET, NOTHING},
    {"a token without name", TABLE_TOKEN, N1, TOKEN(C), NOTHING},
    {"a token damaged", TABLE_TOKEN, N1 "63", "01", NOTHING},
    {"a token of nobody", TABLE_TOKEN, N9 "63", TOKEN(C), NOTHING},
    {"a token twice", TABLE_TOKEN, N1 "74", TOKEN("00000001 74"), NOTHING},
    {"an object without name", TABLE_OBJECT, N1 "01", OBJECT, NOTHING},
    {"an object of no kind", TABLE_OBJECT, N1 "03 68", OBJECT, NOTHING},
    {"an object damaged", TABLE_OBJECT, N1 "01 68", "01", NOTHING},
    {"an object of no domain", TABLE_OBJECT, N9 "01 68", OBJECT, NOTHING},
    {"an object under an account's name", TABLE_OBJECT, N1 "01 6a6f65", OBJECT,
     NOTHING},
    {"a forwarder under a group's name", TABLE_OBJECT, N1 "02 67", OBJECT,
     NOTHING},
    {"a trigger without name", TABLE_TRIGGER, "01", "01" NO, NOTHING},
    {"a trigger damaged", TABLE_TRIGGER, "01 78", "01", NOTHING},
    {"a trigger twice", TABLE_TRIGGER, "01 74", "01" NO, NOTHING},
    {"a part of a handler that there is not", TABLE_HANDLER, "03 78", "01" NO,
     NOTHING},
    {"an audit record's key cut short", TABLE_AUDIT, CURRENT "000000", AUDIT,
     NOTHING},
    {"an audit record damaged", TABLE_AUDIT, CURRENT "00000000", "01 ff",
     NOTHING},
#undef NOTHING
};

/* Puts a record to a table as salvage does. */
static enum store_result
keep(struct store_txn *t, enum table table, const char *key, const char *value,
     struct errbuf *err)
{
    struct salvage s = {.t = t, .table = table};
    uint8_t k[512], v[512];
    const struct slice key_bytes = {k, full_store_hex(key, k)};
    const struct slice value_bytes = {v, full_store_hex(value, v)};

    for (size_t i = 0; i < SALVAGE_SOURCES; i++)
        if (salvage_sources[i].table == table)
            return salvage_sources[i].keep(&s, &key_bytes, &value_bytes, err);
    ck_abort_msg("table %d is no source", (int)table);
}

static void
check_left_out(struct store_txn *t, const struct row *row, struct errbuf *err)
{
    uint64_t was[COUNTER_COUNT];
    enum store_result r;

    memcpy(was, t->counter, sizeof was);
    r = keep(t, row->table, row->key, row->value, err);
    ck_assert_msg(r == STORE_REFUSED, "%s: %d", row->name, (int)r);
    for (enum counter c = 0; c < COUNTER_COUNT; c++)
        ck_assert_msg(t->counter[c] == (c == row->reaches ? 9 : was[c]),
                      "%s: counter %d is at %llu", row->name, (int)c,
                      (unsigned long long)t->counter[c]);
    memcpy(t->counter, was, sizeof was);
}

static enum store_result
leave_out_body(struct store_txn *t, void *arg, struct errbuf *err)
{
    (void)arg;
    for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++)
        check_left_out(t, &left_out[i], err);
    return STORE_OK;
}

START_TEST(what_does_not_fit_is_left_out)
{
    struct dump was = dump();

    fixture_run(leave_out_body, NULL, STORE_OK);
    dump_check(&was, 0);
    fixture_verify();
}
END_TEST

/* What is no record of its own: it follows from others. */
static enum store_result
pass_over_body(struct store_txn *t, void *arg, struct errbuf *err)
{
    (void)arg;
    ck_assert_int_eq(keep(t, TABLE_META, "666f726d6174", "01" N9, err),
                     STORE_OK);
    ck_assert_int_eq(keep(t, TABLE_DOMAIN_NAME, "00" N9 "63", "01", err),
                     STORE_OK);
    ck_assert_int_eq(keep(t, TABLE_DOMAIN_NAME, "63", "01" N9, err), STORE_OK);
    ck_assert_int_eq(keep(t, TABLE_ACCOUNT_NAME, N1, "01" N9, err), STORE_OK);
    ck_assert_int_eq(keep(t, TABLE_ACCOUNT_NAME, N0 N9 "63", "01", err),
                     STORE_OK);
    ck_assert_int_eq(keep(t, TABLE_ACCOUNT_NAME, N1 "63", "01" N9, err),
                     STORE_OK);
    return STORE_OK;
}

START_TEST(names_and_counts_are_not_taken_over)
{
    struct dump was = dump();

    fixture_run(pass_over_body, NULL, STORE_OK);
    dump_check(&was, 0);
    fixture_verify();
}
END_TEST

/* Alert 2 came in the place of alert 1, as whoever sets all alerts of a domain
 * may do with the same key; then 1 was still in a page that was not written. */
static enum store_result
replace_body(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct key k = {0};
    uint8_t bytes[128];
    uint64_t id;
    enum store_result r = meta_next_alert_id(t, &id, err);

    (void)arg;
    if (r != STORE_OK)
        return r;
    k.len = full_store_hex("03" N1 "0000000000000002", k.data);
    buf_append(txn_record(t), bytes,
               full_store_hex("0102" CURRENT N0 KEY_OF_1 N1 NO NO NO, bytes));
    return txn_put(t, TABLE_ALERT, &k, "testing", err);
}

static enum store_result
look_body(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct alert_rec a = {0};

    (void)arg;
    ck_assert_int_eq(alert_get(t, 1, &a, err), STORE_NOTFOUND);
    ck_assert_int_eq(alert_get(t, 2, &a, err), STORE_OK);
    alert_rec_clear(&a);
    return STORE_OK;
}

START_TEST(of_two_alerts_with_one_key_the_later_is_kept)
{
    const unsigned alerts =
        1U << TABLE_ALERT | 1U << TABLE_ALERT_ID | 1U << TABLE_ALERT_UNTIL;
    struct dump was;

    fixture_run(replace_body, NULL, STORE_OK);
    was = dump();
    salvage_without(
        "alert_id.db", 1, STORE_SALVAGED_PART,
        "alert.db: 1 records brought back\nalert.db: 1 records not");
    dump_check(&was, alerts);
    fixture_run(look_body, NULL, STORE_OK);
}
END_TEST

/* --- changing places --- */

static bool
is_there(const char *name)
{
    struct stat st;
    char *path = xasprintf("%s/%s", fixture_dir, name);
    bool is = lstat(path, &st) == 0;

    free(path);
    return is;
}

/* On a file system that cannot swap two names.  The second move fails: all is
 * as it was. */
START_TEST(a_file_system_that_cannot_swap)
{
    struct dump was = dump();
    char *report;

    fixture_close();
    zero_page("alert_id.db", 1);
    for (unsigned moves = 0; moves < 2; moves++) {
        disk_fault_moves(moves);
        ck_assert_int_eq(salvage(&report), STORE_NOT_SALVAGED);
        ck_assert_msg(strstr(fixture_err.text, "db.damaged-20251124T160000Z: "
                                               "Input/output error") != NULL,
                      "%s", fixture_err.text);
        ck_assert(is_there("db") && !is_there("db.salvaged") &&
                  !is_there("db.work") &&
                  !is_there("db.damaged-20251124T160000Z"));
        free(report);
    }
    disk_fault_moves(2);
    ck_assert_int_eq(salvage(&report), STORE_SALVAGED);
    ck_assert(is_there("db.damaged-20251124T160000Z"));
    free(report);
    disk_fault_end();
    fixture_open();
    dump_check(&was, 0);
}
END_TEST

/* Twice within a second: the first is not lost. */
START_TEST(each_damaged_store_is_kept)
{
    salvage_without("alert_id.db", 1, STORE_SALVAGED, "is kept in");
    salvage_without("alert_id.db", 1, STORE_SALVAGED,
                    "db.damaged-20251124T160000Z-2\n");
    ck_assert(is_there("db.damaged-20251124T160000Z"));
}
END_TEST

Suite *
salvage_suite(void)
{
    Suite *s = suite_create("salvage");
    TCase *tc = tcase_create("salvage");

    tcase_add_checked_fixture(tc, full_store_setup, fixture_teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, each_record_comes_back);
    tcase_add_test(tc, long_records_come_back);
    tcase_add_test(tc, a_long_record_is_lost_with_one_page);
    tcase_add_test(tc, what_follows_from_others_is_made_anew);
    tcase_add_test(tc, numbers_are_not_given_again);
    tcase_add_test(tc, tables_are_kept_without_their_log);
    tcase_add_test(tc, what_does_not_fit_is_left_out);
    tcase_add_test(tc, names_and_counts_are_not_taken_over);
    tcase_add_test(tc, of_two_alerts_with_one_key_the_later_is_kept);
    tcase_add_test(tc, a_file_system_that_cannot_swap);
    tcase_add_test(tc, each_damaged_store_is_kept);
    suite_add_tcase(s, tc);
    return s;
}
