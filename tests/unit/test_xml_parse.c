/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <string.h>

#include "tests/unit/suite.h"
#include "util/buf.h"
#include "ximss/proto/xml_parse.h"

Suite *xml_parse_suite(void);

static struct xml_parser *parser;
static struct arena *arena;
static struct xml_elem *root;
static const char *id;
static struct errbuf err;

static void
setup(void)
{
    parser = xml_parser_new(NULL);
    arena = arena_new();
}

static void
teardown(void)
{
    xml_parser_free(&parser);
    xml_parser_free(&parser);
    arena_free(&arena);
}

static enum xml_result
parse_bytes(const char *data, size_t len)
{
    enum xml_result r;

    err.text[0] = '\0';
    root = NULL;
    id = NULL;
    r = xml_parse(parser, data, len, arena, &root, &id, &err);
    ck_assert_ptr_nonnull(id);
    ck_assert_int_eq(r == XML_PARSED, root != NULL);
    ck_assert_int_eq(r == XML_PARSED, err.text[0] == '\0');
    return r;
}

static enum xml_result
parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

/* name(attr=value,...)[text]{children} */
static void
dump(struct buf *b, const struct xml_elem *e)
{
    buf_appendf(b, "%s(", e->name);
    for (unsigned i = 0; i < e->n_attrs; i++)
        buf_appendf(b, "%s%s=%s", i > 0 ? "," : "", e->attrs[i].name,
                    e->attrs[i].value);
    buf_appendf(b, ")[%s]", e->text);
    ck_assert_uint_eq(strlen(e->text), e->text_len);
    if (e->first == NULL)
        return;
    buf_append_char(b, '{');
    for (const struct xml_elem *c = e->first; c != NULL; c = c->next) {
        ck_assert_ptr_eq(c->parent, e);
        dump(b, c);
    }
    buf_append_char(b, '}');
}

static const struct {
    const char *text, *tree;
} good[] = {
    {"<a/>", "a()[]"},
    {"<a />", "a()[]"},
    {"<a></a>", "a()[]"},
    {"<login id=\"1\" userName='j\"o'/>", "login(id=1,userName=j\"o)[]"},
    {"<?xml version=\"1.0\"?><a/>", "a()[]"},
    {"<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\r\n<a/>\n",
     "a()[]"},
    {"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xc3\xa4</a>",
     "a()[\xc3\xa4]"},
    {"\n \t<!-- before --><a/><!-- behind -->\r\n", "a()[]"},
    {"\xef\xbb\xbf<a/>", "a()[]"},
    {"<?p?><a><?q r?>x</a>", "a()[x]"},
    {"<a>x<!-- in -->y</a>", "a()[xy]"},
    {"<a>x<![CDATA[<b>&amp;]]>y</a>", "a()[x<b>&amp;y]"},
    {"<a>]]&gt;</a>", "a()[]]>]"},
    {"<a>&amp;&lt;&gt;&apos;&quot;&#65;&#x42;</a>", "a()[&<>'\"AB]"},
    {"<a>one<b>two</b>three<c d='e'/>four</a>",
     "a()[onethreefour]{b()[two]c(d=e)[]}"},
    {"<a>\n <b>\n  <c/>\n </b>\n</a>", "a()[\n \n]{b()[\n  \n ]{c()[]}}"},
    {"<a><b/><b/><b/></a>", "a()[]{b()[]b()[]b()[]}"},
    /* line breaks as XML wants them; references survive */
    {"<a>1\r\n2\r3\n4\t5&#13;&#10;6</a>", "a()[1\n2\n3\n4\t5\r\n6]"},
    {"<a b='1\r\n2\r3\n4\t5&#13;&#10;&#9;6'/>", "a(b=1 2 3 4 5\r\n\t6)[]"},
    {"<a>\xf0\x9f\x98\x80\xe2\x80\xae"
     "e\xcc\x81&#x1F600;</a>",
     "a()[\xf0\x9f\x98\x80\xe2\x80\xae"
     "e\xcc\x81\xf0\x9f\x98\x80]"},
    {"<a>\x7f\xc2\x85\xef\xbf\xbd</a>", "a()[\x7f\xc2\x85\xef\xbf\xbd]"},
    {"<n:a xml:lang='de' n:b='c'/>", "n:a(xml:lang=de,n:b=c)[]"},
};

