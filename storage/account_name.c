/* SPDX-License-Identifier: BSD-2-Clause */

/* Names in domains: of accounts, their aliases, and objects; and the number of
 * each in a domain.  The numbers are stored under the number of the domain
 * alone, which sorts before the names of the domain.  The entries of aliases
 * are stored under domain 0, which does not exist. */
#include "config.h"

#include "storage/account_name.h"

#include <stdlib.h>
#include <string.h>

#include "storage/alias_table.h"
#include "util/xmalloc.h"

#define DOMAIN_BYTES 8 /* of a name's key, before the name */

static struct alias_owner
owner_of(uint64_t domain, uint64_t account)
{
    struct alias_owner o = {.table = TABLE_ACCOUNT_NAME,
                            .number = account,
                            .names = key_number(domain),
                            .aliases = key_number(0)};

    key_u64(&o.aliases, account);
    return o;
}

/* --- counts ---
 *
 * Accounts come by the thousand, and of one domain: its numbers are changed in
 * memory and written once per transaction. */

enum store_result
account_name_flush_count(struct store_txn *t, struct errbuf *err)
{
    const char *const doing = "counting accounts";
    struct key k = key_number(t->count_domain);
    enum store_result r;

    if (!t->count_changed)
        return STORE_OK;
    t->count_changed = false;
    if (t->count.accounts == 0 && t->count.aliases == 0 &&
        t->count.groups == 0 && t->count.forwarders == 0) {
        r = txn_del(t, TABLE_ACCOUNT_NAME, &k, doing, err);
        return r == STORE_NOTFOUND ? STORE_OK : r;
    }
    name_count_encode(txn_record(t), &t->count);
    return txn_put(t, TABLE_ACCOUNT_NAME, &k, doing, err);
}

/* Makes it the domain whose numbers are in memory. */
static enum store_result
load_count(struct store_txn *t, uint64_t domain, struct errbuf *err)
{
    const char *const doing = "reading the number of accounts";
    struct key k = key_number(domain);
    struct slice value;
    enum store_result r;

    if (t->count_domain == domain)
        return STORE_OK;
    r = account_name_flush_count(t, err);
    if (r != STORE_OK)
        return r;
    t->count_domain = 0;
    t->count = (struct name_count){0};
    r = txn_get(t, TABLE_ACCOUNT_NAME, &k, &value, doing, err);
    if (r == STORE_OK &&
        name_count_decode(value.data, value.len, &t->count, err) != 0)
        return txn_damaged(doing, err);
    if (r != STORE_OK && r != STORE_NOTFOUND)
        return r;
    t->count_domain = domain;
    return STORE_OK;
}

enum store_result
account_count(struct store_txn *t, uint64_t domain, uint64_t *count_r,
              struct errbuf *err)
{
    enum store_result r = load_count(t, domain, err);

    *count_r = r == STORE_OK ? t->count.accounts : 0;
    return r;
}

enum store_result
account_alias_count(struct store_txn *t, uint64_t domain, uint64_t *count_r,
                    struct errbuf *err)
{
    enum store_result r = load_count(t, domain, err);

    *count_r = r == STORE_OK ? t->count.aliases : 0;
    return r;
}

static uint64_t *
count_of(struct store_txn *t, enum object_kind kind)
{
    switch (kind) {
    case OBJECT_GROUP:
        return &t->count.groups;
    case OBJECT_FORWARDER:
        return &t->count.forwarders;
    case OBJECT_NONE:
        break;
    }
    return &t->count.accounts;
}

enum store_result
object_count(struct store_txn *t, uint64_t domain, enum object_kind kind,
             uint64_t *count_r, struct errbuf *err)
{
    enum store_result r = load_count(t, domain, err);

    *count_r = r == STORE_OK ? *count_of(t, kind) : 0;
    return r;
}

/* n: one of the numbers of t->count.  One that is wrong, as verification would
 * say, must not wrap. */
static enum store_result
count(struct store_txn *t, uint64_t domain, uint64_t *n, size_t less,
      size_t more, struct errbuf *err)
{
    enum store_result r = load_count(t, domain, err);

    if (r != STORE_OK)
        return r;
    *n = (*n > less ? *n - less : 0) + more;
    t->count_changed = true;
    return STORE_OK;
}

bool
account_name_any(const struct store_txn *t, uint64_t domain)
{
    return t->count_domain == domain && t->count.accounts > 0;
}

/* --- names --- */

static enum store_result
name_key(struct key *k, uint64_t domain, const char *name, struct errbuf *err)
{
    *k = key_number(domain);
    return key_text(k, name == NULL ? "" : name, true, err);
}

/* The name comes; it is counted as what it is of. */
static enum store_result
add(struct store_txn *t, uint64_t domain, const char *name,
    const struct name_rec *rec, struct errbuf *err)
{
    struct key k;
    enum store_result r = name_key(&k, domain, name, err);

    if (r != STORE_OK)
        return r;
    name_rec_encode(txn_record(t), rec);
    r = txn_put_new(t, TABLE_ACCOUNT_NAME, &k, "storing an account name", err);
    if (r == STORE_EXISTS)
        err_set(err, "the name %s is taken", name);
    return r == STORE_OK ? count(t, domain, count_of(t, rec->object), 0, 1, err)
                         : r;
}

enum store_result
account_name_add(struct store_txn *t, uint64_t domain, const char *name,
                 uint64_t account, struct errbuf *err)
{
    return add(t, domain, name, &(struct name_rec){.number = account}, err);
}

