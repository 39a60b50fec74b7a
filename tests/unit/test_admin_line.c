/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"
#include "ximss/server/cli/admin_call.h"
#include "ximss/server/cli/admin_names.h"

Suite *admin_line_suite(void);

static int
read_line(const char *text, size_t len, struct arena *arena,
          struct admin_line *line, struct errbuf *err)
{
    admin_line_begin(line, text, len);
    return admin_line_read(line, text, len, arena, err);
}

/* A line, and what is read: the verb, then each argument as the data format
 * writes it; or the error behind "!". */
static const struct {
    const char *line, *read;
} lines[] = {
    {"NOOP", "NOOP"},
    {"noop", "NOOP"},
    {"  Noop\t \r\n", "NOOP"},
    {"", ""},
    {"   ", ""},
    {"NO-OP", ""},
    {"NOOP(x)", ""},
    {"\"NOOP\"", ""},
    {"NOOP1 x", ""},
    /* names, bare and quoted */
    {"GetAccount joe@company.com", "GETACCOUNT joe@company.com"},
    {"GetAccount \"joe@company.com\"", "GETACCOUNT joe@company.com"},
    {"GetAccount *", "GETACCOUNT \"*\""},
    {"GetAccount \"*\"", "GETACCOUNT \"*\""},
    /* key forms */
    {"R 20261122135050", "R 20261122135050"},
    {"R 20261122T135050Z", "R 20261122T135050Z"},
    {"R 22-11-2026_13:50:50", "R \"22-11-2026_13:50:50\""},
    {"R \"22-11-2026_13:50:50\"", "R \"22-11-2026_13:50:50\""},
    {"R #T22-11-2026_13:50:50", "R #T22-11-2026_13:50:50"},
    /* texts as Perl sends them when it escapes */
    {"P \"hi \\\"there\\\" \\\\ back\"", "P \"hi \\\"there\\\" \\\\ back\""},
    {"P \"a\\010b\"", "P \"a\\eb\""},
    {"P \"a\\eb\"", "P \"a\\eb\""},
    {"P #123", "P #123"},
    {"P \"\"", "P \"\""},
    {"P \"\xc3\xa4\"", "P \"\xc3\xa4\""},
    /* and when it does not */
    {"P \"hi \"there\" \\ back\"", "!malformed at byte 8"},
    {"P \"say \"hi\" now\"", "!malformed at byte 9"},
    {"P \"hi \"\" there\"", "!malformed at byte 8"},
    {"P \"ends in \\\"", "!malformed at byte 3"},
    {"P \"C:\\xyz\"", "!malformed at byte 3"},
    {"P \"no end", "!malformed at byte 3"},
    {"P no\"quote", "!malformed at byte 5"},
    {"P back\\slash", "!malformed at byte 7"},
    /* two strings are two arguments */
    {"P \"a\" \"b\"", "P a b"},
    {"P joe {Password = \"pw\";}", "P joe {Password=pw;}"},
    {"P joe (a,\"b c\")", "P joe (a,\"b c\")"},
    {"P {a=b;}{c=d;}", "!malformed at byte 9"},
    {"P {a=b}", "!malformed at byte 7"},
    {"P {a=b;a=c;}", "!malformed at byte 8"},
    {"P (a", "!malformed at byte 5"},
    {"P <XML/>", "!malformed at byte 3"},
    {"P a;b", "!malformed at byte 4"},
    {"P pa$$w0rd!+/?", "P \"pa$$w0rd!+/?\""},
    {"P a\x01", "!malformed at byte 4"},
    {"P a\xff", "!malformed at byte 4"},
    {"P [aGk=]", "P [aGk=]"},
    /* addresses in brackets are texts, what might be data is not */
    {"P [192.0.2.1] x", "P \"[192.0.2.1]\" x"},
    {"P [192.0.2.1]:1234", "P \"[192.0.2.1]:1234\""},
    {"P [::1]:25", "P \"[::1]:25\""},
    {"P [2001:DB8::a]", "P \"[2001:DB8::a]\""},
    {"P [::ffff:192.0.2.1]", "P \"[::ffff:192.0.2.1]\""},
    {"P [ABCD]", "P [ABCD]"},
    {"P []", "P []"},
    {"P [192.0.2.1", "!malformed at byte 7"},
    {"P [192.0.2.1]x", "!malformed at byte 14"},
    {"P [192.0.2.1]:x", "!malformed at byte 15"},
    {"P [example.test]", "!malformed at byte 11"},
    {"P ([192.0.2.1])", "!malformed at byte 8"},
    /* old short names are the commands' own, in any case */
    {"GTALRT a.test", "GETDOMAINALERTS a.test"},
    {" gtalrt", "GETDOMAINALERTS"},
    {"StAcntRght joe (Master)", "SETACCOUNTRIGHTS joe (Master)"},
    {"RNDMN a.test into b.test", "RENAMEDOMAIN a.test into b.test"},
    {"GTALRTS", "GTALRTS"},
    {"GTALR", "GTALR"},
};