START_TEST(reads)
{
    struct buf b = {0};

    ck_assert_msg(parse(good[_i].text) == XML_PARSED, "%s: %s", good[_i].text,
                  err.text);
    ck_assert_str_eq(id, xml_attr(root, "id") ? xml_attr(root, "id") : "");
    dump(&b, root);
    ck_assert_str_eq(buf_cstr(&b), good[_i].tree);
    buf_clear(&b);
}
END_TEST

#define BAD  "not well-formed (invalid token)"
#define FORB XML_FORBIDDEN

static const struct {
    const char *text;
    enum xml_result result;
    const char *id, *error;
} bad[] = {
    {"", XML_MALFORMED, "", "no element found at line 1, column 1"},
    {" \n ", XML_MALFORMED, "", "no element found at line 2, column 2"},
    {"text", XML_MALFORMED, "", "syntax error at line 1, column 1"},
    {"<a id='1'", XML_MALFORMED, "", "unclosed token at line 1, column 1"},
    {"<a id='1>", XML_MALFORMED, "", "unclosed token at line 1, column 1"},
    {"<a id='1' id='2'/>", XML_MALFORMED, "",
     "duplicate attribute at line 1, column 11"},
    {"<a id=1/>", XML_MALFORMED, "", BAD " at line 1, column 7"},
    {"<a id='1'>", XML_MALFORMED, "1", "no element found at line 1, column 11"},
    {"<a id='x&amp;\"y'>\n<b></a>", XML_MALFORMED, "x&\"y",
     "mismatched tag at line 2, column 6"},
    {"<a><b id='1'></a>", XML_MALFORMED, "",
     "mismatched tag at line 1, column 16"},
    {"<a id='1'/><b id='2'/>", XML_MALFORMED, "1",
     "junk after document element at line 1, column 12"},
    {"<a id='1'/>x", XML_MALFORMED, "1",
     "junk after document element at line 1, column 12"},
    {"<a id='1'>]]></a>", XML_MALFORMED, "1", BAD " at line 1, column 13"},
    {"<a id='1'>&foo;</a>", XML_MALFORMED, "1",
     "undefined entity at line 1, column 11"},
    {"<a id='1'>a & b</a>", XML_MALFORMED, "1", BAD " at line 1, column 14"},
    {"<a id='1'>&#0;</a>", XML_MALFORMED, "1",
     "reference to invalid character number at line 1, column 11"},
    {"<a id='1'>&#x1F;</a>", XML_MALFORMED, "1",
     "reference to invalid character number at line 1, column 11"},
    {"<a id='1'>&#xD800;</a>", XML_MALFORMED, "1",
     "reference to invalid character number at line 1, column 11"},
    {"<a id='1'>&#xFFFE;</a>", XML_MALFORMED, "1",
     "reference to invalid character number at line 1, column 11"},
    {"<a id='1'>\n\xc3\xa4\xc3\xa4\x01</a>", XML_MALFORMED, "1",
     BAD " at line 2, column 3"},
    {"<a id='1'>\xff</a>", XML_MALFORMED, "1", BAD " at line 1, column 11"},
    {"<a id='1'>\xc3(</a>", XML_MALFORMED, "1", BAD " at line 1, column 11"},
    {"<a id='1'>\xed\xa0\x80</a>", XML_MALFORMED, "1",
     BAD " at line 1, column 11"},
    {"<a id='1'>\xc0\xaf</a>", XML_MALFORMED, "1", BAD " at line 1, column 11"},
    {"<a id='1'>\xf4\x90\x80\x80</a>", XML_MALFORMED, "1",
     BAD " at line 1, column 11"},
    {"<a id='1'>\xef\xbf\xbe</a>", XML_MALFORMED, "1",
     BAD " at line 1, column 11"},
    {"<a id='\xff'/>", XML_MALFORMED, "", BAD " at line 1, column 8"},
    {"<a id='\x02'/>", XML_MALFORMED, "", BAD " at line 1, column 8"},
    {"\xff\xfe<a/>", XML_MALFORMED, "", "not UTF-8 at line 1, column 1"},
    {"\xfe\xff<a/>", XML_MALFORMED, "", "not UTF-8 at line 1, column 1"},
    {" <?xml version='1.0'?><a id='1'/>", XML_MALFORMED, "",
     "XML or text declaration not at start of entity at line 1, column 2"},
    {"<!DOCTYPE a><a id='1'/>", FORB, "",
     "document type declaration at line 1, column 12"},
    {"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a id='1'/>", FORB, "",
     "document type declaration at line 1, column 40"},
    {"<!DOCTYPE a [<!ENTITY b 'c'>]><a id='1'>&b;</a>", FORB, "",
     "document type declaration at line 1, column 13"},
    {"<!DOCTYPE a [<!ENTITY % b SYSTEM 'c'>%b;]><a id='1'/>", FORB, "",
     "document type declaration at line 1, column 13"},
    {"<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>"
     "<!ENTITY c '&b;&b;&b;'>]><l id='1'>&c;</l>",
     FORB, "", "document type declaration at line 1, column 13"},
    {"<a id='1'><!DOCTYPE a></a>", XML_MALFORMED, "1",
     BAD " at line 1, column 13"},
};

