/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "passdb/userdb_line.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "util/xmalloc.h"

Suite *userdb_line_suite(void);

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

static const char *
or_none(const char *s)
{
    return s != NULL ? s : "(none)";
}

START_TEST(good_lines)
{
    static const struct {
        const char *text;
        struct userdb_line line;
    } rows[] = {
        {"VERSION\t1\t2", {.word = USERDB_VERSION, .major = 1}},
        {"VERSION\t2", {.word = USERDB_VERSION, .major = 2}},
        {"SPID\t4711", {.word = USERDB_OTHER}},
        {"SOMETHING-NEW\tx", {.word = USERDB_OTHER}},
        {"USER\t1\tjoe@a.test", {USERDB_FOUND, .id = 1, .name = "joe@a.test"}},
        {"USER\t4294967295\tjoe\tquota_rule=*:storage=1\t\thome=/h",
         {USERDB_FOUND, .id = UINT32_MAX, .name = "joe"}},
        {"NOTFOUND\t7", {USERDB_NOTFOUND, .id = 7}},
        {"FAIL\t7", {USERDB_FAIL, .id = 7}},
        {"FAIL\t7\tx=y\treason=no\001tway\tz",
         {USERDB_FAIL, .id = 7, .why = "no\tway"}},
        {"LIST\t2\ta\001tb\001\061c",
         {USERDB_NAME, .id = 2, .name = "a\tb\001c"}},
        {"DONE\t2\t", {USERDB_DONE, .id = 2}},
        {"DONE\t2", {USERDB_DONE, .id = 2}},
        {"DONE\t2\tfail", {USERDB_DONE, .id = 2, .failed = true}},
        {"DONE\t2\tanything", {USERDB_DONE, .id = 2, .failed = true}},
    };
    struct userdb_line line;
    struct errbuf err;

    for (size_t i = 0; i < ROWS(rows); i++) {
        char *text = xstrdup(rows[i].text);

        ck_assert_msg(userdb_line_parse(text, strlen(text), &line, &err) == 0,
                      "%s: %s", rows[i].text, err.text);
        ck_assert_int_eq(line.word, rows[i].line.word);
        ck_assert_uint_eq(line.id, rows[i].line.id);
        ck_assert_uint_eq(line.major, rows[i].line.major);
        ck_assert_str_eq(or_none(line.name), or_none(rows[i].line.name));
        ck_assert_str_eq(or_none(line.why), or_none(rows[i].line.why));
        ck_assert(line.failed == rows[i].line.failed);
        free(text);
    }
}
END_TEST

START_TEST(bad_lines)
{
    static const struct {
        const char *text, *err;
    } rows[] = {
        {"", "it says what nobody understands"},
        {"user\tx", "it says what nobody understands"},
        {"HTTP/1.1 400 Bad Request\r", "it says what nobody understands"},
        {"VERSION", "a line without a version"},
        {"VERSION\tone", "a line without a version"},
        {"USER", "a line without an id"},
        {"USER\t", "a line without an id"},
        {"USER\t-1\tjoe", "a line without an id"},
        {"NOTFOUND\t4294967296", "a line without an id"},
        {"DONE\tx", "a line without an id"},
        {"USER\t1", "a user without a name"},
        {"LIST\t1\t", "a user without a name"},
        {"LIST\t1\tjoe\001\060", "a zero byte in a user's name"},
    };
    struct userdb_line line;
    struct errbuf err;

    for (size_t i = 0; i < ROWS(rows); i++) {
        char *text = xstrdup(rows[i].text);

        ck_assert_int_eq(userdb_line_parse(text, strlen(text), &line, &err),
                         -1);
        ck_assert_str_eq(err.text, rows[i].err);
        free(text);
    }
}
END_TEST

/* Of the line, and of a name; and bytes that no text has. */
START_TEST(lengths)
{
    char *text = xcalloc(1, USERDB_LINE_MOST + 2), *name = text + 7;
    struct userdb_line line;
    struct errbuf err;

    memset(text, 'X', USERDB_LINE_MOST + 1);
    ck_assert_int_eq(userdb_line_parse(text, USERDB_LINE_MOST, &line, &err), 0);
    memset(text, 'X', USERDB_LINE_MOST + 1);
    ck_assert_int_eq(userdb_line_parse(text, USERDB_LINE_MOST + 1, &line, &err),
                     -1);
    for (size_t n = USERDB_NAME_MOST; n <= USERDB_NAME_MOST + 1; n++) {
        memcpy(text, "USER\t1\t", 7);
        memset(name, 'x', n);
        ck_assert_int_eq(userdb_line_parse(text, 7 + n, &line, &err),
                         n == USERDB_NAME_MOST ? 0 : -1);
    }
    memcpy(text, "USER\t1\tj\0e", 10);
    ck_assert_int_eq(userdb_line_parse(text, 10, &line, &err), -1);
    ck_assert_str_eq(err.text, "a zero byte");
    free(text);
}
END_TEST

START_TEST(questions)
{
    static const struct {
        const char *name;
        bool may;
    } rows[] = {
        {"joe@a.test", true},  {"o'brien+x@a.test", true},
        {"j\303\266@a", true}, {"", false},
        {"a\tb", false},       {"a\nb", false},
        {"a\001b", false},     {"a\177", false},
    };
    char longest[USERDB_NAME_MOST + 2];
    struct buf b = {0};

    for (size_t i = 0; i < ROWS(rows); i++)
        ck_assert(userdb_may_ask(rows[i].name) == rows[i].may);
    memset(longest, 'x', sizeof longest);
    longest[USERDB_NAME_MOST + 1] = '\0';
    ck_assert(!userdb_may_ask(longest));
    longest[USERDB_NAME_MOST] = '\0';
    ck_assert(userdb_may_ask(longest));
    userdb_ask_encode(&b, 12, "joe@a.test");
    userdb_list_encode(&b, 13);
    ck_assert_str_eq(buf_cstr(&b), "USER\t12\tjoe@a.test\tservice=ximssd\n"
                                   "LIST\t13\tservice=ximssd\n");
    buf_clear(&b);
}
END_TEST

Suite *
userdb_line_suite(void)
{
    Suite *s = suite_create("userdb_line");
    TCase *t = tcase_create("all");

    tcase_add_test(t, good_lines);
    tcase_add_test(t, bad_lines);
    tcase_add_test(t, lengths);
    tcase_add_test(t, questions);
    suite_add_tcase(s, t);
    return s;
}
