/* SPDX-License-Identifier: BSD-2-Clause */

/* Writing the audit log.  Lines are gathered while a transaction runs, and
 * become one record when it is committed (or a few, if there are many).  The key
 * is the time of the newest line and a number that distinguishes records of the
 * same time. */
#include "config.h"

#include "storage/audit_chain.h"
#include "storage/audit_expire.h"
#include "storage/txn.h"

/* A record is written when it has grown so large. */
#define RECORD_BYTES (32 * 1024)

/* Old lines are looked for once an hour, by the times of new lines, and a few
 * at a time, so that no post has to wait for them. */
#define EXPIRE_EVERY_US (INT64_C(3600) * 1000000)
#define DAY_US          (INT64_C(86400) * 1000000)

/* The lines in t->record get a number and a key, and go into the chain. */
static enum store_result
put_record(struct store_txn *t, int64_t newest, struct errbuf *err)
{
    const uint64_t number = t->audit_head.number + 1;
    enum store_result r;
    struct key k;

    audit_number_set(&t->record, number);
    do {
        k = (struct key){0};
        key_time(&k, newest);
        key_u32(&k, t->audit_seq++);
        r = txn_put_new(t, TABLE_AUDIT, &k, "storing audit lines", err);
    } while (r == STORE_EXISTS);
    if (r == STORE_OK) {
        const struct slice value = {(const uint8_t *)t->record.data,
                                    t->record.len};

        r = audit_chain_add(t, &k, number, &value, err);
    }
    return r;
}

enum store_result
audit_flush(struct store_txn *t, struct errbuf *err)
{
    const int64_t newest = t->audit_newest;
    enum store_result r = STORE_OK;
    struct buf lines;
    bool more;

    if (t->audit_head.number == 0)
        r = audit_chain_begin(t, err);
    if (r != STORE_OK)
        return r;
    lines = t->audit;
    t->audit = t->record; /* both keep their memory */
    t->audit.len = 0;
    t->record = lines;
    t->audit_newest = INT64_MIN;
    r = put_record(t, newest, err);
    if (r != STORE_OK || t->audit_days == 0 || newest < t->audit_expire_at)
        return r;
    t->audit_expire_at = newest + EXPIRE_EVERY_US;
    r = audit_expire(t, newest - t->audit_days * DAY_US, newest, &more, err);
    if (more)
        t->audit_expire_at = INT64_MIN;
    return r;
}

enum store_result
audit_add(struct store_txn *t, const struct audit_rec *a, struct errbuf *err)
{
    enum store_result r;

    if (t->audit.len >= RECORD_BYTES) {
        r = audit_flush(t, err);
        if (r != STORE_OK)
            return r;
    }
    if (t->audit.len == 0)
        audit_begin_encode(&t->audit);
    audit_line_encode(&t->audit, a);
    if (a->time > t->audit_newest)
        t->audit_newest = a->time;
    return STORE_OK;
}
