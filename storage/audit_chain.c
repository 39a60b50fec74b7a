/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "storage/audit_chain.h"

#include <string.h>

#include <nettle/sha2.h>

#define KEY_HEAD   "audit/head"
#define KEY_ANCHOR "audit/anchor"

static const char reading[] = "reading the chain of audit records";
static const char storing[] = "storing the chain of audit records";

/* --- head and anchor --- */

static struct key
key_of(const char *name)
{
    struct key k = {0};

    key_bytes(&k, name, strlen(name));
    return k;
}

static void
decode_link(struct dec *in, struct audit_link *l)
{
    dec_version(in, 1);
    l->number = dec_u64(in);
    dec_bytes(in, l->hash, sizeof l->hash);
}

static void
encode_link(struct buf *b, const struct audit_link *l)
{
    enc_u8(b, 1);
    enc_u64(b, l->number);
    enc_bytes(b, l->hash, sizeof l->hash);
}

int
audit_link_decode(const void *data, size_t len, struct audit_link *l_r,
                  struct errbuf *err)
{
    struct dec in;

    dec_init(&in, data, len);
    decode_link(&in, l_r);
    return dec_end(&in, err);
}

int
audit_anchor_decode(const void *data, size_t len, struct audit_anchor *a_r,
                    struct errbuf *err)
{
    struct dec in;

    dec_init(&in, data, len);
    decode_link(&in, &a_r->link);
    dec_bytes(&in, a_r->old, sizeof a_r->old);
    return dec_end(&in, err);
}

enum store_result
audit_chain_load(struct store_txn *t, struct errbuf *err)
{
    struct key k = key_of(KEY_HEAD);
    struct slice value;
    enum store_result r = txn_get(t, TABLE_META, &k, &value, reading, err);

    t->audit_head = (struct audit_link){0};
    if (r == STORE_OK &&
        audit_link_decode(value.data, value.len, &t->audit_head, err) != 0)
        return txn_damaged(reading, err);
    t->audit_committed = t->audit_head;
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

enum store_result
audit_chain_put_head(struct store_txn *t, struct errbuf *err)
{
    struct key k = key_of(KEY_HEAD);

    encode_link(txn_record(t), &t->audit_head);
    return txn_put(t, TABLE_META, &k, storing, err);
}

enum store_result
audit_anchor_get(struct store_txn *t, struct audit_anchor *a_r,
                 struct errbuf *err)
{
    struct key k = key_of(KEY_ANCHOR);
    struct slice value;
    enum store_result r = txn_get(t, TABLE_META, &k, &value, reading, err);

    *a_r = (struct audit_anchor){0};
    if (r == STORE_OK &&
        audit_anchor_decode(value.data, value.len, a_r, err) != 0)
        return txn_damaged(reading, err);
    return r;
}

enum store_result
audit_anchor_put(struct store_txn *t, const struct audit_anchor *a,
                 struct errbuf *err)
{
    struct key k = key_of(KEY_ANCHOR);
    struct buf *b = txn_record(t);

    encode_link(b, &a->link);
    enc_bytes(b, a->old, sizeof a->old);
    return txn_put(t, TABLE_META, &k, storing, err);
}

/* --- entries --- */

int
audit_entry_decode(const struct slice *key, const struct slice *value,
                   struct audit_entry *e_r, struct errbuf *err)
{
    struct dec in;

    *e_r = (struct audit_entry){.record.len = AUDIT_KEY_BYTES};
    dec_init(&in, value->data, value->len);
    dec_version(&in, 1);
    dec_bytes(&in, e_r->record.data, AUDIT_KEY_BYTES);
    dec_bytes(&in, e_r->hash, sizeof e_r->hash);
    in.bad |= key->len != 8;
    if (key->len == 8)
        e_r->number = key_get_u64(key->data);
    return dec_end(&in, err);
}

enum store_result
audit_entry_put(struct store_txn *t, const struct audit_entry *e,
                struct errbuf *err)
{
    struct key k = key_number(e->number);
    struct buf *b = txn_record(t);

    enc_u8(b, 1);
    enc_bytes(b, e->record.data, AUDIT_KEY_BYTES);
    enc_bytes(b, e->hash, sizeof e->hash);
    return txn_put(t, TABLE_AUDIT_CHAIN, &k, storing, err);
}

void
audit_hash(uint8_t out[AUDIT_HASH_BYTES],
           const uint8_t before[AUDIT_HASH_BYTES], const struct key *k,
           const struct slice *value)
{
    struct sha256_ctx c;

    sha256_init(&c);
    sha256_update(&c, AUDIT_HASH_BYTES, before);
    sha256_update(&c, k->len, k->data);
    sha256_update(&c, value->len, value->data);
    sha256_digest(&c, AUDIT_HASH_BYTES, out);
}

enum store_result
audit_chain_begin(struct store_txn *t, struct errbuf *err)
{
    static const struct key end = {.len = 1, .data = {0xff}};
    struct audit_anchor a = {0};
    struct cursor c;
    enum store_result r =
        cursor_open_before(&c, t, TABLE_AUDIT, &end, reading, err);

    if (r == STORE_OK && c.key.len == AUDIT_KEY_BYTES)
        memcpy(a.old, c.key.data, sizeof a.old);
    if (r == STORE_OK)
        cursor_close(&c);
    if (r != STORE_OK && r != STORE_NOTFOUND)
        return r;
    meta_need_format(t, FORMAT_AUDIT_CHAIN);
    return audit_anchor_put(t, &a, err);
}

enum store_result
audit_chain_add(struct store_txn *t, const struct key *k, uint64_t number,
                const struct slice *value, struct errbuf *err)
{
    struct audit_entry e = {.number = number, .record = *k};
    enum store_result r;

    audit_hash(e.hash, t->audit_head.hash, k, value);
    r = audit_entry_put(t, &e, err);
    if (r != STORE_OK)
        return r;
    t->audit_head.number = number;
    memcpy(t->audit_head.hash, e.hash, sizeof e.hash);
    return audit_chain_put_head(t, err);
}

/* --- whether a record is in the chain --- */

static enum store_result
is_before_chain(struct store_txn *t, const struct slice *key, bool *is_r,
                struct errbuf *err)
{
    struct audit_anchor a;
    enum store_result r = audit_anchor_get(t, &a, err);

    *is_r = r == STORE_NOTFOUND || memcmp(key->data, a.old, sizeof a.old) <= 0;
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

enum store_result
audit_chain_has(struct store_txn *t, const struct audit_head *h,
                const struct slice *key, bool *has_r, struct errbuf *err)
{
    struct key k = key_number(h->number);
    struct slice value;
    struct audit_entry e;
    enum store_result r;

    *has_r = false;
    if (key->len != AUDIT_KEY_BYTES)
        return STORE_OK;
    if (h->number == 0)
        return is_before_chain(t, key, has_r, err);
    r = txn_get(t, TABLE_AUDIT_CHAIN, &k, &value, reading, err);
    if (r == STORE_OK) {
        const struct slice number = {k.data, k.len};

        *has_r = audit_entry_decode(&number, &value, &e, err) == 0 &&
                 memcmp(e.record.data, key->data, key->len) == 0;
    }
    return r == STORE_NOTFOUND ? STORE_OK : r;
}
