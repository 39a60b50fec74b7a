/* SPDX-License-Identifier: BSD-2-Clause */

/* Reading alerts in an order: of a set, of everything on the board, by end. */
#include "config.h"

#include "storage/alert_table.h"

#define ID_BYTES 8 /* at the end of a key */

/* A set that is in the trash is empty. */
/* From where the cursor stands, in the direction of `step`. */
static enum store_result
walk_set(struct cursor *c, const struct key *prefix,
         enum store_result (*step)(struct cursor *c, struct errbuf *err),
         alert_walk_fn *fn, void *arg, struct errbuf *err)
{
    enum store_result r = STORE_OK;
    bool more = true;

    while (r == STORE_OK && more && cursor_at(c, prefix)) {
        struct alert_rec a = {0};

        r = alert_decode_at(c, &a, err);
        if (r == STORE_OK) {
            more = fn(&a, arg);
            alert_rec_clear(&a);
            if (more)
                r = step(c, err);
        }
    }
    cursor_close(c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

enum store_result
alert_walk(struct store_txn *t, enum alert_scope scope, uint64_t target,
           uint64_t after, alert_walk_fn *fn, void *arg, struct errbuf *err)
{
    const struct alert_ref ref = {scope, target};
    struct key prefix = alert_set_key(ref), from;
    struct cursor c;
    bool trash;
    enum store_result r = alert_is_trash(t, ref, &trash, err);

    if (r != STORE_OK || trash || after == UINT64_MAX)
        return r;
    from = alert_key(ref, after + 1);
    r = cursor_open(&c, t, TABLE_ALERT, &from, "reading alerts", err);
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    return walk_set(&c, &prefix, cursor_next, fn, arg, err);
}

enum store_result
alert_walk_back(struct store_txn *t, enum alert_scope scope, uint64_t target,
                uint64_t before, alert_walk_fn *fn, void *arg,
                struct errbuf *err)
{
    const struct alert_ref ref = {scope, target};
    struct key prefix = alert_set_key(ref), from = alert_key(ref, before);
    struct cursor c;
    bool trash;
    enum store_result r = alert_is_trash(t, ref, &trash, err);

    if (r != STORE_OK || trash)
        return r;
    r = cursor_open_before(&c, t, TABLE_ALERT, &from, "reading alerts", err);
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    return walk_set(&c, &prefix, cursor_prev, fn, arg, err);
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

        r = alert_decode_at(&c, &a, err);
        if (r == STORE_OK)
            r = alert_is_trash(t, (struct alert_ref){a.scope, a.target}, &trash,
                               err);
        if (r == STORE_OK && !trash)
            more = fn(&a, arg);
        alert_rec_clear(&a);
        if (r == STORE_OK && more)
            r = cursor_next(&c, err);
    }
    cursor_close(&c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
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
    r = alert_is_trash(c->txn, set, &trash, err);
    if (r != STORE_OK || trash)
        return r;
    r = txn_must_exist(alert_get_in_set(c->txn, set, id, &a, err), c->doing,
                       err);
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
