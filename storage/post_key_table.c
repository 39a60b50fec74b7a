/* SPDX-License-Identifier: BSD-2-Clause */

/* Post keys by author and key, and in the order of their time, in which they
 * expire.  A key becomes free earlier when its alert is withdrawn
 * (post_key_release), or when the target of the alert is gone.  The latter is
 * not recorded, but checked when a key is looked up. */
#include "config.h"

#include <string.h>

#include "storage/alert_table.h"
#include "storage/time_order.h"

void
post_key_encode(struct buf *b, const struct post_key_rec *k)
{
    enc_u8(b, k->scope != 0 ? 2 : 1);
    enc_i64(b, k->posted);
    enc_u64(b, k->alert);
    enc_bytes(b, k->digest, sizeof k->digest);
    if (k->scope == 0)
        return;
    enc_u8(b, (uint8_t)k->scope);
    enc_u64(b, k->target);
}

static void
decode_target(struct dec *in, struct post_key_rec *k)
{
    uint8_t scope = dec_u8(in);

    if (scope < ALERT_SERVER || scope > ALERT_ACCOUNT)
        in->bad = true;
    k->scope = (enum alert_scope)scope;
    k->target = dec_u64(in);
}

int
post_key_decode(const void *data, size_t len, struct post_key_rec *k,
                struct errbuf *err)
{
    struct dec in;
    uint8_t version;

    memset(k, 0, sizeof *k);
    dec_init(&in, data, len);
    version = dec_version(&in, 2);
    k->posted = dec_i64(&in);
    k->alert = dec_u64(&in);
    dec_bytes(&in, k->digest, sizeof k->digest);
    if (version == 2)
        decode_target(&in, k);
    return dec_end(&in, err);
}

static enum store_result
key_of(struct key *k, uint64_t author, const char *key, struct errbuf *err)
{
    memset(k, 0, sizeof *k);
    key_u64(k, author);
    return key_text(k, key, false, err);
}

static enum store_result
get(struct store_txn *t, const struct key *k, struct post_key_rec *rec,
    struct errbuf *err)
{
    const char *const doing = "reading the key of a post";
    struct slice value;
    enum store_result r = txn_get(t, TABLE_POST_KEY, k, &value, doing, err);

    if (r == STORE_OK && post_key_decode(value.data, value.len, rec, err) != 0)
        return txn_damaged(doing, err);
    return r;
}

/* Numbers are never given twice: what has got the name since is not meant. */
static enum store_result
target_is_there(struct store_txn *t, const struct post_key_rec *rec,
                struct errbuf *err)
{
    struct key k = key_number(rec->target);

    if (!alert_has_id_entry(rec->scope))
        return STORE_OK;
    return txn_exists(t,
                      rec->scope == ALERT_DOMAIN ? TABLE_DOMAIN : TABLE_ACCOUNT,
                      &k, "reading the target of a post", err);
}

enum store_result
post_key_find(struct store_txn *t, uint64_t author, const char *key,
              int64_t since, struct post_key_rec *rec_r, struct errbuf *err)
{
    struct key k;
    enum store_result r = key_of(&k, author, key, err);

    if (r == STORE_OK)
        r = get(t, &k, rec_r, err);
    if (r == STORE_OK && rec_r->posted < since)
        return STORE_NOTFOUND;
    return r == STORE_OK ? target_is_there(t, rec_r, err) : r;
}

enum store_result
post_key_put(struct store_txn *t, uint64_t author, const char *key,
             const struct post_key_rec *rec, struct errbuf *err)
{
    const char *const doing = "storing the key of a post";
    struct post_key_rec old;
    struct key k;
    enum store_result r = key_of(&k, author, key, err);

    if (r != STORE_OK)
        return r;
    r = get(t, &k, &old, err);
    if (r == STORE_OK)
        r = time_order_del(t, TABLE_POST_KEY_TIME, old.posted, &k, doing, err);
    if (r != STORE_OK && r != STORE_NOTFOUND)
        return r;
    if (rec->scope != 0)
        meta_need_format(t, FORMAT_POST_KEYS);
    post_key_encode(txn_record(t), rec);
    r = txn_put(t, TABLE_POST_KEY, &k, doing, err);
    if (r != STORE_OK)
        return r;
    return time_order_put(t, TABLE_POST_KEY_TIME, rec->posted, &k, doing, err);
}

enum store_result
post_key_release(struct store_txn *t, const struct alert_rec *a,
                 struct errbuf *err)
{
    const char *const doing = "forgetting the key of a post";
    struct post_key_rec rec;
    struct key k;
    enum store_result r;

    if (a->post_key == NULL)
        return STORE_OK;
    r = key_of(&k, a->author, a->post_key, err);
    if (r == STORE_OK)
        r = get(t, &k, &rec, err);
    if (r != STORE_OK || rec.alert != a->id)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    r = txn_must_exist(txn_del(t, TABLE_POST_KEY, &k, doing, err), doing, err);
    if (r != STORE_OK)
        return r;
    return time_order_del(t, TABLE_POST_KEY_TIME, rec.posted, &k, doing, err);
}

static enum store_result
remove_row(struct store_txn *t, const struct key *row, const char *doing,
           struct errbuf *err)
{
    return txn_del(t, TABLE_POST_KEY, row, doing, err);
}

enum store_result
post_key_expire(struct store_txn *t, int64_t before, unsigned max, bool *more_r,
                struct errbuf *err)
{
    static const struct time_order order = {
        TABLE_POST_KEY_TIME, "forgetting the keys of posts", remove_row};

    return time_order_expire(t, &order, before, max, more_r, err);
}