START_TEST(refuses)
{
    ck_assert_msg(parse(bad[_i].text) == bad[_i].result, "%s", bad[_i].text);
    ck_assert_str_eq(err.text, bad[_i].error);
    ck_assert_str_eq(id, bad[_i].id);
    /* and goes on */
    ck_assert_int_eq(parse("<b id='2'>x</b>"), XML_PARSED);
    ck_assert_str_eq(root->name, "b");
    ck_assert_str_eq(id, "2");
}
END_TEST

START_TEST(refuses_zeros)
{
    static const char utf16[] = "<\0a\0/\0>", big_endian[] = "\0<\0a\0/\0>";

    ck_assert_int_eq(parse_bytes("<a>\0</a>", 8), XML_MALFORMED);
    ck_assert_int_eq(parse_bytes(utf16, sizeof utf16), XML_MALFORMED);
    ck_assert_int_eq(parse_bytes(big_endian, sizeof big_endian), XML_MALFORMED);
}
END_TEST

static const char whole[] =
    "<?xml version='1.0'?><!-- c -->\r\n<alertPost id='77' a=\"&lt;&#13;\">"
    "x\xf0\x9f\x98\x80<b c='d'>e</b><![CDATA[<f>]]>&amp;\r\n</alertPost>";

/* Where the root's start tag is complete, and so its id known. */
START_TEST(cut_at_each_byte)
{
    const char *tag_end = strchr(strstr(whole, "<alertPost"), '>') + 1;

    for (size_t n = 0; n < sizeof whole - 1; n++) {
        ck_assert_msg(parse_bytes(whole, n) == XML_MALFORMED, "cut at %zu", n);
        ck_assert_str_eq(id, whole + n >= tag_end ? "77" : "");
    }
    ck_assert_int_eq(parse_bytes(whole, sizeof whole - 1), XML_PARSED);
    ck_assert_str_eq(root->text, "x\xf0\x9f\x98\x80<f>&\n");
}
END_TEST

/* No byte that is changed makes it read or write where it may not. */
START_TEST(each_byte_changed)
{
    char copy[sizeof whole];

    for (size_t i = 0; i < sizeof whole - 1; i++)
        for (int c = 0; c < 256; c++) {
            memcpy(copy, whole, sizeof whole);
            copy[i] = (char)c;
            parse_bytes(copy, sizeof whole - 1);
            arena_reset(arena);
        }
}
END_TEST

