/* SPDX-License-Identifier: BSD-2-Clause */

/* The audit log.  Lines are gathered while a transaction runs, and become one
 * record when it is committed (or a few, if there are many).  The key is the
 * time of the newest line and a number that distinguishes records of the same
 * time. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "storage/time_order.h"
#include "storage/txn.h"

/* A record is written when it has grown so large. */
#define RECORD_BYTES (32 * 1024)

/* Old lines are looked for once an hour, by the times of new lines, and a few
 * at a time, so that no post has to wait for them. */
#define EXPIRE_EVERY_US (INT64_C(3600) * 1000000)
#define EXPIRE_AT_ONCE  64
#define DAY_US          (INT64_C(86400) * 1000000)

void
audit_begin_encode(struct buf *b)
{
    enc_u8(b, 1);
}

void
audit_line_encode(struct buf *b, const struct audit_rec *a)
{
    enc_i64(b, a->time);
    enc_text(b, a->who);
    enc_text(b, a->from);
    enc_text(b, a->what);
    enc_text(b, a->outcome);
}

int
audit_decode(const void *data, size_t len, audit_walk_fn *fn, void *arg,
             struct errbuf *err)
{
    bool more = true;
    struct dec in;

    dec_init(&in, data, len);
    dec_version(&in, 1);
    while (!in.bad && in.left > 0 && more) {
        struct audit_rec a;
        char *who, *from, *what, *outcome;

        a.time = dec_i64(&in);
        a.who = who = dec_text(&in);
        a.from = from = dec_text(&in);
        a.what = what = dec_text(&in);
        a.outcome = outcome = dec_text(&in);
        if (!in.bad && fn != NULL)
            more = fn(&a, arg);
        free(who);
        free(from);
        free(what);
        free(outcome);
    }
    return more ? dec_end(&in, err) : 0;
}

/* Removes a few records that are older than the limit. */
static enum store_result
expire(struct store_txn *t, int64_t before, struct errbuf *err)
{
    static const struct time_order order = {TABLE_AUDIT,
                                            "removing old audit records", NULL};
    bool more;
    enum store_result r =
        time_order_expire(t, &order, before, EXPIRE_AT_ONCE, &more, err);

    if (more)
        t->audit_expire_at = INT64_MIN;
    return r;
}

enum store_result
audit_flush(struct store_txn *t, struct errbuf *err)
{
    const int64_t newest = t->audit_newest;
    struct buf lines = t->audit;
    enum store_result r;

    t->audit = t->record; /* both keep their memory */
    t->audit.len = 0;
    t->record = lines;
    do {
        struct key k = {0};

        key_time(&k, newest);
        key_u32(&k, t->audit_seq++);
        r = txn_put_new(t, TABLE_AUDIT, &k, "storing audit lines", err);
    } while (r == STORE_EXISTS);
    t->audit_newest = INT64_MIN;
    if (r != STORE_OK || t->audit_days == 0 || newest < t->audit_expire_at)
        return r;
    t->audit_expire_at = newest + EXPIRE_EVERY_US;
    return expire(t, newest - t->audit_days * DAY_US, err);
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

struct walk_since {
    int64_t since;
    audit_walk_fn *fn;
    void *arg;
    bool more;
};

static bool
walk_since(const struct audit_rec *a, void *arg)
{
    struct walk_since *w = arg;

    if (a->time >= w->since)
        w->more = w->fn(a, w->arg);
    return w->more;
}

enum store_result
audit_walk(struct store_txn *t, int64_t since, audit_walk_fn *fn, void *arg,
           struct errbuf *err)
{
    struct walk_since w = {since, fn, arg, true};
    const char *const doing = "reading audit records";
    struct key from = {0};
    struct cursor c;
    enum store_result r = STORE_OK;

    if (t->audit.len > 0) /* what this transaction wrote can be read in it */
        r = audit_flush(t, err);
    if (r != STORE_OK)
        return r;
    key_time(&from, since);
    r = cursor_open(&c, t, TABLE_AUDIT, &from, doing, err);
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    while (r == STORE_OK && w.more) {
        if (audit_decode(c.value.data, c.value.len, walk_since, &w, err) != 0)
            r = txn_damaged(doing, err);
        else if (w.more)
            r = cursor_next(&c, err);
    }
    cursor_close(&c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}