static void
write_line(struct buf *b, const struct admin_line *l)
{
    buf_append_str(b, l->verb);
    for (unsigned i = 0; i < l->n; i++) {
        buf_append_char(b, ' ');
        cli_data_write(b, l->arg[i]);
    }
}

START_TEST(reads_lines)
{
    struct arena *arena = arena_new();
    struct admin_line l;
    struct errbuf err;
    struct buf b = {0};
    const char *line = lines[_i].line;

    if (read_line(line, strlen(line), arena, &l, &err) == 0)
        write_line(&b, &l);
    else
        buf_appendf(&b, "!%s", err.text);
    /* What has no verb is as good as empty, whatever follows. */
    if (lines[_i].read[0] == '\0')
        ck_assert_str_eq(l.verb, "");
    else
        ck_assert_str_eq(buf_cstr(&b), lines[_i].read);
    buf_clear(&b);
    arena_free(&arena);
}
END_TEST

static bool
is_command(const char *name)
{
    for (size_t f = 0; admin_families[f] != NULL; f++)
        for (size_t i = 0; i < admin_families[f]->n; i++)
            if (strcmp(admin_families[f]->commands[i].name, name) == 0)
                return true;
    return false;
}

START_TEST(short_names_are_of_commands)
{
    for (size_t i = 0; i < admin_short_names_n; i++) {
        const struct admin_short_name *s = &admin_short_names[i];

        ck_assert_msg(is_command(s->full), "%s: no %s", s->name, s->full);
        ck_assert_msg(!is_command(s->name), "%s is a command", s->name);
        ck_assert_uint_lt(strlen(s->full), ADMIN_VERB_SIZE);
        ck_assert_ptr_eq(admin_full_name(s->name), s->full);
    }
    ck_assert_ptr_null(admin_full_name("GETDOMAINALERTS"));
    ck_assert_ptr_null(admin_full_name(""));
}
END_TEST

START_TEST(refuses_zeros_and_floods)
{
    struct arena *arena = arena_new();
    struct admin_line l;
    struct errbuf err;
    struct buf b = {0};

    ck_assert_int_eq(read_line("P a\0b", 5, arena, &l, &err), -1);
    ck_assert_int_eq(read_line("P \"a\0b\"", 7, arena, &l, &err), -1);
    buf_append_str(&b, "P");
    for (int i = 0; i < ADMIN_ARGS_MAX; i++)
        buf_append_str(&b, " x");
    ck_assert_int_eq(read_line(b.data, b.len, arena, &l, &err), 0);
    buf_append_str(&b, " x");
    ck_assert_int_eq(read_line(b.data, b.len, arena, &l, &err), -1);
    ck_assert_str_eq(err.text, "too many arguments");
    b.len = 0;
    for (int i = 0; i < ADMIN_VERB_SIZE - 1; i++)
        buf_append_char(&b, 'x');
    ck_assert_int_eq(read_line(b.data, b.len, arena, &l, &err), 0);
    ck_assert_uint_eq(strlen(l.verb), ADMIN_VERB_SIZE - 1);
    buf_append_char(&b, 'x');
    ck_assert_int_eq(read_line(b.data, b.len, arena, &l, &err), 0);
    ck_assert_str_eq(l.verb, "");
    buf_clear(&b);
    arena_free(&arena);
}
END_TEST

/* Every cut of a line is read or refused, and nothing reads behind the cut. */
/* So many values in an object, and one more. */
START_TEST(refuses_many_values)
{
    for (unsigned more = 0; more < 2; more++) {
        struct arena *arena = arena_new();
        struct admin_line line;
        struct errbuf err = {""};
        struct buf b = {0};
        int r;

        buf_append_str(&b, "Echo (a");
        for (unsigned i = 2; i < ADMIN_VALUES_MAX + more; i++)
            buf_append_str(&b, ",a");
        buf_append_str(&b, ")");
        r = read_line(b.data, b.len, arena, &line, &err);
        ck_assert_int_eq(r, more == 0 ? 0 : -1);
        ck_assert_str_eq(err.text,
                         more == 0 ? "" : "too many values in one object");
        ck_assert_str_eq(line.verb, "ECHO");
        buf_clear(&b);
        arena_free(&arena);
    }
}
END_TEST

START_TEST(reads_every_cut)
{
    static const char line[] =
        "CreateAccount \"j\\\"e@a.test\" {Password = \"p\\010w\"; L=(a,#1);}";
    struct arena *arena = arena_new();
    struct admin_line l;

    for (size_t n = 0; n < sizeof line; n++) {
        char *copy = malloc(n + 1); /* so that tools see a step too far */

        memcpy(copy, line, n);
        (void)!read_line(copy, n, arena, &l, NULL);
        free(copy);
        arena_reset(arena);
    }
    arena_free(&arena);
}
END_TEST

