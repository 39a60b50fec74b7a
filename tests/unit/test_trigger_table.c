/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "storage/tables.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"

Suite *trigger_table_suite(void);

#define X16 "xxxxxxxxxxxxxxxx"
#define X64 X16 X16 X16 X16

static void
append(const char *name, const char *text, void *arg)
{
    char *to = arg;

    strcat(to, name);
    strcat(to, "=");
    strcat(to, text);
    strcat(to, " ");
}

static const char *
listed(struct store_txn *t, enum trigger_kind kind, enum trigger_part part,
       struct errbuf *err)
{
    static char text[200];

    text[0] = '\0';
    ck_assert_int_eq(trigger_walk(t, kind, part, append, text, err), STORE_OK);
    return text;
}

static enum store_result
whole_life(struct store_txn *t, void *arg, struct errbuf *err)
{
    const enum trigger_kind tr = TRIGGER_TRIGGERS, h = TRIGGER_HANDLERS;
    const enum trigger_part def = TRIGGER_DEFINITION, state = TRIGGER_STATE;
    char *text;

    (void)arg;
    ck_assert_str_eq(listed(t, tr, def, err), "");
    ck_assert_int_eq(trigger_put(t, tr, def, "Low", "{a}", err), STORE_OK);
    ck_assert_int_eq(trigger_put(t, tr, def, "high", "{b}", err), STORE_OK);
    ck_assert_int_eq(trigger_put(t, tr, state, "low", "{c}", err), STORE_OK);
    ck_assert_int_eq(trigger_put(t, h, def, "low", "{d}", err), STORE_OK);
    ck_assert_str_eq(listed(t, tr, def, err), "high={b} low={a} ");
    ck_assert_str_eq(listed(t, tr, state, err), "low={c} ");
    ck_assert_str_eq(listed(t, h, def, err), "low={d} ");
    ck_assert_str_eq(listed(t, h, state, err), "");

    ck_assert_int_eq(trigger_get(t, tr, def, "LOW", &text, err), STORE_OK);
    ck_assert_str_eq(text, "{a}");
    free(text);
    ck_assert_int_eq(trigger_put(t, tr, def, "LOW", "{e}", err), STORE_OK);
    ck_assert_str_eq(listed(t, tr, def, err), "high={b} low={e} ");
    ck_assert_int_eq(trigger_remove(t, tr, def, "low", err), STORE_OK);
    ck_assert_int_eq(trigger_remove(t, tr, def, "low", err), STORE_NOTFOUND);
    ck_assert_int_eq(trigger_get(t, tr, def, "low", &text, err),
                     STORE_NOTFOUND);
    ck_assert_ptr_null(text);
    ck_assert_str_eq(listed(t, tr, state, err), "low={c} ");
    return STORE_OK;
}

START_TEST(definition_and_state_are_apart)
{
    fixture_run(whole_life, NULL, STORE_OK);
    fixture_verify();
}
END_TEST

static enum store_result
names(struct store_txn *t, void *arg, struct errbuf *err)
{
    const enum trigger_kind tr = TRIGGER_TRIGGERS;
    const enum trigger_part def = TRIGGER_DEFINITION;
    char *text;

    (void)arg;
    ck_assert_int_eq(trigger_put(t, tr, def, X64, "", err), STORE_OK);
    ck_assert_int_eq(trigger_put(t, tr, def, X64 "x", "", err), STORE_REFUSED);
    ck_assert_str_eq(err->text, "a name has 1 to 64 bytes");
    ck_assert_int_eq(trigger_put(t, tr, def, "", "", err), STORE_REFUSED);
    ck_assert_int_eq(trigger_get(t, tr, def, X64 "x", &text, err),
                     STORE_NOTFOUND);
    ck_assert_int_eq(trigger_remove(t, tr, def, "", err), STORE_NOTFOUND);
    return STORE_OK;
}

START_TEST(names_have_1_to_64_bytes)
{
    fixture_run(names, NULL, STORE_OK);
    fixture_verify();
}
END_TEST

static enum store_result
read_again(struct store_txn *t, void *arg, struct errbuf *err)
{
    (void)arg;
    ck_assert_str_eq(listed(t, TRIGGER_TRIGGERS, TRIGGER_STATE, err),
                     "low={c} ");
    return STORE_OK;
}

START_TEST(they_outlive_the_store_being_closed)
{
    fixture_run(whole_life, NULL, STORE_OK);
    fixture_reopen();
    fixture_run(read_again, NULL, STORE_OK);
}
END_TEST

Suite *
trigger_table_suite(void)
{
    Suite *s = suite_create("trigger_table");
    TCase *tc = tcase_create("core");

    tcase_add_checked_fixture(tc, fixture_setup, fixture_teardown);
    tcase_add_test(tc, definition_and_state_are_apart);
    tcase_add_test(tc, names_have_1_to_64_bytes);
    tcase_add_test(tc, they_outlive_the_store_being_closed);
    suite_add_tcase(s, tc);
    return s;
}
