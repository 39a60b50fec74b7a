/* SPDX-License-Identifier: BSD-2-Clause */
/* Accounts by the CLI (protocol.md C.6): made, renamed, deleted, their
 * settings, rights and sessions.  Passwords are in cmd_passwords.c, which the
 * commands here call where settings carry one. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/server/admin_call.h"
#include "ximss/server/admin_password.h"
#include "ximss/server/settings.h"

/* More than that is listed by LISTDOMAINOBJECTS, in pieces. */
#define LIST_MAX       100000
#define REAL_NAME_MAX  1024
#define RIGHTS_MAX     64
#define RIGHT_CODE_MAX 64

/* Reads "name" and no more, and finds the account. */
static enum store_result
only_account(struct admin_call *c, unsigned need, struct domain_rec *d,
             struct account_rec *a, struct errbuf *err)
{
    const char *name;
    enum store_result r = admin_arg_text(c, "account name", &name);

    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_account(c, name, need, d, a, err);
    return r;
}

static void
clear(struct domain_rec *d, struct account_rec *a)
{
    domain_rec_clear(d);
    account_rec_clear(a);
}

static enum store_result
put_account(struct admin_call *c, const struct domain_rec *d,
            const struct account_rec *a, struct errbuf *err)
{
    enum store_result r = account_put(c->x->txn, a, err);

    if (r == STORE_OK)
        admin_effect_account(c->x, EFFECT_ACCOUNT_CHANGED, d, a);
    return r;
}

/* The postmaster of the main domain is who cannot be lost. */
static enum store_result
is_postmaster(struct admin_call *c, const struct domain_rec *d,
              const struct account_rec *a, bool *is_r, struct errbuf *err)
{
    *is_r = false;
    if (!text_equal_nocase(a->name, "postmaster"))
        return STORE_OK;
    return admin_is_main(c->x->txn, d, is_r, err);
}

/* Renaming and deleting: all that the account holds, and not the postmaster. */
static enum store_result
check_disposal(struct admin_call *c, const struct domain_rec *d,
               const struct account_rec *a, const char *what,
               struct errbuf *err)
{
    bool postmaster;
    enum store_result r = admin_call_cover(c, d, a);

    if (r == STORE_OK)
        r = is_postmaster(c, d, a, &postmaster, err);
    if (r == STORE_OK && postmaster)
        r = admin_refuse(c, 501, "postmaster of the main domain can not be %s",
                         what);
    return r;
}

/* --- list --- */

struct account_list {
    struct arena *arena;
    struct cli_value *names;
};

static bool
list_account(const char *name, uint64_t number, void *arg)
{
    struct account_list *l = arg;

    (void)number;
    cli_data_add(l->arena, l->names, name,
                 cli_data_string(l->arena, "macnt", 5));
    return true;
}

static enum store_result
list_accounts_of(struct admin_call *c, uint64_t domain, struct errbuf *err)
{
    struct account_list l = {c->arena, cli_data_dictionary(c->arena)};
    uint64_t n = 0;
    enum store_result r = account_count(c->x->txn, domain, &n, err);

    if (r == STORE_OK && n > LIST_MAX)
        r = admin_refuse(c, 501, "too many accounts. use LISTDOMAINOBJECTS");
    if (r == STORE_OK)
        r = account_walk(c->x->txn, domain, NULL, list_account, &l, err);
    if (r == STORE_OK)
        admin_result(c, l.names);
    return r;
}

static enum store_result
list_accounts(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    const char *name = admin_arg_optional_text(c);
    enum store_result r = admin_arg_end(c);

    if (r == STORE_OK)
        r = admin_call_domain(c, name, NEED_READ, &d, err);
    if (r == STORE_OK)
        r = list_accounts_of(c, d.number, err);
    domain_rec_clear(&d);
    return r;
}

/* --- settings --- */

/* The name goes into attributes of XML and on screens: one line of text. */
static bool
is_real_name(const char *s)
{
    return s[0] == '\0' ||
           (text_check_alert(s, strlen(s), REAL_NAME_MAX, NULL) == 0 &&
            strpbrk(s, "\t\r\n") == NULL);
}

