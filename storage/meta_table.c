/* SPDX-License-Identifier: BSD-2-Clause */

/* What exists once per store: the format, a secret, texts and counters.  A
 * counter is in memory while the store is open, and is written once per
 * transaction that changed it.  An abort restores its value on disk.  Nobody
 * has seen a number from an aborted transaction, but a position beyond it would
 * hide the alert that gets this number after a restart. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "storage/txn.h"

#define KEY_FORMAT   "format"
#define KEY_SECRET   "secret"
#define KEY_INSTANCE "instance"

static const char *const counter_key[COUNTER_COUNT] = {
    [COUNTER_ALERT] = "counter/alert",
    [COUNTER_DOMAIN] = "counter/domain",
    [COUNTER_ACCOUNT] = "counter/account",
    [COUNTER_FORMAT] = KEY_FORMAT,
};

static const char *const text_key[] = {
    [STORE_TEXT_MAIN_DOMAIN] = "text/main-domain",
    [STORE_TEXT_SERVER_SETTINGS] = "text/server-settings",
    [STORE_TEXT_SERVER_ACCOUNT_DEFAULTS] = "text/server-account-defaults",
    [STORE_TEXT_SERVER_DOMAIN_DEFAULTS] = "text/server-domain-defaults",
    [STORE_TEXT_CLUSTER_ACCOUNT_DEFAULTS] = "text/cluster-account-defaults",
    [STORE_TEXT_CLUSTER_DOMAIN_DEFAULTS] = "text/cluster-domain-defaults",
};

static struct key
key_of(const char *name)
{
    struct key k = {0};

    key_bytes(&k, name, strlen(name));
    return k;
}

/* --- making and opening a store: before there is a store_txn --- */

static int
put_first(struct env *env, DB_TXN *txn, const char *name, struct buf *b,
          struct errbuf *err)
{
    DB *db = env->table[TABLE_META];
    struct key k = key_of(name);
    DBT key = {.data = k.data, .size = (uint32_t)k.len};
    DBT value = {.data = b->data, .size = (uint32_t)b->len};
    int ret = db->put(db, txn, &key, &value, 0);

    b->len = 0;
    if (ret != 0)
        return err_set(err, "making the store: %s", db_strerror(ret));
    return 0;
}

int
meta_create(struct env *env, DB_TXN *txn, struct errbuf *err)
{
    uint8_t secret[STORE_SECRET_BYTES];
    struct buf b = {0};
    int ret;

    if (getrandom(secret, sizeof secret, 0) != (ssize_t)sizeof secret)
        return err_set(err, "making the secret of the store: %s",
                       strerror(errno));
    number_encode(&b, STORE_FORMAT);
    ret = put_first(env, txn, KEY_FORMAT, &b, err);
    if (ret == 0) {
        enc_u8(&b, 1);
        enc_bytes(&b, secret, sizeof secret);
        ret = put_first(env, txn, KEY_SECRET, &b, err);
    }
    explicit_bzero(secret, sizeof secret);
    buf_clear(&b);
    return ret;
}

int
meta_check_format(struct env *env, struct errbuf *err)
{
    DB *db = env->table[TABLE_META];
    struct key k = key_of(KEY_FORMAT);
    DBT key = {.data = k.data, .size = (uint32_t)k.len};
    DBT value = {.flags = DB_DBT_MALLOC};
    uint64_t format;
    int ret = db->get(db, NULL, &key, &value, 0);

    if (ret != 0)
        return err_set(err, "reading the format of the store: %s",
                       db_strerror(ret));
    ret = number_decode(value.data, value.size, &format, err);
    free(value.data);
    if (ret != 0)
        return err_prefix(err, "reading the format of the store");
    if (format > STORE_FORMAT)
        return err_set(err,
                       "the store has format %llu, made by a newer version; "
                       "this one knows formats up to %d",
                       (unsigned long long)format, STORE_FORMAT);
    env->format = format;
    return 0;
}

/* --- counters --- */

enum store_result
meta_load_counters(struct store_txn *t, struct errbuf *err)
{
    const char *const doing = "reading a counter";

    for (enum counter c = 0; c < COUNTER_COUNT; c++) {
        struct key k = key_of(counter_key[c]);
        struct slice value;
        enum store_result r = txn_get(t, TABLE_META, &k, &value, doing, err);

        if (r == STORE_OK &&
            number_decode(value.data, value.len, &t->committed[c], err) != 0)
            return txn_damaged(doing, err);
        if (r != STORE_OK && r != STORE_NOTFOUND)
            return r;
        t->counter[c] = t->committed[c];
    }
    return STORE_OK;
}

