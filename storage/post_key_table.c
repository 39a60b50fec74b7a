/* SPDX-License-Identifier: BSD-2-Clause */

/* Keys of posts by author and key, and in the order of their time, in which
 * they are forgotten. */
#include "config.h"

#include <string.h>

#include "storage/txn.h"

#define TIME_BYTES 8

void
post_key_encode(struct buf *b, const struct post_key_rec *k)
{
    enc_u8(b, 1);
    enc_i64(b, k->posted);
    enc_u64(b, k->alert);
    enc_bytes(b, k->digest, sizeof k->digest);
}

int
post_key_decode(const void *data, size_t len, struct post_key_rec *k,
                struct errbuf *err)
{
    struct dec in;

    dec_init(&in, data, len);
    dec_version(&in, 1);
    k->posted = dec_i64(&in);
    k->alert = dec_u64(&in);
    dec_bytes(&in, k->digest, sizeof k->digest);
    return dec_end(&in, err);
}

static enum store_result
key_of(struct key *k, uint64_t author, const char *key, struct errbuf *err)
{
    memset(k, 0, sizeof *k);
    key_u64(k, author);
    return key_text(k, key, false, err);
}

/* The entry in the order of time: the time, then the key of the record. */
static struct key
time_key(int64_t posted, const struct key *k)
{
    struct key t = {0};

    key_time(&t, posted);
    key_bytes(&t, k->data, k->len);
    return t;
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

enum store_result
post_key_find(struct store_txn *t, uint64_t author, const char *key,
              int64_t since, uint64_t *alert_r, int64_t *posted_r,
              uint8_t digest_r[POST_DIGEST_BYTES], struct errbuf *err)
{
    struct post_key_rec rec;
    struct key k;
    enum store_result r = key_of(&k, author, key, err);

    if (r == STORE_OK)
        r = get(t, &k, &rec, err);
    if (r != STORE_OK)
        return r;
    if (rec.posted < since)
        return STORE_NOTFOUND;
    *alert_r = rec.alert;
    *posted_r = rec.posted;
    memcpy(digest_r, rec.digest, sizeof rec.digest);
    return STORE_OK;
}

enum store_result
post_key_put(struct store_txn *t, uint64_t author, const char *key, int64_t now,
             uint64_t alert, const uint8_t digest[POST_DIGEST_BYTES],
             struct errbuf *err)
{
    const char *const doing = "storing the key of a post";
    struct post_key_rec rec, old;
    struct key k, when;
    enum store_result r = key_of(&k, author, key, err);

    if (r != STORE_OK)
        return r;
    r = get(t, &k, &old, err);
    if (r == STORE_OK) {
        when = time_key(old.posted, &k);
        r = txn_must_exist(txn_del(t, TABLE_POST_KEY_TIME, &when, doing, err),
                           doing, err);
    }
    if (r != STORE_OK && r != STORE_NOTFOUND)
        return r;
    rec.posted = now;
    rec.alert = alert;
    memcpy(rec.digest, digest, sizeof rec.digest);
    post_key_encode(txn_record(t), &rec);
    r = txn_put(t, TABLE_POST_KEY, &k, doing, err);
    if (r != STORE_OK)
        return r;
    when = time_key(now, &k);
    nothing_encode(txn_record(t));
    return txn_put(t, TABLE_POST_KEY_TIME, &when, doing, err);
}

/* The record that the cursor's entry leads to, then the entry. */
static enum store_result
expire_one(struct cursor *c, struct errbuf *err)
{
    struct key k = {0};
    enum store_result r;

    if (c->key.len > TIME_BYTES && c->key.len - TIME_BYTES <= sizeof k.data)
        key_bytes(&k, c->key.data + TIME_BYTES, c->key.len - TIME_BYTES);
    r = txn_must_exist(txn_del(c->txn, TABLE_POST_KEY, &k, c->doing, err),
                       c->doing, err);
    return r == STORE_OK ? cursor_del(c, err) : r;
}

enum store_result
post_key_expire(struct store_txn *t, int64_t before, unsigned max, bool *more_r,
                struct errbuf *err)
{
    struct key from = {0};
    struct cursor c;
    enum store_result r = cursor_open(&c, t, TABLE_POST_KEY_TIME, &from,
                                      "forgetting the keys of posts", err);

    *more_r = false;
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    while (r == STORE_OK && c.key.len >= TIME_BYTES &&
           key_get_time(c.key.data) < before) {
        *more_r = max-- == 0;
        if (*more_r)
            break;
        r = expire_one(&c, err);
        if (r == STORE_OK)
            r = cursor_next(&c, err);
    }
    cursor_close(&c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}
