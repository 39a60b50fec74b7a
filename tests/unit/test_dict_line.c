/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "quota/dict_line.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "quota/dict_session.h"
#include "util/buf.h"
#include "util/xmalloc.h"

Suite *dict_line_suite(void);

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

/* --- lines --- */

START_TEST(good_lines)
{
    static const struct {
        const char *text;
        enum dict_command command;
        uint32_t id;
        const char *user, *key, *value;
    } rows[] = {
        {"H3\t2\t0\t\tquota", DICT_HELLO, 0, "", "", ""},
        {"H2\t0\t0\tu@d\tquota", DICT_HELLO, 0, "u@d", "", ""},
        {"H4\t0\t0\t\tquota\tmore\tmore\tmore", DICT_HELLO, 0, "", "", ""},
        {"H4\t0", DICT_HELLO, 0, "", "", ""},
        {"B1", DICT_BEGIN, 1, "", "", ""},
        {"B1\tu@d", DICT_BEGIN, 1, "u@d", "", ""},
        {"B1\tu@d\t30\tx", DICT_BEGIN, 1, "u@d", "", ""},
        {"B4294967295\t", DICT_BEGIN, UINT32_MAX, "", "", ""},
        {"B2\ta\001tb\001nc\001rd\001\061e\001xf\001", DICT_BEGIN, 2,
         "a\tb\nc\rd\001exf", "", ""},
        {"B2\t\001\001t", DICT_BEGIN, 2, "\001t", "", ""},
        {"S1\tpriv/quota/storage\t5166", DICT_SET, 1, "", "priv/quota/storage",
         "5166"},
        {"S1\tk\tv\tmore", DICT_SET, 1, "", "k", "v"},
        {"S1\t\t", DICT_SET, 1, "", "", ""},
        {"S1\ta\001tb\tc\001td", DICT_SET, 1, "", "a\tb", "c\td"},
        {"U7\tk", DICT_UNSET, 7, "", "k", ""},
        {"P7\tk\tv", DICT_APPEND, 7, "", "k", "v"},
        {"A7\tk\t-5", DICT_ADD, 7, "", "k", "-5"},
        {"T7\t1700000000\t5", DICT_TIMESTAMP, 7, "", "", ""},
        {"V7\t1", DICT_HIDE_VALUES, 7, "", "", ""},
        {"C0", DICT_COMMIT, 0, "", "", ""},
        {"D8", DICT_COMMIT_ASYNC, 8, "", "", ""},
        {"R9", DICT_ROLLBACK, 9, "", "", ""},
        {"Lpriv/x\tu@d", DICT_LOOKUP, 0, "u@d", "priv/x", ""},
        {"L", DICT_LOOKUP, 0, "", "", ""},
        {"I0\t0\tpriv/\tu@d", DICT_ITERATE, 0, "", "", ""},
    };
    struct dict_line line;
    struct errbuf err;

    for (size_t i = 0; i < ROWS(rows); i++) {
        char *text = xstrdup(rows[i].text);

        ck_assert_msg(dict_line_parse(text, strlen(text), &line, &err) == 0,
                      "row %zu: %s", i, err.text);
        ck_assert_msg(line.command == rows[i].command &&
                          line.id == rows[i].id &&
                          strcmp(line.user, rows[i].user) == 0 &&
                          strcmp(line.key, rows[i].key) == 0 &&
                          strcmp(line.value, rows[i].value) == 0,
                      "row %zu: %c %u '%s' '%s' '%s'", i, (char)line.command,
                      line.id, line.user, line.key, line.value);
        free(text);
    }
}
END_TEST

