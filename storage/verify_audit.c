/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks of the audit log: each record, and the chain of hashes. */
#include "config.h"

#include "storage/audit_chain.h"
#include "storage/verify.h"

void
verify_audit(struct verify *v, const struct slice *key,
             const struct slice *value, struct errbuf *err)
{
    struct audit_head head;

    if (key->len != AUDIT_KEY_BYTES)
        verify_finding(v, "a key of %zu bytes", key->len);
    if (audit_decode(value->data, value->len, NULL, NULL, err) != 0 ||
        audit_head_decode(value->data, value->len, &head, err) != 0)
        verify_finding(v, "%s", err->text);
    else if (head.version > AUDIT_OLD)
        verify_format(v, FORMAT_AUDIT_CHAIN);
}

void
verify_audit_chain(struct verify *v, const struct slice *key,
                   const struct slice *value, struct errbuf *err)
{
    struct audit_entry e;

    if (audit_entry_decode(key, value, &e, err) != 0)
        verify_finding(v, "%s", err->text);
}

static void
find_break(const char *text, bool noted, void *arg)
{
    if (!noted)
        verify_finding(arg, "%s", text);
}

enum store_result
verify_audit_whole(struct verify *v, struct errbuf *err)
{
    struct audit_check k = {0};
    enum store_result r = STORE_OK;

    v->table = TABLE_AUDIT;
    while (r == STORE_OK && !k.done) {
        if (!env_goes_on(v->env)) {
            err_set(err, "checking the audit log: stopped");
            return STORE_REFUSED;
        }
        txn_begin_job(v->t, 0);
        r = audit_check(v->t, &k, find_break, v, err);
    }
    return r;
}
