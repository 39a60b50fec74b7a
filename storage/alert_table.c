/* SPDX-License-Identifier: BSD-2-Clause */

/* Alerts.  Their key is (scope, target, id).  So a set is one range, and the
 * sets of the server, the cluster and domains are one range before those of
 * accounts.  A server-wide post must cost only one put.  So only alerts to
 * domains and accounts have an entry from the id to the set (the others are
 * looked up directly), only alerts with an end have one in the order of ends,
 * and CLI keys have no index: see alert_set.c. */
#include "config.h"

#include "storage/alert_table.h"

#include <assert.h>

#include "storage/alert_set.h"

/* --- the CLI keys of a set --- */

/* Records that are read however tired the job is, so that it comes forward. */
#define LOAD_AT_LEAST 200

static enum store_result
take_key(struct alert_set *s, const struct cursor *c, struct errbuf *err)
{
    struct alert_rec head;
    struct alert_ref ref;
    struct dec in;

    dec_init(&in, c->value.data, c->value.len);
    (void)alert_head_decode(&in, &head);
    if (in.bad) {
        err_set(err, "damaged record");
        return txn_damaged(c->doing, err);
    }
    if (alert_key_decode(&c->key, &ref, &s->loaded, err) != 0)
        return txn_damaged(c->doing, err);
    alert_set_insert(s, head.key, s->loaded);
    return STORE_OK;
}

/* Goes on reading the set; STORE_AGAIN: there is more. */
static enum store_result
load_set(struct store_txn *t, struct alert_set *s, struct errbuf *err)
{
    struct key prefix = alert_set_key(s->ref),
               from = alert_key(s->ref, s->loaded + 1);
    struct cursor c;
    unsigned n = 0;
    enum store_result r =
        cursor_open(&c, t, TABLE_ALERT, &from, "reading alerts", err);

    s->complete = r == STORE_NOTFOUND;
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    cursor_want_heads(&c, ALERT_HEAD_BYTES);
    while (r == STORE_OK && cursor_at(&c, &prefix)) {
        if (n++ >= LOAD_AT_LEAST && store_tired(t))
            break;
        r = take_key(s, &c, err);
        if (r == STORE_OK)
            r = cursor_next(&c, err);
    }
    s->complete =
        r == STORE_NOTFOUND || (r == STORE_OK && !cursor_at(&c, &prefix));
    cursor_close(&c);
    if (r == STORE_NOTFOUND)
        r = STORE_OK;
    return r == STORE_OK && !s->complete ? STORE_AGAIN : r;
}

/* The set, from memory or from the table.  STORE_AGAIN: a part of it has been
 * read. */
static enum store_result
get_set(struct store_txn *t, struct alert_ref ref, struct alert_set **s_r,
        struct errbuf *err)
{
    struct alert_set *s = alert_set_find(t, ref);
    enum store_result r;

    if (s == NULL) {
        s = alert_set_new(ref);
        alert_set_keep(t, s);
    }
    *s_r = s;
    if (s->complete)
        return STORE_OK;
    s->changed = s->changed || t->changes > 0; /* it may hold what is not
                                                  committed */
    r = load_set(t, s, err);
    if (r != STORE_OK && r != STORE_AGAIN)
        alert_set_drop(t, ref);
    return r;
}

enum store_result
alert_count(struct store_txn *t, enum alert_scope scope, uint64_t target,
            uint64_t *n_r, struct errbuf *err)
{
    const struct alert_ref ref = {scope, target};
    struct alert_set *s;
    enum store_result r = get_set(t, ref, &s, err);

    *n_r = r == STORE_OK ? s->n : 0;
    return r;
}

enum store_result
alert_next_key(struct store_txn *t, enum alert_scope scope, uint64_t target,
               int64_t from, int64_t *key_r, uint64_t *id_r, struct errbuf *err)
{
    const struct alert_ref ref = {scope, target};
    const struct set_entry *e;
    struct alert_set *s;
    enum store_result r = get_set(t, ref, &s, err);

    if (r != STORE_OK)
        return r;
    e = alert_set_next(s, from);
    if (e == NULL)
        return STORE_NOTFOUND;
    *key_r = e->key;
    *id_r = e->id;
    return STORE_OK;
}

enum store_result
alert_find_key(struct store_txn *t, enum alert_scope scope, uint64_t target,
               int64_t key, struct alert_rec *a_r, struct errbuf *err)
{
    const struct alert_ref ref = {scope, target};
    struct alert_set *s;
    uint64_t id;
    bool trash;
    enum store_result r = alert_is_trash(t, ref, &trash, err);

    if (r == STORE_OK && trash)
        return STORE_NOTFOUND;
    if (r == STORE_OK)
        r = get_set(t, ref, &s, err);
    if (r != STORE_OK)
        return r;
    id = alert_set_id(s, key);
    if (id == 0)
        return STORE_NOTFOUND;
    return txn_must_exist(alert_get_in_set(t, ref, id, a_r, err),
                          "reading an alert", err);
}

/* --- adding --- */

static enum store_result
target_must_exist(struct store_txn *t, const struct alert_rec *a,
                  struct errbuf *err)
{
    struct key k = key_number(a->target);
    enum store_result r;

    if (!alert_has_id_entry(a->scope))
        return STORE_OK;
    r = txn_exists(t, a->scope == ALERT_DOMAIN ? TABLE_DOMAIN : TABLE_ACCOUNT,
                   &k, "reading the target of an alert", err);
    if (r == STORE_NOTFOUND)
        err_set(err, "there is no such target");
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

    assert(alert_has_id_entry(a->scope) || a->target == 0);
    if (r == STORE_OK)
        r = get_set(t, ref, &set, err);
    if (r == STORE_OK)
        r = meta_next(t, COUNTER_ALERT, &a->id, err);
    if (r != STORE_OK)
        return r;
    a->key = alert_set_first_free(set, seconds(a->posted));
    k = alert_key(ref, a->id);
    if (a->post_key != NULL)
        meta_need_format(t, FORMAT_POST_KEYS);
    alert_rec_encode(txn_record(t), a);
    r = txn_put(t, TABLE_ALERT, &k, "storing an alert", err);
    if (r == STORE_OK) {
        alert_set_insert(set, a->key, a->id);
        set->changed = true;
        r = alert_entry_put(t, a, err);
    }
    return r;
}

/* --- finding by id --- */

enum store_result
alert_get_in_set(struct store_txn *t, struct alert_ref set, uint64_t id,
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
    struct key k = key_number(id);
    bool trash;
    enum store_result r = alert_get_in_set(t, set, id, a_r, err);

    if (r == STORE_NOTFOUND) {
        set.scope = ALERT_CLUSTER;
        r = alert_get_in_set(t, set, id, a_r, err);
    }
    if (r != STORE_NOTFOUND)
        return r;
    r = txn_get(t, TABLE_ALERT_ID, &k, &value, doing, err);
    if (r != STORE_OK)
        return r;
    if (alert_ref_decode(value.data, value.len, &set, err) != 0)
        return txn_damaged(doing, err);
    r = alert_is_trash(t, set, &trash, err);
    if (r != STORE_OK)
        return r;
    if (trash)
        return STORE_NOTFOUND;
    return txn_must_exist(alert_get_in_set(t, set, id, a_r, err), doing, err);
}

/* --- removing --- */

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
        r = alert_entry_del(t, a.scope, id, a.until, err);
    if (r == STORE_OK && (set = alert_set_find(t, ref)) != NULL) {
        alert_set_remove(set, a.key);
        set->changed = true;
    }
    alert_rec_clear(&a);
    return r;
}
