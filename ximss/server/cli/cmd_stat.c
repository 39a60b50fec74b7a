/* SPDX-License-Identifier: BSD-2-Clause */
/* Statistics by the CLI (protocol.md C.9): the server's elements, and what the
 * store can say of a domain and an account. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "util/text.h"
#include "ximss/server/base/stat.h"
#include "ximss/server/cli/admin_account.h"
#include "ximss/server/cli/admin_setting.h"

/* What every client can take for a whole number. */
#define VALUE_MOST ((INT64_C(1) << 53) - 1)

/* --- elements of the server --- */

static enum store_result
only_name(struct admin_call *c, const char **name_r)
{
    enum store_result r = admin_arg_text(c, "element name", name_r);

    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_monitor(c);
    return r;
}

/* Plain digits, and -1 for what is not known. */
static struct cli_value *
element_value(struct admin_call *c, enum stat_id s)
{
    int64_t n = stat_get(s);

    return n < 0 ? cli_data_string(c->arena, "-1", 2)
                 : admin_count_value(c, (uint64_t)n);
}

static enum store_result
get_element(struct admin_call *c, struct errbuf *err)
{
    const char *name;
    enum stat_id s;
    enum store_result r = only_name(c, &name);

    (void)err;
    if (r != STORE_OK)
        return r;
    s = stat_find(name);
    if (s == STAT_N)
        return admin_refuse(c, ANSWER(BAD_ELEMENT));
    admin_result(c, element_value(c, s));
    return STORE_OK;
}

/* "" begins; behind the last one, and behind what is none, is an error. */
static enum store_result
next_element(struct admin_call *c, struct errbuf *err)
{
    const char *name;
    unsigned next = 0;
    enum store_result r = only_name(c, &name);

    (void)err;
    if (r != STORE_OK)
        return r;
    if (name[0] != '\0')
        next = (unsigned)stat_find(name) + 1;
    if (next >= STAT_N)
        return admin_refuse(c, ANSWER(NO_NEXT_ELEMENT));
    admin_result_string(c, stat_row((enum stat_id)next)->name);
    return STORE_OK;
}

/* name [SET|INC] number.  The effect sets it when the audit record is on disk, and
 * not at all if nothing of this is to happen. */
static enum store_result
set_element(struct admin_call *c, struct errbuf *err)
{
    unsigned long long n;
    const char *name;
    enum stat_id s;
    struct effect *e;
    bool inc;
    enum store_result r = admin_arg_text(c, "element name", &name);

    (void)err;
    if (r != STORE_OK)
        return r;
    inc = admin_arg_word(c, "INC");
    if (!inc)
        admin_arg_word(c, "SET");
    r = admin_arg_number(c, "number", VALUE_MOST, &n);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_master(c);
    if (r != STORE_OK)
        return r;
    s = stat_find(name);
    if (s == STAT_N)
        return admin_refuse(c, ANSWER(BAD_ELEMENT));
    if (!stat_is_settable(stat_row(s)))
        return admin_refuse(c, ANSWER(FIXED_ELEMENT));
    if (inc && stat_get(s) > VALUE_MOST - (int64_t)n)
        return admin_refuse(c, ANSWER_ARGUMENTS,
                            "the element would be too large");
    e = effect_add(c->x->effects, inc ? EFFECT_STAT_ADD : EFFECT_STAT_SET);
    e->element = s;
    e->value = (int64_t)n;
    return STORE_OK;
}

/* --- all at once --- */

static struct cli_value *
number(struct admin_call *c, int64_t n)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%lld", (long long)n);
    struct cli_value *v = cli_data_string(c->arena, text, (size_t)len);

    v->kind = CLI_NUMBER;
    return v;
}

static struct cli_value *
describe(struct admin_call *c, const char *kind, const char *unit,
         const char *help)
{
    struct cli_value *d = cli_data_dictionary(c->arena);

    cli_data_add(c->arena, d, "Kind",
                 cli_data_string(c->arena, kind, strlen(kind)));
    cli_data_add(c->arena, d, "Unit",
                 cli_data_string(c->arena, unit, strlen(unit)));
    cli_data_add(c->arena, d, "Help",
                 cli_data_string(c->arena, help, strlen(help)));
    return d;
}

static void
add_element(struct admin_call *c, struct cli_value *all, enum stat_id s)
{
    const struct stat_row *row = stat_row(s);
    struct cli_value *d =
        describe(c, stat_kind_name(row), stat_unit_name(row), row->help);

    cli_data_add(c->arena, d, "Value", number(c, stat_get(s)));
    cli_data_add(c->arena, all, row->name, d);
}

static void
add_times(struct admin_call *c, struct cli_value *all, enum stat_time h)
{
    const struct stat_time_row *row = stat_time_row(h);
    struct cli_value *d = describe(c, "histogram", "microseconds", row->help);
    struct cli_value *bounds = cli_data_array(c->arena);
    struct cli_value *up_to = cli_data_array(c->arena);
    struct stat_times t;

    stat_time_get(h, &t);
    for (size_t i = 0; i < STAT_BOUNDS; i++) {
        cli_data_append(bounds, number(c, stat_bounds[i]));
        cli_data_append(up_to, number(c, (int64_t)t.up_to[i]));
    }
    cli_data_add(c->arena, d, "Count", number(c, (int64_t)t.count));
    cli_data_add(c->arena, d, "Sum", number(c, (int64_t)t.sum));
    cli_data_add(c->arena, d, "Bounds", bounds);
    cli_data_add(c->arena, d, "UpTo", up_to);
    cli_data_add(c->arena, all, row->name, d);
}

