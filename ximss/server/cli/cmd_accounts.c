/* SPDX-License-Identifier: BSD-2-Clause */
/* Accounts by the CLI (protocol.md C.6): creating, renaming, deleting them. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "util/name.h"
#include "util/xmalloc.h"
#include "ximss/server/cli/admin_account.h"
#include "ximss/server/cli/admin_password.h"
#include "ximss/server/rules/outside.h"

/* Renaming and deleting: all that the account holds, and not the postmaster. */
static enum store_result
check_disposal(struct admin_call *c, const struct domain_rec *d,
               const struct account_rec *a, const char *what,
               struct errbuf *err)
{
    bool postmaster;
    enum store_result r = admin_call_cover(c, d, a);

    if (r == STORE_OK)
        r = admin_is_postmaster(c, d, a, &postmaster, err);
    if (r == STORE_OK && postmaster)
        r = admin_refuse(c, ANSWER(POSTMASTER_STAYS), what);
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

/* name [type] [PATH p] [LEGACY | external] [settings [FORCE]]; where the mail
 * lies has no meaning here. */
static enum store_result
read_creation(struct admin_call *c, struct creation *n)
{
    const char *path;
    enum store_result r = admin_arg_name(c, "account name", &n->name);

    n->type = "MultiMailbox";
    while (r == STORE_OK && admin_arg_peek(c) != NULL) {
        if (admin_arg_peek(c)->kind == CLI_DICTIONARY) {
            r = admin_arg_value(c, CLI_DICTIONARY, "dictionary", &n->settings);
            return r == STORE_OK ? admin_arg_force_and_end(c) : r;
        }
        if (admin_arg_word(c, "PATH"))
            r = admin_arg_text(c, "path", &path);
        else if (!is_type(c, &n->type) && !admin_arg_word(c, "LEGACY") &&
                 !admin_arg_word(c, "EXTERNAL"))
            r = admin_refuse(c, ANSWER(BAD_ACCOUNT_TYPE));
    }
    return r;
}

/* Takes an address apart and finds the domain, in which the caller must be
 * allowed to make accounts; *name_r is the name in it, in normal form. */
static enum store_result
new_address(struct admin_call *c, const char *address,
            const char *default_domain, struct domain_rec *d,
            const char **name_r, struct errbuf *err)
{
    enum store_result r = admin_call_name(
        c, address, default_domain, RIGHT_CREATE_ACCOUNTS, d, name_r, err);
    char form[NAME_LOCAL_SIZE];
    struct errbuf why;

    if (r == STORE_OK && name_new_local(*name_r, form, &why) < 0)
        r = admin_refuse(c, ANSWER(BAD_ACCOUNT_NAME), why.text);
    return r;
}

/* 520, in the same words whatever has it, if it is the name or an alias of any
 * account, or of a group or a forwarder; `self` (may be NULL) can keep the name
 * that it has, but not take one of its aliases. */
static enum store_result
check_new_name(struct admin_call *c, uint64_t domain, const char *name,
               const struct account_rec *self, struct errbuf *err)
{
    enum object_kind kind;
    enum store_result r = object_kind_of(c->x->txn, domain, name, &kind, err);

    if (r == STORE_NOTFOUND)
        return STORE_OK;
    if (r == STORE_OK && (self == NULL || self->domain != domain ||
                          strcmp(self->name, name) != 0))
        r = admin_refuse(c, ANSWER(ACCOUNT_EXISTS));
    return r;
}

/* The domain's template, with the settings given (may be NULL) laid over it. */
static enum store_result
make_settings(struct admin_call *c, const struct cli_value *settings,
              const struct domain_rec *d, struct account_rec *a,
              struct errbuf *err)
{
    enum store_result r;

