/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "quota/maildir_path.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "util/xmalloc.h"

Suite *maildir_path_suite(void);

static const struct {
    const char *template, *user, *main_domain, *path;
} paths[] = {
    {"/v/%d/%n", "joe@a.test", NULL, "/v/a.test/joe"},
    {"/v/%u/Maildir", "joe@a.test", NULL, "/v/joe@a.test/Maildir"},
    {"/v/%n", "joe", NULL, "/v/joe"},
    {"/v/%u", "joe", NULL, "/v/joe"},
    {"/v/%u", "joe", "main.test", "/v/joe@main.test"},
    {"/v/%d/%n", "joe", "main.test", "/v/main.test/joe"},
    {"/v/100%%/%n", "joe", NULL, "/v/100%/joe"},
    {"/v/%1n/%n", "joe", NULL, "/v/j/joe"},
    {"/v/%2n/%n", "joe", NULL, "/v/jo/joe"},
    {"/v/%9n/%n", "joe", NULL, "/v/joe/joe"},
    {"/v/%1.1n/%n", "joe", NULL, "/v/o/joe"},
    {"/v/%1.2n/%n", "joe", NULL, "/v/oe/joe"},
    {"/v/%3.1n/%n", "joe", NULL, "/v//joe"},
    {"/v/%Ld/%Ln", "Joe@A.Test", NULL, "/v/a.test/joe"},
    {"/v/%1Lu/%Lu", "Joe@A.Test", NULL, "/v/j/joe@a.test"},
    {"/v/%n", "a.b-c_d", NULL, "/v/a.b-c_d"},
    {"/v/%n", "a@b@c.test", NULL, "/v/a@b"},
    {"/v/%n", "j\303\266", NULL, "/v/j\303\266"},
    {"/v/%1.1n/%n", "a.b", NULL, "/v/./a.b"},
};

START_TEST(expands)
{
    struct errbuf err = {""};
    char *path;

    ck_assert_int_eq(maildir_path_check(paths[_i].template, &err), 0);
    path = maildir_path_expand(paths[_i].template, paths[_i].user,
                               paths[_i].main_domain, &err);
    ck_assert_msg(path != NULL, "row %d: %s", _i, err.text);
    ck_assert_msg(strcmp(path, paths[_i].path) == 0, "row %d: %s", _i, path);
    free(path);
}
END_TEST

/* None of these may lead out of /v/. */
static const struct {
    const char *template, *user;
} refused[] = {
    {"/v/%n", ""},
    {"/v/%n", "."},
    {"/v/%n", ".."},
    {"/v/%n", ".joe"},
    {"/v/%n", "joe/../../etc"},
    {"/v/%n", "joe/x"},
    {"/v/%n", "/joe"},
    {"/v/%n", "a..b"},
    {"/v/%n", "joe\n"},
    {"/v/%n", "joe\177"},
    {"/v/%n", "@a.test"},
    {"/v/%n", "joe@"},
    {"/v/%d/%n", "joe@.."},
    {"/v/%d/%n", "joe@.a"},
    {"/v/%d/%n", "joe@a/b"},
    {"/v/%d/%n", "a/b@a.test"},
    {"/v/%d/%n", "joe"}, /* no main domain */
    {"/v/%1.1n%3.1n/%n", "a.b.c"},
};

START_TEST(refuses_users)
{
    struct errbuf err = {""};

    ck_assert_int_eq(maildir_path_check(refused[_i].template, &err), 0);
    ck_assert_msg(maildir_path_expand(refused[_i].template, refused[_i].user,
                                      NULL, &err) == NULL,
                  "row %d", _i);
    ck_assert_msg(err.text[0] != '\0', "row %d", _i);
}
END_TEST

START_TEST(refuses_long_paths)
{
    char *user = xmalloc(5000);
    struct errbuf err = {""};

    memset(user, 'a', 4999);
    user[4999] = '\0';
    ck_assert_ptr_null(maildir_path_expand("/v/%n", user, NULL, &err));
    free(user);
}
END_TEST

static const struct {
    const char *template, *error;
} bad[] = {
    {"", "not a path from the root like /var/vmail/%d/%n"},
    {"v/%n", "not a path from the root like /var/vmail/%d/%n"},
    {"maildir:/v/%n", "not a path from the root like /var/vmail/%d/%n"},
    {"~/Maildir", "not a path from the root like /var/vmail/%d/%n"},
    {"/v/../%n", "a path with \"..\""},
    {"/v/%n/..", "a path with \"..\""},
    {"/v/%h", "unknown variable %h: there are %u, %n and %d"},
    {"/v/%1h", "unknown variable %1h: there are %u, %n and %d"},
    {"/v/%n/%", "unknown variable %: there are %u, %n and %d"},
    {"/v/%n/%1.", "unknown variable %1.: there are %u, %n and %d"},
    {"/v/%{user}", "unknown variable %{: there are %u, %n and %d"},
    {"/v/%999n", "a variable with more than 255 characters"},
    {"/v/mail", "without %u or %n all accounts would have the same Maildir"},
    {"/v/%%n", "without %u or %n all accounts would have the same Maildir"},
    {"/v/%d/%1n", "without %u or %n all accounts would have the same Maildir"},
};

START_TEST(knows_whose_directory)
{
    ck_assert_uint_eq(maildir_path_root("/var/mail/%d/%n"), 10);
    ck_assert_uint_eq(maildir_path_root("/var/mail/x%d/%n"), 10);
    ck_assert_uint_eq(maildir_path_root("/home/%n/Maildir"), 6);
    ck_assert_uint_eq(maildir_path_root("/a%%b/%n"), 1);
    ck_assert_uint_eq(maildir_path_root("/%u"), 1);
}
END_TEST

START_TEST(refuses_templates)
{
    struct errbuf err = {""};

    ck_assert_msg(maildir_path_check(bad[_i].template, &err) < 0, "row %d", _i);
    ck_assert_msg(strcmp(err.text, bad[_i].error) == 0, "row %d: %s", _i,
                  err.text);
}
END_TEST

Suite *
maildir_path_suite(void)
{
    Suite *s = suite_create("maildir_path");
    TCase *tc = tcase_create("maildir_path");

    tcase_add_loop_test(tc, expands, 0, sizeof paths / sizeof paths[0]);
    tcase_add_loop_test(tc, refuses_users, 0,
                        sizeof refused / sizeof refused[0]);
    tcase_add_test(tc, refuses_long_paths);
    tcase_add_test(tc, knows_whose_directory);
    tcase_add_loop_test(tc, refuses_templates, 0, sizeof bad / sizeof bad[0]);
    suite_add_tcase(s, tc);
    return s;
}
