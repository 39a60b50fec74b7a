/* SPDX-License-Identifier: BSD-2-Clause */

/* Alerts.  Their key is (scope, target, id): a set is one range, and the sets
 * of servers, cluster and domains are one range before those of accounts.
 *
 * A server-wide post is to cost one put.  So only alerts of domains and
 * accounts have an entry that leads from the id to the set (the others are
 * looked up directly), only those with an end have one in the order of ends,
 * and CLI keys have no index: see alert_set.c. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "storage/alert_set.h"
#include "storage/txn.h"

#define ID_BYTES 8 /* at the end of a key */

/* How many alerts go with their targets in one transaction. */
#define REMOVE_AT_ONCE 5000

/* --- codec --- */

void
alert_rec_clear(struct alert_rec *a)
{
    free(a->author_name);
    free(a->origin);
    free(a->text);
    memset(a, 0, sizeof *a);
}

void
alert_rec_encode(struct buf *b, const struct alert_rec *a)
{
    buf_reserve(b, 96 + a->text_len);
    enc_u8(b, 1);
    enc_u8(b, (uint8_t)a->severity);
    enc_i64(b, a->posted);
    enc_i64(b, a->until);
    enc_i64(b, a->key);
    enc_u64(b, a->author);
    enc_text(b, a->author_name);
    enc_text(b, a->origin);
    enc_data(b, a->text, a->text_len);
}

/* What stands before the texts. */
static void
decode_head(struct dec *in, struct alert_rec *a)
{
    uint8_t severity;

    dec_version(in, 1);
    severity = dec_u8(in);
    if (severity < ALERT_INFO || severity > ALERT_CRITICAL)
        in->bad = true;
    a->severity = (enum alert_severity)severity;
    a->posted = dec_i64(in);
    a->until = dec_i64(in);
    a->key = dec_i64(in);
    a->author = dec_u64(in);
}

int
alert_rec_decode(const void *data, size_t len, struct alert_rec *a,
                 struct errbuf *err)
{
    uint64_t id = a->id, target = a->target;
    enum alert_scope scope = a->scope;
    struct dec in;

    memset(a, 0, sizeof *a);
    dec_init(&in, data, len);
    decode_head(&in, a);
    a->author_name = dec_text(&in);
    a->origin = dec_text(&in);
    a->text = dec_data(&in, &a->text_len);
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

static struct key
set_key(struct alert_ref set)
{
    struct key k = {0};

    key_u8(&k, (uint8_t)set.scope);
    key_u64(&k, set.target);
    return k;
}

static struct key
alert_key(struct alert_ref set, uint64_t id)
{
    struct key k = set_key(set);

    key_u64(&k, id);
    return k;
}

static struct key
id_key(uint64_t id)
{
    struct key k = {0};

    key_u64(&k, id);
    return k;
}

static struct key
until_key(int64_t until, uint64_t id)
{
    struct key k = {0};

    key_time(&k, until);
    key_u64(&k, id);
    return k;
}

/* Alerts of these two have an entry by id. */
static bool
has_id_entry(enum alert_scope scope)
{
    return scope == ALERT_DOMAIN || scope == ALERT_ACCOUNT;
}

#define ALERT_KEY_BYTES (1 + 8 + ID_BYTES)

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

static enum store_result
decode_at(const struct cursor *c, struct alert_rec *a, struct errbuf *err)
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

/* --- sets whose target is gone: in the trash until they are swept --- */

static enum store_result
is_trash(struct store_txn *t, struct alert_ref set, bool *yes_r,
         struct errbuf *err)
{
    struct key k;
    enum store_result r;