enum store_result
meta_flush_counters(struct store_txn *t, struct errbuf *err)
{
    for (enum counter c = 0; c < COUNTER_COUNT; c++) {
        struct key k;
        enum store_result r;

        if (t->counter[c] == t->committed[c])
            continue;
        k = key_of(counter_key[c]);
        number_encode(txn_record(t), t->counter[c]);
        r = txn_put(t, TABLE_META, &k, "storing a counter", err);
        if (r != STORE_OK)
            return r;
    }
    return STORE_OK;
}

enum store_result
meta_next(struct store_txn *t, enum counter c, uint64_t *number_r,
          struct errbuf *err)
{
    enum store_result r = txn_change(t, "giving out a number", err);

    if (r == STORE_OK)
        *number_r = ++t->counter[c];
    return r;
}

void
meta_need_format(struct store_txn *t, uint64_t format)
{
    if (t->counter[COUNTER_FORMAT] < format)
        t->counter[COUNTER_FORMAT] = format;
}

enum store_result
meta_next_alert_id(struct store_txn *t, uint64_t *id_r, struct errbuf *err)
{
    return meta_next(t, COUNTER_ALERT, id_r, err);
}

enum store_result
meta_last_alert_id(struct store_txn *t, uint64_t *id_r, struct errbuf *err)
{
    (void)err;
    *id_r = t->counter[COUNTER_ALERT];
    return STORE_OK;
}

/* --- secret and texts --- */

enum store_result
meta_secret(struct store_txn *t, uint8_t out[STORE_SECRET_BYTES],
            struct errbuf *err)
{
    const char *const doing = "reading the secret of the store";
    struct key k = key_of(KEY_SECRET);
    struct slice value;
    struct dec d;
    enum store_result r = txn_get(t, TABLE_META, &k, &value, doing, err);

    if (r == STORE_NOTFOUND) {
        err_set(err, "%s: there is none", doing);
        return STORE_ERROR;
    }
    if (r != STORE_OK)
        return r;
    dec_init(&d, value.data, value.len);
    dec_version(&d, 1);
    dec_bytes(&d, out, STORE_SECRET_BYTES);
    return dec_end(&d, err) == 0 ? STORE_OK : txn_damaged(doing, err);
}

enum store_result
meta_text_get(struct store_txn *t, enum store_text which, char **text_r,
              struct errbuf *err)
{
    struct key k = key_of(text_key[which]);

    return txn_get_text(t, TABLE_META, &k, text_r, "reading settings", err);
}

enum store_result
meta_text_put(struct store_txn *t, enum store_text which, const char *text,
              struct errbuf *err)
{
    struct key k = key_of(text_key[which]);

    text_encode(txn_record(t), text);
    return txn_put(t, TABLE_META, &k, "storing settings", err);
}

/* --- the instance --- */

int
instance_new(struct instance_rec *rec, int64_t now, struct errbuf *err)
{
    *rec = (struct instance_rec){.created = now};
    if (getrandom(rec->id, sizeof rec->id, 0) != (ssize_t)sizeof rec->id)
        return err_set(err, "making an id of the store: %s", strerror(errno));
    return 0;
}

static int
instance_decode(const struct slice *value, struct instance_rec *rec_r,
                struct errbuf *err)
{
    struct dec d;

    dec_init(&d, value->data, value->len);
    dec_version(&d, 1);
    dec_bytes(&d, rec_r->id, sizeof rec_r->id);
    rec_r->created = dec_i64(&d);
    rec_r->serial = dec_u64(&d);
    rec_r->last = dec_i64(&d);
    rec_r->last_id = dec_u64(&d);
    return dec_end(&d, err);
}

enum store_result
meta_instance_get(struct store_txn *t, struct instance_rec *rec_r,
                  struct errbuf *err)
{
    const char *const doing = "reading the id of the store";
    struct key k = key_of(KEY_INSTANCE);
    struct slice value;
    enum store_result r = txn_get(t, TABLE_META, &k, &value, doing, err);

    if (r == STORE_OK && instance_decode(&value, rec_r, err) != 0)
        return txn_damaged(doing, err);
    return r;
}

enum store_result
meta_instance_put(struct store_txn *t, const struct instance_rec *rec,
                  struct errbuf *err)
{
    struct key k = key_of(KEY_INSTANCE);
    struct buf *b = txn_record(t);

    enc_u8(b, 1);
    enc_bytes(b, rec->id, sizeof rec->id);
    enc_i64(b, rec->created);
    enc_u64(b, rec->serial);
    enc_i64(b, rec->last);
    enc_u64(b, rec->last_id);
    return txn_put(t, TABLE_META, &k, "storing the id of the store", err);
}
