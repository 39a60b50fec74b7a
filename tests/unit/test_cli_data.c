/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stdbool.h>
#include <string.h>

#include "tests/unit/suite.h"
#include "ximss/proto/cli_data.h"

Suite *cli_data_suite(void);

static struct arena *arena;
static struct errbuf err;
static struct buf out;

static void
setup(void)
{
    arena = arena_new();
}

static void
teardown(void)
{
    arena_free(&arena);
    buf_clear(&out);
}

static struct cli_value *
parse_bytes(const char *data, size_t len, const struct cli_limits *limits)
{
    struct cli_value *v = NULL;

    err.text[0] = '\0';
    return cli_data_parse(data, len, limits, arena, &v, &err) == 0 ? v : NULL;
}

static struct cli_value *
parse(const char *text)
{
    return parse_bytes(text, strlen(text), NULL);
}

/* What must be read. */
static struct cli_value *
parsed(const char *text)
{
    struct cli_value *v = parse(text);

    if (v == NULL)
        ck_abort_msg("%s: %s", text, err.text);
    return v;
}

static const char *
written(const struct cli_value *v)
{
    out.len = 0;
    cli_data_write(&out, v);
    return buf_cstr(&out);
}

/* What is read, and how it is written again; NULL: the same. */
static const struct {
    const char *text, *written;
} objects[] = {
    {"abc", NULL},
    {"default.html", NULL},
    {"A-crpt", NULL},
    {"joe@example.test", NULL},
    {"a_b", NULL},
    {"3600", NULL},
    {"100M", NULL},
    {"utf-8", NULL},
    {"\"-1\"", NULL},
    {"-1", "\"-1\""},
    {"\"*\"", NULL},
    {"*", "\"*\""},
    {"a:b!c#d%e", "\"a:b!c#d%e\""},
    {"\"\"", NULL},
    {"\"S/MIME\"", NULL},
    {"\"1(415)\"", NULL},
    {"\"Filter Only\"", NULL},
    {"\"call=sip:911@telnum\"", NULL},
    {"\"abc\"", "abc"},
    {" \t\r\n abc \r\n", "abc"},
    {"\xc3\xa4", "\"\xc3\xa4\""},
    {"\"\xf0\x9f\x98\x80\"", NULL},
    {"\"\xe2\x80\xae\xd7\x90 e\xcc\x81\"", NULL},
    /* escapes */
    {"\"a\\eb\"", NULL},
    {"\"a\\nb\"", "\"a\\eb\""},
    {"\"a\nb\"", "\"a\\eb\""},
    {"\"a\\rb\\tc\"", "\"a\\013b\\009c\""},
    {"\"a\tb\"", "\"a\\009b\""},
    {"\"\\013\\010\\009\\001\\127\"", "\"\\013\\e\\009\\001\\127\""},
    {"\"\\\"\\\\\"", NULL},
    {"\"\\065\"", "A"},
    {"\"\\195\\164\"", "\"\xc3\xa4\""},
    {"\"\\u'41'\"", "A"},
    {"\"\\u'e9'\\u'20AC'\\u'1f600'\\u'10FFFF'\"",
     "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\""},
    {"\"\\u'0000000041'\"", "A"},
    /* joined */
    {"\"one\" \"two\"\"three\"", "onetwothree"},
    {"\"one\" // x\r\n \"two\" /* y */ ", "onetwo"},
    {"\"\" \"\"", "\"\""},
    /* typed */
    {"#123", NULL},
    {"#-5", NULL},
    {"#12.3", NULL},
    {"#-0.5", NULL},
    {"#0x17EF", NULL},
    {"#0o17", NULL},
    {"#0b101", NULL},
    {"#00", NULL},
    {"#T07-11-2011_16:53:05", NULL},
    {"#T29-02-2024", NULL},
    {"#TPAST", NULL},
    {"#TFUTURE", NULL},
    {"#I[1.2.3.4]:25", NULL},
    {"#I[1.2.3.4]", NULL},
    {"#I[2001:db8::1]:11024", NULL},
    {"#NULL#", NULL},
    {"[]", NULL},
    {"[aGVsbG8=]", NULL},
    {"[AA==]", NULL},
    {"[AAAA]", NULL},
    {"[ aG\n Vs\tbG8 = ]", "[aGVsbG8=]"},
    {"[+/+/]", NULL},
    /* containers */
    {"()", NULL},
    {"{}", NULL},
    {"( \n)", "()"},
    {"{ /* none */ }", "{}"},
    {"(a,b,(c))", NULL},
    {"( a , \"b c\" ,(c) )", "(a,\"b c\",(c))"},
    {"(\"a\" \"b\",c)", "(ab,c)"},
    {"{k=v;k2=v2;}", NULL},
    {"{Password = \"pw\";}", "{Password=pw;}"},
    {"{\"k e y\"=\"\";\"\"=(1,{a=b;},#NULL#);}", NULL},
    {"{a=1;A=2;}", NULL},
    {"{20070502T083313=\"x\";}", "{20070502T083313=x;}"},
    {"{\"02-05-2007_08:33:13\"=x;}", NULL},
    {"{02-05-2007_08:33:13=x;}", "{\"02-05-2007_08:33:13\"=x;}"},
    {"{#T02-05-2007_08:33:13=\"x\";}", "{\"#T02-05-2007_08:33:13\"=x;}"},
    {"// c\n{// d\n a/**/=/***/b/* ; */;// e\n}// f", "{a=b;}"},
    {"{a={b={c={d=(((e)));};};};}", NULL},
};

