/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "clients/ctl/ctl_usage.h"
#include "clients/ctl/quota_line.h"

Suite *ctl_usage_suite(void);

/* What the server may say, and how it is shown. */
static const struct {
    const char *data; /* wrong: NULL in json */
    const char *json, *bar;
} usages[] = {
    {"{Used=43200000;Limit=52428800;Percent=82;Level=80;Reached=YES;"
     "Source=admin;Reported=#T22-11-2026_13:30:00;"
     "Alerted=#T22-11-2026_13:31:00;}",
     "{\"account\":\"joe@a.test\",\"used\":43200000,\"limit\":52428800,"
     "\"percent\":82,\"level\":80,\"reached\":true,\"source\":\"admin\","
     "\"reported\":\"2026-11-22T13:30:00Z\",\"alerted\":\"2026-11-22T13:31:00Z\"}",
     "\033[33m[################....]  82%\033[0m"},
    {"{Used=0;Limit=unlimited;Level=80;Reached=NO;}",
     "{\"account\":\"joe@a.test\",\"used\":0,\"limit\":null,\"percent\":null,"
     "\"level\":80,\"reached\":false,\"source\":null,\"reported\":null,"
     "\"alerted\":null}",
     "-"},
    {"{Used=18446744073709551615;Limit=1;Percent=4294967295;Level=0;"
     "Reached=NO;Source=\"a source with a long name\";Reported=x;}",
     "{\"account\":\"joe@a.test\",\"used\":18446744073709551615,\"limit\":1,"
     "\"percent\":4294967295,\"level\":null,\"reached\":false,"
     "\"source\":\"a source with a\",\"reported\":null,\"alerted\":null}",
     "\033[31m[####################] 4294967295%\033[0m"},
    {"{Used=1;Limit=100;Percent=1;Level=80;Reached=NO;}",
     "{\"account\":\"joe@a.test\",\"used\":1,\"limit\":100,\"percent\":1,"
     "\"level\":80,\"reached\":false,\"source\":null,\"reported\":null,"
     "\"alerted\":null}",
     "\033[32m[....................]   1%\033[0m"},
    {"{Used=(1);Limit=lots;}",
     "{\"account\":\"joe@a.test\",\"used\":0,\"limit\":null,\"percent\":null,"
     "\"level\":null,\"reached\":false,\"source\":null,\"reported\":null,"
     "\"alerted\":null}",
     "-"},
    {"{}", NULL, NULL},
    {"(Used)", NULL, NULL},
    {"Used", NULL, NULL},
};

static int
read_usage(struct ctl_usage *u, const char *account, const char *data)
{
    struct arena *a = arena_new();
    struct cli_value *v = NULL;
    struct errbuf err;
    int r = cli_data_parse(data, strlen(data), NULL, a, &v, &err);

    ck_assert_int_eq(r, 0);
    r = ctl_usage_read(u, account, v);
    arena_free(&a);
    return r;
}

START_TEST(shows_usages)
{
    struct ctl_usage u;
    struct buf b = {0};
    int r = read_usage(&u, "joe@a.test", usages[_i].data);

    ck_assert_int_eq(r, usages[_i].json != NULL ? 0 : -1);
    if (r < 0)
        return;
    ctl_usage_json(&b, &u);
    ck_assert_str_eq(buf_cstr(&b), usages[_i].json);
    b.len = 0;
    ctl_usage_full(&b, &u, CTL_USAGE_COLOUR);
    ck_assert_str_eq(buf_cstr(&b), usages[_i].bar);
    buf_clear(&b);
    ctl_usage_clear(&u);
}
END_TEST

