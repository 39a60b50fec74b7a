/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings and information of accounts by the CLI (protocol.md C.6). */
#include "config.h"

#include <string.h>

#include "ximss/server/cli/admin_account.h"
#include "ximss/server/cli/admin_password.h"
#include "ximss/server/cli/admin_setting.h"
#include "ximss/server/rules/settings.h"
#include "ximss/server/rules/usage.h"

/* --- settings --- */

static enum store_result
get_settings(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    enum store_result r =
        admin_only_account(c, NEED_READ | NEED_OWN, &d, &a, err);

    if (r == STORE_OK)
        r = admin_setting_result(c, a.settings, err);
    admin_clear(&d, &a);
    return r;
}

static enum store_result
get_effective(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    struct cli_value *dict = NULL;
    enum store_result r =
        admin_only_account(c, NEED_READ | NEED_OWN, &d, &a, err);

    if (r == STORE_OK)
        r = settings_account(c->x->txn, c->arena, &d, &a, &dict, err);
    if (r == STORE_OK)
        admin_result(c, dict);
    admin_clear(&d, &a);
    return r;
}

/* Another limit may be reached, or no longer be. */
static enum store_result
look_at_usage(struct admin_call *c, const struct domain_rec *d,
              const struct account_rec *a, struct errbuf *err)
{
    struct usage u = {0};
    int64_t due;
    enum store_result r = usage_of(c->x, d, a, &u, err);

    if (r == STORE_OK)
        r = usage_check(c->x, &u, QUOTA_ABSENT, &due, err);
    usage_clear(&u);
    return r;
}

/* detail: 1 replaces, 0 lays over. */
static enum store_result
change_settings(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    const struct cli_value *changes = NULL;
    const char *name;
    enum store_result r = admin_arg_text(c, "account name", &name);

    if (r == STORE_OK)
        r = admin_arg_value(c, CLI_DICTIONARY, "dictionary", &changes);
    if (r == STORE_OK)
        r = admin_arg_force_and_end(c);
    if (r == STORE_OK)
        r = admin_call_account(c, name, RIGHT_BASIC_SETTINGS, &d, &a, err);
    if (r == STORE_OK)
        r = admin_call_cover(c, &d, &a);
    if (r == STORE_OK)
        r = admin_make_settings(c, changes, c->command->detail != 0, &a, err);
    if (r == STORE_OK)
        r = admin_password_from_settings(c, changes, &d, &a, err);
    if (r == STORE_OK)
        r = admin_put_account(c, &d, &a, err);
    if (r == STORE_OK)
        r = look_at_usage(c, &d, &a, err);
    admin_clear(&d, &a);
    return r;
}

/* --- info --- */

static enum store_result
make_info(struct admin_call *c, uint64_t account, struct cli_value **dict_r,
          struct errbuf *err)
{
    struct cli_value *dict = cli_data_dictionary(c->arena);
    struct account_state s = {0};
    struct usage_rec u = {0};
    enum store_result r = state_get(c->x->txn, account, &s, err);

    if (r == STORE_OK)
        r = usage_get(c->x->txn, account, &u, err);
    cli_data_add(c->arena, dict, "StorageUsed", admin_count_value(c, u.used));
    if (r == STORE_OK && s.last_login != 0)
        cli_data_add(c->arena, dict, "LastLogin",
                     admin_time_value(c, s.last_login));
    if (r == STORE_OK && s.last_address != NULL && s.last_address[0] != '\0')
        cli_data_add(
            c->arena, dict, "LastAddress",
            cli_data_string(c->arena, s.last_address, strlen(s.last_address)));
    account_state_clear(&s);
    *dict_r = dict;
    return r;
}

static enum store_result
result_of_keys(struct admin_call *c, struct cli_value *info,
               const struct cli_value *keys)
{
    struct cli_value *dict = cli_data_dictionary(c->arena);

    for (const struct cli_value *k = keys->first; k != NULL; k = k->next) {
        struct cli_value *v =
            k->kind == CLI_STRING ? cli_data_find(info, k->text) : NULL;

        if (k->kind != CLI_STRING)
            return admin_refuse(c, ANSWER(MISSING), "key");
        if (v == NULL)
            continue;
        cli_data_set(c->arena, info, k->text, NULL);
        cli_data_add(c->arena, dict, k->text, v);
    }
    admin_result(c, dict);
    return STORE_OK;
}

/* name | name Key k | name (k1,k2) */
static enum store_result
get_info(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    const struct cli_value *keys = NULL, *v;
    struct cli_value *info = NULL;
    const char *name, *key = NULL;
    enum store_result r = admin_arg_text(c, "account name", &name);

    if (r == STORE_OK && admin_arg_word(c, "KEY"))
        r = admin_arg_text(c, "key", &key);
    else if (r == STORE_OK && admin_arg_peek(c) != NULL)
        r = admin_arg_value(c, CLI_ARRAY, "array of keys", &keys);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_account(c, name, NEED_READ | NEED_OWN, &d, &a, err);
    if (r == STORE_OK)
        r = make_info(c, a.number, &info, err);
    if (r == STORE_OK && keys != NULL) {
        r = result_of_keys(c, info, keys);
    } else if (r == STORE_OK && key != NULL) {
        v = cli_data_find(info, key);
        if (v != NULL)
            admin_result(c, v);
        else
            admin_result_string(c, "");
    } else if (r == STORE_OK) {
        admin_result(c, info);
    }
    admin_clear(&d, &a);
    return r;
}

static const struct admin_command commands[] = {
    {.name = "GETACCOUNTSETTINGS", .run = get_settings},
    {.name = "GETACCOUNT", .run = get_settings},
    {.name = "GETACCOUNTEFFECTIVESETTINGS", .run = get_effective},
    ADMIN_CHANGE_WITH("UPDATEACCOUNTSETTINGS", change_settings, 0,
                      ADMIN_PASSWORD_SETTING),
    ADMIN_CHANGE_WITH("UPDATEACCOUNT", change_settings, 0,
                      ADMIN_PASSWORD_SETTING),
    ADMIN_CHANGE_WITH("SETACCOUNTSETTINGS", change_settings, 1,
                      ADMIN_PASSWORD_SETTING),
    ADMIN_CHANGE_WITH("SETACCOUNT", change_settings, 1, ADMIN_PASSWORD_SETTING),
    {.name = "GETACCOUNTINFO", .run = get_info},
};

const struct admin_family admin_account_settings_family = {
    commands, sizeof commands / sizeof commands[0]};