START_TEST(reads_and_writes)
{
    const char *text = objects[_i].text, *again = objects[_i].written;

    ck_assert_str_eq(written(parsed(text)), again != NULL ? again : text);
    /* and once more */
    ck_assert_str_eq(written(parsed(again != NULL ? again : text)),
                     again != NULL ? again : text);
}
END_TEST

static const struct {
    const char *text, *error;
} errors[] = {
    {"", "no object at byte 1"},
    {" \n", "no object at byte 3"},
    {"/* x", "comment without end at byte 1"},
    {"a b", "something behind the object at byte 3"},
    {"a;", "something behind the object at byte 2"},
    {"a /* x", "comment without end at byte 3"},
    {"\"hi \"there\" \\ back\"", "something behind the object at byte 6"},
    {"=", "not an object at byte 1"},
    {"'a'", "not an object at byte 1"},
    {"a/b", "something behind the object at byte 2"},
    {"\"abc", "string without end at byte 1"},
    {"\"abc\\\"", "string without end at byte 1"},
    {"\"abc\\", "unknown escape at byte 5"},
    {"\"a\\x\"", "unknown escape at byte 3"},
    {"\"\\E\"", "unknown escape at byte 2"},
    {"\"\\01\"", "\\ with fewer than three digits at byte 2"},
    {"\"\\000\"", "\\ with a number that is no byte at byte 2"},
    {"\"\\256\"", "\\ with a number that is no byte at byte 2"},
    {"\"\\u41\"", "\\u without a quoted number at byte 2"},
    {"\"\\u'41\"", "\\u that is no character at byte 2"},
    {"\"\\u''\"", "\\u that is no character at byte 2"},
    {"\"\\u'0'\"", "\\u that is no character at byte 2"},
    {"\"\\u'D800'\"", "\\u that is no character at byte 2"},
    {"\"\\u'110000'\"", "\\u that is no character at byte 2"},
    {"\"\\u'fffffffffffffffff41'\"", "\\u that is no character at byte 2"},
    {"\"a\x01\"", "control character at byte 3"},
    {"(a,\"\xff\")", "string that is not UTF-8 at byte 4"},
    {"\xc3", "string that is not UTF-8 at byte 1"},
    {"\"\\195\"", "string that is not UTF-8 at byte 1"},
    {"\"\xc3\" \"\xa4\" \"\xa4\"", "string that is not UTF-8 at byte 1"},
    {"#", "# that begins no number at byte 1"},
    {"#-", "# that begins no number at byte 1"},
    {"#12abc", "# that begins no number at byte 1"},
    {"#1.", "# that begins no number at byte 1"},
    {"#1.2.3", "# that begins no number at byte 1"},
    {"#0x", "# that begins no number at byte 1"},
    {"#0xG", "# that begins no number at byte 1"},
    {"#0o8", "# that begins no number at byte 1"},
    {"#0b2", "# that begins no number at byte 1"},
    {"#NULL", "# that begins no number at byte 1"},
    {"#T", "#T that begins no time stamp at byte 1"},
    {"#T30-02-2024", "#T that begins no time stamp at byte 1"},
    {"#T07-11-2011_24:53:05", "#T that begins no time stamp at byte 1"},
    {"#T07-11-2011_16:53", "#T that begins no time stamp at byte 1"},
    {"#T2011-11-07", "#T that begins no time stamp at byte 1"},
    {"#TPASTA", "#T that begins no time stamp at byte 1"},
    {"#TPRESENT", "#T that begins no time stamp at byte 1"},
    {"#I", "#I that begins no address at byte 1"},
    {"#I[]", "#I that begins no address at byte 1"},
    {"#I[1.2.3.4", "#I that begins no address at byte 1"},
    {"#I[1.2.3.4]:", "#I that begins no address at byte 1"},
    {"#I[host]", "#I that begins no address at byte 1"},
    {"[aGVsbG8=", "data block without end at byte 1"},
    {"[aGVsbG8]", "data block that is not base64 at byte 9"},
    {"[aGVsbG=8]", "data block that is not base64 at byte 9"},
    {"[a===]", "data block that is not base64 at byte 3"},
    {"[aGVs====]", "data block that is not base64 at byte 6"},
    {"[aG-s]", "data block that is not base64 at byte 4"},
    {"(", "no object at byte 2"},
    {"(a", "neither \",\" nor \")\" in the array at byte 3"},
    {"(a b)", "neither \",\" nor \")\" in the array at byte 4"},
    {"(a,)", "not an object at byte 4"},
    {"(,a)", "not an object at byte 2"},
    {"(a;b)", "neither \",\" nor \")\" in the array at byte 3"},
    {"(a}", "neither \",\" nor \")\" in the array at byte 3"},
    {"{", "neither a key nor \"}\" in the dictionary at byte 2"},
    {"{a", "no \"=\" behind the key at byte 3"},
    {"{a;}", "no \"=\" behind the key at byte 3"},
    {"{a=", "no object at byte 4"},
    {"{a=;}", "not an object at byte 4"},
    {"{a=b}", "no \";\" behind the value at byte 5"},
    {"{a=b;c=d}", "no \";\" behind the value at byte 9"},
    {"{a=b,c=d;}", "no \";\" behind the value at byte 5"},
    {"{a=b;", "neither a key nor \"}\" in the dictionary at byte 6"},
    {"{a=b;;}", "neither a key nor \"}\" in the dictionary at byte 6"},
    {"{(a)=b;}", "neither a key nor \"}\" in the dictionary at byte 2"},
    {"{a=1;b=2;a=3;b=4;}", "the same key again at byte 10"},
    {"{a=1;\"\\065\"=2;A=3;}", "the same key again at byte 15"},
    {"{x={a=1;a=2;};x=3;}", "the same key again at byte 9"},
    {"<a/>", "XML, which is not supported at byte 1"},
    {"#(class x)", "object of a class, which is not supported at byte 1"},
};