START_TEST(bad_lines)
{
    static const struct {
        const char *text;
        size_t len; /* 0: strlen */
        const char *why;
    } rows[] = {
        {"", 0, "a command that is not known"},
        {"X1", 0, "a command that is not known"},
        {"E1", 0, "a command that is not known"},
        {"h3\t2", 0, "a command that is not known"},
        {"GET / HTTP/1.1\r", 0, "a command that is not known"},
        {"B", 0, "B with an id that is no number"},
        {"B-1", 0, "B with an id that is no number"},
        {"B 1", 0, "B with an id that is no number"},
        {"B1\r", 0, "B with an id that is no number"},
        {"C4294967296", 0, "C with an id that is no number"},
        {"C99999999999999999999999", 0, "C with an id that is no number"},
        {"Cx", 0, "C with an id that is no number"},
        {"S1", 0, "S with 1 fields of 3"},
        {"S1\tk", 0, "S with 2 fields of 3"},
        {"A1\tk", 0, "A with 2 fields of 3"},
        {"U1", 0, "U with 1 fields of 2"},
        {"T1\t1", 0, "T with 2 fields of 3"},
        {"H3", 0, "H with 1 fields of 2"},
        {"Hx\t2", 0, "a version of the protocol that is no number"},
        {"H3\t", 0, "a version of the protocol that is no number"},
        {"B1\tu\0v", 6, "a zero byte"},
        {"\0", 1, "a command that is not known"},
        {"B1\tu\001\060v", 0, "a zero byte in a field"},
        {"S1\tk\001\060\tv", 0, "a zero byte in a field"},
        {"S1\tk\t1\001\060", 0, "a zero byte in a field"},
    };
    struct dict_line line;
    struct errbuf err;
    char text[64];

    for (size_t i = 0; i < ROWS(rows); i++) {
        size_t len = rows[i].len > 0 ? rows[i].len : strlen(rows[i].text);

        memcpy(text, rows[i].text, len);
        ck_assert_msg(dict_line_parse(text, len, &line, &err) < 0,
                      "row %zu is no error", i);
        ck_assert_msg(strcmp(err.text, rows[i].why) == 0, "row %zu: %s", i,
                      err.text);
    }
}
END_TEST

/* A name and a line as long as they may be, and one byte longer. */
START_TEST(long_lines)
{
    char line[DICT_LINE_MOST + 2];
    struct dict_line out;
    struct errbuf err;

    memset(line, 'u', sizeof line);
    memcpy(line, "B1\t", 3);
    ck_assert_int_eq(dict_line_parse(line, 3 + DICT_USER_MOST, &out, &err), 0);
    ck_assert_uint_eq(strlen(out.user), DICT_USER_MOST);
    memset(line, 'u', sizeof line);
    memcpy(line, "B1\t", 3);
    ck_assert_int_lt(dict_line_parse(line, 4 + DICT_USER_MOST, &out, &err), 0);
    ck_assert_str_eq(err.text, "a user's name longer than 512 bytes");
    memset(line, 'v', sizeof line);
    memcpy(line, "S1\tk\t", 5);
    ck_assert_int_eq(dict_line_parse(line, DICT_LINE_MOST, &out, &err), 0);
    ck_assert_uint_eq(strlen(out.value), DICT_LINE_MOST - 5);
    ck_assert_int_lt(dict_line_parse(line, DICT_LINE_MOST + 1, &out, &err), 0);
    ck_assert_str_eq(err.text, "a line longer than 8192 bytes");
}
END_TEST

/* --- sessions --- */

/* Feeds a stream in pieces as a connection would; "" or what is malformed.
 * Answers go to reply, usages as "user=bytes " to usages. */
static const char *
feed(const char *text, size_t len, size_t step, struct buf *reply,
     struct buf *usages)
{
    static struct errbuf err;
    struct dict_session s;
    struct dict_usage *u;
    size_t from = 0, scanned = 0, used;

    err.text[0] = '\0';
    dict_session_init(&s);
    for (size_t have = 0; have < len && err.text[0] == '\0';) {
        have = len - have < step ? len : have + step;
        if (dict_session_feed(&s, text + from, have - from, scanned, reply,
                              &used, &err) < 0)
            break;
        from += used;
        scanned = have - from;
        while ((u = dict_session_take(&s)) != NULL) {
            buf_appendf(usages, "%s=%llu ", u->user,
                        (unsigned long long)u->used);
            free(u);
        }
    }
    /* Those before a malformed line. */
    while ((u = dict_session_take(&s)) != NULL) {
        buf_appendf(usages, "%s=%llu ", u->user, (unsigned long long)u->used);
        free(u);
    }
    dict_session_clear(&s);
    return err.text;
}

