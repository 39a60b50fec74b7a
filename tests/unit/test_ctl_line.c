/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stddef.h>

#include "clients/ctl/ctl_line.h"

Suite *ctl_line_suite(void);

static const struct ctl_option options[] = {{"on", NULL, ""},
                                            {"real-name", "TEXT", ""},
                                            {"set", "A,B", ""},
                                            CTL_OPTIONS_END};

#define SETTINGS "UPDATE $1 $=|EFFECTIVE $1$on|GET $1"

/* made NULL: no line fits, or `error`. */
static const struct {
    const char *line;
    const char *args[5];
    const char *on, *real_name, *set;
    const char *made, *error;
} cases[] = {
    {"LIST", {NULL}, .made = "LIST"},
    {"LIST", {"a"}, .made = NULL},
    {"LIST", {NULL}, .on = ""},
    {"LIST[ $1]", {NULL}, .made = "LIST"},
    {"LIST[ $1]", {"a.test"}, .made = "LIST a.test"},
    {"LIST[ $1]", {"a", "b"}, .made = NULL},
    {"RENAME $1 INTO $2",
     {"a b", "\"\\"},
     .made = "RENAME \"a b\" INTO \"\\\"\\\\\""},
    {"RENAME $1 INTO $2", {"a"}, .made = NULL},
    {"RENAME $1 INTO $2", {"a", "b", "c"}, .made = NULL},
    {"ECHO $1", {""}, .made = "ECHO \"\""},
    {"DELETE $1[ FORCE$on]", {"a"}, .made = "DELETE a"},
    {"DELETE $1[ FORCE$on]", {"a"}, .on = "", .made = "DELETE a FORCE"},
    {"MAKE $1[ NAME $real-name][ FORCE$on]",
     {"a"},
     .real_name = "J D",
     .made = "MAKE a NAME \"J D\""},
    {"MAKE $1 NAME $real-name",
     {"a"},
     .real_name = "",
     .made = "MAKE a NAME \"\""},
    {"MAKE $1 NAME $real-name", {"a"}, .made = NULL},
    {SETTINGS, {"a"}, .made = "GET a"},
    {SETTINGS, {"a"}, .on = "", .made = "EFFECTIVE a"},
    {SETTINGS, {"a", "k=v"}, .made = "UPDATE a {k=v;}"},
    {SETTINGS,
     {"a", "k x=v;", "l="},
     .made = "UPDATE a {\"k x\"=\"v;\";l=\"\";}"},
    {SETTINGS, {"a", "k=v=w"}, .made = "UPDATE a {k=\"v=w\";}"},
    {SETTINGS, {"a", "k=v"}, .on = ""},
    {SETTINGS, {"a"}, .set = "b"},
    {SETTINGS, {NULL}, .made = NULL},
    {SETTINGS, {"a", "k=v", "k"}, .error = "settings are written KEY=VALUE"},
    {SETTINGS, {"a", "=v"}, .error = "settings are written KEY=VALUE"},
    {"INFO $1[ KEY $+]", {"a"}, .made = "INFO a"},
    {"INFO $1[ KEY $+]", {"a", "b", "c d"}, .made = "INFO a KEY (b,\"c d\")"},
    {"SET $1 $,set|GET $1", {"a"}, .made = "GET a"},
    {"SET $1 $,set|GET $1", {"a"}, .set = "", .made = "SET a ()"},
    {"SET $1 $,set|GET $1", {"a"}, .set = "b", .made = "SET a (b)"},
    {"SET $1 $,set|GET $1",
     {"a"},
     .set = "b c,d,",
     .made = "SET a (\"b c\",d)"},
    {"SET $1 $,set|GET $1", {"a"}, .set = ",,b,,", .made = "SET a (b)"},
    {"SET $1 $,set|GET $1", {"a"}, .set = ",", .made = "SET a ()"},
    {"SET $1 $,set|GET $1", {"a", "b"}, .set = "c"},
};

START_TEST(makes_lines)
{
    const char *const values[] = {cases[_i].on, cases[_i].real_name,
                                  cases[_i].set, NULL};
    struct ctl_given given = {.options = options, .values = values};
    struct buf b = {0};
    struct errbuf err;
    char *argv[5];
    int r;

    for (; cases[_i].args[given.argc] != NULL; given.argc++)
        argv[given.argc] = (char *)(uintptr_t)cases[_i].args[given.argc];
    given.argv = argv;
    buf_append_str(&b, "> ");
    r = ctl_line_make(&b, cases[_i].line, &given, &err);
    ck_assert_int_eq(r, cases[_i].made != NULL ? 0 : -1);
    ck_assert_str_eq(buf_cstr(&b) + 2, r == 0 ? cases[_i].made : "");
    if (r < 0)
        ck_assert_str_eq(err.text,
                         cases[_i].error != NULL ? cases[_i].error : "");
    buf_clear(&b);
}
END_TEST

START_TEST(needs_no_options)
{
    struct ctl_given given = {.argc = 0};
    struct errbuf err;
    struct buf b = {0};

    ck_assert_int_eq(ctl_line_make(&b, "NOOP", &given, &err), 0);
    ctl_line_arg(&b, "x");
    ctl_line_arg(&b, "y z");
    ck_assert_str_eq(buf_cstr(&b), "NOOP x \"y z\"");
    buf_clear(&b);
}
END_TEST

Suite *
ctl_line_suite(void)
{
    Suite *s = suite_create("ctl_line");
    TCase *t = tcase_create("ctl_line");

    tcase_add_loop_test(t, makes_lines, 0, sizeof cases / sizeof cases[0]);
    tcase_add_test(t, needs_no_options);
    suite_add_tcase(s, t);
    return s;
}