START_TEST(shows_the_same_in_black_and_white)
{
    struct ctl_usage u = {.used = 99, .limit = 100, .percent = 99};
    struct buf b = {0};

    ctl_usage_full(&b, &u, CTL_USAGE_PLAIN);
    ck_assert_str_eq(buf_cstr(&b), "99%");
    b.len = 0;
    ctl_usage_full(&b, &u, CTL_USAGE_BAR);
    ck_assert_str_eq(buf_cstr(&b), "[###################.]  99%");
    buf_clear(&b);
}
END_TEST

START_TEST(the_fullest_come_first)
{
    static const struct {
        const char *account, *data;
    } in_order[] = {
        {"over", "{Used=300;Limit=100;}"},
        {"full", "{Used=18446744073709551615;Limit=18446744073709551615;}"},
        {"ann", "{Used=8201;Limit=10000;}"}, /* both are 82% */
        {"joe", "{Used=8200;Limit=10000;}"},
        {"large", "{Used=20;Limit=100;}"},
        {"small", "{Used=10;Limit=50;}"},
        {"small2", "{Used=10;Limit=50;}"},
        {"empty", "{Used=0;Limit=100;}"},
        {"much", "{Used=1000000;Limit=unlimited;}"},
        {"none", "{Used=0;Limit=unlimited;}"},
    };
    enum {
        N = sizeof in_order / sizeof in_order[0]
    };
    struct ctl_usage u[N];

    for (unsigned i = 0; i < N; i++)
        ck_assert_int_eq(read_usage(&u[i], in_order[(i * 7 + 3) % N].account,
                                    in_order[(i * 7 + 3) % N].data),
                         0);
    qsort(u, N, sizeof u[0], ctl_usage_compare);
    for (unsigned i = 0; i < N; i++) {
        ck_assert_str_eq(u[i].account, in_order[i].account);
        ctl_usage_clear(&u[i]);
    }
}
END_TEST

/* --- lines of a file --- */

static const struct {
    const char *text, *account, *size;
    const char *wrong; /* NULL: nothing */
} lines[] = {
    {"joe@a.test 43200000", "joe@a.test", "43200000", NULL},
    {"joe\t50M", "joe", "50M", NULL},
    {"joe,1", "joe", "1", NULL},
    {" joe \t ,\t 1 \r", "joe", "1", NULL},
    {"joe 1 # yesterday", "joe", "1", NULL},
    {"joe,1,# yesterday", "joe", "1", NULL},
    {"joe 1,", "joe", "1", NULL},
    {"j\xc3\xb6 lots", "j\xc3\xb6", "lots", NULL},
    {"", "", "", "the account is missing"},
    {", 1", "", "", "the account is missing"},
    {"joe", "", "", "the size is missing"},
    {"joe ", "", "", "the size is missing"},
    {"joe,,1", "", "", "the size is missing"},
    {"joe # 1", "", "", "the size is missing"},
    {"joe 50 MB", "", "", "there is text after the size"},
    {"joe 1 2", "", "", "there is text after the size"},
};

START_TEST(cuts_lines)
{
    char *text = strdup(lines[_i].text);
    struct quota_line l;
    struct errbuf err = {""};
    int r = quota_line_cut(&l, text, &err);

    ck_assert_int_eq(r, lines[_i].wrong == NULL ? 0 : -1);
    if (r < 0) {
        ck_assert_str_eq(err.text, lines[_i].wrong);
    } else {
        ck_assert_str_eq(l.account, lines[_i].account);
        ck_assert_str_eq(l.size, lines[_i].size);
    }
    free(text);
}
END_TEST

Suite *
ctl_usage_suite(void)
{
    Suite *s = suite_create("ctl_usage");
    TCase *t = tcase_create("ctl_usage");

    tcase_add_loop_test(t, shows_usages, 0, sizeof usages / sizeof usages[0]);
    tcase_add_test(t, shows_the_same_in_black_and_white);
    tcase_add_test(t, the_fullest_come_first);
    tcase_add_loop_test(t, cuts_lines, 0, sizeof lines / sizeof lines[0]);
    suite_add_tcase(s, t);
    return s;
}