/* What the account's settings become, without the password they may carry;
 * the real name is kept in the record too. */
static enum store_result
make_settings(struct admin_call *c, const struct cli_value *changes,
              bool replace, struct account_rec *a, struct errbuf *err)
{
    const char *real = settings_string(changes, "RealName");
    struct cli_value *dict;
    char *text;
    enum store_result r;

    if (real != NULL && !is_real_name(real))
        return admin_refuse(c, 501, "RealName can not be used");
    r = admin_call_settings(c, a->settings, admin_password_strip(c, changes),
                            replace, &text, err);
    if (r != STORE_OK)
        return r;
    free(a->settings);
    a->settings = text;
    if (settings_read(c->arena, text, &dict, err) != 0)
        return STORE_ERROR;
    real = settings_string(dict, "RealName");
    free(a->real_name);
    a->real_name = xstrdup(real != NULL ? real : "");
    return STORE_OK;
}

static enum store_result
get_settings(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    enum store_result r = only_account(c, NEED_READ | NEED_OWN, &d, &a, err);

    if (r == STORE_OK)
        r = admin_result_settings(c, a.settings, err);
    clear(&d, &a);
    return r;
}

static enum store_result
get_effective(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    struct cli_value *dict = NULL;
    enum store_result r = only_account(c, NEED_READ | NEED_OWN, &d, &a, err);

    if (r == STORE_OK)
        r = settings_account(c->x->txn, c->arena, &d, &a, &dict, err);
    if (r == STORE_OK)
        admin_result(c, dict);
    clear(&d, &a);
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
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_account(c, name, RIGHT_BASIC_SETTINGS, &d, &a, err);
    if (r == STORE_OK)
        r = admin_call_cover(c, &d, &a);
    if (r == STORE_OK)
        r = make_settings(c, changes, c->command->detail != 0, &a, err);
    if (r == STORE_OK)
        r = admin_password_from_settings(c, changes, &d, &a, err);
    if (r == STORE_OK)
        r = put_account(c, &d, &a, err);
    clear(&d, &a);
    return r;
}

/* --- create --- */

struct creation {
    const char *name, *type;
    const struct cli_value *settings;
};

static bool
is_type(struct admin_call *c, const char **type_r)
{
    static const char *const types[] = {
        "MultiMailbox", "TextMailbox", "MailDirMailbox", "SlicedMailbox",
        "AGrade",       "BGrade",      "CGrade"};

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (admin_arg_word(c, types[i])) {
            *type_r = types[i];
            return true;
        }
    }
    return false;
}

/* name [type] [PATH p] [LEGACY | external] [settings]; where the mail lies has
 * no meaning here. */
static enum store_result
read_creation(struct admin_call *c, struct creation *n)
{
    const char *path;
    enum store_result r = admin_arg_text(c, "account name", &n->name);

    n->type = "MultiMailbox";
    while (r == STORE_OK && admin_arg_peek(c) != NULL) {
        if (admin_arg_peek(c)->kind == CLI_DICTIONARY) {
            r = admin_arg_value(c, CLI_DICTIONARY, "dictionary", &n->settings);
            return r == STORE_OK ? admin_arg_end(c) : r;
        }
        if (admin_arg_word(c, "PATH"))
            r = admin_arg_text(c, "path", &path);
        else if (!is_type(c, &n->type) && !admin_arg_word(c, "LEGACY") &&
                 !admin_arg_word(c, "EXTERNAL"))
            r = admin_refuse(c, 501, "unknown account type");
    }
    return r;
}

/* Takes an address apart and finds the domain, in which the caller must be
 * allowed to make accounts; *name_r is the name in it. */
static enum store_result
new_address(struct admin_call *c, const char *address,
            const char *default_domain, struct domain_rec *d,
            const char **name_r, struct errbuf *err)
{
    const char *at = strrchr(address, '@');
    const char *name =
        at != NULL ? arena_strndup(c->arena, address, (size_t)(at - address))
                   : address;
    enum store_result r = admin_call_domain(
        c, at != NULL ? at + 1 : default_domain, RIGHT_CREATE_ACCOUNTS, d, err);

    if (r == STORE_OK && !text_is_name(name))
        r = admin_refuse(c, 501, "illegal account name");
    *name_r = name;
    return r;
}

