/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "storage/time_order.h"

#define TIME_BYTES 8

static struct key
key_of(int64_t when, const struct key *row)
{
    struct key k = {0};

    key_time(&k, when);
    key_bytes(&k, row->data, row->len);
    return k;
}

enum store_result
time_order_put(struct store_txn *t, enum table table, int64_t when,
               const struct key *row, const char *doing, struct errbuf *err)
{
    struct key k = key_of(when, row);

    nothing_encode(txn_record(t));
    return txn_put(t, table, &k, doing, err);
}

enum store_result
time_order_del(struct store_txn *t, enum table table, int64_t when,
               const struct key *row, const char *doing, struct errbuf *err)
{
    struct key k = key_of(when, row);

    return txn_must_exist(txn_del(t, table, &k, doing, err), doing, err);
}

static enum store_result
expire_one(struct cursor *c, const struct time_order *o, struct errbuf *err)
{
    struct key row = {0};
    enum store_result r = STORE_OK;

    if (c->key.len - TIME_BYTES <= sizeof row.data)
        key_bytes(&row, c->key.data + TIME_BYTES, c->key.len - TIME_BYTES);
    if (o->remove != NULL)
        r = txn_must_exist(o->remove(c->txn, &row, o->arg, o->doing, err),
                           o->doing, err);
    return r == STORE_OK ? cursor_del(c, err) : r;
}

enum store_result
time_order_expire(struct store_txn *t, const struct time_order *o,
                  int64_t before, unsigned max, bool *more_r,
                  struct errbuf *err)
{
    const struct key from = {0};
    struct cursor c;
    enum store_result r = cursor_open(&c, t, o->table, &from, o->doing, err);

    *more_r = false;
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    while (r == STORE_OK && c.key.len >= TIME_BYTES &&
           key_get_time(c.key.data) < before) {
        *more_r = max-- == 0;
        if (*more_r)
            break;
        r = expire_one(&c, o, err);
        if (r == STORE_OK)
            r = cursor_next(&c, err);
    }
    cursor_close(&c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}