static void
repeat(struct buf *b, const char *s, unsigned n)
{
    while (n-- > 0)
        buf_append_str(b, s);
}

/* Parses pre, n times `unit`, post. */
static enum xml_result
parse_n(const char *pre, const char *unit, unsigned n, const char *post,
        unsigned n_post)
{
    struct buf b = {0};
    enum xml_result r;

    buf_append_str(&b, pre);
    repeat(&b, unit, n);
    repeat(&b, post, n_post);
    r = parse_bytes(b.data, b.len);
    buf_clear(&b);
    arena_reset(arena);
    return r;
}

START_TEST(limits_depth)
{
    ck_assert_int_eq(parse_n("", "<a>", 16, "</a>", 16), XML_PARSED);
    ck_assert_int_eq(parse_n("", "<a>", 17, "</a>", 17), XML_TOO_BIG);
    ck_assert_str_eq(err.text, "nested deeper than 16 at line 1, column 49");
    ck_assert_int_eq(parse_n("<a id='9'>", "<a>", 300000, "", 0), XML_TOO_BIG);
    xml_parser_set_limits(parser, &(struct xml_limits){.depth = 1000});
    ck_assert_int_eq(parse_n("", "<a>", 1000, "</a>", 1000), XML_PARSED);
    ck_assert_int_eq(parse_n("", "<a>", 1001, "</a>", 1001), XML_TOO_BIG);
}
END_TEST

START_TEST(limits_elements)
{
    ck_assert_int_eq(parse_n("<a>", "<b/>", 16383, "</a>", 1), XML_PARSED);
    ck_assert_int_eq(parse_n("<a>", "<b/>", 16384, "</a>", 1), XML_TOO_BIG);
    xml_parser_set_limits(parser, &(struct xml_limits){.elems = 1});
    ck_assert_int_eq(parse("<a id='1'/>"), XML_PARSED);
    ck_assert_int_eq(parse("<a id='1'><b/></a>"), XML_TOO_BIG);
    ck_assert_str_eq(err.text, "more than 1 elements at line 1, column 11");
    ck_assert_str_eq(id, "1");
}
END_TEST

static enum xml_result
parse_attrs(unsigned n)
{
    struct buf b = {0};
    enum xml_result r;

    buf_append_str(&b, "<a id='1'><b");
    for (unsigned i = 0; i < n; i++)
        buf_appendf(&b, " a%u=''", i);
    buf_append_str(&b, "/></a>");
    r = parse_bytes(b.data, b.len);
    buf_clear(&b);
    return r;
}

START_TEST(limits_attributes)
{
    ck_assert_int_eq(parse_attrs(64), XML_PARSED);
    ck_assert_uint_eq(root->first->n_attrs, 64);
    ck_assert_str_eq(root->first->attrs[63].name, "a63");
    ck_assert_int_eq(parse_attrs(65), XML_TOO_BIG);
    ck_assert_str_eq(err.text, "more than 64 attributes at line 1, column 11");
    ck_assert_str_eq(id, "1");
}
END_TEST

START_TEST(limits_attribute_bytes)
{
    ck_assert_int_eq(parse_n("<a b='", "x", 65536, "'/>", 1), XML_PARSED);
    ck_assert_int_eq(parse_n("<a b='", "x", 65537, "'/>", 1), XML_TOO_BIG);
    ck_assert_str_eq(err.text,
                     "attribute of more than 65536 bytes at line 1, column 1");
    ck_assert_str_eq(id, "");
    xml_parser_set_limits(parser, &(struct xml_limits){.attr_bytes = 8});
    ck_assert_int_eq(parse_n("<a b='", "&lt;", 8, "'/>", 1), XML_PARSED);
    ck_assert_int_eq(parse_n("<a b='", "\xc3\xa4", 4, "'/>", 1), XML_PARSED);
    ck_assert_int_eq(parse_n("<a b='", "\xc3\xa4", 5, "'/>", 1), XML_TOO_BIG);
    /* no limit of the element's name and text */
    ck_assert_int_eq(parse("<aaaaaaaaaaaa>bbbbbbbbbbbbb</aaaaaaaaaaaa>"),
                     XML_PARSED);
}
END_TEST

