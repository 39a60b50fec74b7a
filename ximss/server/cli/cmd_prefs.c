/* SPDX-License-Identifier: BSD-2-Clause */
/* Preferences of accounts by the CLI (protocol.md C.6): the same that XIMSS
 * reads and stores, so sessions follow a change. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "ximss/server/cli/admin_account.h"
#include "ximss/server/cli/admin_setting.h"
#include "ximss/server/rules/prefs.h"
#include "ximss/server/rules/settings.h"

enum {
    EFFECTIVE = 1,
    REPLACE
};

/* The server's time zone, and the account's preferences over it. */
static enum store_result
result_effective(struct admin_call *c, const char *text, struct errbuf *err)
{
    struct cli_value *dict = cli_data_dictionary(c->arena), *own;
    const char *zone = c->x->settings->time_zone;

    cli_data_add(c->arena, dict, "TimeZone",
                 cli_data_string(c->arena, zone, strlen(zone)));
    if (settings_read(c->arena, text, &own, err) != 0)
        return STORE_ERROR;
    settings_update(c->arena, dict, own);
    admin_result(c, dict);
    return STORE_OK;
}

/* detail: EFFECTIVE, or those that are the account's own. */
static enum store_result
get_prefs(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    char *text = NULL;
    enum store_result r =
        admin_only_account(c, NEED_READ | NEED_OWN, &d, &a, err);

    if (r == STORE_OK)
        r = prefs_get(c->x->txn, a.number, &text, err);
    if (r == STORE_OK)
        r = c->command->detail == EFFECTIVE
                ? result_effective(c, text, err)
                : admin_setting_result(c, text, err);
    free(text);
    admin_clear(&d, &a);
    return r;
}

static enum store_result
store_prefs(struct admin_call *c, uint64_t account,
            const struct cli_value *changes, struct errbuf *err)
{
    enum store_result r = prefs_change(c->x, c->arena, account, changes,
                                       c->command->detail == REPLACE, err);

    return r == STORE_REFUSED
               ? admin_refuse(c, ANSWER_ARGUMENTS, "%s", err->text)
               : r;
}

static enum store_result
change_prefs(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    const struct cli_value *changes = NULL;
    const char *name;
    enum store_result r = admin_arg_text(c, "account name", &name);

    if (r == STORE_OK)
        r = admin_arg_value(c, CLI_DICTIONARY, "dictionary", &changes);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_account(c, name, RIGHT_BASIC_SETTINGS | NEED_OWN, &d, &a,
                               err);
    if (r == STORE_OK && a.number != c->x->caller->account)
        r = admin_call_cover(c, &d, &a);
    if (r == STORE_OK)
        r = store_prefs(c, a.number, changes, err);
    admin_clear(&d, &a);
    return r;
}

static const struct admin_command commands[] = {
    {.name = "GETACCOUNTPREFS", .run = get_prefs},
    ADMIN_CHANGE("UPDATEACCOUNTPREFS", change_prefs, 0),
    ADMIN_CHANGE("SETACCOUNTPREFS", change_prefs, REPLACE),
    {.name = "GETACCOUNTEFFECTIVEPREFS", .run = get_prefs, .detail = EFFECTIVE},
    /* As old clients spell them. */
    {.name = "GETEFFECTIVEACCOUNTPREFS", .run = get_prefs, .detail = EFFECTIVE},
    {.name = "GETWEBUSER", .run = get_prefs},
    ADMIN_CHANGE("SETWEBUSER", change_prefs, REPLACE),
    {.name = "GETEFFECTIVEWEBUSER", .run = get_prefs, .detail = EFFECTIVE},
};

const struct admin_family admin_prefs_family = {
    commands, sizeof commands / sizeof commands[0]};
