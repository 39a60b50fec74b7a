/* SPDX-License-Identifier: BSD-2-Clause */

/* Domains by number, and their names and aliases, which lead to the numbers.
 * The entries of aliases begin with a byte 0, so they sort before all names. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "storage/alias_table.h"
#include "storage/txn.h"
#include "util/text.h"
#include "util/xmalloc.h"

#define FLAG_SHARED    0x01
#define FLAG_SUSPENDED 0x02

void
domain_rec_clear(struct domain_rec *d)
{
    free(d->name);
    free(d->settings);
    free(d->defaults);
    free(d->account_template);
    memset(d, 0, sizeof *d);
}

void
domain_rec_encode(struct buf *b, const struct domain_rec *d)
{
    bool has_template =
        d->account_template != NULL && d->account_template[0] != '\0';

    enc_u8(b, has_template ? 2 : 1);
    enc_i64(b, d->created);
    enc_u8(b, (uint8_t)((d->shared ? FLAG_SHARED : 0) |
                        (d->suspended ? FLAG_SUSPENDED : 0)));
    enc_text(b, d->name);
    enc_text(b, d->settings);
    enc_text(b, d->defaults);
    if (has_template)
        enc_text(b, d->account_template);
}

/* Version 2 has a template, version 1 has none. */
static char *
decode_template(struct dec *in, uint8_t version)
{
    char *text = version == 2 ? dec_text(in) : xstrdup("");

    if (version == 2 && text != NULL && text[0] == '\0')
        in->bad = true;
    return text;
}

int
domain_rec_decode(const void *data, size_t len, struct domain_rec *d,
                  struct errbuf *err)
{
    uint64_t number = d->number;
    uint8_t version, flags;
    struct dec in;

    memset(d, 0, sizeof *d);
    dec_init(&in, data, len);
    version = dec_version(&in, 2);
    d->created = dec_i64(&in);
    flags = dec_u8(&in);
    if ((flags & ~(FLAG_SHARED | FLAG_SUSPENDED)) != 0)
        in.bad = true;
    d->shared = (flags & FLAG_SHARED) != 0;
    d->suspended = (flags & FLAG_SUSPENDED) != 0;
    d->name = dec_text(&in);
    d->settings = dec_text(&in);
    d->defaults = dec_text(&in);
    d->account_template = decode_template(&in, version);
    if (dec_end(&in, err) != 0) {
        domain_rec_clear(d);
        return -1;
    }
    d->number = number;
    return 0;
}

/* With the name as names are kept. */
static enum store_result
put_record(struct store_txn *t, uint64_t number, const struct domain_rec *d,
           struct errbuf *err)
{
    struct key k = key_number(number);
    struct domain_rec copy = *d;

    copy.name = xstrdup(d->name == NULL ? "" : d->name);
    text_lower(copy.name);
    domain_rec_encode(txn_record(t), &copy);
    free(copy.name);
    if (d->account_template != NULL && d->account_template[0] != '\0')
        meta_need_format(t, FORMAT_TEMPLATE);
    return txn_put(t, TABLE_DOMAIN, &k, "storing a domain", err);
}

static struct alias_owner
owner_of(uint64_t number)
{
    struct alias_owner o = {.table = TABLE_DOMAIN_NAME, .number = number};

    key_u8(&o.aliases, 0);
    key_u64(&o.aliases, number);
    return o;
}

/* --- names --- */

static enum store_result
name_key(struct key *k, const char *name, struct errbuf *err)
{
    memset(k, 0, sizeof *k);
    return key_text(k, name == NULL ? "" : name, true, err);
}

static enum store_result
name_add(struct store_txn *t, const char *name, uint64_t number,
         struct errbuf *err)
{
    const struct name_rec rec = {.number = number};
    struct key k;
    enum store_result r = name_key(&k, name, err);

    if (r != STORE_OK)
        return r;
    name_rec_encode(txn_record(t), &rec);
    r = txn_put_new(t, TABLE_DOMAIN_NAME, &k, "storing a domain name", err);
    if (r == STORE_EXISTS)
        err_set(err, "the name %s is taken", name);
    return r;
}

static enum store_result
name_find(struct store_txn *t, const char *name, uint64_t *number_r,
          struct errbuf *err)
{
    const char *const doing = "reading a domain name";
    struct name_rec rec;
    struct slice value;
    struct key k;
    enum store_result r = name_key(&k, name, err);