    if (settings == NULL)
        settings = cli_data_dictionary(c->arena);
    a->settings = xstrdup(d->account_template);
    r = admin_make_settings(c, settings, false, a, err);
    if (r == STORE_OK)
        r = admin_password_from_settings(c, settings, d, a, err);
    return r;
}

/* Sources know accounts by name, and this one is new to us. */
static void
ask_for_limit(struct admin_call *c, const struct domain_rec *d,
              const struct account_rec *a)
{
    if (c->x->settings->source_limits && c->x->settings->can_ask)
        effect_add_account(c->x->effects, EFFECT_QUOTA_ASK, d, a);
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
    enum store_result r;

    r = make_settings(c, n->settings, d, &a, err);
    if (r == STORE_OK)
        r = account_add(c->x->txn, &a, &a.number, err);
    if (r == STORE_OK)
        effect_add_account(c->x->effects, EFFECT_ACCOUNT_CHANGED, d, &a);
    if (r == STORE_OK)
        ask_for_limit(c, d, &a);
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
        r = check_new_name(c, d.number, name, NULL, err);
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
        r = admin_refuse(c, ANSWER(MAIN_DOMAIN_RIGHTS));
    if (r == STORE_OK)
        r = admin_call_cover(c, to, a);
    return r;
}

/* An account of another name is no longer the one that a source outside has: it
 * has been made here, and account sync never takes it away. */
static enum store_result
settle_here(const struct domain_rec *to, const char *name,
            struct account_rec *a, struct errbuf *err)
{
    enum outside outside;
    enum store_result r = STORE_OK;

    if (a->domain != to->number || strcmp(a->name, name) != 0)
        r = outside_get(a, &outside, err);
    else
        outside = OUTSIDE_NO;
    return r == STORE_OK && outside != OUTSIDE_NO
               ? outside_set(a, OUTSIDE_NO, err)
               : r;
}

static enum store_result
rename_to(struct admin_call *c, const struct domain_rec *d,
          struct account_rec *a, const char *address, struct errbuf *err)
{
    struct domain_rec to = {0};
    const char *name = NULL;
    enum store_result r = new_address(c, address, d->name, &to, &name, err);

    if (r == STORE_OK)
        r = check_new_name(c, to.number, name, a, err);
    if (r == STORE_OK)
        r = check_move(c, &to, a, err);
    if (r == STORE_OK)
        r = settle_here(&to, name, a, err);
    if (r == STORE_OK) {
        free(a->name);
        a->name = xstrdup(name);
        a->domain = to.number;
        r = admin_put_account(c, &to, a, err);
    }
    if (r == STORE_OK)
        ask_for_limit(c, &to, a);
    if (r == STORE_EXISTS) /* an alias that would come along */
        r = admin_refuse(c, ANSWER_ACCOUNT_EXISTS, "%s", err->text);
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
        r = admin_arg_name(c, "new account name", &new_name);
    if (r == STORE_OK)
        r = admin_arg_path_and_end(c);
    if (r == STORE_OK)
        r = admin_call_account(c, name, RIGHT_CREATE_ACCOUNTS, &d, &a, err);
    if (r == STORE_OK)
        r = check_disposal(c, &d, &a, "renamed", err);
    if (r == STORE_OK)
        r = rename_to(c, &d, &a, new_name, err);
    admin_clear(&d, &a);
    return r;
}

static enum store_result
delete_account(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    enum store_result r =
        admin_only_account(c, RIGHT_CREATE_ACCOUNTS, &d, &a, err);

    if (r == STORE_OK)
        r = check_disposal(c, &d, &a, "deleted", err);
    if (r == STORE_OK)
        r = admin_call_same(c, a.number, ANSWER_NO_ACCOUNT);
    if (r == STORE_OK)
        r = admin_account_dispose(c->x, &d, &a, err);
    admin_clear(&d, &a);
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
        r = admin_refuse(c, ANSWER(BAD_ACCOUNT_TYPE));
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_account(c, name, RIGHT_BASIC_SETTINGS, &d, &a, err);
    if (r == STORE_OK)
        r = admin_call_cover(c, &d, &a);
    if (r == STORE_OK) {
        free(a.type);
        a.type = xstrdup(type);
        r = admin_put_account(c, &d, &a, err);
    }
    admin_clear(&d, &a);
    return r;
}

static const struct admin_command commands[] = {
    ADMIN_CHANGE_WITH("CREATEACCOUNT", create_account, 0,
                      ADMIN_PASSWORD_SETTING),
    ADMIN_CHANGE("RENAMEACCOUNT", rename_account, 0),
    ADMIN_CHANGE("DELETEACCOUNT", delete_account, 0),
    ADMIN_CHANGE("SETACCOUNTTYPE", set_type, 0),
};

const struct admin_family admin_account_family = {
    commands, sizeof commands / sizeof commands[0]};
