/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/record.h"
#include "tests/unit/suite.h"

Suite *record_suite(void);

/* Every record has a row: what its bytes are, and how to read and write them
 * again.  The bytes are the format of stores that exist: they may only change
 * together with the version byte. */

typedef int recode_fn(const void *data, size_t len, struct buf *again,
                      struct errbuf *err);

#define RECODER(type, decode, encode, clear)                          \
    static int recode_##decode(const void *data, size_t len,          \
                               struct buf *again, struct errbuf *err) \
    {                                                                 \
        struct type rec;                                              \
                                                                      \
        memset(&rec, 0, sizeof rec);                                  \
        if (decode(data, len, &rec, err) != 0)                        \
            return -1;                                                \
        encode(again, &rec);                                          \
        clear(&rec);                                                  \
        return 0;                                                     \
    }

#define KEEP(rec) ((void)(rec))

RECODER(domain_rec, domain_rec_decode, domain_rec_encode, domain_rec_clear)
RECODER(account_rec, account_rec_decode, account_rec_encode, account_rec_clear)
RECODER(account_state, account_state_decode, account_state_encode,
        account_state_clear)
RECODER(usage_rec, usage_rec_decode, usage_rec_encode, KEEP)
RECODER(alert_rec, alert_rec_decode, alert_rec_encode, alert_rec_clear)
RECODER(alert_ref, alert_ref_decode, alert_ref_encode, KEEP)
RECODER(post_key_rec, post_key_decode, post_key_encode, KEEP)
RECODER(ticket_rec, ticket_rec_decode, ticket_rec_encode, KEEP)
RECODER(token_rec, token_rec_decode, token_rec_encode, token_rec_clear)
RECODER(object_rec, object_rec_decode, object_rec_encode, object_rec_clear)
RECODER(name_rec, name_rec_decode, name_rec_encode, KEEP)
RECODER(alias_rec, alias_rec_decode, alias_rec_encode, KEEP)
RECODER(name_count, name_count_decode, name_count_encode, KEEP)

static int
recode_number(const void *data, size_t len, struct buf *again,
              struct errbuf *err)
{
    uint64_t number;

    if (number_decode(data, len, &number, err) != 0)
        return -1;
    number_encode(again, number);
    return 0;
}

static int
recode_text(const void *data, size_t len, struct buf *again, struct errbuf *err)
{
    char *text;

    if (text_decode(data, len, &text, err) != 0)
        return -1;
    text_encode(again, text);
    free(text);
    return 0;
}

static int
recode_nothing(const void *data, size_t len, struct buf *again,
               struct errbuf *err)
{
    if (nothing_decode(data, len, err) != 0)
        return -1;
    nothing_encode(again);
    return 0;
}

static bool
encode_line(const struct audit_rec *a, void *arg)
{
    audit_line_encode(arg, a);
    return true;
}

static int
recode_audit(const void *data, size_t len, struct buf *again,
             struct errbuf *err)
{
    audit_begin_encode(again);
    return audit_decode(data, len, encode_line, again, err);
}

