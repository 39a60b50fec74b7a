/* SPDX-License-Identifier: BSD-2-Clause */

/* Resume tickets by hash, in the order in which they expire, and per account in
 * the same order.  The ticket of an account that is gone is not found, and is
 * removed when it expires.  Tickets from before format 4 have no entry by
 * account.  They are not counted, which does no harm. */
#include "config.h"

#include <string.h>

#include "storage/time_order.h"
#include "storage/txn.h"

#define IS_SESSION 1
#define IS_WAITING 2
#define HAS_KEY    4
#define IS_DEVICE  8
#define IS_USED    16

/* It is of a session or device, or is a session. */
static bool
is_linked(const struct ticket_rec *k)
{
    return k->is_session || k->is_device || k->session != 0 || k->device != 0;
}

static void
encode_binding(struct buf *b, const struct ticket_rec *k)
{
    enc_u8(b, k->bound);
    if (k->bound != 0)
        enc_bytes(b, k->address, sizeof k->address);
    if (k->bound == 2)
        enc_bytes(b, k->origin, sizeof k->origin);
}

static void
encode_links(struct buf *b, const struct ticket_rec *k)
{
    size_t len = strlen(k->note);

    enc_u8(b, (uint8_t)((k->is_session ? IS_SESSION : 0) |
                        (k->is_waiting ? IS_WAITING : 0) |
                        (k->has_key ? HAS_KEY : 0) |
                        (k->is_device ? IS_DEVICE : 0) |
                        (k->is_used ? IS_USED : 0)));
    enc_u64(b, k->session);
    enc_u64(b, k->device);
    if (k->has_key)
        enc_bytes(b, k->key, sizeof k->key);
    enc_u8(b, (uint8_t)len);
    enc_bytes(b, (const uint8_t *)k->note, len);
    if (!k->is_device)
        return;
    enc_bytes(b, k->before, sizeof k->before);
    enc_i64(b, k->created);
    enc_i64(b, k->used);
    enc_i64(b, k->given);
    enc_bytes(b, k->address, sizeof k->address);
}

void
ticket_rec_encode(struct buf *b, const struct ticket_rec *k)
{
    enc_u8(b, is_linked(k) ? 3 : k->bound != 0 ? 2 : 1);
    enc_u64(b, k->account);
    enc_u32(b, k->cred_serial);
    enc_i64(b, k->expires);
    if (is_linked(k) || k->bound != 0)
        encode_binding(b, k);
    if (is_linked(k))
        encode_links(b, k);
}

static void
decode_binding(struct dec *in, struct ticket_rec *k, bool may_be_free)
{
    k->bound = dec_u8(in);
    if (k->bound > 2 || (k->bound == 0 && !may_be_free)) {
        in->bad = true;
        k->bound = 0;
    }
    if (k->bound != 0)
        dec_bytes(in, k->address, sizeof k->address);
    if (k->bound == 2)
        dec_bytes(in, k->origin, sizeof k->origin);
}

static void
decode_device(struct dec *in, struct ticket_rec *k)
{
    if (k->is_session || k->bound != 0 || !k->has_key || k->session != 0 ||
        k->device == 0)
        in->bad = true;
    dec_bytes(in, k->before, sizeof k->before);
    k->created = dec_i64(in);
    k->used = dec_i64(in);
    k->given = dec_i64(in);
    dec_bytes(in, k->address, sizeof k->address);
}

static void
decode_links(struct dec *in, struct ticket_rec *k)
{
    uint8_t flags = dec_u8(in), len;

    k->is_session = (flags & IS_SESSION) != 0;
    k->is_waiting = (flags & IS_WAITING) != 0;
    k->has_key = (flags & HAS_KEY) != 0;
    k->is_device = (flags & IS_DEVICE) != 0;
    k->is_used = (flags & IS_USED) != 0;
    k->session = dec_u64(in);
    k->device = dec_u64(in);
    if (k->has_key)
        dec_bytes(in, k->key, sizeof k->key);
    len = dec_u8(in);
    if (len > TICKET_NOTE_BYTES) {
        in->bad = true;
        return;
    }
    dec_bytes(in, (uint8_t *)k->note, len);
    if (strlen(k->note) != len || !is_linked(k) ||
        (flags & ~(IS_SESSION | IS_WAITING | HAS_KEY | IS_DEVICE | IS_USED)) !=
            0 ||
        (!k->is_session && !k->is_device && (flags != 0 || len != 0)) ||
        (k->is_used && !k->is_device) || (k->is_waiting && !k->is_session))
        in->bad = true;
    if (k->is_device)
        decode_device(in, k);
}

int
ticket_rec_decode(const void *data, size_t len, struct ticket_rec *k,
                  struct errbuf *err)
{
    uint8_t version;
    struct dec in;

