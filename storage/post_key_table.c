/* SPDX-License-Identifier: BSD-2-Clause */

/* Post keys by author and key, and in the order of the time at which it is looked
 * whether they expire: their post's, in which they all expire after the same time,
 * or a later one, because the alert was still there then.  A key becomes free
 * earlier when its alert is withdrawn
 * (post_key_release), or when the target of the alert is gone.  The latter is
 * not recorded, but checked when a key is looked up. */
#include "config.h"

#include <string.h>

#include "storage/alert_table.h"
#include "storage/time_order.h"

static uint8_t
version_of(const struct post_key_rec *k)
{
    if (k->entry != 0)
        return 3;
    return k->scope != 0 ? 2 : 1;
}

int64_t
post_key_entry(const struct post_key_rec *k)
{
    return k->entry != 0 ? k->entry : k->posted;
}

void
post_key_encode(struct buf *b, const struct post_key_rec *k)
{
    enc_u8(b, version_of(k));
    enc_i64(b, k->posted);
    enc_u64(b, k->alert);
    enc_bytes(b, k->digest, sizeof k->digest);
    if (version_of(k) == 1)
        return;
    enc_u8(b, (uint8_t)k->scope);
    enc_u64(b, k->target);
    if (version_of(k) == 3)
        enc_i64(b, k->entry);
}

static void
decode_target(struct dec *in, uint8_t version, struct post_key_rec *k)
{
    uint8_t scope = dec_u8(in);

    /* What was posted before format 5 has none. */
    if (scope > ALERT_ACCOUNT || (scope < ALERT_SERVER && version == 2))
        in->bad = true;
    k->scope = (enum alert_scope)scope;
    k->target = dec_u64(in);
    if (version == 3)
        k->entry = dec_i64(in);
    if (version == 3 && k->entry == 0)
        in->bad = true;
}

int
post_key_decode(const void *data, size_t len, struct post_key_rec *k,
                struct errbuf *err)
{
    struct dec in;
    uint8_t version;

    memset(k, 0, sizeof *k);
    dec_init(&in, data, len);
    version = dec_version(&in, 3);
    k->posted = dec_i64(&in);
    k->alert = dec_u64(&in);
    dec_bytes(&in, k->digest, sizeof k->digest);
    if (version >= 2)
        decode_target(&in, version, k);
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

/* STORE_NOTFOUND: the alert is gone, or at its end.  *until_r: its end; 0: it has
 * none. */
static enum store_result
alert_is_there(struct store_txn *t, const struct post_key_rec *rec, int64_t now,
               int64_t *until_r, struct errbuf *err)
{
    struct alert_rec a = {0};
    enum store_result r = alert_get(t, rec->alert, &a, err);

    *until_r = a.until;
    alert_rec_clear(&a);
    if (r == STORE_OK && *until_r != 0 && *until_r <= now)
        return STORE_NOTFOUND;
    return r;
}

enum store_result
post_key_find(struct store_txn *t, uint64_t author, const char *key,
              const struct post_key_life *life, struct post_key_rec *rec_r,
              struct errbuf *err)
{
    struct key k;
    int64_t until;
    enum store_result r = key_of(&k, author, key, err);

    if (r == STORE_OK)
        r = get(t, &k, rec_r, err);
    if (r == STORE_OK && rec_r->posted < life->now - life->least)
        return alert_is_there(t, rec_r, life->now, &until, err);
    return r == STORE_OK ? target_is_there(t, rec_r, err) : r;
}

/* Puts the record, and its entry in the order of time. */
static enum store_result
put(struct store_txn *t, const struct key *k, const struct post_key_rec *rec,
    const char *doing, struct errbuf *err)
{
    enum store_result r;

    if (rec->entry != 0)
        meta_need_format(t, FORMAT_LONG_KEYS);
    else if (rec->scope != 0)
        meta_need_format(t, FORMAT_POST_KEYS);
    post_key_encode(txn_record(t), rec);
    r = txn_put(t, TABLE_POST_KEY, k, doing, err);
    if (r != STORE_OK)
        return r;
    return time_order_put(t, TABLE_POST_KEY_TIME, post_key_entry(rec), k, doing,
                          err);
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
        r = time_order_del(t, TABLE_POST_KEY_TIME, post_key_entry(&old), &k,
                           doing, err);
    if (r != STORE_OK && r != STORE_NOTFOUND)
        return r;
    return put(t, &k, rec, doing, err);
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
    return time_order_del(t, TABLE_POST_KEY_TIME, post_key_entry(&rec), &k,
                          doing, err);
}

/* A key's time has come: it goes, or its entry is put to another time, which is
 * later than those that are looked at. */
static enum store_result
expire_row(struct store_txn *t, const struct key *row, void *arg,
           const char *doing, struct errbuf *err)
{
    const struct post_key_life *life = arg;
    struct post_key_rec rec;
    int64_t until = 0;
    enum store_result r = get(t, row, &rec, err);

    if (r == STORE_OK)
        r = alert_is_there(t, &rec, life->now, &until, err);
    else
        return r;
    if (r == STORE_NOTFOUND)
        return txn_del(t, TABLE_POST_KEY, row, doing, err);
    if (r != STORE_OK)
        return r;
    if (until == 0)
        until = life->now + POST_KEY_AGAIN;
    rec.entry = until - life->least;
    return put(t, row, &rec, doing, err);
}

enum store_result
post_key_expire(struct store_txn *t, const struct post_key_life *life,
                unsigned max, bool *more_r, struct errbuf *err)
{
    struct post_key_life by = *life;
    const struct time_order order = {
        TABLE_POST_KEY_TIME, "forgetting the keys of posts", expire_row, &by};

    return time_order_expire(t, &order, life->now - life->least, max, more_r,
                             err);
}
