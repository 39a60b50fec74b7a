/* SPDX-License-Identifier: BSD-2-Clause */

/* Reading the audit log, forwards and backwards.  It writes nothing: lines that
 * the transaction has gathered, which are also those of other jobs, stay where
 * they are. */
#include "config.h"

#include <stdlib.h>

#include "storage/audit_record.h"
#include "util/xmalloc.h"

static const char doing[] = "reading audit records";

/* The key of a record has the time of its newest line, and lines of one
 * transaction are not far apart. */
#define SPREAD_US (INT64_C(60) * 1000000)

struct audit_place
audit_place_of(int64_t time, bool back)
{
    struct audit_place p = {.set = true, .time = time};

    if (back && time < INT64_MAX - SPREAD_US)
        p.time = time + SPREAD_US;
    if (back)
        p.serial = p.line = UINT32_MAX;
    return p;
}

static struct key
key_of(const struct audit_place *p)
{
    struct key k = {0};

    key_time(&k, p->time);
    key_u32(&k, p->serial);
    return k;
}

/* The lines of one record, owned: a walk back needs the last one first. */
struct lines {
    struct audit_rec *v;
    uint32_t n, room;
};

static char *
copy_text(const char *text)
{
    return xstrdup(text != NULL ? text : "");
}

static bool
take_line(const struct audit_rec *a, void *arg)
{
    struct lines *l = arg;
    struct audit_rec *to;

    if (l->n == l->room) {
        l->room = l->room * 2 + 1;
        l->v = xrealloc(l->v, l->room * sizeof *l->v);
    }
    to = &l->v[l->n++];
    *to = *a;
    to->who = copy_text(a->who);
    to->from = copy_text(a->from);
    to->what = copy_text(a->what);
    to->outcome = copy_text(a->outcome);
    to->target = copy_text(a->target);
    return true;
}

static void
clear_lines(struct lines *l)
{
    for (uint32_t i = 0; i < l->n; i++)
        audit_line_clear(&l->v[i]);
    free(l->v);
}

struct walk {
    struct audit_place from;
    bool back, more;
    audit_see_fn *fn;
    void *arg;
};

/* Those of a record that are at the place, or behind it in the direction of
 * the walk. */
static void
see_lines(struct walk *w, const struct lines *l, struct audit_place at)
{
    bool here =
        w->from.set && w->from.time == at.time && w->from.serial == at.serial;
    uint32_t first = here ? w->from.line : w->back ? UINT32_MAX : 0;

    for (uint32_t i = 0; i < l->n && w->more; i++) {
        at.line = w->back ? l->n - 1 - i : i;
        if (w->back ? at.line <= first : at.line >= first)
            w->more = w->fn(&l->v[at.line], &at, w->arg);
    }
}

static enum store_result
read_record(struct cursor *c, struct walk *w, struct errbuf *err)
{
    struct lines l = {0};
    enum store_result r = STORE_OK;

    if (c->key.len != AUDIT_KEY_BYTES) {
        err_set(err, "a key of %zu bytes", c->key.len);
        return txn_damaged(doing, err);
    }
    if (audit_decode(c->value.data, c->value.len, take_line, &l, err) != 0)
        r = txn_damaged(doing, err);
    store_charge(c->txn, 1 + l.n);
    if (r == STORE_OK)
        see_lines(w, &l, audit_place_at(c->key.data));
    clear_lines(&l);
    return r;
}

static enum store_result
open_at(struct cursor *c, struct store_txn *t, const struct audit_place *from,
        bool back, struct errbuf *err)
{
    struct key k = {0};

    if (from->set)
        k = key_of(from);
    if (!back)
        return cursor_open(c, t, TABLE_AUDIT, &k, doing, err);
    /* Before a key that comes behind the place. */
    if (from->set)
        key_u8(&k, 0);
    else
        key_u64(&k, UINT64_MAX);
    return cursor_open_before(c, t, TABLE_AUDIT, &k, doing, err);
}

enum store_result
audit_walk(struct store_txn *t, const struct audit_place *from, bool back,
           audit_see_fn *fn, void *arg, struct errbuf *err)
{
    struct walk w = {
        .from = *from, .back = back, .more = true, .fn = fn, .arg = arg};
    struct cursor c;
    enum store_result r = open_at(&c, t, from, back, err);

    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    while (r == STORE_OK && w.more) {
        r = read_record(&c, &w, err);
        if (r == STORE_OK && w.more)
            r = back ? cursor_prev(&c, err) : cursor_next(&c, err);
    }
    cursor_close(&c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}