enum store_result
account_name_add_object(struct store_txn *t, uint64_t domain, const char *name,
                        enum object_kind kind, struct errbuf *err)
{
    const struct name_rec rec = {.object = kind};
    enum store_result r = add(t, domain, name, &rec, err);

    if (r == STORE_OK)
        meta_need_format(t, FORMAT_OBJECTS);
    return r;
}

enum store_result
account_name_remove_object(struct store_txn *t, uint64_t domain,
                           const char *name, enum object_kind kind,
                           struct errbuf *err)
{
    const char *const doing = "removing an account name";
    struct key k;
    enum store_result r = name_key(&k, domain, name, err);

    if (r == STORE_OK)
        r = txn_must_exist(txn_del(t, TABLE_ACCOUNT_NAME, &k, doing, err),
                           doing, err);
    return r == STORE_OK ? count(t, domain, count_of(t, kind), 1, 0, err) : r;
}

enum store_result
account_name_remove(struct store_txn *t, uint64_t domain, const char *name,
                    struct errbuf *err)
{
    return account_name_remove_object(t, domain, name, OBJECT_NONE, err);
}

/* STORE_NOTFOUND: nothing has that name. */
static enum store_result
find(struct store_txn *t, uint64_t domain, const char *name,
     struct name_rec *rec_r, struct errbuf *err)
{
    const char *const doing = "reading an account name";
    struct slice value;
    struct key k;
    enum store_result r = name_key(&k, domain, name, err);

    if (r != STORE_OK)
        return STORE_NOTFOUND; /* no account can have that name */
    r = txn_get(t, TABLE_ACCOUNT_NAME, &k, &value, doing, err);
    if (r == STORE_OK &&
        name_rec_decode(value.data, value.len, rec_r, err) != 0)
        return txn_damaged(doing, err);
    return r;
}

enum store_result
account_name_find(struct store_txn *t, uint64_t domain, const char *name,
                  uint64_t *account_r, struct errbuf *err)
{
    struct name_rec rec = {0};
    enum store_result r = find(t, domain, name, &rec, err);

    if (r == STORE_OK && rec.object != OBJECT_NONE)
        return STORE_NOTFOUND;
    *account_r = rec.number;
    return r;
}

enum store_result
object_kind_of(struct store_txn *t, uint64_t domain, const char *name,
               enum object_kind *kind_r, struct errbuf *err)
{
    struct name_rec rec = {0};
    enum store_result r = find(t, domain, name, &rec, err);

    *kind_r = rec.object;
    return r;
}

/* --- aliases --- */

enum store_result
account_name_get_aliases(struct store_txn *t, uint64_t domain, uint64_t account,
                         struct alias_list *l_r, struct errbuf *err)
{
    struct alias_owner o = owner_of(domain, account);
    uint64_t n;
    enum store_result r = account_alias_count(t, domain, &n, err);

    alias_list_clear(l_r);
    if (r == STORE_OK && n > 0)
        r = alias_list_get(t, &o, l_r, err);
    return r;
}

enum store_result
account_name_check_aliases(struct store_txn *t, uint64_t domain,
                           uint64_t account, const struct alias_list *l,
                           struct errbuf *err)
{
    struct alias_owner o = owner_of(domain, account);

    return alias_check(t, &o, l, err);
}

enum store_result
account_name_set_aliases(struct store_txn *t, uint64_t domain, uint64_t account,
                         const struct alias_list *l, struct errbuf *err)
{
    struct alias_owner o = owner_of(domain, account);
    size_t before = 0, after = 0;
    uint64_t n;
    enum store_result r = account_alias_count(t, domain, &n, err);

    if (r != STORE_OK || (n == 0 && l->n == 0))
        return r; /* the usual case, when an account is removed */
    r = alias_set(t, &o, l, &before, &after, err);
    return r == STORE_OK
               ? count(t, domain, &t->count.aliases, before, after, err)
               : r;
}

/* --- walking --- */

/* Calls fn for the name that the cursor stands on; false in more_r ends. */
static enum store_result
walk_one(const struct cursor *c, account_walk_fn *fn, void *arg, bool *more_r,
         struct errbuf *err)
{
    struct account_name n;
    struct name_rec rec;
    char *name;

    if (name_rec_decode(c->value.data, c->value.len, &rec, err) != 0)
        return txn_damaged(c->doing, err);
    name = xstrndup((const char *)c->key.data + DOMAIN_BYTES,
                    c->key.len - DOMAIN_BYTES);
    n = (struct account_name){name, rec.number, rec.alias, rec.object};
    *more_r = fn(&n, arg);
    free(name);
    return STORE_OK;
}

enum store_result
account_walk(struct store_txn *t, uint64_t domain, const char *after,
             account_walk_fn *fn, void *arg, struct errbuf *err)
{
    struct key prefix = key_number(domain), from = prefix;
    struct cursor c;
    bool more = true;
    enum store_result r = STORE_OK;

    if (after != NULL && *after != 0)
        r = key_text(&from, after, true, err);
    key_u8(&from, 0); /* behind it, or behind the numbers */
    if (r == STORE_OK)
        r = cursor_open(&c, t, TABLE_ACCOUNT_NAME, &from, "listing accounts",
                        err);
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    while (r == STORE_OK && more && cursor_at(&c, &prefix)) {
        r = walk_one(&c, fn, arg, &more, err);
        if (r == STORE_OK && more)
            r = cursor_next(&c, err);
    }
    cursor_close(&c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}