START_TEST(refuses)
{
    ck_assert_msg(parse(errors[_i].text) == NULL, "%s", errors[_i].text);
    ck_assert_str_eq(err.text, errors[_i].error);
}
END_TEST

START_TEST(refuses_zeros)
{
    static const char *const texts[] = {"\"a?b\"", "a?", "{a?=b;}", "[A?AA]",
                                        "(?)",     "?",  "#?"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        size_t len = strlen(texts[i]);
        char *s = arena_strndup(arena, texts[i], len);

        *strchr(s, '?') = '\0';
        ck_assert_msg(parse_bytes(s, len, NULL) == NULL, "%s", texts[i]);
    }
}
END_TEST

START_TEST(gives_kinds_and_texts)
{
    struct cli_value *v = parsed(
        "(x,#1.5,#T01-02-2003,[AAEC],#I[::1]:5,#NULL#,(y),{z=w;},\"\\e\")");
    static const struct {
        enum cli_kind kind;
        const char *text;
        size_t len;
        unsigned n;
    } items[] = {
        {CLI_STRING, "x", 1, 0},         {CLI_NUMBER, "1.5", 3, 0},
        {CLI_TIME, "01-02-2003", 10, 0}, {CLI_DATA, "\0\1\2", 3, 0},
        {CLI_ADDRESS, "[::1]:5", 7, 0},  {CLI_NULL, "", 0, 0},
        {CLI_ARRAY, "", 0, 1},           {CLI_DICTIONARY, "", 0, 1},
        {CLI_STRING, "\n", 1, 0},
    };
    const struct cli_value *i = v->first;

    ck_assert_uint_eq(v->n, sizeof items / sizeof items[0]);
    for (size_t k = 0; k < v->n; k++, i = i->next) {
        ck_assert_int_eq(i->kind, items[k].kind);
        ck_assert_uint_eq(i->text_len, items[k].len);
        ck_assert_mem_eq(i->text, items[k].text, items[k].len + 1);
        ck_assert_uint_eq(i->n, items[k].n);
        ck_assert_ptr_null(i->key);
        ck_assert_int_eq(i->next == NULL, i == v->last);
    }
    v = parsed("{z=w;}");
    ck_assert_str_eq(v->first->key, "z");
    ck_assert_str_eq(v->first->text, "w");
}
END_TEST