START_TEST(limits_text_bytes)
{
    xml_parser_set_limits(parser, &(struct xml_limits){.text_bytes = 8});
    ck_assert_int_eq(parse("<a id='1'>12345678</a>"), XML_PARSED);
    ck_assert_int_eq(parse("<a id='1'>123456789</a>"), XML_TOO_BIG);
    ck_assert_str_eq(err.text,
                     "text of more than 8 bytes at line 1, column 11");
    ck_assert_str_eq(id, "1");
    /* of one element each, joined round its children */
    ck_assert_int_eq(parse("<a>1234<b>12345678</b>5678</a>"), XML_PARSED);
    ck_assert_int_eq(parse("<a>1234<b>12345678</b>56789</a>"), XML_TOO_BIG);
    ck_assert_int_eq(parse_n("<a>", "&lt;", 8, "</a>", 1), XML_PARSED);
    ck_assert_int_eq(parse_n("<a>", "&lt;", 9, "</a>", 1), XML_TOO_BIG);
    ck_assert_int_eq(parse("<a><![CDATA[12345678]]></a>"), XML_PARSED);
    ck_assert_int_eq(parse("<a><![CDATA[123456789]]></a>"), XML_TOO_BIG);
}
END_TEST

START_TEST(limits_bytes)
{
    ck_assert_int_eq(parse_n("<a>", "x", 1048576 - 7, "</a>", 1), XML_PARSED);
    ck_assert_int_eq(parse_n("<a>", "x", 1048576 - 6, "</a>", 1), XML_TOO_BIG);
    ck_assert_str_eq(err.text, "document of more than 1048576 bytes");
    ck_assert_int_eq(parse_n("<a b='", "x", 10000000, "'/>", 1), XML_TOO_BIG);
    xml_parser_set_limits(parser, &(struct xml_limits){.bytes = 12});
    ck_assert_int_eq(parse("<a>12345</a>"), XML_PARSED);
    ck_assert_int_eq(parse("<a>123456</a>"), XML_TOO_BIG);
    xml_parser_set_limits(parser, NULL);
    ck_assert_int_eq(parse("<a>123456</a>"), XML_PARSED);
    ck_assert_str_eq(root->text, "123456");
}
END_TEST

/* Nothing of one document shows in the next. */
START_TEST(starts_afresh)
{
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(parse("<a id='1' b='2'>left<c>over"), XML_MALFORMED);
        ck_assert_int_eq(parse("<a><b>x</b></a>"), XML_PARSED);
        ck_assert_str_eq(id, "");
        ck_assert_uint_eq(root->n_attrs, 0);
        ck_assert_str_eq(root->text, "");
        ck_assert_str_eq(root->first->text, "x");
        ck_assert_ptr_null(root->first->next);
        ck_assert_ptr_null(root->next);
        ck_assert_ptr_null(root->parent);
        arena_reset(arena);
    }
}
END_TEST

START_TEST(finds_attributes)
{
    ck_assert_int_eq(parse("<a id='1' Id='2' empty=''/>"), XML_PARSED);
    ck_assert_str_eq(xml_attr(root, "id"), "1");
    ck_assert_str_eq(xml_attr(root, "Id"), "2");
    ck_assert_str_eq(xml_attr(root, "empty"), "");
    ck_assert_ptr_null(xml_attr(root, "ID"));
    ck_assert_ptr_null(xml_attr(root, "i"));
}
END_TEST

/* --- one long text --- */

static void
add_piece(void *arg, const char *s, size_t len)
{
    buf_append(arg, s, len);
}

