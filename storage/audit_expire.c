/* SPDX-License-Identifier: BSD-2-Clause */

/* Removing old records.  The chain must stay checkable, so it loses its
 * beginning only, and the anchor keeps the number and the hash of the last one
 * removed.  The order of the chain is that of writing.  If a clock was wrong,
 * records at its beginning may be dated in the future; they go with the first
 * one behind them whose date can be true and is old.  That one is looked for a
 * few at a time. */
#include "config.h"

#include "storage/audit_expire.h"

#include <string.h>

#include "storage/audit_chain.h"

/* Records in one step; at most so many are looked at. */
#define AT_ONCE 64

static const char doing[] = "removing old audit records";

/* The first entry from a number on; STORE_NOTFOUND: there is none. */
static enum store_result
first_entry(struct store_txn *t, uint64_t from, struct audit_entry *e,
            struct errbuf *err)
{
    struct key k = key_number(from);
    struct cursor c;
    enum store_result r = cursor_open(&c, t, TABLE_AUDIT_CHAIN, &k, doing, err);

    if (r != STORE_OK)
        return r;
    if (audit_entry_decode(&c.key, &c.value, e, err) != 0)
        r = txn_damaged(doing, err);
    cursor_close(&c);
    return r;
}

/* With its record, which may be missing: then it is no better for staying. */
static enum store_result
remove_first(struct store_txn *t, const struct audit_entry *e,
             struct audit_anchor *a, struct errbuf *err)
{
    struct key k = key_number(e->number);
    enum store_result r = txn_del(t, TABLE_AUDIT, &e->record, doing, err);

    if (r == STORE_OK || r == STORE_NOTFOUND)
        r = txn_del(t, TABLE_AUDIT_CHAIN, &k, doing, err);
    if (e->number > a->link.number) { /* never back */
        a->link.number = e->number;
        memcpy(a->link.hash, e->hash, sizeof e->hash);
    }
    return r;
}

/* Says up to which number records can go: t->audit_old.  *n_r: how many more may
 * be looked at. */
static enum store_result
look(struct store_txn *t, int64_t before, int64_t now, unsigned *n_r,
     struct errbuf *err)
{
    struct audit_entry e;
    enum store_result r;

    for (; *n_r > 0; --*n_r) {
        int64_t time;

        r = first_entry(t, t->audit_looked + 1, &e, err);
        if (r != STORE_OK)
            return r;
        time = key_get_time(e.record.data);
        if (time >= before && time <= now)
            return STORE_NOTFOUND;
        t->audit_looked = e.number;
        if (time < before)
            t->audit_old = e.number;
        if (time < before)
            break;
    }
    return STORE_OK;
}

/* Numbers of the chain; *n as for look. */
static enum store_result
expire_chain(struct store_txn *t, int64_t before, int64_t now, unsigned *n,
             struct errbuf *err)
{
    struct audit_anchor a;
    struct audit_entry e;
    bool removed = false;
    enum store_result r = audit_anchor_get(t, &a, err);

    while (r == STORE_OK && *n > 0) {
        r = first_entry(t, 0, &e, err);
        if (r == STORE_OK && e.number <= t->audit_old) {
            r = remove_first(t, &e, &a, err);
            removed = true;
            --*n;
        } else if (r == STORE_OK) {
            r = look(t, before, now, n, err);
        }
    }
    if (r == STORE_NOTFOUND) /* no more that is old: from the beginning again */
        t->audit_looked = 0;
    if (removed && (r == STORE_OK || r == STORE_NOTFOUND)) {
        enum store_result put = audit_anchor_put(t, &a, err);

        return put == STORE_OK ? r : put;
    }
    return r;
}

/* Those from before the chain, in the order of time. */
static enum store_result
expire_old(struct store_txn *t, int64_t before, unsigned *n, struct errbuf *err)
{
    const struct key from = {0};
    struct cursor c;
    enum store_result r = cursor_open(&c, t, TABLE_AUDIT, &from, doing, err);

    if (r != STORE_OK)
        return r;
    while (r == STORE_OK && *n > 0 && c.key.len == AUDIT_KEY_BYTES &&
           key_get_time(c.key.data) < before) {
        if (c.value.len > 0 && c.value.data[0] == AUDIT_OLD)
            r = cursor_del(&c, err);
        --*n;
        if (r == STORE_OK)
            r = cursor_next(&c, err);
    }
    cursor_close(&c);
    return r;
}

enum store_result
audit_expire(struct store_txn *t, int64_t before, int64_t now, bool *more_r,
             struct errbuf *err)
{
    unsigned old = AT_ONCE, chain = AT_ONCE;
    enum store_result r = expire_old(t, before, &old, err);

    if (r == STORE_OK || r == STORE_NOTFOUND)
        r = expire_chain(t, before, now, &chain, err);
    *more_r = old == 0 || chain == 0;
    return r == STORE_NOTFOUND ? STORE_OK : r;
}