/* An administrator's line, argument by argument. */
START_TEST(reads_one_after_the_other)
{
    static const char line[] =
        "ListDomainObjects  company.com #10 ACCOUNTS \"\" (a) {b=c;} ";
    static const char *const words[] = {"ListDomainObjects",
                                        "company.com",
                                        "#10",
                                        "ACCOUNTS",
                                        "\"\"",
                                        "(a)",
                                        "{b=c;}"};
    struct cli_value *v = NULL;
    size_t pos = 0;

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        ck_assert_int_eq(
            cli_data_read(line, sizeof line - 1, &pos, NULL, arena, &v, &err),
            0);
        ck_assert_str_eq(written(v), words[i]);
    }
    ck_assert_uint_eq(pos, sizeof line - 2);
    ck_assert_int_eq(
        cli_data_read(line, sizeof line - 1, &pos, NULL, arena, &v, &err), -1);
    ck_assert_str_eq(err.text, "no object at byte 59");
    ck_assert_uint_eq(pos, sizeof line - 1);
}
END_TEST

START_TEST(says_where)
{
    static const char line[] = "abc {a=b;c=\"\\q\";}";
    struct cli_value *v = NULL;
    size_t pos = 3;

    ck_assert_int_eq(
        cli_data_read(line, sizeof line - 1, &pos, NULL, arena, &v, &err), -1);
    ck_assert_str_eq(err.text, "unknown escape at byte 13");
    ck_assert_uint_eq(pos, 12);
}
END_TEST

/* What follows a string is left for the next reading. */
START_TEST(stops_behind_the_string)
{
    struct cli_value *v = NULL;
    size_t pos = 0;

    ck_assert_int_eq(
        cli_data_read("\"a\" \"b\"  c", 10, &pos, NULL, arena, &v, &err), 0);
    ck_assert_str_eq(v->text, "ab");
    ck_assert_uint_eq(pos, 7);
    pos = 0;
    ck_assert_int_eq(
        cli_data_read("\"a\" /* no end", 13, &pos, NULL, arena, &v, &err), 0);
    ck_assert_uint_eq(pos, 3);
}
END_TEST

static const char whole[] =
    "{a=\"x\\e\\013\\u'1F600'\" /* c */ \"y\";\"k\"=(1,#-2.5,#T01-02-2003,"
    "[aGVsbG8=],#I[1.2.3.4]:25,#NULL#,(),{});// d\n}";

START_TEST(cut_at_each_byte)
{
    for (size_t n = 0; n < sizeof whole - 1; n++) {
        ck_assert_msg(parse_bytes(whole, n, NULL) == NULL, "cut at %zu", n);
        ck_assert_ptr_nonnull(strstr(err.text, " at byte "));
    }
    ck_assert_ptr_nonnull(parse(whole));
}
END_TEST