/* The document in two pieces; -1: refused. */
static int
read_text(const char *doc, size_t len, size_t cut, struct buf *out)
{
    int r;

    out->len = 0;
    xml_text_begin(parser, add_piece, out);
    r = xml_text_feed(parser, doc, cut, false, &err);
    if (r == 0)
        r = xml_text_feed(parser, doc + cut, len - cut, true, &err);
    return r;
}

START_TEST(text_in_any_two_pieces)
{
    static const char doc[] =
        "<a id='1'>x&amp;&lt;&#39;&#13;\n\xc3\xa4\xf0\x9f\x98\x80 y</a>";
    const size_t len = sizeof doc - 1;
    struct buf out = {0};

    for (size_t cut = 0; cut <= len; cut++) {
        ck_assert_int_eq(read_text(doc, len, cut, &out), 0);
        ck_assert_str_eq(buf_cstr(&out), "x&<'\r\n\xc3\xa4\xf0\x9f\x98\x80 y");
        /* A parser may do one after the other. */
        ck_assert_int_eq(parse("<b>c</b>"), XML_PARSED);
        ck_assert_str_eq(root->text, "c");
    }
    buf_clear(&out);
}
END_TEST

static const char *const no_texts[] = {
    "",
    "<a>",
    "<a>x",
    "<a>x</a",
    "<a>x</b>",
    "<a>x<b/>y</a>",
    "<a>&b;</a>",
    "<a>\xff</a>",
    "x",
    "<!DOCTYPE a><a>x</a>",
    "<a>x</a><a>y</a>",
};

START_TEST(text_that_is_none)
{
    const char *doc = no_texts[_i];
    struct buf out = {0};

    for (size_t cut = 0; cut <= strlen(doc); cut++) {
        ck_assert_int_eq(read_text(doc, strlen(doc), cut, &out), -1);
        ck_assert_str_ne(err.text, "");
        /* It does not begin to be one. */
        ck_assert_int_eq(xml_text_feed(parser, "</a>", 4, true, &err), -1);
    }
    buf_clear(&out);
}
END_TEST

START_TEST(text_is_handed_over_as_it_comes)
{
    struct buf piece = {0}, out = {0};
    size_t given = 0;

    for (int i = 0; i < 1000; i++)
        buf_append_str(&piece, "&amp; ten bytes &lt;");
    xml_text_begin(parser, add_piece, &out);
    ck_assert_int_eq(xml_text_feed(parser, "<a>", 3, false, &err), 0);
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(
            xml_text_feed(parser, piece.data, piece.len, false, &err), 0);
        given += out.len;
        ck_assert_uint_gt(out.len, 0);
        out.len = 0;
    }
    ck_assert_int_eq(xml_text_feed(parser, "</a>", 4, true, &err), 0);
    ck_assert_uint_eq(given + out.len, (size_t)100 * 1000 * 13);
    buf_clear(&piece);
    buf_clear(&out);
}
END_TEST

Suite *
xml_parse_suite(void)
{
    Suite *s = suite_create("xml_parse");
    TCase *t = tcase_create("xml_parse");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, reads, 0, sizeof good / sizeof good[0]);
    tcase_add_loop_test(t, refuses, 0, sizeof bad / sizeof bad[0]);
    tcase_add_test(t, text_in_any_two_pieces);
    tcase_add_loop_test(t, text_that_is_none, 0,
                        sizeof no_texts / sizeof no_texts[0]);
    tcase_add_test(t, text_is_handed_over_as_it_comes);
    tcase_add_test(t, refuses_zeros);
    tcase_add_test(t, cut_at_each_byte);
    tcase_add_test(t, limits_depth);
    tcase_add_test(t, limits_elements);
    tcase_add_test(t, limits_attributes);
    tcase_add_test(t, limits_attribute_bytes);
    tcase_add_test(t, limits_text_bytes);
    tcase_add_test(t, limits_bytes);
    tcase_add_test(t, starts_afresh);
    tcase_add_test(t, finds_attributes);
    suite_add_tcase(s, t);
    tcase_add_test(suite_add_many(s, setup, teardown), each_byte_changed);
    return s;
}
