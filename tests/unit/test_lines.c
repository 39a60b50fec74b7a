/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clients/ctl/lines.h"

Suite *lines_suite(void);

#define T(s) s, sizeof s - 1

/* Commands as "line:text;", broken ones as "line!why;". */
static const struct {
    const char *text;
    size_t len;
    const char *commands;
} files[] = {
    {T(""), ""},
    {T("\n \n\t\r\n"), ""},
    {T("NOOP"), "1:NOOP;"},
    {T("NOOP\nECHO a\n"), "1:NOOP;2:ECHO a;"},
    {T("NOOP\r\nECHO a\r\n"), "1:NOOP;2:ECHO a;"},
    {T("# a\n  // b\n\n  ECHO \"# c\" \t\n/\n"), "4:ECHO \"# c\";5:/;"},
    {T("\xef\xbb\xbfNOOP\n"), "1:NOOP;"},
    {T("a\0b\nNOOP\n"), "1!the line contains a zero byte;2:NOOP;"},
    {T("#a\0b\nNOOP\n"), "2:NOOP;"},
};

static void
read_all(FILE *f, char *out, size_t size)
{
    struct input in;
    struct errbuf err;
    struct lines l;
    int r;

    out[0] = '\0';
    input_init(&in, dup(fileno(f)));
    lines_init(&l, &in);
    while ((r = lines_next(&l, &err)) != 0) {
        size_t n = strlen(out);

        snprintf(out + n, size - n, "%lu%s%.40s;", l.line, r > 0 ? ":" : "!",
                 r > 0 ? l.text : err.text);
    }
    lines_clear(&l);
    input_close(&in);
}

START_TEST(reads_commands)
{
    FILE *f = tmpfile();
    char out[1000];

    ck_assert_ptr_nonnull(f);
    fwrite(files[_i].text, 1, files[_i].len, f);
    rewind(f);
    read_all(f, out, sizeof out);
    ck_assert_str_eq(out, files[_i].commands);
    fclose(f);
}
END_TEST

START_TEST(limits_lines)
{
    FILE *f = tmpfile();
    char out[200];

    ck_assert_ptr_nonnull(f);
    for (size_t i = 0; i < LINES_MAX; i++)
        putc('x', f);
    putc('\n', f);
    for (size_t i = 0; i < LINES_MAX + 1; i++)
        putc('y', f);
    fputs("\nNOOP\n", f);
    rewind(f);
    read_all(f, out, sizeof out);
    ck_assert_str_eq(out, "1:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx;"
                          "2!the line is too long;3:NOOP;");
    fclose(f);
}
END_TEST

#define X10  "xxxxxxxxxx"
#define X100 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10

static const struct {
    const char *command, *shown;
} descriptions[] = {
    {"NOOP", "NOOP"},
    {"ListAccounts  a.test", "ListAccounts a.test"},
    {"ListAccounts \"a.test\"", "ListAccounts a.test"},
    {"CREATEACCOUNT joe@a.test {Password=secret;}",
     "CREATEACCOUNT joe@a.test ..."},
    {"CREATEACCOUNT joe@a.test{Password=secret;}",
     "CREATEACCOUNT joe@a.test ..."},
    {"CREATEACCOUNT \"joe@a.test\"{Password=secret;}",
     "CREATEACCOUNT joe@a.test ..."},
    {"SETACCOUNTPASSWORD \"joe@a.test\" \"PASSWORD\" \"secret\"",
     "SETACCOUNTPASSWORD joe@a.test ..."},
    {"SETACCOUNTPASSWORD \"joe@a.test PASSWORD secret",
     "SETACCOUNTPASSWORD ..."},
    {"SETACCOUNTPASSWORD \"joe@a.test\\", "SETACCOUNTPASSWORD ..."},
    {"SETACCOUNTPASSWORD \"joe\\q\" secret", "SETACCOUNTPASSWORD ..."},
    {"SETDOMAINDEFAULTS {Password=secret;}", "SETDOMAINDEFAULTS ..."},
    {"ECHO (a)", "ECHO ..."},
    {"POSTSERVERALERT \"say \\\"hi\\\"\\e.\"", "POSTSERVERALERT say \"hi\"\n."},
    {"ECHO " X100, "ECHO " X100},
    {"ECHO " X100 "x", "ECHO " X100 "..."},
    {"ECHO \"" X100 "x\" y", "ECHO " X100 "... ..."},
    {"ECHO " X10 "\xff", ""},
    {"{Password=secret;}", ""},
    /* what was meant for account import */
    {"joe:secret", ""},
    {"joe,secret,Joe", "joe ..."},
    {"CREATEACCOUNT \"joe;secret;Joe\"", "CREATEACCOUNT ..."},
    {"CREATEACCOUNT joe:secret {}", "CREATEACCOUNT ..."},
    {"createaccount \"joe secret\" {}", "createaccount ..."},
    {"POSTSERVERALERT \"a b\" x", "POSTSERVERALERT a b ..."},
    {"\"secret", ""},
};

START_TEST(shows_no_passwords)
{
    struct buf b = {0};

    lines_describe(&b, descriptions[_i].command);
    ck_assert_str_eq(buf_cstr(&b), descriptions[_i].shown);
    buf_clear(&b);
}
END_TEST

START_TEST(cuts_between_characters)
{
    static const char nine[] = "xxxxxxxxx";
    struct buf command = {0}, b = {0}, expected = {0};

    buf_append_str(&expected, "ECHO ");
    for (int i = 0; i < 11; i++)
        buf_append_str(&expected, nine);
    buf_append(&command, expected.data, expected.len);
    buf_append_str(&command, "\xf0\x9f\x98\x80");
    buf_append_str(&expected, "...");
    lines_describe(&b, buf_cstr(&command));
    ck_assert_str_eq(buf_cstr(&b), buf_cstr(&expected));
    buf_clear(&command);
    buf_clear(&b);
    buf_clear(&expected);
}
END_TEST

Suite *
lines_suite(void)
{
    Suite *s = suite_create("lines");
    TCase *t = tcase_create("lines");

    tcase_add_loop_test(t, reads_commands, 0, sizeof files / sizeof files[0]);
    tcase_add_test(t, limits_lines);
    tcase_add_loop_test(t, shows_no_passwords, 0,
                        sizeof descriptions / sizeof descriptions[0]);
    tcase_add_test(t, cuts_between_characters);
    suite_add_tcase(s, t);
    return s;
}