START_TEST(each_byte_changed)
{
    struct cli_value *v, *again;
    char copy[sizeof whole], *first;

    for (size_t i = 0; i < sizeof whole - 1; i++)
        for (int c = 0; c < 256; c++) {
            memcpy(copy, whole, sizeof whole);
            copy[i] = (char)c;
            v = parse_bytes(copy, sizeof whole - 1, NULL);
            if (v != NULL) {
                written(v);
                first = arena_strndup(arena, out.data, out.len);
                again = parse(first);
                ck_assert_ptr_nonnull(again);
                ck_assert_str_eq(written(again), first);
            }
            arena_reset(arena);
        }
}
END_TEST

static struct cli_value *
parse_nested(unsigned depth, const struct cli_limits *limits)
{
    struct buf b = {0};
    struct cli_value *v;

    for (unsigned i = 0; i < depth; i++)
        buf_append_str(&b, i % 2 == 0 ? "(" : "{a=");
    buf_append_str(&b, "x");
    for (unsigned i = depth; i-- > 0;)
        buf_append_str(&b, i % 2 == 0 ? ")" : ";}");
    v = parse_bytes(b.data, b.len, limits);
    buf_clear(&b);
    return v;
}

START_TEST(limits_depth)
{
    const struct cli_limits two = {.depth = 2};

    ck_assert_ptr_nonnull(parse_nested(32, NULL));
    ck_assert_ptr_null(parse_nested(33, NULL));
    ck_assert_str_eq(err.text, "nested too deep at byte 65");
    ck_assert_ptr_nonnull(parse_nested(2, &two));
    ck_assert_ptr_null(parse_nested(3, &two));
    ck_assert_ptr_nonnull(parse_bytes("({},{},{})", 10, &two));
    ck_assert_ptr_null(parse_nested(500000, NULL));
}
END_TEST

START_TEST(limits_values)
{
    const struct cli_limits four = {.values = 4};

    ck_assert_ptr_nonnull(parse_bytes("(a,b,c)", 7, &four));
    ck_assert_ptr_nonnull(parse_bytes("{a=(b,c);}", 10, &four));
    ck_assert_ptr_null(parse_bytes("(a,b,c,d)", 9, &four));
    ck_assert_str_eq(err.text, "too many values at byte 8");
    ck_assert_ptr_null(parse_bytes("{a=(b,c);d=e;}", 14, &four));
    ck_assert_ptr_nonnull(parse_bytes("(a,b,c,d)", 9, NULL));
}
END_TEST

START_TEST(limits_bytes)
{
    const struct cli_limits five = {.bytes = 5};
    char *big = arena_alloc(arena, 1048577);
    struct cli_value *v = NULL;
    size_t pos = 0;

    ck_assert_ptr_nonnull(parse_bytes("(a,b)", 5, &five));
    ck_assert_ptr_null(parse_bytes("(a,bc)", 6, &five));
    ck_assert_str_eq(err.text, "data of more than 5 bytes");
    memset(big, 'a', 1048577);
    ck_assert_ptr_nonnull(parse_bytes(big, 1048576, NULL));
    ck_assert_ptr_null(parse_bytes(big, 1048577, NULL));
    ck_assert_int_eq(cli_data_read("abcdef", 6, &pos, &five, arena, &v, &err),
                     -1);
    pos = 1;
    ck_assert_int_eq(cli_data_read("abcdef", 6, &pos, &five, arena, &v, &err),
                     0);
}
END_TEST

