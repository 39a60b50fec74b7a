/* SPDX-License-Identifier: BSD-2-Clause */
/* Listings by the CLI (protocol.md C.5, C.6): domains, accounts, and what there
 * is in a domain.
 *
 * A listing has no end that could be told beforehand, and one job must not
 * keep all others waiting.  So it is made piece by piece: each looks at a
 * number of names, appends what they give to the text of the result, and
 * notes where the next piece goes on (admin_answer.next): the domain's number,
 * how much was listed, and the name looked at last.  A piece needs nothing
 * else of the one before: names may come and go between them, the domain may
 * be renamed or deleted, and the text is a whole object in any case. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/server/cli/admin_call.h"

/* Of one piece: names looked at, and text, but for the last entry. */
#define PIECE_NAMES 1500
#define PIECE_BYTES 32768

/* Longest name, with a 0. */
#define NAME_SIZE 256

struct listing {
    struct admin_call *call;
    struct buf *out;      /* the text of the result */
    uint64_t domain;      /* number; 0 in the list of domains */
    uint64_t listed;      /* entries, with those of the pieces before */
    char last[NAME_SIZE]; /* the name looked at last; "" none */
    bool first;           /* this is the first piece */
    unsigned seen;        /* names looked at in this piece */
    bool more;            /* the piece is full before the end */
    /* What is asked for. */
    bool accounts, aliases;
    const char *filter, *cookie;
    unsigned long long limit;
    bool beyond; /* there are more than the limit allows */
    /* Of what is read besides the names. */
    enum store_result result;
    struct errbuf *err;
};

/* --- pieces --- */

/* from: "DOMAIN LISTED NAME", as listing_end wrote it, or NULL. */
static void
listing_begin(struct listing *l, struct admin_call *c)
{
    const char *from = c->x->from;
    char *end;

    *l = (struct listing){.call = c,
                          .out = &c->answer->data,
                          .first = from == NULL,
                          .limit = UINT64_MAX};
    if (from == NULL)
        return;
    l->domain = strtoull(from, &end, 10);
    l->listed = strtoull(end, &end, 10);
    snprintf(l->last, sizeof l->last, "%s", *end == ' ' ? end + 1 : end);
}

/* Whether the piece has room for one more name; notes that it is looked at. */
static bool
listing_next(struct listing *l, const char *name)
{
    if (l->seen == PIECE_NAMES || l->out->len >= PIECE_BYTES ||
        (l->seen > 0 && store_tired(l->call->x->txn))) {
        l->more = true;
        return false;
    }
    l->seen++;
    snprintf(l->last, sizeof l->last, "%s", name);
    return true;
}

/* True if the listing has come to its end; else says where it goes on. */
static bool
listing_end(struct listing *l)
{
    struct admin_answer *a = l->call->answer;

    if (!l->more)
        return true;
    a->more = true;
    a->next = xasprintf("%llu %llu %s", (unsigned long long)l->domain,
                        (unsigned long long)l->listed, l->last);
    return false;
}

static void
write_entry(struct listing *l, const char *name, const char *value)
{
    cli_data_write_string(l->out, name, strlen(name));
    buf_append_char(l->out, '=');
    cli_data_write_string(l->out, value, strlen(value));
    buf_append_char(l->out, ';');
    l->listed++;
}

/* --- domains --- */

static void
write_domain(struct listing *l, const char *name)
{
    if (l->listed++ > 0)
        buf_append_char(l->out, ',');
    cli_data_write_string(l->out, name, strlen(name));
}

static bool
list_domain(const struct domain_rec *d, void *arg)
{
    struct listing *l = arg;

    if (!listing_next(l, d->name))
        return false;
    write_domain(l, d->name);
    return true;
}

/* A domain administrator's own. */
static enum store_result
list_own_domain(struct listing *l, struct errbuf *err)
{
    struct domain_rec d = {0};
    enum store_result r = admin_call_domain(l->call, NULL, NEED_READ, &d, err);

    if (r == STORE_OK)
        write_domain(l, d.name);
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

/* Finds the domain for the first piece; the others go on by its number. */
static enum store_result
find_domain(struct listing *l, const char *name, struct errbuf *err)
{
    struct domain_rec d = {0};
    enum store_result r = STORE_OK;

    if (l->first) {
        r = admin_call_domain(l->call, name, NEED_READ, &d, err);
        l->domain = d.number;
    }
    domain_rec_clear(&d);
    return r;
}

static bool
list_account(const struct account_name *n, void *arg)
{
    struct listing *l = arg;

    if (!listing_next(l, n->name))
        return false;
    if (!n->alias)
        write_entry(l, n->name, "macnt");
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
        r = find_domain(&l, name, err);
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

/* d [FILTER f] limit [ACCOUNTS] [ALIASES] [FORWARDERS] [COOKIE c]; a cookie
 * that is missing behind its word is the empty one. */
static enum store_result
read_query(struct admin_call *c, struct listing *l, const char **domain_r)
{
    enum store_result r = admin_arg_text(c, "domain name", domain_r);

    if (r == STORE_OK && admin_arg_word(c, "FILTER"))
        r = admin_arg_text(c, "filter", &l->filter);
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
        } else if (!admin_arg_word(c, "FORWARDERS")) {
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
        write_entry(l, n->name, a.name);
    account_rec_clear(&a);
    return r;
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
    if ((n->alias ? !l->aliases : !l->accounts) ||
        (l->filter != NULL && strcasestr(n->name, l->filter) == NULL))
        return true;
    if (n->alias)
        l->result = write_alias(l, n);
    else
        write_entry(l, n->name, "macnt");
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

/* Behind the dictionary: the numbers of aliases and of forwarders, which there
 * are none of, and the next cookie if there was one. */
static enum store_result
end_objects(struct listing *l, struct errbuf *err)
{
    const char *cookie = l->beyond ? l->last : "";
    uint64_t total;
    enum store_result r =
        account_alias_count(l->call->x->txn, l->domain, &total, err);

    if (r != STORE_OK)
        return r;
    buf_appendf(l->out, "},%llu,0", (unsigned long long)total);
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
        r = find_domain(&l, name, err);
    if (r == STORE_OK && l.first)
        r = begin_objects(&l, err);
    if (r == STORE_OK && (l.accounts || l.aliases) && l.limit > 0)
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
