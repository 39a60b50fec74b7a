/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/name_table.h"
#include "util/name.h"
#include "util/precis.h"
#include "util/xmalloc.h"

Suite *name_suite(void);

/* --- the table that all doors share --- */

static struct name_row *rows;
static size_t n_rows;

static void
read_rows(void)
{
    rows = name_table_read(&n_rows);
}

static void
free_rows(void)
{
    free(rows);
}

START_TEST(table_of_forms)
{
    char out[NAME_ADDRESS_SIZE];
    struct errbuf err;

    ck_assert_uint_ge(n_rows, 60);
    for (size_t i = 0; i < n_rows; i++) {
        const struct name_row *r = &rows[i];
        int rc = name_address(r->given, out, &err);

        if (r->form[0] == '\0') {
            ck_assert_msg(rc < 0, "%s became %s", r->given, out);
            ck_assert_msg(strstr(err.text, r->why) != NULL, "%s: %s", r->given,
                          err.text);
        } else {
            ck_assert_msg(rc == 0, "%s: %s", r->given, err.text);
            ck_assert_str_eq(out, r->form);
            ck_assert_int_eq(name_address(r->form, out, &err), 0);
            ck_assert_str_eq(out, r->form);
        }
    }
}
END_TEST

static int
check_new(const char *given, struct errbuf *err)
{
    const char *at = strrchr(given, '@');
    char local[NAME_LOCAL_SIZE], domain[NAME_DOMAIN_SIZE], *text;
    int rc;

    if (at == NULL)
        return name_new_local(given, local, err);
    text = xstrndup(given, (size_t)(at - given));
    rc = name_new_local(text, local, err);
    free(text);
    return rc == 0 ? name_new_domain(at + 1, domain, err) : -1;
}

START_TEST(table_of_new_names)
{
    struct errbuf err;

    for (size_t i = 0; i < n_rows; i++) {
        int rc = check_new(rows[i].given, &err);

        if (rows[i].why[0] == '\0')
            ck_assert_msg(rc == 0, "%s: %s", rows[i].given, err.text);
        else
            ck_assert_msg(rc < 0 && strstr(err.text, rows[i].why) != NULL,
                          "%s: %s", rows[i].given, rc < 0 ? err.text : "taken");
    }
}
END_TEST

/* --- all characters ---
 *
 * Planes with letters; those behind have none but Han, and are long. */

static size_t
text_of(uint32_t c, char *to)
{
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        to[i] = (char)(0x80 | (c & 0x3f));
    to[0] = (char)(n == 1 ? c : (0xf00u >> n & 0xff) | c);
    to[n] = '\0';
    return n;
}

/* An A behind it decides about a sigma, and what the mark before it joins. */
static void
check_stable(const char *text)
{
    char once[NAME_LOCAL_SIZE], twice[NAME_LOCAL_SIZE];
    struct errbuf err;

    if (name_local(text, once, NULL) < 0)
        return;
    ck_assert_msg(name_local(once, twice, &err) == 0, "%s: %s", once, err.text);
    ck_assert_str_eq(once, twice);
}

START_TEST(form_of_a_form_is_the_same)
{
    char text[16];

    for (uint32_t c = 0x80; c < 0x20000; c++) {
        enum precis_class class = precis_class_of(c);
        size_t n;

        if (class == PRECIS_UNASSIGNED || (c >= 0x3400 && c < 0xa000) ||
            (c >= 0xac00 && c < 0xf900 && c % 64 != 0) ||
            (c >= 0x17000 && c < 0x1b000) || (c >= 0x12000 && c < 0x14700))
            continue;
        n = text_of(c, text);
        check_stable(text);
        memcpy(text + n, "\u0345A", 4);
        check_stable(text);
    }
}
END_TEST

/* --- the IdentifierClass, by examples from each rule of RFC 8264, 8 --- */