    dec_init(&in, data, len);
    version = dec_version(&in, 3);
    *k = (struct ticket_rec){.account = dec_u64(&in)};
    k->cred_serial = dec_u32(&in);
    k->expires = dec_i64(&in);
    if (version > 1)
        decode_binding(&in, k, version == 3);
    if (version == 3)
        decode_links(&in, k);
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
account_key(const struct ticket_rec *k)
{
    struct key a = {0};

    key_u64(&a, k->account);
    key_time(&a, k->expires);
    key_bytes(&a, k->hash, sizeof k->hash);
    return a;
}

uint64_t
ticket_number(const uint8_t hash[TICKET_HASH_BYTES])
{
    return key_get_u64(hash);
}

enum store_result
ticket_put(struct store_txn *t, const struct ticket_rec *k, struct errbuf *err)
{
    const char *const doing = "storing a ticket";
    struct key key = key_of(k->hash), of = account_key(k);
    enum store_result r;

    ticket_rec_encode(txn_record(t), k);
    r = txn_put_new(t, TABLE_TICKET, &key, doing, err);
    if (r != STORE_OK)
        return r;
    r = time_order_put(t, TABLE_TICKET_TIME, k->expires, &key, doing, err);
    if (r != STORE_OK)
        return r;
    meta_need_format(t, is_linked(k) ? FORMAT_SESSIONS : FORMAT_TICKETS);
    nothing_encode(txn_record(t));
    return txn_put(t, TABLE_TICKET_ACCOUNT, &of, doing, err);
}

static enum store_result
get(struct store_txn *t, const uint8_t hash[TICKET_HASH_BYTES],
    struct ticket_rec *k_r, const char *doing, struct errbuf *err)
{
    struct key k = key_of(hash);
    struct slice value;
    enum store_result r = txn_get(t, TABLE_TICKET, &k, &value, doing, err);

    if (r != STORE_OK)
        return r;
    if (ticket_rec_decode(value.data, value.len, k_r, err) != 0)
        return txn_damaged(doing, err);
    memcpy(k_r->hash, hash, sizeof k_r->hash);
    return STORE_OK;
}

/* The record and its entry by account. */
static enum store_result
del_record(struct store_txn *t, const struct ticket_rec *k, const char *doing,
           struct errbuf *err)
{
    struct key key = key_of(k->hash), of = account_key(k);
    enum store_result r =
        txn_must_exist(txn_del(t, TABLE_TICKET, &key, doing, err), doing, err);

    if (r == STORE_OK)
        r = txn_del(t, TABLE_TICKET_ACCOUNT, &of, doing, err);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

enum store_result
ticket_find(struct store_txn *t, const uint8_t hash[TICKET_HASH_BYTES],
            struct ticket_rec *k_r, struct errbuf *err)
{
    return get(t, hash, k_r, "looking for a ticket", err);
}

enum store_result
ticket_drop(struct store_txn *t, const struct ticket_rec *k, struct errbuf *err)
{
    const char *const doing = "removing a ticket";
    struct key key = key_of(k->hash);
    enum store_result r = del_record(t, k, doing, err);

    if (r != STORE_OK)
        return r;
    return time_order_del(t, TABLE_TICKET_TIME, k->expires, &key, doing, err);
}

enum store_result
ticket_change(struct store_txn *t, const struct ticket_rec *old,
              const struct ticket_rec *k, struct errbuf *err)
{
    enum store_result r = ticket_drop(t, old, err);

    return r == STORE_OK ? ticket_put(t, k, err) : r;
}

enum store_result
ticket_take(struct store_txn *t, const uint8_t hash[TICKET_HASH_BYTES],
            struct ticket_rec *k_r, struct errbuf *err)
{
    const char *const doing = "taking a ticket";
    struct key account = {0};
    enum store_result r = get(t, hash, k_r, doing, err);

    if (r != STORE_OK)
        return r;
    if (k_r->is_session || k_r->is_device)
        return STORE_NOTFOUND; /* that would be more than the half of it */
    key_u64(&account, k_r->account);
    r = txn_exists(t, TABLE_ACCOUNT, &account, doing, err);
    if (r != STORE_OK)
        return r;
    return ticket_drop(t, k_r, err);
}

/* --- expiry --- */

static enum store_result
remove_row(struct store_txn *t, const struct key *row, void *arg,
           const char *doing, struct errbuf *err)
{
    uint8_t hash[TICKET_HASH_BYTES] = {0};
    struct ticket_rec k = {0};
    enum store_result r;

    (void)arg;
    if (row->len == sizeof hash)
        memcpy(hash, row->data, sizeof hash);
    r = get(t, hash, &k, doing, err);
    return r == STORE_OK ? del_record(t, &k, doing, err) : r;
}

enum store_result
ticket_expire(struct store_txn *t, int64_t now, unsigned max, bool *more_r,
              struct errbuf *err)
{
    static const struct time_order order = {
        TABLE_TICKET_TIME, "removing expired tickets", remove_row, NULL};

    return time_order_expire(t, &order, now + 1, max, more_r, err);
}
