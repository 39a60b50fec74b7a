/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings of domains by the CLI (protocol.md C.5): with the template of new
 * accounts, and the defaults that stand behind the settings of accounts and
 * domains. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "util/buf.h"
#include "ximss/server/cli/admin_account.h"
#include "ximss/server/cli/admin_setting.h"
#include "ximss/server/rules/settings.h"

/* --- settings of a domain: its own, the defaults of its accounts, and what
 * new accounts begin with --- */

enum domain_dict {
    OF_DOMAIN,       /* domain_rec.settings */
    OF_ACCOUNTS,     /* domain_rec.defaults */
    OF_NEW_ACCOUNTS, /* domain_rec.account_template */
    REPLACE = 1 << 4
};

static enum domain_dict
which_dict(const struct admin_call *c)
{
    return (enum domain_dict)(c->command->detail & ~REPLACE);
}

static char **
dict_of(const struct admin_call *c, struct domain_rec *d)
{
    switch (which_dict(c)) {
    case OF_ACCOUNTS:
        return &d->defaults;
    case OF_NEW_ACCOUNTS:
        return &d->account_template;
    case OF_DOMAIN:
    case REPLACE:
        break;
    }
    return &d->settings;
}

static enum store_result
get_domain_settings(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    const char *name = admin_arg_optional_text(c);
    enum store_result r = admin_arg_end(c);

    if (r == STORE_OK)
        r = admin_call_domain(c, name, NEED_READ, &d, err);
    if (r == STORE_OK)
        r = admin_setting_result(c, *dict_of(c, &d), err);
    domain_rec_clear(&d);
    return r;
}

static enum store_result
get_effective(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct cli_value *dict = NULL;
    const char *name = admin_arg_optional_text(c);
    enum store_result r = admin_arg_end(c);

    if (r == STORE_OK)
        r = admin_call_domain(c, name, NEED_READ, &d, err);
    if (r == STORE_OK)
        r = settings_domain(c->x->txn, c->arena, &d, &dict, err);
    if (r == STORE_OK)
        admin_result(c, dict);
    domain_rec_clear(&d);
    return r;
}

/* Whether the key's value is the same text. */
static bool
is_same(const struct cli_value *before, const struct cli_value *after,
        const char *key)
{
    const struct cli_value *was = cli_data_find(before, key),
                           *is = cli_data_find(after, key);
    struct buf old = {0}, new = {0};
    bool same;

    if (was == NULL || is == NULL)
        return was == is;
    cli_data_write(&old, was);
    cli_data_write(&new, is);
    same = strcmp(buf_cstr(&old), buf_cstr(&new)) == 0;
    buf_clear(&old);
    buf_clear(&new);
    return same;
}

/* Accounts whose passwords were set before a domain wanted CRAM-MD5 get what it
 * needs when they next log in with a password that is looked at, which one that
 * is remembered is not.  Nor is it asked where passwords are checked by now. */
static enum store_result
note_logins(struct admin_call *c, const char *old, const char *new,
            struct errbuf *err)
{
    struct cli_value *before, *after;

    if (settings_read(c->arena, old, &before, err) != 0 ||
        settings_read(c->arena, new, &after, err) != 0)
        return STORE_ERROR;
    if (!is_same(before, after, "CRAMMD5") ||
        !is_same(before, after, SETTINGS_AUTH))
        effect_add(c->x->effects, EFFECT_LOGINS_CHANGED);
    return STORE_OK;
}

static enum store_result
store_domain_settings(struct admin_call *c, struct domain_rec *d,
                      const struct cli_value *changes, struct errbuf *err)
{
    char **dict = dict_of(c, d), *text = NULL;
    bool of_new = which_dict(c) == OF_NEW_ACCOUNTS;
    enum store_result r = STORE_OK;

    if (of_new)
        r = admin_check_template(c, changes);
    if (r == STORE_OK)
        r = admin_setting_change(
            c, *dict, changes, (c->command->detail & REPLACE) != 0, &text, err);
    if (r != STORE_OK)
        return r;
    if (strcmp(*dict != NULL ? *dict : "", text) == 0) {
        free(text);
        return STORE_OK;
    }
    r = note_logins(c, *dict, text, err);
    free(*dict);
    *dict = text;
    if (r == STORE_OK)
        r = domain_put(c->x->txn, d, err);
    if (r == STORE_OK && !of_new) /* which nobody who is here notices */
        effect_add_domain(c->x->effects, EFFECT_DOMAIN_CHANGED, d);
    if (r == STORE_OK && which_dict(c) == OF_ACCOUNTS)
        effect_add(c->x->effects, EFFECT_QUOTA_DEFAULTS);
    return r;
}

static enum store_result
change_domain_settings(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    const struct cli_value *changes = NULL;
    const char *name = admin_arg_optional_text(c);
    enum store_result r =
        admin_arg_value(c, CLI_DICTIONARY, "dictionary", &changes);

    if (r == STORE_OK)
        r = admin_arg_force_and_end(c);
    if (r == STORE_OK)
        r = admin_call_domain(c, name, RIGHT_BASIC_SETTINGS, &d, err);
    if (r == STORE_OK)
        r = store_domain_settings(c, &d, changes, err);
    domain_rec_clear(&d);
    return r;
}