/* 520 if somebody other than `number` (0: anybody) has the name. */
static enum store_result
check_new_name(struct admin_call *c, uint64_t domain, const char *name,
               uint64_t number, struct errbuf *err)
{
    struct account_rec a = {0};
    enum store_result r = account_find(c->x->txn, domain, name, &a, err);

    if (r == STORE_OK && (number == 0 || a.number != number))
        r = admin_refuse_code(c, 520);
    else if (r == STORE_NOTFOUND)
        r = STORE_OK;
    account_rec_clear(&a);
    return r;
}

static enum store_result
add_account(struct admin_call *c, const struct creation *n, const char *name,
            const struct domain_rec *d, struct errbuf *err)
{
    struct account_rec a = {.domain = d->number,
                            .created = c->x->now,
                            .cred_serial = 1,
                            .name = xstrdup(name),
                            .type = xstrdup(n->type),
                            .rights = xstrdup("")};
    enum store_result r = STORE_OK;

    text_lower(a.name);
    if (n->settings != NULL) {
        r = make_settings(c, n->settings, true, &a, err);
        if (r == STORE_OK)
            r = admin_password_from_settings(c, n->settings, d, &a, err);
    }
    if (r == STORE_OK)
        r = account_add(c->x->txn, &a, &a.number, err);
    if (r == STORE_OK)
        admin_effect_account(c->x, EFFECT_ACCOUNT_CHANGED, d, &a);
    account_rec_clear(&a);
    return r;
}

static enum store_result
create_account(struct admin_call *c, struct errbuf *err)
{
    struct creation n = {0};
    struct domain_rec d = {0};
    const char *name = NULL;
    enum store_result r = read_creation(c, &n);

    if (r == STORE_OK)
        r = new_address(c, n.name, NULL, &d, &name, err);
    if (r == STORE_OK)
        r = check_new_name(c, d.number, name, 0, err);
    if (r == STORE_OK)
        r = add_account(c, &n, name, &d, err);
    domain_rec_clear(&d);
    return r;
}

/* --- rename and delete --- */

/* What it holds must be possible, and not too much, in the new domain. */
static enum store_result
check_move(struct admin_call *c, const struct domain_rec *to,
           const struct account_rec *a, struct errbuf *err)
{
    unsigned held = rights_parse(a->rights);
    bool is_main = false;
    enum store_result r = STORE_OK;

    if (a->domain == to->number || held == 0)
        return STORE_OK;
    r = admin_is_main(c->x->txn, to, &is_main, err);
    if (r == STORE_OK && !is_main && (held & RIGHTS_SERVER_WIDE) != 0)
        r = admin_refuse(c, 501, "server wide rights need the main domain");
    if (r == STORE_OK)
        r = admin_call_cover(c, to, a);
    return r;
}

static enum store_result
rename_to(struct admin_call *c, const struct domain_rec *d,
          struct account_rec *a, const char *address, struct errbuf *err)
{
    struct domain_rec to = {0};
    const char *name = NULL;
    enum store_result r = new_address(c, address, d->name, &to, &name, err);

    if (r == STORE_OK)
        r = check_new_name(c, to.number, name, a->number, err);
    if (r == STORE_OK)
        r = check_move(c, &to, a, err);
    if (r == STORE_OK) {
        free(a->name);
        a->name = xstrdup(name);
        text_lower(a->name);
        a->domain = to.number;
        r = put_account(c, &to, a, err);
    }
    domain_rec_clear(&to);
    return r;
}

static enum store_result
rename_account(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    const char *name, *new_name = NULL;
    enum store_result r = admin_arg_text(c, "account name", &name);

    if (r == STORE_OK)
        r = admin_arg_keyword(c, "INTO");
    if (r == STORE_OK)
        r = admin_arg_text(c, "new account name", &new_name);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_account(c, name, RIGHT_CREATE_ACCOUNTS, &d, &a, err);
    if (r == STORE_OK)
        r = check_disposal(c, &d, &a, "renamed", err);
    if (r == STORE_OK)
        r = rename_to(c, &d, &a, new_name, err);
    clear(&d, &a);
    return r;
}

