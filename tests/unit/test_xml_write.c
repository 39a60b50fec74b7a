/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <string.h>

#include "util/text.h"
#include "ximss/proto/xml_parse.h"
#include "ximss/proto/xml_write.h"

Suite *xml_write_suite(void);

#define T(s) s, sizeof s - 1

static const struct {
    const char *in;
    size_t len;
    const char *text, *attr; /* attr NULL: not tried (a zero in it) */
} rows[] = {
    {T(""), "", ""},
    {T("plain"), "plain", "plain"},
    {T("a&b<c>d'e\"f"), "a&amp;b&lt;c&gt;d&#39;e\"f",
     "a&amp;b&lt;c&gt;d&#39;e&quot;f"},
    {T("a\tb\nc\rd"), "a\tb\nc&#13;d", "a&#9;b&#10;c&#13;d"},
    {T("]]>"), "]]&gt;", "]]&gt;"},
    {T("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\x7f"),
     "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\x7f",
     "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\x7f"},
    {T("a\x01"
       "b\x1f"),
     "a\xef\xbf\xbd"
     "b\xef\xbf\xbd",
     "a\xef\xbf\xbd"
     "b\xef\xbf\xbd"},
    {T("a\0b"),
     "a\xef\xbf\xbd"
     "b",
     NULL},
    {T("cut \xf0\x9f\x98"), "cut \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
     "cut \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {T("\xff\xc3(\xed\xa0\x80"),
     "\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
     "\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {T("\xef\xbf\xbe\xef\xbf\xbd"),
     "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
     "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
};

START_TEST(escapes)
{
    struct buf b = {0}, expected = {0};

    xml_write_text(&b, rows[_i].in, rows[_i].len);
    ck_assert_str_eq(buf_cstr(&b), rows[_i].text);
    b.len = 0;
    if (rows[_i].attr != NULL) {
        xml_write_attr(&b, "name", rows[_i].in);
        buf_appendf(&expected, " name=\"%s\"", rows[_i].attr);
        ck_assert_str_eq(buf_cstr(&b), buf_cstr(&expected));
    }
    buf_clear(&b);
    buf_clear(&expected);
}
END_TEST

START_TEST(leaves_out_what_is_not_there)
{
    struct buf b = {0};

    xml_write_attr(&b, "a", NULL);
    ck_assert_uint_eq(b.len, 0);
    xml_write_attr(&b, "a", "");
    xml_write_attr_u64(&b, "n", ~0ULL);
    xml_write_attr_u64(&b, "z", 0);
    ck_assert_str_eq(buf_cstr(&b),
                     " a=\"\" n=\"18446744073709551615\" z=\"0\"");
    buf_clear(&b);
}
END_TEST

/* Each character that XML can carry comes back as it was, in a text and in an
 * attribute; every other byte comes back as U+FFFD. */
START_TEST(each_byte_comes_back)
{
    struct xml_parser *p = xml_parser_new(NULL);
    struct arena *arena = arena_new();
    struct xml_elem *root;
    const char *id, *expected;
    struct errbuf err;
    struct buf b = {0};

    for (int c = 1; c < 256; c++) {
        char s[] = {'x', (char)c, 'y', '\0'};
        bool carried =
            c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0x80);

        b.len = 0;
        buf_append_str(&b, "<a");
        xml_write_attr(&b, "id", s);
        buf_append_char(&b, '>');
        xml_write_text(&b, s, 3);
        buf_append_str(&b, "</a>");
        ck_assert_int_eq(xml_parse(p, b.data, b.len, arena, &root, &id, &err),
                         XML_PARSED);
        expected = carried ? s : "x\xef\xbf\xbdy";
        ck_assert_str_eq(root->text, expected);
        ck_assert_str_eq(id, expected);
        arena_reset(arena);
    }
    buf_clear(&b);
    xml_parser_free(&p);
    arena_free(&arena);
}
END_TEST

Suite *
xml_write_suite(void)
{
    Suite *s = suite_create("xml_write");
    TCase *t = tcase_create("xml_write");

    tcase_add_loop_test(t, escapes, 0, sizeof rows / sizeof rows[0]);
    tcase_add_test(t, leaves_out_what_is_not_there);
    tcase_add_test(t, each_byte_comes_back);
    suite_add_tcase(s, t);
    return s;
}