static const struct {
    const char *line, *shown;
} shown[] = {
    {"noop", "NOOP"},
    {"SetAccountPassword joe PASSWORD secret", "SETACCOUNTPASSWORD joe ***"},
    {"CRACNT joe {Password=secret;}", "CREATEACCOUNT joe {Password=***;}"},
    {"STACNT joe {Password=secret;}", "SETACCOUNTSETTINGS joe {Password=***;}"},
    {"UPDDMN a.test {PrivateSecureKey=[aGk=];CAChain=[aGk=];}",
     "UPDATEDOMAINSETTINGS a.test {PrivateSecureKey=***;CAChain=[aGk=];}"},
    {"KillSession 100007-Ab12 DOMAIN a.test",
     "KILLSESSION 100007 DOMAIN a.test"},
    {"GetSession \"100007-Ab12\"", "GETSESSION 100007"},
    {"KillAccountSessions joe-x", "KILLACCOUNTSESSIONS joe-x"},
    {"SetAccountPassword joe TO \"se cret\"", "SETACCOUNTPASSWORD joe ***"},
    {"VerifyAccountPassword joe PASSWORD secret",
     "VERIFYACCOUNTPASSWORD joe ***"},
    {"CreateAccount joe {Password=secret;a=b;}",
     "CREATEACCOUNT joe {Password=***;a=b;}"},
    {"CreateAccount joe {password=(s,t);x={OldPassword=u;};}",
     "CREATEACCOUNT joe {password=***;x={OldPassword=***;};}"},
    {"CreateAccount joe TextMailbox external {Password=secret;}",
     "CREATEACCOUNT joe TextMailbox external {Password=***;}"},
    {"CreateAccount joe secret {a=b;}", "CREATEACCOUNT joe ***"},
    {"CreateAccount joe PASSWORD secret", "CREATEACCOUNT joe ***"},
    {"CreateAccount joe PATH secret", "CREATEACCOUNT joe PATH ***"},
    {"CreateAccount \"joe;secret;Joe\" {}", "CREATEACCOUNT *** {}"},
    {"CreateAccount \"joe secret\"", "CREATEACCOUNT ***"},
    {"CreateAccount joe:secret", "CREATEACCOUNT ***"},
    {"UpdateAccountSettings joe PASSWORD secret",
     "UPDATEACCOUNTSETTINGS joe PASSWORD ***"},
    {"PostServerAlert \"a b;c\"", "POSTSERVERALERT \"a b;c\""},
    {"PostServerAlert \"a\\eb\"", "POSTSERVERALERT \"a\\eb\""},
};

START_TEST(hides_passwords)
{
    struct arena *arena = arena_new();
    struct admin_line l;
    struct buf b = {0};

    ck_assert_int_eq(
        read_line(shown[_i].line, strlen(shown[_i].line), arena, &l, NULL), 0);
    admin_line_write(&b, &l);
    ck_assert_str_eq(buf_cstr(&b), shown[_i].shown);
    buf_clear(&b);
    arena_free(&arena);
}
END_TEST

START_TEST(cuts_what_is_long)
{
    struct arena *arena = arena_new();
    struct admin_line l;
    struct buf in = {0}, out = {0};
    size_t bad;

    buf_append_str(&in, "P \"");
    for (int i = 0; i < 1000; i++)
        buf_append_str(&in, "\xf0\x9f\x98\x80");
    buf_append_str(&in, "\"");
    ck_assert_int_eq(read_line(in.data, in.len, arena, &l, NULL), 0);
    admin_line_write(&out, &l);
    ck_assert_uint_lt(out.len, 500);
    ck_assert(text_is_utf8(out.data, out.len, &bad));
    ck_assert_str_eq(buf_cstr(&out) + out.len - 3, "...");
    buf_clear(&in);
    buf_clear(&out);
    arena_free(&arena);
}
END_TEST

Suite *
admin_line_suite(void)
{
    Suite *s = suite_create("admin_line");
    TCase *t = tcase_create("admin_line");

    tcase_add_loop_test(t, reads_lines, 0, sizeof lines / sizeof lines[0]);
    tcase_add_test(t, short_names_are_of_commands);
    tcase_add_test(t, refuses_zeros_and_floods);
    tcase_add_test(t, refuses_many_values);
    tcase_add_test(t, reads_every_cut);
    tcase_add_loop_test(t, hides_passwords, 0, sizeof shown / sizeof shown[0]);
    tcase_add_test(t, cuts_what_is_long);
    suite_add_tcase(s, t);
    return s;
}