    *yes_r = false;
    if (!t->trash || !has_id_entry(set.scope))
        return STORE_OK;
    k = set_key(set);
    r = txn_exists(t, TABLE_TRASH, &k, "reading the trash", err);
    *yes_r = r == STORE_OK;
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

/* --- the CLI keys of a set --- */

static enum store_result
load_set(struct store_txn *t, struct alert_set *s, struct errbuf *err)
{
    struct key prefix = set_key(s->ref);
    struct cursor c;
    enum store_result r =
        cursor_open(&c, t, TABLE_ALERT, &prefix, "reading alerts", err);

    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    while (r == STORE_OK && cursor_at(&c, &prefix)) {
        struct alert_rec head;
        struct dec in;

        dec_init(&in, c.value.data, c.value.len);
        decode_head(&in, &head);
        if (in.bad) {
            err_set(err, "damaged record");
            r = txn_damaged(c.doing, err);
        } else {
            alert_set_insert(s, head.key);
            r = cursor_next(&c, err);
        }
    }
    cursor_close(&c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

/* The set, from memory or from the table. */
static enum store_result
get_set(struct store_txn *t, struct alert_ref ref, struct alert_set **s_r,
        struct errbuf *err)
{
    struct alert_set *s = alert_set_find(t, ref);
    enum store_result r;

    if (s == NULL) {
        s = alert_set_new(ref);
        r = load_set(t, s, err);
        if (r != STORE_OK) {
            alert_set_free(&s);
            return r;
        }
        s->changed = t->changes > 0; /* it may hold what is not committed */
        alert_set_keep(t, s);
    }
    *s_r = s;
    return STORE_OK;
}

/* --- adding --- */

static enum store_result
target_must_exist(struct store_txn *t, const struct alert_rec *a,
                  struct errbuf *err)
{
    struct key k = id_key(a->target);
    enum store_result r;

    if (!has_id_entry(a->scope))
        return STORE_OK;
    r = txn_exists(t, a->scope == ALERT_DOMAIN ? TABLE_DOMAIN : TABLE_ACCOUNT,
                   &k, "reading the target of an alert", err);
    if (r == STORE_NOTFOUND)
        err_set(err, "there is no such target");
    return r;
}

/* The entries that lead to the alert, where it needs them. */
static enum store_result
put_entries(struct store_txn *t, const struct alert_rec *a, struct errbuf *err)
{
    const struct alert_ref ref = {a->scope, a->target};
    const char *const doing = "storing an alert";
    enum store_result r = STORE_OK;
    struct key k;

    if (!has_id_entry(a->scope) && a->until == 0)
        return STORE_OK;
    alert_ref_encode(txn_record(t), &ref);
    if (has_id_entry(a->scope)) {
        k = id_key(a->id);
        r = txn_put(t, TABLE_ALERT_ID, &k, doing, err);
    }
    if (r == STORE_OK && a->until != 0) {
        k = until_key(a->until, a->id);
        r = txn_put(t, TABLE_ALERT_UNTIL, &k, doing, err);
    }
    return r;
}

static int64_t
seconds(int64_t us)
{
    return us / 1000000 - (us % 1000000 < 0);
}

enum store_result
alert_add(struct store_txn *t, struct alert_rec *a, struct errbuf *err)
{
    const struct alert_ref ref = {a->scope, a->target};
    struct alert_set *set;
    struct key k;
    enum store_result r = target_must_exist(t, a, err);

    assert(has_id_entry(a->scope) || a->target == 0);
    if (r == STORE_OK)
        r = get_set(t, ref, &set, err);
    if (r == STORE_OK)
        r = meta_next(t, COUNTER_ALERT, &a->id, err);
    if (r != STORE_OK)
        return r;
    a->key = alert_set_first_free(set, seconds(a->posted));
    k = alert_key(ref, a->id);
    alert_rec_encode(txn_record(t), a);
    r = txn_put(t, TABLE_ALERT, &k, "storing an alert", err);
    if (r == STORE_OK) {
        alert_set_insert(set, a->key);
        set->changed = true;
        r = put_entries(t, a, err);
    }
    return r;
}

/* --- finding by id --- */

static enum store_result
get_in_set(struct store_txn *t, struct alert_ref set, uint64_t id,
           struct alert_rec *a_r, struct errbuf *err)
{
    const char *const doing = "reading an alert";
    struct key k = alert_key(set, id);
    struct slice value;
    enum store_result r = txn_get(t, TABLE_ALERT, &k, &value, doing, err);

    if (r != STORE_OK)
        return r;
    alert_rec_clear(a_r);
    a_r->id = id;
    a_r->scope = set.scope;
    a_r->target = set.target;
    if (alert_rec_decode(value.data, value.len, a_r, err) != 0)
        return txn_damaged(doing, err);
    return STORE_OK;
}

enum store_result
alert_get(struct store_txn *t, uint64_t id, struct alert_rec *a_r,
          struct errbuf *err)
{
    const char *const doing = "reading an alert";
    struct alert_ref set = {ALERT_SERVER, 0};
    struct slice value;
    struct key k = id_key(id);
    bool trash;
    enum store_result r = get_in_set(t, set, id, a_r, err);

    if (r == STORE_NOTFOUND) {
        set.scope = ALERT_CLUSTER;
        r = get_in_set(t, set, id, a_r, err);
    }
    if (r != STORE_NOTFOUND)
        return r;
    r = txn_get(t, TABLE_ALERT_ID, &k, &value, doing, err);
    if (r != STORE_OK)
        return r;
    if (alert_ref_decode(value.data, value.len, &set, err) != 0)
        return txn_damaged(doing, err);
    r = is_trash(t, set, &trash, err);
    if (r != STORE_OK)
        return r;
    if (trash)
        return STORE_NOTFOUND;
    return txn_must_exist(get_in_set(t, set, id, a_r, err), doing, err);
}

/* --- removing --- */

static enum store_result
del_entries(struct store_txn *t, enum alert_scope scope, uint64_t id,
            int64_t until, struct errbuf *err)
{
    const char *const doing = "removing an alert";
    enum store_result r = STORE_OK;
    struct key k;

    if (has_id_entry(scope)) {
        k = id_key(id);
        r = txn_must_exist(txn_del(t, TABLE_ALERT_ID, &k, doing, err), doing,
                           err);
    }
    if (r == STORE_OK && until != 0) {
        k = until_key(until, id);
        r = txn_must_exist(txn_del(t, TABLE_ALERT_UNTIL, &k, doing, err), doing,
                           err);
    }
    return r;
}

enum store_result
alert_remove(struct store_txn *t, uint64_t id, struct errbuf *err)
{
    struct alert_rec a = {0};
    struct alert_ref ref;
    struct alert_set *set;
    struct key k;
    enum store_result r = alert_get(t, id, &a, err);

    if (r != STORE_OK)
        return r;
    ref = (struct alert_ref){a.scope, a.target};
    k = alert_key(ref, id);
    r = txn_del(t, TABLE_ALERT, &k, "removing an alert", err);
    if (r == STORE_OK)
        r = del_entries(t, a.scope, id, a.until, err);
    if (r == STORE_OK && (set = alert_set_find(t, ref)) != NULL) {
        alert_set_remove(set, a.key);
        set->changed = true;
    }
    alert_rec_clear(&a);
    return r;
}

/* Removes alerts of a set while the transaction may; *done_r: all of them. */
static enum store_result
remove_some(struct store_txn *t, const struct key *prefix, bool *done_r,
            struct errbuf *err)
{
    struct cursor c;
    enum store_result r = cursor_open(&c, t, TABLE_ALERT, prefix,
                                      "removing the alerts of a target", err);

    *done_r = r == STORE_NOTFOUND;
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    while (r == STORE_OK && cursor_at(&c, prefix) &&
           t->removed < REMOVE_AT_ONCE) {
        struct alert_rec a = {0};

        r = decode_at(&c, &a, err);
        if (r == STORE_OK)
            r = del_entries(t, a.scope, a.id, a.until, err);
        if (r == STORE_OK)
            r = cursor_del(&c, err);
        alert_rec_clear(&a);
        t->removed++;
        if (r == STORE_OK)
            r = cursor_next(&c, err);
    }
    *done_r = r == STORE_NOTFOUND || (r == STORE_OK && !cursor_at(&c, prefix));
    cursor_close(&c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

enum store_result
alert_remove_set(struct store_txn *t, enum alert_scope scope, uint64_t target,
                 struct errbuf *err)
{
    const struct alert_ref ref = {scope, target};
    struct key prefix = set_key(ref);
    bool done;
    enum store_result r = remove_some(t, &prefix, &done, err);

    alert_set_drop(t, ref);
    if (r != STORE_OK || done)
        return r;
    t->trash = true;
    nothing_encode(txn_record(t));
    return txn_put(t, TABLE_TRASH, &prefix, "storing the trash", err);
}

enum store_result
alert_sweep(struct store_txn *t, struct errbuf *err)
{
    const char *const doing = "sweeping the trash";
    struct key prefix = {0};
    struct cursor c;
    bool done;
    enum store_result r = cursor_open(&c, t, TABLE_TRASH, &prefix, doing, err);

    if (r == STORE_NOTFOUND)
        t->trash = false;
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    if (c.key.len <= KEY_BYTES)
        key_bytes(&prefix, c.key.data, c.key.len);
    cursor_close(&c);
    r = remove_some(t, &prefix, &done, err);
    if (r == STORE_OK && done)
        r = txn_del(t, TABLE_TRASH, &prefix, doing, err);
    return r;
}

/* --- walks --- */

/* A set that is in the trash is empty. */
enum store_result
alert_walk(struct store_txn *t, enum alert_scope scope, uint64_t target,
           uint64_t after, alert_walk_fn *fn, void *arg, struct errbuf *err)
{
    const struct alert_ref ref = {scope, target};
    struct key prefix = set_key(ref), from;
    struct cursor c;
    bool more = true, trash;
    enum store_result r = is_trash(t, ref, &trash, err);

    if (r != STORE_OK || trash || after == UINT64_MAX)
        return r;
    from = alert_key(ref, after + 1);
    r = cursor_open(&c, t, TABLE_ALERT, &from, "reading alerts", err);
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    while (r == STORE_OK && more && cursor_at(&c, &prefix)) {
        struct alert_rec a = {0};

        r = decode_at(&c, &a, err);
        if (r == STORE_OK) {
            more = fn(&a, arg);
            alert_rec_clear(&a);
            if (more)
                r = cursor_next(&c, err);
        }
    }
    cursor_close(&c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

enum store_result
alert_walk_broad(struct store_txn *t, alert_walk_fn *fn, void *arg,
                 struct errbuf *err)
{
    struct key from = {0};
    struct cursor c;
    bool more = true;
    enum store_result r;

    key_u8(&from, ALERT_SERVER);
    r = cursor_open(&c, t, TABLE_ALERT, &from, "reading alerts", err);
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    while (r == STORE_OK && more && c.key.len > 0 &&
           c.key.data[0] < ALERT_ACCOUNT) {
        struct alert_rec a = {0};
        bool trash = false;

        r = decode_at(&c, &a, err);
        if (r == STORE_OK)
            r = is_trash(t, (struct alert_ref){a.scope, a.target}, &trash, err);
        if (r == STORE_OK && !trash)
            more = fn(&a, arg);
        alert_rec_clear(&a);
        if (r == STORE_OK && more)
            r = cursor_next(&c, err);
    }
    cursor_close(&c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

struct find_by_key {
    int64_t key;
    uint64_t id; /* 0: not found */
};

static bool
find_by_key(const struct alert_rec *a, void *arg)
{
    struct find_by_key *f = arg;

    if (a->key == f->key)
        f->id = a->id;
    return f->id == 0;
}

enum store_result
alert_find_key(struct store_txn *t, enum alert_scope scope, uint64_t target,
               int64_t key, struct alert_rec *a_r, struct errbuf *err)
{
    struct find_by_key f = {.key = key};
    enum store_result r = alert_walk(t, scope, target, 0, find_by_key, &f, err);

    if (r != STORE_OK)
        return r;
    if (f.id == 0)
        return STORE_NOTFOUND;
    return get_in_set(t, (struct alert_ref){scope, target}, f.id, a_r, err);
}

/* One entry in the order of ends: the alert it leads to, if it still may be
 * found. */
static enum store_result
ended_one(const struct cursor *c, alert_walk_fn *fn, void *arg, bool *more_r,
          struct errbuf *err)
{
    uint64_t id = key_get_u64(c->key.data + 8);
    struct alert_rec a = {0};
    struct alert_ref set;
    enum store_result r;
    bool trash;

    if (alert_ref_decode(c->value.data, c->value.len, &set, err) != 0)
        return txn_damaged(c->doing, err);
    r = is_trash(c->txn, set, &trash, err);
    if (r != STORE_OK || trash)
        return r;
    r = txn_must_exist(get_in_set(c->txn, set, id, &a, err), c->doing, err);
    if (r == STORE_OK)
        *more_r = fn(&a, arg);
    alert_rec_clear(&a);
    return r;
}

enum store_result
alert_walk_ended(struct store_txn *t, int64_t now, unsigned max,
                 alert_walk_fn *fn, void *arg, int64_t *next_r,
                 struct errbuf *err)
{
    const char *const doing = "reading the ends of alerts";
    struct key from = {0};
    struct cursor c;
    bool more = true;
    enum store_result r =
        cursor_open(&c, t, TABLE_ALERT_UNTIL, &from, doing, err);

    *next_r = 0;
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    while (r == STORE_OK) {
        if (c.key.len != 8 + ID_BYTES) {
            err_set(err, "damaged key");
            r = txn_damaged(doing, err);
            break;
        }
        *next_r = key_get_time(c.key.data);
        if (*next_r > now || max == 0 || !more)
            break;
        max--;
        *next_r = 0;
        r = ended_one(&c, fn, arg, &more, err);
        if (r == STORE_OK)
            r = cursor_next(&c, err);
    }
    cursor_close(&c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}
