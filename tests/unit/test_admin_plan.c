/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <string.h>

#include "util/buf.h"
#include "ximss/server/cli/admin_command.h"
#include "ximss/server/cli/admin_plan.h"

Suite *admin_plan_suite(void);

static void
plan(struct admin_plan *p, const char *verb, const char *arguments)
{
    struct buf line = {0};

    buf_appendf(&line, "%s %s", verb, arguments);
    admin_plan_init(p, line.data, line.len);
    buf_clear(&line);
    admin_plan_look_for_password(p);
}

static const enum admin_hash_kind hashes[] = {
    [ADMIN_NO_PASSWORD] = ADMIN_HASH_NONE,
    [ADMIN_PASSWORD_SET] = ADMIN_HASH_NEW,
    [ADMIN_PASSWORD_CHECK] = ADMIN_HASH_VERIFY,
    [ADMIN_PASSWORD_SETTING] = ADMIN_HASH_NEW,
};

/* With arguments that have a password in that place, or not. */
static void
check_password(const struct admin_command *k, const char *arguments,
               bool carries)
{
    enum admin_hash_kind hash = carries ? hashes[k->password] : ADMIN_HASH_NONE;
    struct admin_plan p;

    plan(&p, k->name, arguments);
    ck_assert_msg(p.hash == hash, "%s %s", k->name, arguments);
    ck_assert_pstr_eq(p.password, hash != ADMIN_HASH_NONE ? "x" : NULL);
    ck_assert_pstr_eq(p.account, hash != ADMIN_HASH_NONE ? "joe" : NULL);
    /* Read when it came, or by the job, and never twice. */
    ck_assert_int_eq(p.arena != NULL, k->password != ADMIN_NO_PASSWORD);
    ck_assert_int_eq(admin_plan_read(&p), k->password == ADMIN_NO_PASSWORD);
    ck_assert(!admin_plan_read(&p));
    admin_plan_clear(&p);
}

static void
check_row(const struct admin_command *k)
{
    struct admin_plan p;

    plan(&p, k->name, "x");
    ck_assert_ptr_eq(p.command, k);
    ck_assert_int_eq(admin_plan_is_live(&p), k->live != ADMIN_LIVE_NONE);
    ck_assert_int_eq(admin_plan_is_alone(&p),
                     k->live != ADMIN_LIVE_NONE ||
                         (k->flags & ADMIN_ALONE) != 0);
    admin_plan_clear(&p);
    check_password(k, "joe PASSWORD x", k->password != ADMIN_PASSWORD_SETTING);
    check_password(k, "joe {Password=x;}",
                   k->password == ADMIN_PASSWORD_SETTING);
    check_password(k, "joe", false);
}

START_TEST(says_what_each_command_needs)
{
    for (size_t f = 0; admin_families[f] != NULL; f++)
        for (size_t i = 0; i < admin_families[f]->n; i++)
            check_row(&admin_families[f]->commands[i]);
}
END_TEST

START_TEST(knows_no_such_command)
{
    static const char *const lines[] = {"", "  ", "NoSuchCommand {", "\"x\""};
    struct admin_plan p;

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        plan(&p, lines[i], "");
        ck_assert_ptr_null(p.command);
        ck_assert(!admin_plan_is_live(&p) && !admin_plan_is_alone(&p));
        ck_assert_ptr_null(p.arena);
        admin_plan_clear(&p);
    }
}
END_TEST

/* While it is checked, what comes behind must not change the account. */
START_TEST(a_check_runs_alone)
{
    struct admin_plan p;

    plan(&p, "VerifyAccountPassword", "joe PASSWORD x");
    ck_assert(admin_plan_is_alone(&p));
    admin_plan_clear(&p);
    plan(&p, "SetAccountPassword", "joe PASSWORD x");
    ck_assert(!admin_plan_is_alone(&p));
    admin_plan_clear(&p);
}
END_TEST

START_TEST(remembers_that_it_is_malformed)
{
    struct admin_plan p;

    plan(&p, "CreateAccount", "joe {Password=x;");
    ck_assert_int_eq(p.hash, ADMIN_HASH_NONE);
    ck_assert_ptr_nonnull(p.bad);
    ck_assert_str_eq(p.bad->text, "malformed at byte 31");
    ck_assert(!admin_plan_read(&p));
    admin_plan_clear(&p);
}
END_TEST

/* Many short lines may wait, and few long ones. */
START_TEST(holds_little_while_it_waits)
{
    struct admin_plan p;
    struct buf b = {0};

    plan(&p, "CreateAccount", "joe@a.test {Password=x;RealName=\"Joe Doe\";}");
    admin_plan_wait(&p);
    ck_assert(!admin_plan_read(&p));
    ck_assert_uint_lt(admin_plan_bytes(&p), 1024);
    admin_plan_clear(&p);

    buf_append_str(&b, "joe {Password=x;a=(b");
    for (unsigned i = 0; i < 20000; i++)
        buf_append_str(&b, ",b");
    buf_append_str(&b, ");}");
    plan(&p, "CreateAccount", buf_cstr(&b));
    ck_assert_uint_gt(admin_plan_bytes(&p), p.len + ADMIN_PLAN_HELD);
    admin_plan_wait(&p);
    ck_assert_uint_eq(admin_plan_bytes(&p), p.len);
    ck_assert_int_eq(p.hash, ADMIN_HASH_NEW);
    ck_assert_str_eq(p.password, "x");
    ck_assert(admin_plan_read(&p));
    ck_assert_uint_eq(p.line.n, 2);
    ck_assert_ptr_null(p.bad);
    admin_plan_clear(&p);
    buf_clear(&b);
}
END_TEST

Suite *
admin_plan_suite(void)
{
    Suite *s = suite_create("admin_plan");
    TCase *t = tcase_create("plan");

    tcase_add_test(t, says_what_each_command_needs);
    tcase_add_test(t, knows_no_such_command);
    tcase_add_test(t, a_check_runs_alone);
    tcase_add_test(t, remembers_that_it_is_malformed);
    tcase_add_test(t, holds_little_while_it_waits);
    suite_add_tcase(s, t);
    return s;
}
