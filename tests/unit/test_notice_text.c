/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "notify/notice_text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"
#include "util/clock.h"
#include "util/xmalloc.h"

static const struct notice_fields plain = {
    .name = "disk",
    .element = "storeFreeBytes",
    .server = "mail.example.test",
    .severity = "WARNING",
    .state = "on",
    .value = -5,
    .threshold = 9000000000000000000,
    .since = INT64_C(1796093405) * CLOCK_SECOND, /* 2026-12-01 02:50:05 */
};

/* Whatever a value tries. */
static const struct notice_fields nasty = {
    .name = "a\r\nBcc: x@y\t\"\\/&?%{state}",
    .element = "\xc3\xa4\xe2\x80\xa8\xff\x7f",
    .state = "..",
};

static const struct {
    const char *template, *why;
} refused[] = {
    {"{nam}", "there is no field {nam} (byte 1), only {name}, {element}, "
              "{value}, {threshold}, {since}, {server}, {severity}, {state}; "
              "{{ is a brace"},
    {"a {{ {}", "there is no field {} (byte 6), only"},
    {"{name}{Name}", "there is no field {Name} (byte 7), only"},
    {"12{name", "the brace at byte 3 is not closed; {{ stands for a brace"},
    {"{", "the brace at byte 1 is not closed"},
    {"{{{", "the brace at byte 3 is not closed"},
    {"ab\rc", "byte 3 is not UTF-8, or begins a control character"},
    {"ab\x7f", "byte 3 is not UTF-8"},
    {"a\xc2\x80", "byte 2 is not UTF-8"},
    {"\xff", "byte 1 is not UTF-8"},
    {"{ name}", "there is no field { name} (byte 1)"},
};

START_TEST(wrong_template_is_refused)
{
    struct errbuf err = {""};

    ck_assert_int_eq(notice_text_check(refused[_i].template, &err), -1);
    ck_assert_msg(strncmp(err.text, refused[_i].why, strlen(refused[_i].why)) ==
                      0,
                  "%s", err.text);
}
END_TEST

START_TEST(length_has_a_limit)
{
    char *text = xmalloc(NOTICE_TEXT_MOST + 2);
    struct errbuf err;

    memset(text, 'a', NOTICE_TEXT_MOST + 1);
    text[NOTICE_TEXT_MOST] = '\0';
    ck_assert_int_eq(notice_text_check(text, &err), 0);
    text[NOTICE_TEXT_MOST] = 'a';
    text[NOTICE_TEXT_MOST + 1] = '\0';
    ck_assert_int_eq(notice_text_check(text, &err), -1);
    ck_assert_str_eq(err.text, "has 4097 bytes, and may have 4096");
    free(text);
}
END_TEST

static const struct {
    enum notice_text_use use;
    const struct notice_fields *fields;
    const char *template, *text;
} made[] = {
    {NOTICE_TEXT_BODY, &plain, "", ""},
    {NOTICE_TEXT_BODY, &plain, "{{name} } {{{name}}", "{name} } {disk}"},
    {NOTICE_TEXT_BODY, &plain,
     "{name} {element} {value} {threshold} {since} {server} {severity} {state}",
     "disk storeFreeBytes -5 9000000000000000000 2026-12-01T02:50:05Z "
     "mail.example.test WARNING on"},
    {NOTICE_TEXT_BODY, &plain, "a\n\tb", "a\n\tb"},
    {NOTICE_TEXT_LINE, &plain, "a\n\tb", "a  b"},
    {NOTICE_TEXT_BODY, &nasty, "{name}\n", "a  Bcc: x@y \"\\/&?%{state}\n"},
    {NOTICE_TEXT_LINE, &nasty, "{name}\n", "a  Bcc: x@y \"\\/&?%{state} "},
    {NOTICE_TEXT_BODY, &nasty, "[{element}{server}]", "[\xc3\xa4     ]"},
    {NOTICE_TEXT_URL, &nasty, "/x?{name}&{state}",
     "/x?a%20%20Bcc%3A%20x%40y%20%22%5C%2F%26%3F%25%7Bstate%7D&.."},
    {NOTICE_TEXT_URL, &nasty, "{element}", "%C3%A4%20%20%20%20%20"},
    {NOTICE_TEXT_JSON, &nasty, "{{\"t\":\"{name}\"}",
     "{\"t\":\"a  Bcc: x@y \\\"\\\\/&?%{state}\"}"},
    /* not checked: as it stands */
    {NOTICE_TEXT_BODY, &plain, "{nam} {name", "{nam} {name"},
};

