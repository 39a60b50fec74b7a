/* SPDX-License-Identifier: BSD-2-Clause */

/* When a target is removed, its alerts are removed with it: as many as a turn
 * of the job allows, and the rest step by step.  Until then the set is listed
 * in the trash, and nothing in it can be found. */
#include "config.h"

#include "storage/alert_set.h"
#include "storage/alert_table.h"

enum store_result
alert_is_trash(struct store_txn *t, struct alert_ref set, bool *yes_r,
               struct errbuf *err)
{
    struct key k;
    enum store_result r;

    *yes_r = false;
    if (!t->trash || !alert_has_id_entry(set.scope))
        return STORE_OK;
    k = alert_set_key(set);
    r = txn_exists(t, TABLE_TRASH, &k, "reading the trash", err);
    *yes_r = r == STORE_OK;
    return r == STORE_NOTFOUND ? STORE_OK : r;
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
    while (r == STORE_OK && cursor_at(&c, prefix) && !store_tired(t)) {
        struct alert_rec a = {0};

        r = alert_decode_at(&c, &a, err);
        if (r == STORE_OK)
            r = alert_entry_del(t, a.scope, a.id, a.until, err);
        if (r == STORE_OK)
            r = cursor_del(&c, err);
        alert_rec_clear(&a);
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
    struct key prefix = alert_set_key(ref);
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
