/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "passdb/dovecot_line.h"
#include "tests/unit/suite.h"

Suite *dovecot_line_suite(void);

#define T "temporary "
#define D "disabled "
#define P "passed on "
#define A "authz "

/* "COMMAND ID TEXT USER flags", "-" for what is missing. */
static void
describe(const struct dovecot_line *l, char *out)
{
    static const char *const names[] = {"VERSION", "MECH", "DONE", "OK",
                                        "CONT",    "FAIL", "OTHER"};

    sprintf(out, "%s %u/%lu %s %s %s%s%s", names[l->command], l->major,
            (unsigned long)l->id, l->text != NULL ? l->text : "-",
            l->user != NULL ? l->user : "-", l->is_temporary ? T : "",
            l->is_disabled ? D : "", l->is_not_authorized ? A : "");
    if (l->is_passed_on)
        strcat(out, P);
}

START_TEST(reads_lines)
{
    static const struct {
        const char *line, *want; /* NULL: nobody understands it */
    } cases[] = {
        {"VERSION\t1\t2", "VERSION 1/0 - - "},
        {"VERSION\t2", "VERSION 2/0 - - "},
        {"VERSION", NULL},
        {"VERSION\tx\t2", NULL},
        {"MECH\tPLAIN\tplaintext", "MECH 0/0 PLAIN - "},
        {"MECH", NULL},
        {"DONE", "DONE 0/0 - - "},
        {"SPID\t12", "OTHER 0/0 - - "},
        {"COOKIE\t00ff", "OTHER 0/0 - - "},
        {"OK\t1\tuser=joe@a.test\t", "OK 0/1 - joe@a.test "},
        {"OK\t4294967295", "OK 0/4294967295 - - "},
        {"OK\t4294967296", NULL},
        {"OK\t0\tuser=joe", NULL},
        {"OK\t-1\tuser=joe", NULL},
        {"OK\t\tuser=joe", NULL},
        {"OK", NULL},
        {"OK\t7\tuser=joe\tnologin\treason=no", "OK 0/7 - joe " D},
        {"OK\t7\tuser=joe\tproxy\thost=192.0.2.1", "OK 0/7 - joe " P},
        {"OK\t7\tuser=joe\tproxy=y\thost=192.0.2.1", "OK 0/7 - joe " P},
        {"OK\t7\tuser=joe\tproxy_maybe=y", "OK 0/7 - joe " P},
        {"OK\t7\tuser=joe\tproxy_timeout=5", "OK 0/7 - joe "},
        {"OK\t7\tuser=joe\tnologin=no", "OK 0/7 - joe " D},
        {"OK\t7\tuser=a\001tb\001nc\0011", "OK 0/7 - a\tb\nc\001 "},
        {"OK\t7\tuser=a\0010", NULL},
        {"OK\t7\tuser=a\001", NULL},
        {"CONT\t3\tPz8=", "CONT 0/3 Pz8= - "},
        {"CONT\t3\t", "CONT 0/3  - "},
        {"CONT\t3", "CONT 0/3  - "},
        {"CONT\t3\ta b", NULL},
        {"CONT\tx\tPz8=", NULL},
        {"FAIL\t9\tuser=joe", "FAIL 0/9 - joe "},
        {"FAIL\t9\tuser=joe\ttemp", "FAIL 0/9 - joe " T},
        {"FAIL\t9\tcode=temp_fail", "FAIL 0/9 - - " T},
        {"FAIL\t9\tuser=joe\tuser_disabled", "FAIL 0/9 - joe " D},
        {"FAIL\t9\tuser=joe\tcode=pass_expired", "FAIL 0/9 - joe " D},
        {"FAIL\t9\tuser=joe\tauthz", "FAIL 0/9 - joe " A},
        {"FAIL\t9\treason=temp", "FAIL 0/9 - - "},
        {"", NULL},
        {"\tOK\t1", NULL},
        {"HTTP/1.1 400 Bad Request", NULL},
        {"-ERR what", NULL},
        {"\377\376", NULL},
    };
    char line[200], got[300];
    struct dovecot_line l;
    struct errbuf err;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int r;

        strcpy(line, cases[i].line);
        r = dovecot_line_parse(line, strlen(line), &l, &err);
        ck_assert_msg((r == 0) == (cases[i].want != NULL), "%s", cases[i].line);
        if (r < 0)
            continue;
        describe(&l, got);
        ck_assert_msg(strcmp(got, cases[i].want) == 0, "%s: %s", cases[i].line,
                      got);
    }
    memcpy(line, "DONE\0x", 7);
    ck_assert_int_eq(dovecot_line_parse(line, 6, &l, &err), -1);
}
END_TEST

START_TEST(writes_what_it_reads)
{
    static const char odd[] = "a\tb\nc\rd\001e=f\\";
    struct buf b = {0};
    struct dovecot_line l;
    struct errbuf err;

    buf_append_str(&b, "OK\t1\tuser=");
    dovecot_line_append(&b, odd);
    buf_cstr(&b);
    ck_assert_ptr_null(strchr(b.data, '\n'));
    ck_assert_int_eq(dovecot_line_parse(b.data, b.len, &l, &err), 0);
    ck_assert_str_eq(l.user, odd);
    buf_clear(&b);
}
END_TEST

START_TEST(knows_base64)
{
    char text[6002];

    ck_assert(dovecot_line_is_base64(""));
    ck_assert(dovecot_line_is_base64("AZaz09+/=="));
    ck_assert(!dovecot_line_is_base64("a\tb"));
    ck_assert(!dovecot_line_is_base64("a\nAUTH"));
    memset(text, 'A', sizeof text);
    text[6001] = '\0';
    ck_assert(!dovecot_line_is_base64(text));
    text[6000] = '\0';
    ck_assert(dovecot_line_is_base64(text));
}
END_TEST

Suite *
dovecot_line_suite(void)
{
    Suite *s = suite_create("dovecot_line");
    TCase *tc = tcase_create("all");

    tcase_add_test(tc, reads_lines);
    tcase_add_test(tc, writes_what_it_reads);
    tcase_add_test(tc, knows_base64);
    suite_add_tcase(s, tc);
    return s;
}
