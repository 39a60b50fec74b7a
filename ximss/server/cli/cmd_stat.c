/* SPDX-License-Identifier: BSD-2-Clause */
/* Statistics by the CLI (protocol.md C.9): the server's counters, and what the
 * store can say of a domain and an account. */
#include "config.h"

#include <string.h>

#include "ximss/server/base/counters.h"
#include "ximss/server/cli/admin_account.h"
#include "ximss/server/cli/admin_setting.h"

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

static enum store_result
get_element(struct admin_call *c, struct errbuf *err)
{
    const char *name;
    enum counter s;
    int64_t n;
    enum store_result r = only_name(c, &name);

    (void)err;
    if (r != STORE_OK)
        return r;
    s = counter_find(name);
    if (s == COUNTER_N)
        return admin_refuse(c, ANSWER(BAD_ELEMENT));
    n = counter_get(s);
    /* Below 0 between two threads' steps. */
    admin_result(c, admin_count_value(c, n > 0 ? (uint64_t)n : 0));
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
        next = (unsigned)counter_find(name) + 1;
    if (next >= COUNTER_N)
        return admin_refuse(c, ANSWER(NO_NEXT_ELEMENT));
    admin_result_string(c, counter_name((enum counter)next));
    return STORE_OK;
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
    {.name = "GETDOMAINSTAT", .run = domain_stat},
    {.name = "GETACCOUNTSTAT", .run = account_stat},
};

const struct admin_family admin_stat_family = {
    commands, sizeof commands / sizeof commands[0]};
