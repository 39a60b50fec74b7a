/* SPDX-License-Identifier: BSD-2-Clause */

/* Groups and forwarders, by the number of the domain, their kind and their
 * name.  So all objects of a kind are found without passing accounts.  Each
 * object also has an entry among the names of accounts, so that its name cannot
 * be used twice. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "storage/account_name.h"
#include "storage/txn.h"
#include "util/text.h"
#include "util/xmalloc.h"

#define HEAD_BYTES 9 /* of a key, before the name */

void
object_rec_clear(struct object_rec *o)
{
    free(o->name);
    free(o->text);
    *o = (struct object_rec){0};
}

void
object_rec_encode(struct buf *b, const struct object_rec *o)
{
    enc_u8(b, 1);
    enc_i64(b, o->created);
    enc_text(b, o->text);
}

int
object_rec_decode(const void *data, size_t len, struct object_rec *o,
                  struct errbuf *err)
{
    struct dec in;

    *o = (struct object_rec){0};
    dec_init(&in, data, len);
    dec_version(&in, 1);
    o->created = dec_i64(&in);
    o->text = dec_text(&in);
    if (dec_end(&in, err) == 0)
        return 0;
    object_rec_clear(o);
    return -1;
}

static struct key
prefix_of(uint64_t domain, enum object_kind kind)
{
    struct key k = {0};

    key_u64(&k, domain);
    key_u8(&k, (uint8_t)kind);
    return k;
}

static enum store_result
make_key(struct key *k, uint64_t domain, enum object_kind kind,
         const char *name, struct errbuf *err)
{
    *k = prefix_of(domain, kind);
    return key_text(k, name, true, err);
}

static enum store_result
domain_must_exist(struct store_txn *t, uint64_t domain, struct errbuf *err)
{
    struct key k = {0};
    enum store_result r;

    key_u64(&k, domain);
    r = txn_exists(t, TABLE_DOMAIN, &k, "reading a domain", err);
    if (r != STORE_NOTFOUND)
        return r;
    err_set(err, "there is no such domain");
    return STORE_REFUSED;
}

static enum store_result
put_record(struct store_txn *t, const struct key *k, const struct object_rec *o,
           struct errbuf *err)
{
    object_rec_encode(txn_record(t), o);
    return txn_put(t, TABLE_OBJECT, k, "storing an object", err);
}

enum store_result
object_add(struct store_txn *t, const struct object_rec *o, struct errbuf *err)
{
    struct key k;
    enum store_result r = make_key(&k, o->domain, o->kind, o->name, err);

    if (r == STORE_OK)
        r = domain_must_exist(t, o->domain, err);
    if (r == STORE_OK)
        r = account_name_add_object(t, o->domain, o->name, o->kind, err);
    return r == STORE_OK ? put_record(t, &k, o, err) : r;
}

enum store_result
object_get(struct store_txn *t, uint64_t domain, enum object_kind kind,
           const char *name, struct object_rec *o_r, struct errbuf *err)
{
    const char *const doing = "reading an object";
    struct slice value;
    struct key k;
    enum store_result r = make_key(&k, domain, kind, name, err);

    if (r != STORE_OK)
        return STORE_NOTFOUND; /* none can have that name */
    r = txn_get(t, TABLE_OBJECT, &k, &value, doing, err);
    if (r != STORE_OK)
        return r;
    object_rec_clear(o_r);
    if (object_rec_decode(value.data, value.len, o_r, err) != 0)
        return txn_damaged(doing, err);
    o_r->domain = domain;
    o_r->kind = kind;
    o_r->name = xstrdup(name);
    text_lower(o_r->name);
    return STORE_OK;
}

enum store_result
object_put(struct store_txn *t, const struct object_rec *o, struct errbuf *err)
{
    struct key k;
    enum store_result r = make_key(&k, o->domain, o->kind, o->name, err);

    if (r == STORE_OK)
        r = txn_exists(t, TABLE_OBJECT, &k, "reading an object", err);
    return r == STORE_OK ? put_record(t, &k, o, err) : r;
}

enum store_result
object_rename(struct store_txn *t, const struct object_rec *o, uint64_t domain,
              const char *name, struct errbuf *err)
{
    struct object_rec new = *o;
    struct key k;
    enum store_result r = make_key(&k, o->domain, o->kind, o->name, err);

    if (r == STORE_OK)
        r = txn_exists(t, TABLE_OBJECT, &k, "reading an object", err);
    if (r != STORE_OK)
        return r;
    new.domain = domain;
    new.name = xstrdup(name);
    r = object_add(t, &new, err);
    free(new.name);
    return r == STORE_OK ? object_remove(t, o->domain, o->kind, o->name, err)
                         : r;
}

enum store_result
object_remove(struct store_txn *t, uint64_t domain, enum object_kind kind,
              const char *name, struct errbuf *err)
{
    struct key k;
    enum store_result r = make_key(&k, domain, kind, name, err);

    if (r != STORE_OK)
        return STORE_NOTFOUND;
    r = txn_del(t, TABLE_OBJECT, &k, "removing an object", err);
    return r == STORE_OK
               ? account_name_remove_object(t, domain, name, kind, err)
               : r;
}

/* --- walking --- */

/* Calls fn for the object that the cursor stands on; false in more_r ends. */
static enum store_result
walk_one(const struct cursor *c, object_walk_fn *fn, void *arg, bool *more_r,
         struct errbuf *err)
{
    struct object_rec o = {0};

    if (object_rec_decode(c->value.data, c->value.len, &o, err) != 0)
        return txn_damaged(c->doing, err);
    o.domain = key_get_u64(c->key.data);
    o.kind = (enum object_kind)c->key.data[HEAD_BYTES - 1];
    o.name = xstrndup((const char *)c->key.data + HEAD_BYTES,
                      c->key.len - HEAD_BYTES);
    *more_r = fn(&o, arg);
    object_rec_clear(&o);
    return STORE_OK;
}

enum store_result
object_walk(struct store_txn *t, uint64_t domain, enum object_kind kind,
            const char *after, object_walk_fn *fn, void *arg,
            struct errbuf *err)
{
    struct key prefix = prefix_of(domain, kind), from = prefix;
    struct cursor c;
    bool more = true;
    enum store_result r = STORE_OK;

    if (after != NULL && *after != '\0') {
        r = key_text(&from, after, true, err);
        key_u8(&from, 0); /* behind it */
    }
    if (r == STORE_OK)
        r = cursor_open(&c, t, TABLE_OBJECT, &from, "listing objects", err);
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
