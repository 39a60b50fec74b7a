/* SPDX-License-Identifier: BSD-2-Clause */

/* The encoding of alerts, and of the entries that lead to them. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "storage/alert_table.h"

/* --- codec --- */

void
alert_rec_clear(struct alert_rec *a)
{
    free(a->author_name);
    free(a->origin);
    free(a->text);
    free(a->post_key);
    memset(a, 0, sizeof *a);
}

void
alert_rec_encode(struct buf *b, const struct alert_rec *a)
{
    buf_reserve(b, 96 + a->text_len);
    enc_u8(b, a->post_key != NULL ? 2 : 1);
    enc_u8(b, (uint8_t)a->severity);
    enc_i64(b, a->posted);
    enc_i64(b, a->until);
    enc_i64(b, a->key);
    enc_u64(b, a->author);
    enc_text(b, a->author_name);
    enc_text(b, a->origin);
    enc_data(b, a->text, a->text_len);
    if (a->post_key != NULL)
        enc_text(b, a->post_key);
}

uint8_t
alert_head_decode(struct dec *in, struct alert_rec *a)
{
    uint8_t version = dec_version(in, 2), severity;

    severity = dec_u8(in);
    if (severity < ALERT_INFO || severity > ALERT_CRITICAL)
        in->bad = true;
    a->severity = (enum alert_severity)severity;
    a->posted = dec_i64(in);
    a->until = dec_i64(in);
    a->key = dec_i64(in);
    a->author = dec_u64(in);
    return version;
}

int
alert_rec_decode(const void *data, size_t len, struct alert_rec *a,
                 struct errbuf *err)
{
    uint64_t id = a->id, target = a->target;
    enum alert_scope scope = a->scope;
    struct dec in;
    uint8_t version;

    memset(a, 0, sizeof *a);
    dec_init(&in, data, len);
    version = alert_head_decode(&in, a);
    a->author_name = dec_text(&in);
    a->origin = dec_text(&in);
    a->text = dec_data(&in, &a->text_len);
    if (version == 2)
        a->post_key = dec_text(&in);
    if (dec_end(&in, err) != 0) {
        alert_rec_clear(a);
        return -1;
    }
    a->id = id;
    a->scope = scope;
    a->target = target;
    return 0;
}

void
alert_ref_encode(struct buf *b, const struct alert_ref *r)
{
    enc_u8(b, 1);
    enc_u8(b, (uint8_t)r->scope);
    enc_u64(b, r->target);
}

int
alert_ref_decode(const void *data, size_t len, struct alert_ref *r,
                 struct errbuf *err)
{
    struct dec in;
    uint8_t scope;

    dec_init(&in, data, len);
    dec_version(&in, 1);
    scope = dec_u8(&in);
    if (scope < ALERT_SERVER || scope > ALERT_ACCOUNT)
        in.bad = true;
    r->scope = (enum alert_scope)scope;
    r->target = dec_u64(&in);
    return dec_end(&in, err);
}

/* --- keys --- */

struct key
alert_set_key(struct alert_ref set)
{
    struct key k = {0};

    key_u8(&k, (uint8_t)set.scope);
    key_u64(&k, set.target);
    return k;
}

struct key
alert_key(struct alert_ref set, uint64_t id)
{
    struct key k = alert_set_key(set);

    key_u64(&k, id);
    return k;
}

struct key
alert_until_key(int64_t until, uint64_t id)
{
    struct key k = {0};

    key_time(&k, until);
    key_u64(&k, id);
    return k;
}

bool
alert_has_id_entry(enum alert_scope scope)
{
    return scope == ALERT_DOMAIN || scope == ALERT_ACCOUNT;
}

int
alert_key_decode(const struct slice *key, struct alert_ref *set_r,
                 uint64_t *id_r, struct errbuf *err)
{
    struct dec in;
    uint8_t scope;

    dec_init(&in, key->data, key->len);
    scope = dec_u8(&in);
    if (scope < ALERT_SERVER || scope > ALERT_ACCOUNT)
        in.bad = true;
    set_r->scope = (enum alert_scope)scope;
    set_r->target = dec_u64(&in);
    *id_r = dec_u64(&in);
    return dec_end(&in, err);
}

enum store_result
alert_decode_at(const struct cursor *c, struct alert_rec *a, struct errbuf *err)
{
    struct alert_ref set;

    if (alert_key_decode(&c->key, &set, &a->id, err) != 0)
        return txn_damaged(c->doing, err);
    a->scope = set.scope;
    a->target = set.target;
    if (alert_rec_decode(c->value.data, c->value.len, a, err) != 0)
        return txn_damaged(c->doing, err);
    return STORE_OK;
}