START_TEST(text_is_made)
{
    struct buf b = {0};

    buf_append_str(&b, "|");
    notice_text_make_as(made[_i].use, &b, made[_i].template, made[_i].fields);
    ck_assert_str_eq(buf_cstr(&b) + 1, made[_i].text);
    buf_clear(&b);
}
END_TEST

/* A value, and then the text, cut within an "ä" of two bytes. */
START_TEST(long_text_is_cut_after_a_character)
{
    struct notice_fields f = {.name = NULL};
    struct buf name = {0}, b = {0}, template = {0};

    for (unsigned i = 0; i < 200; i++)
        buf_append_str(&name, "\xc3\xa4");
    f.name = buf_cstr(&name);
    notice_text_make(&b, "{name}", &f);
    ck_assert_uint_eq(b.len, 254);
    for (unsigned i = 0; i < 600; i++)
        buf_append_str(&template, "{name}");
    b.len = 0;
    notice_text_make(&b, buf_cstr(&template), &f);
    ck_assert_uint_eq(b.len, NOTICE_TEXT_MADE - 1);
    ck_assert_str_eq(buf_cstr(&b) + b.len - 5, "\xc3\xa4...");
    buf_clear(&b);
    buf_clear(&name);
    buf_clear(&template);
}
END_TEST

START_TEST(json_has_all_fields)
{
    struct buf b = {0};

    notice_text_json(&b, &plain, "two\nlines \"\xc3\xa4\"");
    ck_assert_str_eq(
        buf_cstr(&b),
        "{\"name\":\"disk\",\"element\":\"storeFreeBytes\",\"value\":-5,"
        "\"threshold\":9000000000000000000,\"since\":\"2026-12-01T02:50:05Z\","
        "\"server\":\"mail.example.test\",\"severity\":\"WARNING\","
        "\"state\":\"on\",\"text\":\"two\\nlines \\\"\xc3\xa4\\\"\"}");
    buf_clear(&b);
}
END_TEST

static const struct {
    const char *template;
    bool good;
} json[] = {
    {"{{\"text\":\"{name} {value}\",\"n\":{value}}", true},
    {"[{value}]", true},
    {"{value}", true},
    {"{{\"text\":{name}}", false},
    {"{{\"text\":\"{name}}", false},
    {"{{\"text\":\"{name}\"", false},
    {"{{\"text\":\"{name}\"} x", false},
    {"", false},
    {"{{'text':'{name}'}", false},
    {"[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", false},
};

START_TEST(json_template_must_make_json)
{
    struct errbuf err = {""};
    int r = notice_text_check_json(json[_i].template, &err);

    ck_assert_msg(r == (json[_i].good ? 0 : -1), "%s", json[_i].template);
    ck_assert(json[_i].good || strstr(err.text, "is no JSON") != NULL);
}
END_TEST

START_TEST(wrong_field_in_json_is_named)
{
    struct errbuf err;

    ck_assert_int_eq(notice_text_check_json("[\"{nam}\"]", &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "{nam} (byte 3)"));
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(table)[0]))

Suite *notice_text_suite(void);

Suite *
notice_text_suite(void)
{
    Suite *s = suite_create("notice_text");
    TCase *t = tcase_create("text");

    tcase_add_loop_test(t, wrong_template_is_refused, 0, COUNT(refused));
    tcase_add_test(t, length_has_a_limit);
    tcase_add_loop_test(t, text_is_made, 0, COUNT(made));
    tcase_add_test(t, long_text_is_cut_after_a_character);
    tcase_add_test(t, json_has_all_fields);
    tcase_add_loop_test(t, json_template_must_make_json, 0, COUNT(json));
    tcase_add_test(t, wrong_field_in_json_is_named);
    suite_add_tcase(s, t);
    return s;
}
