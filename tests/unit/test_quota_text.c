/* SPDX-License-Identifier: BSD-2-Clause */
/* quota/size.c and quota/template.c: what people write and read. */
#include "config.h"

#include <inttypes.h>

#include <check.h>

#include "quota/size.h"
#include "quota/template.h"

Suite *quota_text_suite(void);

static const struct {
    const char *text;
    int ret;
    uint64_t bytes;
} sizes[] = {
    {"unlimited", 0, 0},
    {"Unlimited", 0, 0},
    {"-1", 0, 0},
    {"0", 0, 0},
    {"1", 0, 1},
    {"1048576", 0, 1048576},
    {"100k", 0, 102400},
    {"100K", 0, 102400},
    {"50M", 0, 52428800},
    {"50m", 0, 52428800},
    {"50MB", 0, 52428800},
    {"50 MB", 0, 52428800},
    {"2G", 0, UINT64_C(2147483648)},
    {"3T", 0, UINT64_C(3298534883328)},
    {"7b", 0, 7},
    {"18446744073709551615", 0, UINT64_MAX},
    {"18446744073709551616", -1, 0},
    {"18014398509481983K", 0, UINT64_C(18446744073709550592)},
    {"18014398509481984K", -1, 0},
    {"16777216T", -1, 0},
    {"", -1, 0},
    {"M", -1, 0},
    {"-5M", -1, 0},
    {"1.5G", -1, 0},
    {"50X", -1, 0},
    {"50MM", -1, 0},
    {"50M ", -1, 0},
    {" 50M", -1, 0},
    {"50M5", -1, 0},
    {"0x10", -1, 0},
    {"50\x0b", -1, 0},
    {"no limit", -1, 0},
};

START_TEST(sizes_are_read)
{
    struct errbuf err = {{0}};
    uint64_t bytes = 1;
    int ret = quota_size_parse(sizes[_i].text, &bytes, &err);

    ck_assert_msg(ret == sizes[_i].ret, "%s", sizes[_i].text);
    ck_assert_msg(bytes == sizes[_i].bytes, "%s: %" PRIu64, sizes[_i].text,
                  bytes);
    ck_assert((ret == 0) == (err.text[0] == '\0'));
}
END_TEST

static const struct {
    const char *text;
    int ret;
    unsigned percent;
} percents[] = {
    {"80", 0, 80},     {"80%", 0, 80},        {"0", 0, 0},
    {"never", 0, 0},   {"Never", 0, 0},       {"off", 0, 0},
    {"150", 0, 150},   {"unlimited", 0, 0},   {"1000", 0, 1000},
    {"1001", -1, 0},   {"", -1, 0},           {"%", -1, 0},
    {"80 %", -1, 0},   {"80%%", -1, 0},       {"-1", -1, 0},
    {"eighty", -1, 0}, {"4294967376", -1, 0},
};

START_TEST(levels_are_read)
{
    struct errbuf err = {{0}};
    unsigned percent = 1;

    ck_assert_msg(quota_percent_parse(percents[_i].text, &percent, &err) ==
                      percents[_i].ret,
                  "%s", percents[_i].text);
    ck_assert_msg(percent == percents[_i].percent, "%s", percents[_i].text);
}
END_TEST

static const struct {
    const char *text, *filled;
    const char *wrong; /* NULL: nothing */
} templates[] = {
    {"", "", NULL},
    {"plain", "plain", NULL},
    {"{used}", "41.2 MB", NULL},
    {"{used} of {limit}, {free} left", "41.2 MB of 50 MB, 8.8 MB left", NULL},
    {"{percent}%, {level}%", "82%, 80%", NULL},
    {"{account} {name} {domain}", "joe@a.test Joe a.test", NULL},
    {"{{used} {{{used}", "{used} {41.2 MB", NULL},
    {"} {{", "} {", NULL},
    {"ä {used} ö", "ä 41.2 MB ö", NULL},
    {"{size}", "{size}", "has no field size"},
    {"{Used}", "{Used}", "has no field Used"},
    {"{}", "{}", "has no field "},
    {"{ used}", "{ used}", "has no field  used"},
    {"{used} {", "41.2 MB {", "has a brace that is not closed"},
    {"{used", "{used", "has a brace that is not closed"},
    {"{0123456789012345678901234567890123456789abc}",
     "{0123456789012345678901234567890123456789abc}",
     "has no field 0123456789012345678901234567890123456789"},
};

static const struct quota_figures figures = {
    .used = 43200000,
    .limit = 52428800,
    .level = 80,
    .account = "joe@a.test",
    .name = "Joe",
    .domain = "a.test",
};

START_TEST(templates_are_filled)
{
    struct errbuf err = {{0}};
    struct buf b = {0};

    ck_assert_int_eq(quota_template_check(templates[_i].text, &err),
                     templates[_i].wrong != NULL ? -1 : 0);
    if (templates[_i].wrong != NULL)
        ck_assert_str_eq(err.text, templates[_i].wrong);
    quota_template_fill(&b, templates[_i].text, &figures);
    buf_append_char(&b, '\0');
    ck_assert_str_eq(b.data, templates[_i].filled);
    buf_clear(&b);
}
END_TEST

START_TEST(figures_at_their_ends)
{
    struct quota_figures f = {.used = 70,
                              .limit = 50,
                              .level = 100,
                              .account = "a@b",
                              .name = "",
                              .domain = "b"};
    struct errbuf err;
    struct buf b = {0};

    ck_assert_int_eq(quota_template_check(quota_template_default, &err), 0);
    quota_template_fill(&b, "{free} {percent} {name}", &f);
    buf_append_char(&b, '\0');
    ck_assert_str_eq(b.data, "0 bytes 140 a@b");
    buf_clear(&b);
}
END_TEST

Suite *
quota_text_suite(void)
{
    Suite *s = suite_create("quota_text");
    TCase *tc = tcase_create("quota_text");

    tcase_add_loop_test(tc, sizes_are_read, 0,
                        (int)(sizeof sizes / sizeof sizes[0]));
    tcase_add_loop_test(tc, levels_are_read, 0,
                        (int)(sizeof percents / sizeof percents[0]));
    tcase_add_loop_test(tc, templates_are_filled, 0,
                        (int)(sizeof templates / sizeof templates[0]));
    tcase_add_test(tc, figures_at_their_ends);
    suite_add_tcase(s, tc);
    return s;
}