static enum store_result
delete_account(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    enum store_result r = only_account(c, RIGHT_CREATE_ACCOUNTS, &d, &a, err);

    if (r == STORE_OK)
        r = check_disposal(c, &d, &a, "deleted", err);
    if (r == STORE_OK)
        r = admin_account_dispose(c->x, &d, &a, err);
    clear(&d, &a);
    return r;
}

/* --- type --- */

static enum store_result
set_type(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    const char *name, *type = NULL;
    enum store_result r = admin_arg_text(c, "account name", &name);

    if (r == STORE_OK && !is_type(c, &type))
        r = admin_refuse(c, 501, "unknown account type");
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_account(c, name, RIGHT_BASIC_SETTINGS, &d, &a, err);
    if (r == STORE_OK)
        r = admin_call_cover(c, &d, &a);
    if (r == STORE_OK) {
        free(a.type);
        a.type = xstrdup(type);
        r = put_account(c, &d, &a, err);
    }
    clear(&d, &a);
    return r;
}

/* --- info --- */

static enum store_result
make_info(struct admin_call *c, uint64_t account, struct cli_value **dict_r,
          struct errbuf *err)
{
    struct cli_value *dict = cli_data_dictionary(c->arena);
    struct account_state s = {0};
    enum store_result r = state_get(c->x->txn, account, &s, err);

    /* Nothing is stored here yet; digits without #, as clients want them. */
    cli_data_add(c->arena, dict, "StorageUsed",
                 cli_data_string(c->arena, "0", 1));
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
            return admin_refuse(c, 501, "key is missing");
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
    clear(&d, &a);
    return r;
}

/* --- rights --- */

static enum store_result
get_rights(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    enum store_result r = only_account(c, NEED_READ, &d, &a, err);

    if (r == STORE_OK)
        buf_append_str(&c->answer->data, a.rights[0] != '\0' ? a.rights : "()");
    clear(&d, &a);
    return r;
}

/* Codes as they are kept; *rights_r: what they amount to. */
static enum store_result
read_codes(struct admin_call *c, const struct cli_value *codes,
           unsigned *rights_r)
{
    *rights_r = 0;
    if (codes->n > RIGHTS_MAX)
        return admin_refuse(c, 501, "too many rights");
    for (const struct cli_value *v = codes->first; v != NULL; v = v->next) {
        if (v->kind != CLI_STRING || v->text_len == 0 ||
            v->text_len > RIGHT_CODE_MAX)
            return admin_refuse(c, 501, "not a right");
        *rights_r |= rights_of_code(v->text);
    }
    return STORE_OK;
}

/* Server-wide rights are given and taken by Master alone, in the main domain
 * alone.  Accounts of the main domain are Master's altogether; for those of
 * others, All Domains is enough. */
static enum store_result
check_rights(struct admin_call *c, const struct domain_rec *d,
             const struct account_rec *a, unsigned rights, struct errbuf *err)
{
    bool master = (c->x->caller->rights & RIGHT_MASTER) != 0;
    bool is_main = false, postmaster = false;
    enum store_result r = admin_is_main(c->x->txn, d, &is_main, err);

    if (r == STORE_OK && is_main && !master)
        r = admin_refuse_code(c, 510);
    if (r == STORE_OK && !is_main && (rights & RIGHTS_SERVER_WIDE) != 0)
        r = admin_refuse(c, 501, "server wide rights need the main domain");
    if (r == STORE_OK)
        r = is_postmaster(c, d, a, &postmaster, err);
    if (r == STORE_OK && postmaster && a->number == c->x->caller->account &&
        (rights & RIGHT_MASTER) == 0)
        r = admin_refuse(c, 501, "postmaster can not give up Master");
    return r;
}

static enum store_result
put_rights(struct admin_call *c, const struct domain_rec *d,
           struct account_rec *a, const struct cli_value *codes,
           struct errbuf *err)
{
    struct buf b = {0};