#define HELLO   "H3\t2\t0\t\tquota\n"
#define STORAGE "priv/quota/storage"

static const struct {
    const char *text, *reply, *usages, *why;
} talks[] = {
    {HELLO, "", "", ""},
    /* as captured */
    {HELLO "B1\tuser1@example.test\nS1\t" STORAGE "\t5166\n"
           "S1\tpriv/quota/messages\t1\nC1\n",
     "O1\n", "user1@example.test=5166 ", ""},
    {HELLO "B1\tu\nS1\t" STORAGE "\t1\nC1\nB2\tu\nS2\t" STORAGE "\t2\nC2\n",
     "O1\nO2\n", "u=1 u=2 ", ""},
    /* two users interleaved */
    {HELLO "B1\ta\nB2\tb\nS2\t" STORAGE "\t20\nS1\t" STORAGE "\t10\nC2\nC1\n",
     "O2\nO1\n", "b=20 a=10 ", ""},
    {HELLO "B1\tu\nS1\t" STORAGE "\t1\nR1\nB1\tu\nC1\n", "O1\n", "", ""},
    {HELLO "B1\tu\nS1\t" STORAGE "\t1\nS1\t" STORAGE "\t2\nC1\n", "O1\n",
     "u=2 ", ""},
    {HELLO "B1\tu\nS1\t" STORAGE "\t0\nC1\n", "O1\n", "u=0 ", ""},
    {HELLO "B1\tu\nS1\t" STORAGE "\t18446744073709551615\nC1\n", "O1\n",
     "u=18446744073709551615 ", ""},
    /* other keys, whatever their values */
    {HELLO "B1\tu\nS1\tpriv/status/INBOX\t{\"messages\":1}\nC1\n", "O1\n", "",
     ""},
    {HELLO "B1\tu\nS1\tshared/quota/storage\tx\nC1\n", "O1\n", "", ""},
    /* the user of a version that names it in H; B's goes first */
    {"H2\t0\t0\tu@d\tquota\nB1\nS1\t" STORAGE "\t7\nC1\nB2\tv\nS2\t" STORAGE
     "\t8\nC2\n",
     "O1\nO2\n", "u@d=7 v=8 ", ""},
    {HELLO "B1\nS1\t" STORAGE "\t7\nC1\n", "O1\n", "", ""},
    /* differences, and keys that are gone */
    {HELLO "B1\tu\nA1\t" STORAGE "\t-5\nC1\n", "O1\n", "", ""},
    {HELLO "B1\tu\nS1\t" STORAGE "\t5\nU1\t" STORAGE "\nC1\n", "O1\n", "", ""},
    {HELLO "B1\tu\nS1\t" STORAGE "\t5\nA1\t" STORAGE "\t5\nC1\n", "O1\n", "",
     ""},
    {HELLO "B1\tu\nS1\t" STORAGE "\t5\nP1\t" STORAGE "\t5\nC1\n", "O1\n", "",
     ""},
    {HELLO "B1\tu\nS1\t" STORAGE "\t5\nA1\tk\t5\nU1\tk\nP1\tk\tv\nT1\t1\t2\n"
           "V1\t1\nC1\n",
     "O1\n", "u=5 ", ""},
    {HELLO "B1\tu\nS1\t" STORAGE "\t5\nD1\n", "AO1\n", "u=5 ", ""},
    {HELLO "L" STORAGE "\tu\nI0\t0\tpriv/\tu\nB1\tu\nC1\n", "N\n\nO1\n", "",
     ""},
    /* half a line */
    {HELLO "B1\tu\nS1\t" STORAGE "\t5\nC1", "", "", ""},
    /* malformed; what was committed before counts */
    {"B1\tu\n", "", "", "B before H"},
    {"\n", "", "", "a command that is not known"},
    {HELLO HELLO, "", "", "H once more"},
    {HELLO "B1\tu\nB1\tu\n", "", "", "transaction 1 is open already"},
    {HELLO "C1\n", "", "", "C of transaction 1, which is not open"},
    {HELLO "B1\tu\nC1\nC1\n", "O1\n", "",
     "C of transaction 1, which is not open"},
    {HELLO "S1\tk\tv\n", "", "", "S of transaction 1, which is not open"},
    {HELLO "B1\tu\nS1\t" STORAGE "\t-1\n", "", "",
     "priv/quota/storage is no number of bytes"},
    {HELLO "B1\tu\nS1\t" STORAGE "\t\n", "", "",
     "priv/quota/storage is no number of bytes"},
    {HELLO "B1\tu\nS1\t" STORAGE "\t18446744073709551616\nC1\n", "", "",
     "priv/quota/storage is no number of bytes"},
    {HELLO "B1\tu\nS1\t" STORAGE "\t3\nC1\nx\nB2\tu\n", "O1\n", "u=3 ",
     "a command that is not known"},
};

