/* SPDX-License-Identifier: BSD-2-Clause */

/* Resume tickets by hash, and in the order in which they expire.  There is no
 * way from an account to its tickets: a ticket of an account that is gone is
 * not found, and stays only until it expires. */
#include "config.h"

#include <string.h>

#include "storage/txn.h"

#define TIME_BYTES 8

void
ticket_rec_encode(struct buf *b, const struct ticket_rec *k)
{
    enc_u8(b, 1);
    enc_u64(b, k->account);
    enc_u32(b, k->cred_serial);
    enc_i64(b, k->expires);
}

int
ticket_rec_decode(const void *data, size_t len, struct ticket_rec *k,
                  struct errbuf *err)
{
    struct dec in;

    dec_init(&in, data, len);
    dec_version(&in, 1);
    k->account = dec_u64(&in);
    k->cred_serial = dec_u32(&in);
    k->expires = dec_i64(&in);
    return dec_end(&in, err);
}

static struct key
key_of(const uint8_t hash[TICKET_HASH_BYTES])
{
    struct key k = {0};

    key_bytes(&k, hash, TICKET_HASH_BYTES);
    return k;
}

static struct key
time_key(const struct ticket_rec *k)
{
    struct key t = {0};

    key_time(&t, k->expires);
    key_bytes(&t, k->hash, sizeof k->hash);
    return t;
}

enum store_result
ticket_put(struct store_txn *t, const struct ticket_rec *k, struct errbuf *err)
{
    const char *const doing = "storing a ticket";
    struct key key = key_of(k->hash), when = time_key(k);
    enum store_result r;

    ticket_rec_encode(txn_record(t), k);
    r = txn_put_new(t, TABLE_TICKET, &key, doing, err);
    if (r != STORE_OK)
        return r;
    nothing_encode(txn_record(t));
    return txn_put(t, TABLE_TICKET_TIME, &when, doing, err);
}

enum store_result
ticket_take(struct store_txn *t, const uint8_t hash[TICKET_HASH_BYTES],
            struct ticket_rec *k_r, struct errbuf *err)
{
    const char *const doing = "taking a ticket";
    struct key k = key_of(hash), account = {0}, when;
    struct slice value;
    enum store_result r = txn_get(t, TABLE_TICKET, &k, &value, doing, err);

    if (r != STORE_OK)
        return r;
    if (ticket_rec_decode(value.data, value.len, k_r, err) != 0)
        return txn_damaged(doing, err);
    memcpy(k_r->hash, hash, sizeof k_r->hash);
    key_u64(&account, k_r->account);
    r = txn_exists(t, TABLE_ACCOUNT, &account, doing, err);
    if (r != STORE_OK)
        return r;
    when = time_key(k_r);
    r = txn_del(t, TABLE_TICKET, &k, doing, err);
    if (r == STORE_OK)
        r = txn_del(t, TABLE_TICKET_TIME, &when, doing, err);
    return txn_must_exist(r, doing, err);
}

/* The ticket that the cursor's entry leads to, then the entry. */
static enum store_result
expire_one(struct cursor *c, struct errbuf *err)
{
    struct key k = {0};
    enum store_result r;

    if (c->key.len == TIME_BYTES + TICKET_HASH_BYTES)
        key_bytes(&k, c->key.data + TIME_BYTES, TICKET_HASH_BYTES);
    r = txn_must_exist(txn_del(c->txn, TABLE_TICKET, &k, c->doing, err),
                       c->doing, err);
    return r == STORE_OK ? cursor_del(c, err) : r;
}

enum store_result
ticket_expire(struct store_txn *t, int64_t now, unsigned max,
              struct errbuf *err)
{
    struct key from = {0};
    struct cursor c;
    enum store_result r = cursor_open(&c, t, TABLE_TICKET_TIME, &from,
                                      "removing expired tickets", err);

    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    while (r == STORE_OK && max-- > 0 && c.key.len >= TIME_BYTES &&
           key_get_time(c.key.data) <= now) {
        r = expire_one(&c, err);
        if (r == STORE_OK)
            r = cursor_next(&c, err);
    }
    cursor_close(&c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}
