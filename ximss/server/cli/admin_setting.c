/* SPDX-License-Identifier: BSD-2-Clause */
/* Dictionaries of settings, as several commands change and show them: with the
 * checks of what this server acts on. */
#include "config.h"

#include "ximss/server/cli/admin_setting.h"

#include <stdlib.h>
#include <string.h>

#include "quota/size.h"
#include "quota/template.h"
#include "util/text.h"
#include "ximss/proto/names.h"
#include "ximss/server/rules/settings.h"

/* Bounds of one dictionary of settings. */
#define SETTINGS_BYTES   65536
#define SETTINGS_ENTRIES 1000

/* To look for what a name was meant to be. */
#define NAMES_COST 10

/* Values that this server acts on; all others are kept as they come. */
static enum store_result
check_settings(struct admin_call *c, const struct cli_value *dict)
{
    const struct cli_value *cram = cli_data_find(dict, "CRAMMD5");
    bool yes;

    if (cram != NULL &&
        (cram->kind != CLI_STRING || text_parse_bool(cram->text, &yes) != 0))
        return admin_refuse(c, ANSWER(CRAMMD5_YES_OR_NO));
    return STORE_OK;
}

static enum store_result
check_switch(struct admin_call *c, const struct cli_value *changes,
             const char *key)
{
    const struct cli_value *v = cli_data_find(changes, key);
    bool yes;

    if (v == NULL || settings_is_default(v) ||
        (v->kind == CLI_STRING && text_parse_bool(v->text, &yes) == 0))
        return STORE_OK;
    return admin_refuse(c, ANSWER(YES_OR_NO), key);
}

/* Where passwords of the domain are checked, and whether its accounts make
 * themselves. */
static enum store_result
check_logins(struct admin_call *c, const struct cli_value *changes)
{
    const struct cli_value *auth = cli_data_find(changes, SETTINGS_AUTH);
    struct auth_list list;
    struct errbuf err;
    enum store_result r;

    if (auth != NULL && !settings_is_default(auth) &&
        settings_auth_list(auth, &list, &err) < 0)
        return admin_refuse(c, ANSWER(BAD_SETTING), SETTINGS_AUTH, err.text);
    r = check_switch(c, changes, SETTINGS_AUTO_CREATE);
    return r == STORE_OK ? check_switch(c, changes, SETTINGS_DETAIL) : r;
}

/* What an alert's text would be with this template must be one. */
static enum store_result
check_quota_text(struct admin_call *c, const char *text)
{
    struct errbuf err;

    if (quota_template_check(text, &err) != 0)
        return admin_refuse(c, ANSWER(BAD_SETTING), SETTINGS_QUOTA_TEXT,
                            err.text);
    if (text_check_alert(text, strlen(text), c->x->settings->alert_bytes,
                         &err) != 0)
        return admin_refuse(c, ANSWER(BAD_SETTING), SETTINGS_QUOTA_TEXT,
                            err.text);
    return STORE_OK;
}

/* What is to be set of a key; NULL: nothing, or what is in force without it. */
static enum store_result
changed_text(struct admin_call *c, const struct cli_value *changes,
             const char *key, const char **text_r)
{
    const struct cli_value *v = cli_data_find(changes, key);

    *text_r = NULL;
    if (v == NULL || settings_is_default(v))
        return STORE_OK;
    *text_r = settings_string(changes, key);
    return *text_r != NULL ? STORE_OK
                           : admin_refuse(c, ANSWER(MUST_BE_TEXT), key);
}

/* What is to be set of quotas; what older programs have stored does not stand
 * in the way of other changes. */
static enum store_result
check_quota(struct admin_call *c, const struct cli_value *changes)
{
    const char *size, *percent = NULL, *text = NULL;
    struct errbuf err;
    uint64_t bytes;
    unsigned level;
    enum store_result r = changed_text(c, changes, SETTINGS_MAX_SIZE, &size);

    if (r == STORE_OK)
        r = changed_text(c, changes, SETTINGS_QUOTA_ALERT, &percent);
    if (r == STORE_OK)
        r = changed_text(c, changes, SETTINGS_QUOTA_TEXT, &text);
    if (r != STORE_OK)
        return r;
    if (size != NULL && quota_size_parse(size, &bytes, &err) != 0)
        return admin_refuse(c, ANSWER(BAD_SETTING), SETTINGS_MAX_SIZE,
                            err.text);
    if (percent != NULL && quota_percent_parse(percent, &level, &err) != 0)
        return admin_refuse(c, ANSWER(BAD_SETTING), SETTINGS_QUOTA_ALERT,
                            err.text);
    return text != NULL ? check_quota_text(c, text) : STORE_OK;
}

/* What is there already may be changed, however it is called, and anything be
 * taken away. */
static enum store_result
check_names(struct admin_call *c, const struct cli_value *old,
            const struct cli_value *changes)
{
    const char *meant;

    for (const struct cli_value *i = changes->first; i != NULL; i = i->next) {
        if (c->force || settings_is_default(i) || names_has_setting(i->key) ||
            cli_data_find(old, i->key) != NULL)
            continue;
        store_charge(c->x->txn, NAMES_COST);
        meant = names_meant_setting(i->key);
        if (meant != NULL)
            return admin_refuse(c, ANSWER(MISSPELT_SETTING), i->key, meant);
    }
    return STORE_OK;
}

enum store_result
admin_setting_change(struct admin_call *c, const char *text,
                     const struct cli_value *changes, bool replace,
                     char **text_r, struct errbuf *err)
{
    struct cli_value *old, *dict;
    enum store_result r;

    *text_r = NULL;
    if (changes->n > SETTINGS_ENTRIES)
        return admin_refuse(c, ANSWER(TOO_MANY_SETTINGS));
    if (settings_read(c->arena, text, &old, err) != 0 ||
        settings_read(c->arena, replace ? "" : text, &dict, err) != 0)
        return STORE_ERROR;
    r = check_names(c, old, changes);
    if (r != STORE_OK)
        return r;
    settings_update(c->arena, dict, changes);
    r = check_settings(c, dict);
    if (r == STORE_OK)
        r = check_logins(c, changes);
    if (r == STORE_OK)
        r = check_quota(c, changes);
    if (r != STORE_OK)
        return r;
    *text_r = settings_text(dict);
    if (strlen(*text_r) <= SETTINGS_BYTES && dict->n <= SETTINGS_ENTRIES)
        return STORE_OK;
    free(*text_r);
    *text_r = NULL;
    return admin_refuse(c, ANSWER(TOO_MANY_SETTINGS));
}

enum store_result
admin_setting_result(struct admin_call *c, const char *text, struct errbuf *err)
{
    struct cli_value *dict;

    if (settings_read(c->arena, text, &dict, err) != 0)
        return STORE_ERROR;
    admin_result(c, dict);
    return STORE_OK;
}

enum store_result
admin_setting_arg_key(struct admin_call *c, const char **key_r)
{
    *key_r = NULL;
    return admin_arg_word(c, "KEY") ? admin_arg_text(c, "key", key_r)
                                    : STORE_OK;
}

void
admin_setting_result_key(struct admin_call *c, const struct cli_value *dict,
                         const char *key)
{
    const struct cli_value *v = key != NULL ? cli_data_find(dict, key) : dict;

    if (v != NULL)
        admin_result(c, v);
    else
        admin_result_string(c, "");
}