/* Blanks are for the eye; "*N" repeats the byte before it N times in all. */
static const struct {
    const char *name;
    recode_fn *recode;
    const char *hex;
} rows[] = {
    {"number", recode_number, "01 0102030405060708"},
    {"text", recode_text, "01 00000005 7b613d313b"},
    {"text, empty", recode_text, "01 00000000"},
    {"nothing", recode_nothing, "01"},
    {"domain", recode_domain_rec_decode,
     "01 00000000000003e8 03 00000004 612e6363 00000002 7b7d 00000000"},
    {"account", recode_account_rec_decode,
     "01 0000000000000007 ffffffffffffffff 00000002 00002710 11*16 22*32 "
     "33*32 00 00000003 6a6f65 00000003 4a6f65 00000001 4d 00000000"
     "00000002 2829"},
    {"account with CRAM", recode_account_rec_decode,
     "01 0000000000000007 0000000000000001 00000000 00000000 00*16 00*32 "
     "00*32 01 44*32 00000001 61 00000000 00000000 00000000 00000000"},
    {"state", recode_account_state_decode,
     "01 0000000000000009 0000000000000005 00000003 3a3a31"
     "00000002 000000000000000b 000000000000000d 00000001 0000000000000001"},
    {"state, new", recode_account_state_decode,
     "01 0000000000000000 0000000000000000 00000000 00000000 00000000"},
    {"alert", recode_alert_rec_decode,
     "01 02 0000000000000001 0000000000000002 0000000000000003"
     "0000000000000004 00000003 614062 00000001 78 00000002 6869"},
    {"alert reference", recode_alert_ref_decode, "01 03 0000000000000011"},
    {"key of a post", recode_post_key_decode,
     "01 0000000000000005 0000000000000006 55*32"},
    {"ticket", recode_ticket_rec_decode,
     "01 0000000000000005 00000006 0000000000000007"},
    {"domain with a template", recode_domain_rec_decode,
     "02 00000000000003e8 00 00000004 612e6363 00000000 00000000"
     "00000002 7b7d"},
    {"name", recode_name_rec_decode, "01 0102030405060708"},
    {"alias", recode_name_rec_decode, "02 01 0102030405060708"},
    {"numbers of names", recode_name_count_decode, "01 0000000000000005"},
    {"numbers of names, with aliases", recode_name_count_decode,
     "02 0000000000000005 0000000000000001"},
    {"usage", recode_usage_rec_decode,
     "01 0000000000000005 0000000000000006 02 07 0000000000000008"
     "0000000000000009 000000000000000a"},
    {"usage that nobody was told of", recode_usage_rec_decode,
     "01 0000000000000005 0000000000000006 01 00 0000000000000000"
     "0000000000000000 0000000000000000"},
    {"ticket for an address", recode_ticket_rec_decode,
     "02 0000000000000005 00000006 0000000000000007"
     "01 00000000000000000000ffffc0000201"},
    {"ticket for somebody behind a proxy", recode_ticket_rec_decode,
     "02 0000000000000005 00000006 0000000000000007"
     "02 00000000000000000000ffffc0000201 20010db8000000000000000000000001"},
    {"entry of an alias", recode_alias_rec_decode, "01"},
    {"entry of an alias with a verifier", recode_alias_rec_decode,
     "02 11*16 00001000 22*16 33*32 44*32"},
    {"alert with a key", recode_alert_rec_decode,
     "02 02 0000000000000001 0000000000000002 0000000000000003"
     "0000000000000004 00000003 614062 00000001 78 00000002 6869"
     "00000001 6b"},
    {"key of a post, with whom it is for", recode_post_key_decode,
     "02 0000000000000005 0000000000000006 55*32 04 0000000000000007"},
    {"ticket of a session and a device", recode_ticket_rec_decode,
     "03 0000000000000005 00000006 0000000000000007 00 00"
     "0000000000000008 0000000000000009 00"},
    {"lasting session", recode_ticket_rec_decode,
     "03 0000000000000005 00000006 0000000000000007"
     "01 00000000000000000000ffffc0000201 07"
     "0000000000000000 0000000000000000 55*32 02 6869"},
    {"group or forwarder", recode_object_rec_decode,
     "01 0000000000000002 00000003 614062"},
    {"name of a group", recode_name_rec_decode, "03 01"},
    {"name of a forwarder", recode_name_rec_decode, "03 02"},
    {"numbers of names, with groups", recode_name_count_decode,
     "03 0000000000000005 0000000000000000 0000000000000001 0000000000000000"},
    {"numbers of names, with all", recode_name_count_decode,
     "03 0000000000000005 0000000000000006 0000000000000007 0000000000000008"},
    {"token", recode_token_rec_decode,
     "01 0000000000000001 00000001 78 0000000000000002 0000000000000003"
     "00000003 614062 00000002 00ff"},
    {"usage, and an alert that nobody was shown", recode_usage_rec_decode,
     "01 0000000000000005 0000000000000006 02 0e 0000000000000000"
     "0000000000000009 000000000000000a"},
    {"account with a foreign hash", recode_account_rec_decode,
     "02 0000000000000007 0000000000000001 00000000 00000000 11*16 00*32 "
     "00*32 00 00000001 61 00000000 00000000 00000000 00000000"
     "00000007 7b534853417d78"},
    {"key of a post, whose entry has moved", recode_post_key_decode,
     "03 0000000000000005 0000000000000006 55*32 04 0000000000000007"
     "0000000000000008"},
    {"key of an old post, whose entry has moved", recode_post_key_decode,
     "03 0000000000000005 0000000000000006 55*32 00 0000000000000000"
     "0000000000000008"},
};

#define ROWS (sizeof rows / sizeof rows[0])