    if (r != STORE_OK)
        return STORE_NOTFOUND; /* no domain can have that name */
    r = txn_get(t, TABLE_DOMAIN_NAME, &k, &value, doing, err);
    if (r != STORE_OK)
        return r;
    if (name_rec_decode(value.data, value.len, &rec, err) != 0)
        return txn_damaged(doing, err);
    *number_r = rec.number;
    return STORE_OK;
}

/* --- domains --- */

enum store_result
domain_add(struct store_txn *t, const struct domain_rec *d, uint64_t *number_r,
           struct errbuf *err)
{
    uint64_t number = t->counter[COUNTER_DOMAIN] + 1;
    enum store_result r = name_add(t, d->name, number, err);

    if (r == STORE_OK)
        r = meta_next(t, COUNTER_DOMAIN, number_r, err);
    return r == STORE_OK ? put_record(t, number, d, err) : r;
}

enum store_result
domain_get(struct store_txn *t, uint64_t number, struct domain_rec *d_r,
           struct errbuf *err)
{
    const char *const doing = "reading a domain";
    struct key k = key_number(number);
    struct slice value;
    enum store_result r = txn_get(t, TABLE_DOMAIN, &k, &value, doing, err);

    if (r != STORE_OK)
        return r;
    domain_rec_clear(d_r);
    d_r->number = number;
    if (domain_rec_decode(value.data, value.len, d_r, err) != 0)
        return txn_damaged(doing, err);
    return STORE_OK;
}

enum store_result
domain_find(struct store_txn *t, const char *name, struct domain_rec *d_r,
            struct errbuf *err)
{
    uint64_t number;
    enum store_result r = name_find(t, name, &number, err);

    if (r != STORE_OK)
        return r;
    return txn_must_exist(domain_get(t, number, d_r, err), "reading a domain",
                          err);
}

static enum store_result
rename_domain(struct store_txn *t, const char *from, const char *to,
              uint64_t number, struct errbuf *err)
{
    struct key k;
    enum store_result r = name_add(t, to, number, err);

    if (r == STORE_OK)
        r = name_key(&k, from, err);
    if (r == STORE_OK)
        r = txn_del(t, TABLE_DOMAIN_NAME, &k, "removing a domain name", err);
    return r;
}

enum store_result
domain_put(struct store_txn *t, const struct domain_rec *d, struct errbuf *err)
{
    struct domain_rec old = {0};
    enum store_result r = domain_get(t, d->number, &old, err);

    if (r == STORE_OK &&
        !text_equal_nocase(old.name, d->name == NULL ? "" : d->name))
        r = rename_domain(t, old.name, d->name, d->number, err);
    domain_rec_clear(&old);
    return r == STORE_OK ? put_record(t, d->number, d, err) : r;
}

/* STORE_REFUSED unless all that is in it is gone. */
static enum store_result
must_be_empty(struct store_txn *t, uint64_t number, struct errbuf *err)
{
    uint64_t accounts = 0, groups = 0, forwarders = 0;
    enum store_result r = account_count(t, number, &accounts, err);

    if (r == STORE_OK)
        r = object_count(t, number, OBJECT_GROUP, &groups, err);
    if (r == STORE_OK)
        r = object_count(t, number, OBJECT_FORWARDER, &forwarders, err);
    if (r != STORE_OK || accounts + groups + forwarders == 0)
        return r;
    err_set(err, "the domain has %llu accounts, %llu groups, %llu forwarders",
            (unsigned long long)accounts, (unsigned long long)groups,
            (unsigned long long)forwarders);
    return STORE_REFUSED;
}

enum store_result
domain_remove(struct store_txn *t, uint64_t number, struct errbuf *err)
{
    static const struct alias_list none = {0};
    const char *const doing = "removing a domain";
    struct key k = key_number(number), name;
    struct domain_rec d = {0};
    enum store_result r = domain_get(t, number, &d, err);

    if (r == STORE_OK)
        r = must_be_empty(t, number, err);
    if (r == STORE_OK)
        r = domain_aliases_set(t, number, &none, err);
    if (r == STORE_OK)
        r = name_key(&name, d.name, err);
    if (r == STORE_OK)
        r = txn_del(t, TABLE_DOMAIN_NAME, &name, doing, err);
    if (r == STORE_OK)
        r = txn_del(t, TABLE_DOMAIN, &k, doing, err);
    if (r == STORE_OK)
        r = alert_remove_set(t, ALERT_DOMAIN, number, err);
    domain_rec_clear(&d);
    return r;
}

