/* SPDX-License-Identifier: BSD-2-Clause */
/* Forwarders by the CLI (doc/cli.md 4): a name of a domain and the address to
 * which it leads, which need not be there. */
#include "config.h"

#include "ximss/server/cli/admin_object.h"

/* TO address, at the end. */
static enum store_result
arg_target(struct admin_call *c, const char **address_r)
{
    enum store_result r = admin_arg_keyword(c, "TO");

    if (r == STORE_OK)
        r = admin_arg_text(c, "forwarder address", address_r);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK && !admin_object_is_address(*address_r))
        r = admin_refuse(c, ANSWER(BAD_FORWARDER_ADDRESS));
    return r;
}

/* name TO address */
static enum store_result
create_forwarder(struct admin_call *c, struct errbuf *err)
{
    const char *address, *target = NULL;
    enum store_result r = admin_object_arg(c, false, &address);

    if (r == STORE_OK)
        r = arg_target(c, &target);
    return r == STORE_OK ? admin_object_create(c, address, target, err) : r;
}

static enum store_result
get_forwarder(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct object_rec o = {0};
    enum store_result r = admin_object_only(c, NEED_READ, &d, &o, err);

    if (r == STORE_OK)
        admin_result_string(c, o.text);
    admin_object_clear(&d, &o);
    return r;
}

/* domain TO address */
static enum store_result
find_forwarders(struct admin_call *c, struct errbuf *err)
{
    struct admin_object_search s = {.target = NULL};
    const char *name;
    enum store_result r = admin_arg_text(c, "domain name", &name);

    if (r == STORE_OK)
        r = arg_target(c, &s.target);
    listing_begin(&s.listing, c);
    if (r == STORE_OK)
        r = listing_domain(&s.listing, name, err);
    return r == STORE_OK ? admin_object_list_some(&s, err) : r;
}

static const struct admin_command commands[] = {
    ADMIN_OBJECT_LISTING("LISTFORWARDERS", admin_object_list, OBJECT_FORWARDER),
    ADMIN_OBJECT_LISTING("FINDFORWARDERS", find_forwarders, OBJECT_FORWARDER),
    ADMIN_CHANGE("CREATEFORWARDER", create_forwarder, OBJECT_FORWARDER),
    ADMIN_CHANGE("RENAMEFORWARDER", admin_object_rename, OBJECT_FORWARDER),
    ADMIN_CHANGE("DELETEFORWARDER", admin_object_delete, OBJECT_FORWARDER),
    {.name = "GETFORWARDER", .run = get_forwarder, .detail = OBJECT_FORWARDER},
};

const struct admin_family admin_forwarder_family = {
    commands, sizeof commands / sizeof commands[0]};