/* --- defaults of the server: nobody's domain, so for Master --- */

static enum store_result
check_cluster(struct admin_call *c)
{
    switch ((enum store_text)(c->command->detail & ~REPLACE)) {
    case STORE_TEXT_CLUSTER_ACCOUNT_DEFAULTS:
    case STORE_TEXT_CLUSTER_DOMAIN_DEFAULTS:
        return admin_refuse(c, ANSWER(CLUSTER_ONLY));
    case STORE_TEXT_MAIN_DOMAIN:
    case STORE_TEXT_SERVER_SETTINGS:
    case STORE_TEXT_SERVER_ACCOUNT_DEFAULTS:
    case STORE_TEXT_SERVER_DOMAIN_DEFAULTS:
        break;
    }
    return STORE_OK;
}

static enum store_result
get_defaults(struct admin_call *c, struct errbuf *err)
{
    char *text = NULL;
    enum store_result r = admin_arg_end(c);

    if (r == STORE_OK && !rights_may_read(c->x->caller, 0))
        r = admin_refuse(c, ANSWER(NO_RIGHTS));
    if (r == STORE_OK)
        r = check_cluster(c);
    if (r == STORE_OK)
        r = meta_text_get(c->x->txn, (enum store_text)c->command->detail, &text,
                          err);
    if (r == STORE_OK)
        r = admin_setting_result(c, text, err);
    free(text);
    return r;
}

static enum store_result
store_defaults(struct admin_call *c, const struct cli_value *changes,
               struct errbuf *err)
{
    enum store_text which = (enum store_text)(c->command->detail & ~REPLACE);
    bool replace = (c->command->detail & REPLACE) != 0;
    char *old = NULL, *text = NULL;
    bool changes_it;
    enum store_result r = meta_text_get(c->x->txn, which, &old, err);

    if (r == STORE_OK)
        r = admin_setting_change(c, old, changes, replace, &text, err);
    changes_it = r == STORE_OK && strcmp(old != NULL ? old : "", text) != 0;
    if (changes_it)
        r = meta_text_put(c->x->txn, which, text, err);
    if (changes_it && r == STORE_OK)
        r = note_logins(c, old, text, err);
    if (changes_it && r == STORE_OK &&
        which == STORE_TEXT_SERVER_ACCOUNT_DEFAULTS)
        effect_add(c->x->effects, EFFECT_QUOTA_DEFAULTS);
    free(old);
    free(text);
    return r;
}

static enum store_result
change_defaults(struct admin_call *c, struct errbuf *err)
{
    const struct cli_value *changes = NULL;
    enum store_result r =
        admin_arg_value(c, CLI_DICTIONARY, "dictionary", &changes);

    if (r == STORE_OK)
        r = admin_arg_force_and_end(c);
    if (r == STORE_OK)
        r = admin_call_master(c);
    if (r == STORE_OK)
        r = check_cluster(c);
    if (r == STORE_OK)
        r = store_defaults(c, changes, err);
    return r;
}

#define SETTINGS(NAME, get, change, what)                    \
    {.name = "GET" NAME, .run = get, .detail = (int)(what)}, \
        ADMIN_CHANGE("UPDATE" NAME, change, what),           \
        ADMIN_CHANGE("SET" NAME, change, (int)(what) | REPLACE)

static const struct admin_command commands[] = {
    SETTINGS("DOMAINSETTINGS", get_domain_settings, change_domain_settings,
             OF_DOMAIN),
    {.name = "GETDOMAINEFFECTIVESETTINGS", .run = get_effective},
    SETTINGS("ACCOUNTDEFAULTS", get_domain_settings, change_domain_settings,
             OF_ACCOUNTS),
    SETTINGS("ACCOUNTTEMPLATE", get_domain_settings, change_domain_settings,
             OF_NEW_ACCOUNTS),
    SETTINGS("SERVERACCOUNTDEFAULTS", get_defaults, change_defaults,
             STORE_TEXT_SERVER_ACCOUNT_DEFAULTS),
    SETTINGS("ALLACCOUNTSDEFAULTS", get_defaults, change_defaults,
             STORE_TEXT_SERVER_ACCOUNT_DEFAULTS),
    SETTINGS("CLUSTERACCOUNTDEFAULTS", get_defaults, change_defaults,
             STORE_TEXT_CLUSTER_ACCOUNT_DEFAULTS),
    SETTINGS("DOMAINDEFAULTS", get_defaults, change_defaults,
             STORE_TEXT_SERVER_DOMAIN_DEFAULTS),
    SETTINGS("CLUSTERDOMAINDEFAULTS", get_defaults, change_defaults,
             STORE_TEXT_CLUSTER_DOMAIN_DEFAULTS),
};

const struct admin_family admin_domain_settings_family = {
    commands, sizeof commands / sizeof commands[0]};
