/* SPDX-License-Identifier: BSD-2-Clause */
/* The entries that lead to an alert, if it needs them: by its id, and in the
 * order of ends. */
#include "config.h"

#include "storage/alert_table.h"

enum store_result
alert_entry_put(struct store_txn *t, const struct alert_rec *a,
                struct errbuf *err)
{
    const struct alert_ref ref = {a->scope, a->target};
    const char *const doing = "storing an alert";
    enum store_result r = STORE_OK;
    struct key k;

    if (!alert_has_id_entry(a->scope) && a->until == 0)
        return STORE_OK;
    alert_ref_encode(txn_record(t), &ref);
    if (alert_has_id_entry(a->scope)) {
        k = key_number(a->id);
        r = txn_put(t, TABLE_ALERT_ID, &k, doing, err);
    }
    if (r == STORE_OK && a->until != 0) {
        k = alert_until_key(a->until, a->id);
        r = txn_put(t, TABLE_ALERT_UNTIL, &k, doing, err);
    }
    return r;
}

enum store_result
alert_entry_del(struct store_txn *t, enum alert_scope scope, uint64_t id,
                int64_t until, struct errbuf *err)
{
    const char *const doing = "removing an alert";
    enum store_result r = STORE_OK;
    struct key k;

    if (alert_has_id_entry(scope)) {
        k = key_number(id);
        r = txn_must_exist(txn_del(t, TABLE_ALERT_ID, &k, doing, err), doing,
                           err);
    }
    if (r == STORE_OK && until != 0) {
        k = alert_until_key(until, id);
        r = txn_must_exist(txn_del(t, TABLE_ALERT_UNTIL, &k, doing, err), doing,
                           err);
    }
    return r;
}