    if (codes->n > 0)
        cli_data_write(&b, codes);
    free(a->rights);
    a->rights = buf_take(&b);
    return put_account(c, d, a, err);
}

static enum store_result
set_rights(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    const struct cli_value *codes = NULL;
    const char *name;
    unsigned rights = 0;
    enum store_result r = admin_arg_text(c, "account name", &name);

    if (r == STORE_OK)
        r = admin_arg_value(c, CLI_ARRAY, "array of rights", &codes);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_account(c, name, 0, &d, &a, err);
    if (r == STORE_OK)
        r = read_codes(c, codes, &rights);
    if (r == STORE_OK)
        r = check_rights(c, &d, &a, rights, err);
    if (r == STORE_OK)
        r = put_rights(c, &d, &a, codes, err);
    clear(&d, &a);
    return r;
}

/* --- sessions and aliases --- */

/* Also voids what would let them in again without a password. */
static enum store_result
kill_sessions(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    enum store_result r = only_account(c, RIGHT_SESSIONS, &d, &a, err);

    if (r == STORE_OK)
        r = admin_call_cover(c, &d, &a);
    if (r == STORE_OK) {
        a.cred_serial++;
        r = put_account(c, &d, &a, err);
    }
    if (r == STORE_OK)
        admin_effect_account(c->x, EFFECT_KILL_SESSIONS, &d, &a);
    clear(&d, &a);
    return r;
}

static enum store_result
get_aliases(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    enum store_result r = only_account(c, NEED_READ | NEED_OWN, &d, &a, err);

    if (r == STORE_OK)
        admin_result(c, cli_data_array(c->arena));
    clear(&d, &a);
    return r;
}

static enum store_result
set_aliases(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    const struct cli_value *aliases = NULL;
    const char *name;
    enum store_result r = admin_arg_text(c, "account name", &name);

    if (r == STORE_OK)
        r = admin_arg_value(c, CLI_ARRAY, "array", &aliases);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_account(c, name, RIGHT_CREATE_ACCOUNTS, &d, &a, err);
    if (r == STORE_OK && aliases->n > 0)
        r = admin_refuse(c, 501, "aliases are not supported");
    clear(&d, &a);
    return r;
}

#define CHANGE(NAME, function, what)                           \
    {                                                          \
        .name = NAME, .run = function, .flags = ADMIN_CHANGES, \
        .detail = (what)                                       \
    }

static const struct admin_command commands[] = {
    {.name = "LISTACCOUNTS", .run = list_accounts},
    CHANGE("CREATEACCOUNT", create_account, 0),
    CHANGE("RENAMEACCOUNT", rename_account, 0),
    CHANGE("DELETEACCOUNT", delete_account, 0),
    CHANGE("SETACCOUNTTYPE", set_type, 0),
    {.name = "GETACCOUNTSETTINGS", .run = get_settings},
    {.name = "GETACCOUNT", .run = get_settings},
    {.name = "GETACCOUNTEFFECTIVESETTINGS", .run = get_effective},
    CHANGE("UPDATEACCOUNTSETTINGS", change_settings, 0),
    CHANGE("UPDATEACCOUNT", change_settings, 0),
    CHANGE("SETACCOUNTSETTINGS", change_settings, 1),
    CHANGE("SETACCOUNT", change_settings, 1),
    CHANGE("SETACCOUNTPASSWORD", admin_password_set, 0),
    {.name = "VERIFYACCOUNTPASSWORD", .run = admin_password_verify},
    {.name = "GETACCOUNTPLAINPASSWORD", .run = admin_password_plain},
    {.name = "GETACCOUNTINFO", .run = get_info},
    {.name = "GETACCOUNTRIGHTS", .run = get_rights},
    CHANGE("SETACCOUNTRIGHTS", set_rights, 0),
    CHANGE("KILLACCOUNTSESSIONS", kill_sessions, 0),
    {.name = "GETACCOUNTALIASES", .run = get_aliases},
    CHANGE("SETACCOUNTALIASES", set_aliases, 0),
};

const struct admin_family admin_account_family = {
    commands, sizeof commands / sizeof commands[0]};