START_TEST(builds)
{
    struct cli_value *d = cli_data_dictionary(arena);
    struct cli_value *a = cli_data_array(arena);
    char key[] = "key", text[] = "text";

    ck_assert_str_eq(written(d), "{}");
    ck_assert_str_eq(written(a), "()");
    cli_data_append(a, cli_data_string(arena, text, 4));
    cli_data_append(a, cli_data_string(arena, "", 0));
    text[0] = key[0] = 'x';
    ck_assert_str_eq(written(a), "(text,\"\")");
    cli_data_set(arena, d, key, cli_data_string(arena, "1", 1));
    key[0] = 'y';
    cli_data_set(arena, d, "b c", a);
    cli_data_add(arena, d, "d", cli_data_dictionary(arena));
    ck_assert_str_eq(written(d), "{xey=1;\"b c\"=(text,\"\");d={};}");
    ck_assert_uint_eq(d->n, 3);
    ck_assert_ptr_eq(cli_data_find(d, "b c"), a);
    ck_assert_ptr_null(cli_data_find(d, "B c"));
    ck_assert_ptr_null(cli_data_find(d, ""));
    ck_assert_ptr_null(cli_data_find(a, "d"));
}
END_TEST

START_TEST(replaces_and_removes)
{
    struct cli_value *d = parsed("{a=1;b=2;c=3;}");

    cli_data_set(arena, d, "b", cli_data_string(arena, "two", 3));
    ck_assert_str_eq(written(d), "{a=1;b=two;c=3;}");
    cli_data_set(arena, d, "c", cli_data_string(arena, "three", 5));
    cli_data_set(arena, d, "a", NULL);
    cli_data_set(arena, d, "none", NULL);
    ck_assert_str_eq(written(d), "{b=two;c=three;}");
    ck_assert_uint_eq(d->n, 2);
    cli_data_set(arena, d, "c", NULL);
    cli_data_set(arena, d, "e", cli_data_string(arena, "5", 1));
    ck_assert_str_eq(written(d), "{b=two;e=5;}");
    cli_data_set(arena, d, "b", NULL);
    cli_data_set(arena, d, "e", NULL);
    ck_assert_str_eq(written(d), "{}");
    ck_assert_ptr_null(d->last);
    cli_data_set(arena, d, "f", cli_data_string(arena, "6", 1));
    ck_assert_str_eq(written(d), "{f=6;}");
}
END_TEST

/* Every character but 0 comes back as it was, bare or quoted. */
START_TEST(each_character_comes_back)
{
    for (int c = 1; c < 0x80; c++) {
        char s[] = {(char)c, 'y', '\0'};
        struct cli_value *v;

        out.len = 0;
        cli_data_write_string(&out, s, 2);
        v = parse_bytes(out.data, out.len, NULL);
        ck_assert_msg(v != NULL, "%02x: %s", (unsigned)c, err.text);
        ck_assert_int_eq(v->kind, CLI_STRING);
        ck_assert_str_eq(v->text, s);
        ck_assert_ptr_null(memchr(out.data, '\n', out.len));
    }
}
END_TEST

START_TEST(data_blocks_come_back)
{
    char bytes[256];
    struct cli_value data = {.kind = CLI_DATA, .text = bytes}, *v;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 167 + 3);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        data.text_len = n;
        v = parsed(written(&data));
        ck_assert_uint_eq(v->text_len, n);
        ck_assert_int_eq(memcmp(v->text, bytes, n), 0);
    }
}
END_TEST

Suite *
cli_data_suite(void)
{
    Suite *s = suite_create("cli_data");
    TCase *t = tcase_create("cli_data");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, reads_and_writes, 0,
                        sizeof objects / sizeof objects[0]);
    tcase_add_loop_test(t, refuses, 0, sizeof errors / sizeof errors[0]);
    tcase_add_test(t, refuses_zeros);
    tcase_add_test(t, gives_kinds_and_texts);
    tcase_add_test(t, reads_one_after_the_other);
    tcase_add_test(t, says_where);
    tcase_add_test(t, stops_behind_the_string);
    tcase_add_test(t, cut_at_each_byte);
    tcase_add_test(t, limits_depth);
    tcase_add_test(t, limits_values);
    tcase_add_test(t, limits_bytes);
    tcase_add_test(t, builds);
    tcase_add_test(t, replaces_and_removes);
    tcase_add_test(t, each_character_comes_back);
    tcase_add_test(t, data_blocks_come_back);
    suite_add_tcase(s, t);
    tcase_add_test(suite_add_many(s, setup, teardown), each_byte_changed);
    return s;
}