static enum stat_time
find_times(const char *name)
{
    enum stat_time h = 0;

    while (h < STAT_TIMES && !text_equal_nocase(stat_time_row(h)->name, name))
        h++;
    return h;
}

static enum store_result
add_named(struct admin_call *c, struct cli_value *all, const char *name)
{
    enum stat_id s = stat_find(name);
    enum stat_time h = find_times(name);

    if (s == STAT_N && h == STAT_TIMES)
        return admin_refuse(c, ANSWER(BAD_ELEMENT));
    if (cli_data_find(all, s != STAT_N ? stat_row(s)->name
                                       : stat_time_row(h)->name) != NULL)
        return STORE_OK;
    if (s != STAT_N)
        add_element(c, all, s);
    else
        add_times(c, all, h);
    return STORE_OK;
}

/* [name ...] */
static enum store_result
get_table(struct admin_call *c, struct errbuf *err)
{
    struct cli_value *all = cli_data_dictionary(c->arena);
    bool whole = admin_arg_peek(c) == NULL;
    enum store_result r = admin_call_monitor(c);
    const char *name;

    (void)err;
    for (enum stat_id s = 0; r == STORE_OK && whole && s < STAT_N; s++)
        add_element(c, all, s);
    for (enum stat_time h = 0; r == STORE_OK && whole && h < STAT_TIMES; h++)
        add_times(c, all, h);
    while (r == STORE_OK && admin_arg_peek(c) != NULL) {
        r = admin_arg_text(c, "element name", &name);
        if (r == STORE_OK)
            r = add_named(c, all, name);
    }
    if (r == STORE_OK)
        admin_result(c, all);
    return r;
}

/* --- of a domain or an account --- */

static bool
count_alert(const struct alert_rec *a, void *arg)
{
    (void)a;
    ++*(uint64_t *)arg;
    return true;
}

static enum store_result
add_alerts(struct admin_call *c, struct cli_value *dict, enum alert_scope scope,
           uint64_t target, struct errbuf *err)
{
    uint64_t n = 0;
    enum store_result r =
        alert_walk(c->x->txn, scope, target, 0, count_alert, &n, err);

    cli_data_add(c->arena, dict, "Alerts", admin_count_value(c, n));
    return r;
}

static enum store_result
describe_domain(struct admin_call *c, const struct domain_rec *d,
                struct cli_value *dict, struct errbuf *err)
{
    const char *suspended = d->suspended ? "YES" : "NO";
    uint64_t n = 0;
    enum store_result r = account_count(c->x->txn, d->number, &n, err);

    cli_data_add(c->arena, dict, "Accounts", admin_count_value(c, n));
    if (r == STORE_OK)
        r = add_alerts(c, dict, ALERT_DOMAIN, d->number, err);
    cli_data_add(c->arena, dict, "Created", admin_time_value(c, d->created));
    cli_data_add(c->arena, dict, "Suspended",
                 cli_data_string(c->arena, suspended, strlen(suspended)));
    return r;
}

/* domain or * [KEY key] */
static enum store_result
domain_stat(struct admin_call *c, struct errbuf *err)
{
    struct cli_value *dict = cli_data_dictionary(c->arena);
    struct domain_rec d = {0};
    const char *name, *key = NULL;
    enum store_result r = admin_arg_text(c, "domain name", &name);

    if (r == STORE_OK)
        r = admin_setting_arg_key(c, &key);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_domain(c, strcmp(name, "*") == 0 ? NULL : name,
                              NEED_READ, &d, err);
    if (r == STORE_OK)
        r = describe_domain(c, &d, dict, err);
    if (r == STORE_OK)
        admin_setting_result_key(c, dict, key);
    domain_rec_clear(&d);
    return r;
}

static enum store_result
describe_account(struct admin_call *c, const struct account_rec *a,
                 struct cli_value *dict, struct errbuf *err)
{
    struct account_state s = {0};
    enum store_result r = add_alerts(c, dict, ALERT_ACCOUNT, a->number, err);

    cli_data_add(c->arena, dict, "Created", admin_time_value(c, a->created));
    if (r == STORE_OK)
        r = state_get(c->x->txn, a->number, &s, err);
    if (r == STORE_OK && s.last_login != 0)
        cli_data_add(c->arena, dict, "LastLogin",
                     admin_time_value(c, s.last_login));
    account_state_clear(&s);
    return r;
}

/* account or * [KEY key] */
static enum store_result
account_stat(struct admin_call *c, struct errbuf *err)
{
    struct cli_value *dict = cli_data_dictionary(c->arena);
    struct domain_rec d = {0};
    struct account_rec a = {0};
    const char *name, *key = NULL;
    enum store_result r = admin_arg_text(c, "account name", &name);

    if (r == STORE_OK)
        r = admin_setting_arg_key(c, &key);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_account(c, name, NEED_READ | NEED_OWN, &d, &a, err);
    if (r == STORE_OK)
        r = describe_account(c, &a, dict, err);
    if (r == STORE_OK)
        admin_setting_result_key(c, dict, key);
    admin_clear(&d, &a);
    return r;
}

static const struct admin_command commands[] = {
    {.name = "GETSTATELEMENT", .run = get_element},
    {.name = "GETSNMPELEMENT", .run = get_element}, /* its old name */
    {.name = "GETNEXTSTATNAME", .run = next_element},
    {.name = "SETSTATELEMENT", .run = set_element, .flags = ADMIN_CHANGES},
    {.name = "GETSTATTABLE", .run = get_table},
    {.name = "GETDOMAINSTAT", .run = domain_stat},
    {.name = "GETACCOUNTSTAT", .run = account_stat},
};

const struct admin_family admin_stat_family = {
    commands, sizeof commands / sizeof commands[0]};
