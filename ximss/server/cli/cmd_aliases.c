/* SPDX-License-Identifier: BSD-2-Clause */
/* Aliases of accounts and domains by the CLI (protocol.md C.5, C.6): names that
 * lead to the same account or domain wherever one is named. */
#include "config.h"

#include <string.h>

#include "util/name.h"
#include "ximss/server/cli/admin_account.h"

/* Of one account or domain: so many are written in one job. */
#define ALIASES_MAX 1000

/* --- lists of names --- */

static void
result_list(struct admin_call *c, const struct alias_list *l)
{
    struct cli_value *array = cli_data_array(c->arena);

    for (size_t i = 0; i < l->n; i++)
        cli_data_append(
            array, cli_data_string(c->arena, l->name[i], strlen(l->name[i])));
    admin_result(c, array);
}

/* The normal form of an alias, or of a new one. */
typedef int alias_form_fn(const char *s, char *out, struct errbuf *err);

/* The next argument; it must be the last one. */
static enum store_result
read_list(struct admin_call *c, alias_form_fn *form, struct alias_list *l)
{
    char out[NAME_ADDRESS_SIZE];
    struct errbuf why;
    const struct cli_value *array = NULL;
    enum store_result r = admin_arg_value(c, CLI_ARRAY, "array", &array);

    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK && array->n > ALIASES_MAX)
        r = admin_refuse(c, ANSWER(TOO_MANY_ALIASES));
    if (r != STORE_OK)
        return r;
    for (const struct cli_value *v = array->first; v != NULL; v = v->next) {
        const char *name =
            v->kind == CLI_STRING ? admin_bare_name(c, v->text) : "";

        if (form(name, out, &why) < 0)
            return admin_refuse(c, ANSWER(BAD_ALIAS_NAME), why.text);
        alias_list_add(l, out);
    }
    return STORE_OK;
}

static bool
is_among(const struct alias_list *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->name[i], name) == 0)
            return true;
    return false;
}

/* More is asked of those that are not there yet. */
static enum store_result
check_new(struct admin_call *c, alias_form_fn *new_form,
          const struct alias_list *l, const struct alias_list *old)
{
    char out[NAME_ADDRESS_SIZE];
    struct errbuf why;

    for (size_t i = 0; i < l->n; i++)
        if (new_form(l->name[i], out, &why) < 0 && !is_among(old, l->name[i]))
            return admin_refuse(c, ANSWER(BAD_ALIAS_NAME), why.text);
    return STORE_OK;
}

/* --- of accounts --- */

static enum store_result
get_account_aliases(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    struct alias_list l = {0};
    enum store_result r =
        admin_only_account(c, NEED_READ | NEED_OWN, &d, &a, err);

    if (r == STORE_OK)
        r = account_aliases_get(c->x->txn, a.number, &l, err);
    if (r == STORE_OK)
        result_list(c, &l);
    alias_list_clear(&l);
    admin_clear(&d, &a);
    return r;
}

static enum store_result
check_account_aliases(struct admin_call *c, uint64_t account,
                      const struct alias_list *l, struct errbuf *err)
{
    struct alias_list old = {0};
    enum store_result r = account_aliases_get(c->x->txn, account, &old, err);

    if (r == STORE_OK)
        r = check_new(c, name_new_local, l, &old);
    alias_list_clear(&old);
    return r;
}

static enum store_result
set_account_aliases(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    struct alias_list l = {0};
    unsigned changes = store_changes(c->x->txn);
    const char *name;
    enum store_result r = admin_arg_text(c, "account name", &name);

    if (r == STORE_OK)
        r = read_list(c, name_local, &l);
    if (r == STORE_OK)
        r = admin_call_account(c, name, RIGHT_CREATE_ALIASES, &d, &a, err);
    if (r == STORE_OK)
        r = admin_call_cover(c, &d, &a);
    if (r == STORE_OK)
        r = check_account_aliases(c, a.number, &l, err);
    if (r == STORE_OK)
        r = account_aliases_set(c->x->txn, a.number, &l, err);
    if (r == STORE_EXISTS)
        r = admin_refuse(c, ANSWER_ACCOUNT_EXISTS, "%s", err->text);
    /* So that its password is checked, not remembered, at the next log-in, and
     * the new ones get their verifiers. */
    if (r == STORE_OK && store_changes(c->x->txn) != changes)
        effect_add_account(c->x->effects, EFFECT_ACCOUNT_CHANGED, &d, &a);
    alias_list_clear(&l);
    admin_clear(&d, &a);
    return r;
}

/* --- of domains --- */

static enum store_result
get_domain_aliases(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct alias_list l = {0};
    const char *name;
    enum store_result r = admin_arg_text(c, "domain name", &name);

    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_domain(c, name, NEED_READ, &d, err);
    if (r == STORE_OK)
        r = domain_aliases_get(c->x->txn, d.number, &l, err);
    if (r == STORE_OK)
        result_list(c, &l);
    alias_list_clear(&l);
    domain_rec_clear(&d);
    return r;
}

static enum store_result
check_domain_aliases(struct admin_call *c, uint64_t domain,
                     const struct alias_list *l, struct errbuf *err)
{
    struct alias_list old = {0};
    enum store_result r = domain_aliases_get(c->x->txn, domain, &old, err);

    if (r == STORE_OK)
        r = check_new(c, name_new_domain, l, &old);
    alias_list_clear(&old);
    return r;
}

static enum store_result
set_domain_aliases(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct alias_list l = {0};
    const char *name;
    enum store_result r = admin_arg_text(c, "domain name", &name);

    if (r == STORE_OK)
        r = read_list(c, name_domain, &l);
    if (r == STORE_OK)
        r = admin_call_domain(c, name, 0, &d, err);
    if (r == STORE_OK)
        r = check_domain_aliases(c, d.number, &l, err);
    if (r == STORE_OK)
        r = domain_aliases_set(c->x->txn, d.number, &l, err);
    if (r == STORE_EXISTS)
        r = admin_refuse(c, ANSWER_DOMAIN_EXISTS, "%s", err->text);
    alias_list_clear(&l);
    domain_rec_clear(&d);
    return r;
}

static const struct admin_command commands[] = {
    {.name = "GETACCOUNTALIASES", .run = get_account_aliases},
    ADMIN_CHANGE("SETACCOUNTALIASES", set_account_aliases, 0),
    {.name = "GETDOMAINALIASES", .run = get_domain_aliases},
    ADMIN_CHANGE("SETDOMAINALIASES", set_domain_aliases, 0),
};

const struct admin_family admin_alias_family = {
    commands, sizeof commands / sizeof commands[0]};