/* Each stream at once, and cut at every byte in two, and byte by byte. */
START_TEST(sessions)
{
    for (size_t i = 0; i < ROWS(talks); i++) {
        size_t len = strlen(talks[i].text);

        for (size_t step = 1; step <= len; step++) {
            struct buf reply = {0}, usages = {0};
            const char *why = feed(talks[i].text, len, step, &reply, &usages);

            ck_assert_msg(strcmp(why, talks[i].why) == 0,
                          "row %zu, step %zu: %s", i, step, why);
            ck_assert_msg(strcmp(buf_cstr(&reply), talks[i].reply) == 0,
                          "row %zu, step %zu: %s", i, step, buf_cstr(&reply));
            ck_assert_msg(strcmp(buf_cstr(&usages), talks[i].usages) == 0,
                          "row %zu, step %zu: %s", i, step, buf_cstr(&usages));
            buf_clear(&reply);
            buf_clear(&usages);
        }
    }
}
END_TEST

START_TEST(too_many_transactions)
{
    struct buf text = {0}, reply = {0}, usages = {0};

    buf_append_str(&text, HELLO);
    for (int i = 0; i < DICT_TRANSACTIONS_MOST; i++)
        buf_appendf(&text, "B%d\tu\n", i);
    ck_assert_str_eq(feed(text.data, text.len, text.len, &reply, &usages), "");
    buf_append_str(&text, "B1000\tu\n");
    ck_assert_str_eq(feed(text.data, text.len, text.len, &reply, &usages),
                     "more than 64 transactions at once");
    ck_assert_uint_eq(reply.len, 0);
    buf_clear(&text);
}
END_TEST

/* A line without an end is given up when it is too long, however it comes; one
 * as long as may be is not. */
START_TEST(endless_line)
{
    struct buf text = {0}, reply = {0}, usages = {0};

    buf_append_str(&text, HELLO "B1\tu\nS1\tk\t");
    while (text.len < sizeof HELLO - 1 + 5 + DICT_LINE_MOST)
        buf_append_char(&text, 'v');
    for (size_t step = 1; step <= text.len; step = step * 7 + 1)
        ck_assert_str_eq(feed(text.data, text.len, step, &reply, &usages), "");
    buf_append_str(&text, "\nC1\n");
    ck_assert_str_eq(feed(text.data, text.len, text.len, &reply, &usages), "");
    ck_assert_str_eq(buf_cstr(&reply), "O1\n");
    text.len -= 4;
    buf_append_char(&text, 'v');
    for (size_t step = 1; step <= text.len; step = step * 7 + 1)
        ck_assert_str_eq(feed(text.data, text.len, step, &reply, &usages),
                         "a line longer than 8192 bytes");
    buf_append_str(&text, "\nC1\n");
    ck_assert_str_eq(feed(text.data, text.len, text.len, &reply, &usages),
                     "a line longer than 8192 bytes");
    buf_clear(&text);
    buf_clear(&reply);
}
END_TEST

Suite *
dict_line_suite(void)
{
    Suite *s = suite_create("dict_line");
    TCase *tc = tcase_create("dict_line");

    tcase_add_test(tc, good_lines);
    tcase_add_test(tc, bad_lines);
    tcase_add_test(tc, long_lines);
    tcase_add_test(tc, sessions);
    tcase_add_test(tc, too_many_transactions);
    tcase_add_test(tc, endless_line);
    suite_add_tcase(s, tc);
    return s;
}