static size_t
from_hex(const char *hex, uint8_t *out)
{
    size_t n = 0;

    while (*hex != 0) {
        char digits[3] = {0};

        if (*hex == ' ') {
            hex++;
        } else if (*hex == '*') {
            char *end;
            unsigned long times = strtoul(hex + 1, &end, 10);

            hex = end;
            while (--times > 0) {
                out[n] = out[n - 1];
                n++;
            }
        } else {
            memcpy(digits, hex, 2);
            out[n++] = (uint8_t)strtoul(digits, NULL, 16);
            hex += 2;
        }
    }
    return n;
}

/* A copy of the exact size, so that memory checkers see one byte too many. */
static int
recode_exact(size_t row, const uint8_t *data, size_t len, struct buf *again,
             struct errbuf *err)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    int ret;

    memcpy(copy, data, len);
    again->len = 0;
    ret = rows[row].recode(copy, len, again, err);
    free(copy);
    return ret;
}

START_TEST(bytes_are_what_they_were)
{
    uint8_t data[1024];
    struct buf again = {0};
    struct errbuf err;
    size_t n = from_hex(rows[_i].hex, data);

    ck_assert_msg(recode_exact((size_t)_i, data, n, &again, &err) == 0,
                  "%s: %s", rows[_i].name, err.text);
    ck_assert_msg(again.len == n && memcmp(again.data, data, n) == 0,
                  "%s: other bytes", rows[_i].name);
    buf_clear(&again);
}
END_TEST

START_TEST(cut_anywhere_is_refused)
{
    uint8_t data[1024];
    struct buf again = {0};
    struct errbuf err;
    size_t n = from_hex(rows[_i].hex, data);

    for (size_t cut = 0; cut < n; cut++)
        ck_assert_msg(recode_exact((size_t)_i, data, cut, &again, &err) == -1,
                      "%s: good with %zu of %zu bytes", rows[_i].name, cut, n);
    data[n] = 0;
    ck_assert_msg(recode_exact((size_t)_i, data, n + 1, &again, &err) == -1,
                  "%s: good with a byte more", rows[_i].name);
    buf_clear(&again);
}
END_TEST

START_TEST(other_versions_are_refused)
{
    uint8_t data[1024];
    struct buf again = {0};
    struct errbuf err;
    size_t n = from_hex(rows[_i].hex, data);
    uint8_t version = data[0];

    for (unsigned v = 0; v < 256; v++) {
        data[0] = (uint8_t)v;
        ck_assert_msg((recode_exact((size_t)_i, data, n, &again, &err) == 0) ==
                          (v == version),
                      "%s: version %u", rows[_i].name, v);
    }
    buf_clear(&again);
}
END_TEST

/* Whatever a byte is changed to, what is read is written as it was, or it is
 * refused. */
START_TEST(any_byte_may_be_anything)
{
    uint8_t data[1024];
    struct buf again = {0};
    struct errbuf err;
    size_t n = from_hex(rows[_i].hex, data);

    for (size_t at = 0; at < n; at++) {
        uint8_t was = data[at];

        for (unsigned v = 0; v < 256; v += v < 8 ? 1 : 31) {
            data[at] = (uint8_t)v;
            if (recode_exact((size_t)_i, data, n, &again, &err) != 0)
                continue;
            ck_assert_msg(again.len == n && memcmp(again.data, data, n) == 0,
                          "%s: byte %zu as %u", rows[_i].name, at, v);
        }
        data[at] = was;
    }
    buf_clear(&again);
}
END_TEST

START_TEST(impossible_values_are_refused)
{
    static const struct {
        size_t row;
        size_t at;
        uint8_t value;
    } bad[] = {
        {4, 9, 0x04},                /* domain: an unknown flag */
        {5, 105, 0x02},              /* account: an unknown flag */
        {9, 1, 0},                   /* alert: severity */
        {9, 1, 4},      {10, 1, 0},  /* reference: scope */
        {10, 1, 5},     {1, 6, 0},   /* a text with a 0 in it */
        {15, 1, 0},     {15, 1, 2},  /* a name: unknown kinds */
        {17, 16, 0},                 /* aliases counted, and none */
        {20, 21, 0},    {20, 21, 2}, /* a ticket bound to nothing, to more */
        {20, 21, 3},    {21, 21, 1}, /* ... to what is unknown, to less */
        {23, 19, 0},                 /* a verifier without iterations */
        {25, 49, 0},    {25, 49, 5}, /* a key's post for no scope */
        {26, 22, 2},                 /* a ticket that waits for somebody */
        {26, 22, 4},                 /* ... that has a key */
        {26, 22, 32},                /* ... with an unknown flag */
        {26, 22, 16},                /* ... that was used */
        {26, 39, 1},                 /* ... with a note that is not there */
        {27, 38, 2},                 /* a session of nothing */
        {27, 88, 0},                 /* a note with a 0 in it */
        {35, 24, 1},                 /* a hash beside a verifier */
        {35, 130, 0},                /* no hash */
        {36, 49, 5},    {36, 65, 0}, /* a key's entry nowhere */
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t data[1024];
        struct buf again = {0};
        struct errbuf err;
        size_t n = from_hex(rows[bad[i].row].hex, data);

        data[bad[i].at] = bad[i].value;
        ck_assert_msg(recode_exact(bad[i].row, data, n, &again, &err) == -1,
                      "row %zu (%s)", i, rows[bad[i].row].name);
        buf_clear(&again);
    }
}
END_TEST