/* --- aliases --- */

static enum store_result
must_exist(struct store_txn *t, uint64_t number, struct errbuf *err)
{
    struct key k = key_number(number);

    return txn_exists(t, TABLE_DOMAIN, &k, "reading a domain", err);
}

enum store_result
domain_aliases_get(struct store_txn *t, uint64_t domain, struct alias_list *l_r,
                   struct errbuf *err)
{
    struct alias_owner o = owner_of(domain);
    enum store_result r = must_exist(t, domain, err);

    return r == STORE_OK ? alias_list_get(t, &o, l_r, err) : r;
}

enum store_result
domain_aliases_set(struct store_txn *t, uint64_t domain,
                   const struct alias_list *l, struct errbuf *err)
{
    struct alias_owner o = owner_of(domain);
    size_t before, after;
    enum store_result r = must_exist(t, domain, err);

    return r == STORE_OK ? alias_set(t, &o, l, &before, &after, err) : r;
}

/* --- walking --- */

/* Calls fn for the domain whose name the cursor stands on; aliases are passed
 * over.  False in more_r ends. */
static enum store_result
walk_one(const struct cursor *c, domain_walk_fn *fn, void *arg, bool *more_r,
         struct errbuf *err)
{
    struct domain_rec d = {0};
    struct name_rec rec;
    enum store_result r;

    if (name_rec_decode(c->value.data, c->value.len, &rec, err) != 0)
        return txn_damaged(c->doing, err);
    if (rec.alias)
        return STORE_OK;
    r = txn_must_exist(domain_get(c->txn, rec.number, &d, err), c->doing, err);
    if (r == STORE_OK)
        *more_r = fn(&d, arg);
    domain_rec_clear(&d);
    return r;
}

enum store_result
domain_walk(struct store_txn *t, const char *after, domain_walk_fn *fn,
            void *arg, struct errbuf *err)
{
    struct key from = {0};
    struct cursor c;
    bool more = true;
    enum store_result r = STORE_OK;

    if (after != NULL && *after != 0) {
        r = key_text(&from, after, true, err);
        key_u8(&from, 0); /* the first possible name behind it */
    } else {
        key_u8(&from, 1); /* behind the entries of aliases */
    }
    if (r == STORE_OK)
        r = cursor_open(&c, t, TABLE_DOMAIN_NAME, &from, "listing domains",
                        err);
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    while (r == STORE_OK && more) {
        r = walk_one(&c, fn, arg, &more, err);
        if (r == STORE_OK && more)
            r = cursor_next(&c, err);
    }
    cursor_close(&c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

/* --- counting --- */

static enum store_result
count_one(const struct cursor *c, uint64_t *number_r, uint64_t *sum,
          struct errbuf *err)
{
    struct domain_rec d = {0};
    uint64_t n = 0;
    enum store_result r = STORE_OK;

    if (c->key.len != sizeof n) {
        err_set(err, "damaged key");
        return txn_damaged(c->doing, err);
    }
    *number_r = key_get_u64(c->key.data);
    if (domain_rec_decode(c->value.data, c->value.len, &d, err) != 0)
        return txn_damaged(c->doing, err);
    if (!d.shared)
        r = account_count(c->txn, *number_r, &n, err);
    *sum += n;
    domain_rec_clear(&d);
    return r;
}

enum store_result
account_count_all(struct store_txn *t, uint64_t *after, uint64_t *sum,
                  struct errbuf *err)
{
    struct key from = key_number(*after + 1);
    struct cursor c;
    enum store_result r =
        cursor_open(&c, t, TABLE_DOMAIN, &from, "counting accounts", err);

    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    while (r == STORE_OK) {
        r = count_one(&c, after, sum, err);
        if (r == STORE_OK && store_tired(t))
            r = STORE_AGAIN;
        if (r == STORE_OK)
            r = cursor_next(&c, err);
    }
    cursor_close(&c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}
