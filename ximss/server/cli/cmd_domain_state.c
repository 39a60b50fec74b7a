/* SPDX-License-Identifier: BSD-2-Clause */
/* Suspending and resuming domains, and what can be asked about a domain or an
 * account besides its settings (protocol.md C.5). */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "ximss/server/cli/admin_account.h"

/* --- suspended and resumed --- */

static enum store_result
change_state(struct admin_call *c, struct domain_rec *d, bool suspended,
             struct errbuf *err)
{
    bool is_main = false;
    enum store_result r = admin_is_main(c->x->txn, d, &is_main, err);

    if (r == STORE_OK && is_main && suspended)
        r = admin_refuse(c, ANSWER(MAIN_DOMAIN_STAYS), "suspended");
    if (r != STORE_OK || d->suspended == suspended)
        return r;
    d->suspended = suspended;
    r = domain_put(c->x->txn, d, err);
    if (r == STORE_OK)
        effect_add_domain(c->x->effects, EFFECT_DOMAIN_CHANGED, d);
    return r;
}

/* detail: whether it is to be suspended. */
static enum store_result
set_state(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    const char *name;
    enum store_result r = admin_arg_text(c, "domain name", &name);

    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_domain(c, name, 0, &d, err);
    if (r == STORE_OK)
        r = change_state(c, &d, c->command->detail != 0, err);
    domain_rec_clear(&d);
    return r;
}

/* --- asked about --- */

/* Takes [domain] and no more; the record is to be cleared. */
static enum store_result
only_domain(struct admin_call *c, struct domain_rec *d, struct errbuf *err)
{
    const char *name = admin_arg_optional_text(c);
    enum store_result r = admin_arg_end(c);

    if (r == STORE_OK)
        r = admin_call_domain(c, name, NEED_READ, d, err);
    return r;
}

/* Domains of a cluster: there is none. */
static enum store_result
list_controlled(struct admin_call *c, struct errbuf *err)
{
    enum store_result r = admin_arg_end(c);

    (void)err;
    if (r == STORE_OK && !rights_may_read(c->x->caller, c->x->caller->domain))
        r = admin_refuse(c, ANSWER(NO_RIGHTS));
    if (r == STORE_OK)
        admin_result(c, cli_data_array(c->arena));
    return r;
}

/* What the administrators of a domain administer: that domain. */
static enum store_result
list_administered(struct admin_call *c, struct errbuf *err)
{
    struct cli_value *names = cli_data_array(c->arena);
    struct domain_rec d = {0};
    enum store_result r = only_domain(c, &d, err);

    if (r == STORE_OK) {
        cli_data_append(names,
                        cli_data_string(c->arena, d.name, strlen(d.name)));
        admin_result(c, names);
    }
    domain_rec_clear(&d);
    return r;
}

static void
result_location(struct admin_call *c, const char *table, uint64_t number)
{
    char text[48];

    snprintf(text, sizeof text, "%s/%llu", table, (unsigned long long)number);
    admin_result_string(c, text);
}

static enum store_result
domain_location(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    enum store_result r = only_domain(c, &d, err);

    if (r == STORE_OK)
        result_location(c, "domains", d.number);
    domain_rec_clear(&d);
    return r;
}

static enum store_result
account_location(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    enum store_result r = admin_only_account(c, NEED_READ, &d, &a, err);

    if (r == STORE_OK)
        result_location(c, "accounts", a.number);
    admin_clear(&d, &a);
    return r;
}

static const struct admin_command commands[] = {
    ADMIN_CHANGE("SUSPENDDOMAIN", set_state, true),
    ADMIN_CHANGE("RESUMEDOMAIN", set_state, false),
    {.name = "LISTCONTROLLEDDOMAINS", .run = list_controlled},
    {.name = "LISTADMINDOMAINS", .run = list_administered},
    {.name = "GETDOMAINLOCATION", .run = domain_location},
    {.name = "GETACCOUNTLOCATION", .run = account_location},
};

const struct admin_family admin_domain_state_family = {
    commands, sizeof commands / sizeof commands[0]};
