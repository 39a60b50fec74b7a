/* SPDX-License-Identifier: BSD-2-Clause */
/* Listings by the CLI (protocol.md C.5, C.6): domains, accounts, and what there
 * is in a domain.  They come in pieces (listing.h). */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/name.h"
#include "util/xmalloc.h"
#include "ximss/server/cli/listing.h"

/* --- domains --- */

static bool
list_domain(const struct domain_rec *d, void *arg)
{
    struct listing *l = arg;

    if (!listing_next(l, d->name))
        return false;
    listing_item(l, d->name);
    return true;
}

/* A domain administrator's own. */
static enum store_result
list_own_domain(struct listing *l, struct errbuf *err)
{
    struct domain_rec d = {0};
    enum store_result r = admin_call_domain(l->call, NULL, NEED_READ, &d, err);

    if (r == STORE_OK)
        listing_item(l, d.name);
    domain_rec_clear(&d);
    return r;
}

static enum store_result
list_domains(struct admin_call *c, struct errbuf *err)
{
    const struct caller *caller = c->x->caller;
    struct listing l;
    enum store_result r = admin_arg_end(c);

    listing_begin(&l, c);
    if (r == STORE_OK && !rights_may_read(caller, caller->domain))
        r = admin_refuse(c, ANSWER(NO_RIGHTS));
    if (r != STORE_OK)
        return r;
    if (l.first)
        buf_append_char(l.out, '(');
    if (rights_may_read(caller, 0))
        r = domain_walk(c->x->txn, l.last, list_domain, &l, err);
    else
        r = list_own_domain(&l, err);
    if (r == STORE_OK && listing_end(&l))
        buf_append_char(l.out, ')');
    return r;
}

/* --- accounts --- */

static bool
list_account(const struct account_name *n, void *arg)
{
    struct listing *l = arg;

    if (!listing_next(l, n->name))
        return false;
    if (!n->alias && n->object == OBJECT_NONE)
        listing_entry(l, n->name, "macnt");
    return true;
}

static enum store_result
list_accounts(struct admin_call *c, struct errbuf *err)
{
    struct listing l;
    const char *name = admin_arg_optional_text(c);
    enum store_result r = admin_arg_end(c);

    listing_begin(&l, c);
    if (r == STORE_OK)
        r = listing_domain(&l, name, err);
    if (r != STORE_OK)
        return r;
    if (l.first)
        buf_append_char(l.out, '{');
    r = account_walk(c->x->txn, l.domain, l.last, list_account, &l, err);
    if (r == STORE_OK && listing_end(&l))
        buf_append_char(l.out, '}');
    return r;
}

/* --- objects of a domain --- */

/* Part of a name, as it is looked for in names. */
static enum store_result
arg_filter(struct admin_call *c, const char **filter_r)
{
    enum store_result r = admin_arg_text(c, "filter", filter_r);
    char *part;

    if (r != STORE_OK)
        return r;
    part = name_part(*filter_r);
    *filter_r = arena_strndup(c->arena, part, strlen(part));
    free(part);
    return STORE_OK;
}

/* d [FILTER f] limit [ACCOUNTS] [ALIASES] [FORWARDERS] [COOKIE c]; a cookie
 * that is missing behind its word is the empty one. */
static enum store_result
read_query(struct admin_call *c, struct listing *l, const char **domain_r)
{
    enum store_result r = admin_arg_text(c, "domain name", domain_r);

    if (r == STORE_OK && admin_arg_word(c, "FILTER"))
        r = arg_filter(c, &l->filter);
    if (r == STORE_OK)
        r = admin_arg_number(c, "limit", UINT64_MAX, &l->limit);
    while (r == STORE_OK && admin_arg_peek(c) != NULL) {
        if (admin_arg_word(c, "ACCOUNTS")) {
            l->accounts = true;
        } else if (admin_arg_word(c, "ALIASES")) {
            l->aliases = true;
        } else if (admin_arg_word(c, "COOKIE")) {
            l->cookie = admin_arg_optional_text(c);
            if (l->cookie == NULL)
                l->cookie = "";
        } else if (admin_arg_word(c, "FORWARDERS")) {
            l->forwarders = true;
        } else {
            r = admin_refuse(c, ANSWER(BAD_OBJECT_KIND));
        }
    }
    return r;
}