static const struct {
    uint32_t first, last;
    enum precis_class class;
} classes[] = {
    {0x21, 0x7e, PRECIS_VALID},
    {0x00, 0x20, PRECIS_INVISIBLE},
    {0x7f, 0xa0, PRECIS_INVISIBLE},
    {0xa1, 0xa7, PRECIS_SIGN},
    {0xa8, 0xa8, PRECIS_VARIANT},
    {0xaa, 0xaa, PRECIS_VARIANT},
    {0xad, 0xad, PRECIS_INVISIBLE},
    {0xb7, 0xb7, PRECIS_IN_CONTEXT},
    {0xbc, 0xbe, PRECIS_VARIANT},
    {0xc0, 0xd6, PRECIS_VALID},
    {0xd7, 0xd7, PRECIS_SIGN},
    {0xd8, 0xf6, PRECIS_VALID},
    {0xdf, 0xdf, PRECIS_VALID},
    {0x131, 0x131, PRECIS_VALID},
    {0x132, 0x133, PRECIS_VARIANT},
    {0x17f, 0x17f, PRECIS_VARIANT},
    {0x345, 0x345, PRECIS_VALID},
    {0x340, 0x341, PRECIS_VARIANT},
    {0x34f, 0x34f, PRECIS_INVISIBLE},
    {0x375, 0x375, PRECIS_IN_CONTEXT},
    {0x378, 0x379, PRECIS_UNASSIGNED},
    {0x3c2, 0x3c3, PRECIS_VALID},
    {0x5f3, 0x5f4, PRECIS_IN_CONTEXT},
    {0x640, 0x640, PRECIS_OTHER},
    {0x660, 0x669, PRECIS_IN_CONTEXT},
    {0x6dd, 0x6dd, PRECIS_OTHER},
    {0x6f0, 0x6f9, PRECIS_IN_CONTEXT},
    {0x6fd, 0x6fe, PRECIS_VALID},
    {0x7fa, 0x7fa, PRECIS_OTHER},
    {0x958, 0x95f, PRECIS_VARIANT},
    {0xf0b, 0xf0b, PRECIS_VALID},
    {0xf0c, 0xf0c, PRECIS_VARIANT},
    {0x1100, 0x11ff, PRECIS_OTHER},
    {0x17b4, 0x17b5, PRECIS_INVISIBLE},
    {0x1e9e, 0x1e9e, PRECIS_VALID},
    {0x200b, 0x200b, PRECIS_INVISIBLE},
    {0x200c, 0x200d, PRECIS_IN_CONTEXT},
    {0x200e, 0x200f, PRECIS_INVISIBLE},
    {0x2028, 0x202f, PRECIS_INVISIBLE},
    {0x2066, 0x206f, PRECIS_INVISIBLE},
    {0x2160, 0x217f, PRECIS_VARIANT},
    {0x2500, 0x259f, PRECIS_SIGN},
    {0x3005, 0x3005, PRECIS_VALID},
    {0x3007, 0x3007, PRECIS_VALID},
    {0x302e, 0x302f, PRECIS_OTHER},
    {0x3031, 0x3035, PRECIS_OTHER},
    {0x303b, 0x303b, PRECIS_OTHER},
    {0x30fb, 0x30fb, PRECIS_IN_CONTEXT},
    {0x4e00, 0x4e20, PRECIS_VALID},
    {0xa960, 0xa97c, PRECIS_OTHER},
    {0xac00, 0xac10, PRECIS_VALID},
    {0xd7cb, 0xd7fb, PRECIS_OTHER},
    {0xe000, 0xe010, PRECIS_OTHER},
    {0xf900, 0xf910, PRECIS_VARIANT},
    {0xfdd0, 0xfdef, PRECIS_INVISIBLE},
    {0xfe00, 0xfe0f, PRECIS_INVISIBLE},
    {0xff21, 0xff3a, PRECIS_VARIANT},
    {0x10400, 0x1044f, PRECIS_VALID},
    {0x1d400, 0x1d410, PRECIS_VARIANT},
    {0x1fffe, 0x1ffff, PRECIS_INVISIBLE},
    {0xe0001, 0xe0001, PRECIS_INVISIBLE},
    {0x10fffe, 0x10ffff, PRECIS_INVISIBLE},
};

START_TEST(class_of_characters)
{
    for (uint32_t c = classes[_i].first; c <= classes[_i].last; c++)
        ck_assert_msg(precis_class_of(c) == classes[_i].class, "U+%04X: %d",
                      (unsigned)c, (int)precis_class_of(c));
}
END_TEST

/* --- lengths --- */

START_TEST(lengths)
{
    char long_name[NAME_LOCAL_BYTES + 3], domain[300];
    char out[NAME_ADDRESS_SIZE], whole[500], *input;
    struct errbuf err;

    memset(long_name, 'a', sizeof long_name);
    long_name[NAME_LOCAL_BYTES] = '\0';
    ck_assert_int_eq(name_local(long_name, out, &err), 0);
    memcpy(long_name + NAME_LOCAL_BYTES - 2, "\u00e4", 3);
    ck_assert_int_eq(name_local(long_name, out, &err), 0);
    memcpy(long_name + NAME_LOCAL_BYTES - 2, "a\u00e4", 4);
    ck_assert_int_lt(name_local(long_name, out, &err), 0);
    ck_assert_str_eq(err.text, "a name of 129 bytes: at most 128 are possible");
    memset(domain, 'd', sizeof domain);
    domain[NAME_DOMAIN_BYTES] = '\0';
    ck_assert_int_eq(name_domain(domain, out, &err), 0);
    memset(long_name, 'a', NAME_LOCAL_BYTES);
    long_name[NAME_LOCAL_BYTES] = '\0';
    snprintf(whole, sizeof whole, "%s@%s", long_name, domain);
    ck_assert_int_eq(name_address(whole, out, &err), 0);
    ck_assert_uint_eq(strlen(out), NAME_ADDRESS_SIZE - 1);
    domain[NAME_DOMAIN_BYTES] = 'd';
    domain[NAME_DOMAIN_BYTES + 1] = '\0';
    ck_assert_int_lt(name_domain(domain, out, &err), 0);
    ck_assert_str_eq(err.text, "a name of 256 bytes: at most 255 are possible");
    input = xcalloc(1, 2001);
    for (size_t i = 0; i < 1000; i++)
        memcpy(input + 2 * i, "\u0301", 2);
    ck_assert_int_lt(name_local(input, out, &err), 0);
    ck_assert_str_eq(err.text, "a name of 2000 bytes is too long");
    ck_assert_int_lt(name_domain(input, out, &err), 0);
    free(input);
}
END_TEST