/* The text of an alert is a length and bytes. */
START_TEST(alert_text_keeps_its_length)
{
    char text[] = {'a', 0, 'b', 0}; /* a 0 would have to be refused before */
    struct alert_rec a = {.severity = ALERT_INFO,
                          .posted = INT64_MIN,
                          .until = INT64_MAX,
                          .key = -1,
                          .author = UINT64_MAX,
                          .text = text,
                          .text_len = 3};
    struct alert_rec out = {.id = 5, .scope = ALERT_DOMAIN, .target = 6};
    struct buf b = {0};
    struct errbuf err;

    alert_rec_encode(&b, &a);
    ck_assert_int_eq(alert_rec_decode(b.data, b.len, &out, &err), 0);
    ck_assert_uint_eq(out.id, 5);
    ck_assert_int_eq(out.scope, ALERT_DOMAIN);
    ck_assert_uint_eq(out.target, 6);
    ck_assert_int_eq(out.posted, INT64_MIN);
    ck_assert_int_eq(out.until, INT64_MAX);
    ck_assert_int_eq(out.key, -1);
    ck_assert_uint_eq(out.author, UINT64_MAX);
    ck_assert_str_eq(out.author_name, "");
    ck_assert_uint_eq(out.text_len, 3);
    ck_assert_mem_eq(out.text, text, 4);
    alert_rec_clear(&out);
    buf_clear(&b);
}
END_TEST

START_TEST(audit_lines_in_their_order)
{
    const struct audit_rec lines[] = {
        {5, "a@b", "::1 ximss", "post", "ok", "c@d", 1, 2, true},
        {-7, "", NULL, "two\nlines", "no", NULL, 0, 0, false},
    };
    struct buf b = {0}, again = {0};
    struct errbuf err;

    audit_begin_encode(&b);
    for (unsigned i = 0; i < 2; i++)
        audit_line_encode(&b, &lines[i]);
    ck_assert_int_eq(recode_audit(b.data, b.len, &again, &err), 0);
    ck_assert_uint_eq(again.len, b.len);
    ck_assert_mem_eq(again.data, b.data, b.len);
    again.len = 0;
    ck_assert_int_eq(recode_audit(b.data, b.len - 1, &again, &err), -1);
    ck_assert_int_eq(recode_audit(b.data, 0, &again, &err), -1);
    ck_assert_int_eq(recode_audit(b.data, 1, &again, &err), -1);
    ck_assert_int_eq(recode_audit(b.data, 9, &again, &err), 0);
    b.data[b.len - 1] = 2; /* an unknown flag */
    ck_assert_int_eq(recode_audit(b.data, b.len, &again, &err), -1);
    buf_clear(&b);
    buf_clear(&again);
}
END_TEST

Suite *
record_suite(void)
{
    Suite *s = suite_create("record");
    TCase *tc = tcase_create("record");

    tcase_add_loop_test(tc, bytes_are_what_they_were, 0, ROWS);
    tcase_add_loop_test(tc, cut_anywhere_is_refused, 0, ROWS);
    tcase_add_loop_test(tc, other_versions_are_refused, 0, ROWS);
    tcase_add_loop_test(tc, any_byte_may_be_anything, 0, ROWS);
    tcase_add_test(tc, impossible_values_are_refused);
    tcase_add_test(tc, alert_text_keeps_its_length);
    tcase_add_test(tc, audit_lines_in_their_order);
    suite_add_tcase(s, tc);
    return s;
}