/* An alias is listed with the name of its account. */
static enum store_result
write_alias(struct listing *l, const struct account_name *n)
{
    struct account_rec a = {0};
    enum store_result r =
        admin_must(account_get(l->call->x->txn, n->number, &a, l->err),
                   "an account", l->err);

    if (r == STORE_OK)
        listing_entry(l, n->name, a.name);
    account_rec_clear(&a);
    return r;
}

/* A forwarder with where it leads. */
static enum store_result
write_forwarder(struct listing *l, const struct account_name *n)
{
    struct object_rec o = {0};
    enum store_result r =
        admin_must(object_get(l->call->x->txn, l->domain, OBJECT_FORWARDER,
                              n->name, &o, l->err),
                   "a forwarder", l->err);

    if (r == STORE_OK)
        listing_entry(l, n->name, o.text);
    object_rec_clear(&o);
    return r;
}

static bool
is_wanted(const struct listing *l, const struct account_name *n)
{
    if (l->filter != NULL && !name_has_part(n->name, l->filter))
        return false;
    if (n->object != OBJECT_NONE)
        return n->object == OBJECT_FORWARDER && l->forwarders;
    return n->alias ? l->aliases : l->accounts;
}

static bool
list_object(const struct account_name *n, void *arg)
{
    struct listing *l = arg;

    if (l->listed >= l->limit) {
        l->beyond = true;
        return false;
    }
    if (!listing_next(l, n->name))
        return false;
    if (!is_wanted(l, n))
        return true;
    if (n->alias)
        l->result = write_alias(l, n);
    else if (n->object != OBJECT_NONE)
        l->result = write_forwarder(l, n);
    else
        listing_entry(l, n->name, "macnt");
    return l->result == STORE_OK;
}

/* The number of accounts, and the dictionary begins. */
static enum store_result
begin_objects(struct listing *l, struct errbuf *err)
{
    uint64_t total;
    enum store_result r =
        account_count(l->call->x->txn, l->domain, &total, err);

    if (r == STORE_OK)
        buf_appendf(l->out, "(%llu,{", (unsigned long long)total);
    if (l->cookie != NULL)
        snprintf(l->last, sizeof l->last, "%s", l->cookie);
    return r;
}

/* Behind the dictionary: the numbers of aliases and of forwarders, and the next
 * cookie if there was one. */
static enum store_result
end_objects(struct listing *l, struct errbuf *err)
{
    const char *cookie = l->beyond ? l->last : "";
    struct store_txn *t = l->call->x->txn;
    uint64_t aliases, forwarders = 0;
    enum store_result r = account_alias_count(t, l->domain, &aliases, err);

    if (r == STORE_OK)
        r = object_count(t, l->domain, OBJECT_FORWARDER, &forwarders, err);
    if (r != STORE_OK)
        return r;
    buf_appendf(l->out, "},%llu,%llu", (unsigned long long)aliases,
                (unsigned long long)forwarders);
    if (l->cookie != NULL) {
        buf_append_char(l->out, ',');
        cli_data_write_string(l->out, cookie, strlen(cookie));
    }
    buf_append_char(l->out, ')');
    return r;
}

static enum store_result
list_objects(struct admin_call *c, struct errbuf *err)
{
    struct listing l;
    const char *name;
    enum store_result r;

    listing_begin(&l, c);
    l.err = err;
    r = read_query(c, &l, &name);
    if (r == STORE_OK)
        r = listing_domain(&l, name, err);
    if (r == STORE_OK && l.first)
        r = begin_objects(&l, err);
    if (r == STORE_OK && (l.accounts || l.aliases || l.forwarders) &&
        l.limit > 0)
        r = account_walk(c->x->txn, l.domain, l.last, list_object, &l, err);
    if (r == STORE_OK)
        r = l.result;
    if (r == STORE_OK && listing_end(&l))
        r = end_objects(&l, err);
    return r;
}

static const struct admin_command commands[] = {
    {.name = "LISTDOMAINS", .run = list_domains, .flags = ADMIN_ALONE},
    {.name = "LISTDOMAINOBJECTS", .run = list_objects, .flags = ADMIN_ALONE},
    {.name = "LISTACCOUNTS", .run = list_accounts, .flags = ADMIN_ALONE},
};

const struct admin_family admin_list_family = {
    commands, sizeof commands / sizeof commands[0]};