START_TEST(bytes_that_are_no_text)
{
    char out[NAME_ADDRESS_SIZE];
    struct errbuf err;

    ck_assert_int_lt(name_local("jo\xffx", out, &err), 0);
    ck_assert_str_eq(err.text, "the byte 3 is no UTF-8");
    ck_assert_int_lt(name_local("joe\xc0\xaf", out, &err), 0);
    ck_assert_int_lt(name_domain("b\xfc"
                                 "cher.test",
                                 out, &err),
                     0);
}
END_TEST

/* --- what is made of them --- */

START_TEST(keys)
{
    char *key = name_key("\uff2aOE+x@B\u00dcCHER.test");

    ck_assert_str_eq(key, "joe+x@xn--bcher-kva.test");
    free(key);
    key = name_key("No Name\u200b@X");
    ck_assert_str_eq(key, "no name\u200b@x");
    free(key);
    ck_assert(name_is_same("\u212aurt", "kurt"));
    ck_assert(name_is_same("a b", "A B"));
    ck_assert(!name_is_same("stra\u00dfe", "strasse"));
    ck_assert(!name_is_same("joe@a.test", "joe"));
    ck_assert(name_is_address("o'brien@b\u00fccher.test"));
    ck_assert(!name_is_address("o brien@a.test"));
}
END_TEST

static const struct {
    const char *name, *part;
    bool has;
} parts[] = {
    {"joe", "OE", true},
    {"joe", "", true},
    {"joe", "x", false},
    {"\u03ba\u03bf\u03c3\u03bc\u03bf\u03c2", "\u03ba\u03bf\u03c3", true},
    {"\u03ba\u03bf\u03c3\u03bc\u03bf\u03c2", "\u039c\u039f\u03a3", true},
    {"\u03ba\u03bf\u03c3\u03bc\u03bf\u03c2", "\u03c2", true},
    {"j\u00f6.x", "J\u00d6.", true},
    {"j\u00f6.x", "JO\u0308.", true},
    {"j\u00f6.x", ".", true},
    {"joe", "jo\xff", false},
};

START_TEST(parts_of_names)
{
    char *part = name_part(parts[_i].part);

    ck_assert_msg(name_has_part(parts[_i].name, part) == parts[_i].has,
                  "%s in %s", parts[_i].part, parts[_i].name);
    free(part);
}
END_TEST

static const struct {
    const char *form, *shown;
} shown[] = {
    {"joe", "joe"},
    {"example.test", "example.test"},
    {"xn--bcher-kva.test", "b\u00fccher.test"},
    {"m\u00fcller@xn--bcher-kva.test", "m\u00fcller@b\u00fccher.test"},
    {"joe@xn--zzzzzz--.test", "joe@xn--zzzzzz--.test"},
    /* an A-label of what no mapping leaves: a capital letter, a sign */
    {"joe@xn--Bcher-kva.test", "joe@xn--Bcher-kva.test"},
    {"joe@xn--n3h.test", "joe@xn--n3h.test"},
    /* looks like "apple", and like "paypal" with one letter of another script */
    {"joe@xn--80ak6aa92e.com", "joe@xn--80ak6aa92e.com"},
    {"xn--pypal-4ve.test", "xn--pypal-4ve.test"},
};

START_TEST(shown_to_people)
{
    char *text = name_shown(shown[_i].form);

    ck_assert_str_eq(text, shown[_i].shown);
    free(text);
}
END_TEST

Suite *
name_suite(void)
{
    Suite *s = suite_create("name");
    TCase *t = tcase_create("names"), *table = tcase_create("table");

    tcase_add_checked_fixture(table, read_rows, free_rows);
    tcase_add_test(table, table_of_forms);
    tcase_add_test(table, table_of_new_names);
    suite_add_tcase(s, table);
    tcase_add_test(t, form_of_a_form_is_the_same);
    tcase_add_loop_test(t, class_of_characters, 0,
                        sizeof classes / sizeof classes[0]);
    tcase_add_test(t, lengths);
    tcase_add_test(t, bytes_that_are_no_text);
    tcase_add_test(t, keys);
    tcase_add_loop_test(t, parts_of_names, 0, sizeof parts / sizeof parts[0]);
    tcase_add_loop_test(t, shown_to_people, 0, sizeof shown / sizeof shown[0]);
    suite_add_tcase(s, t);
    return s;
}
