/* SPDX-License-Identifier: BSD-2-Clause */

/* All access to the tables goes through the one transaction that is open on the
 * writer thread.  (A read outside it, of a page that it has written, would wait
 * for itself for ever.)  The first error of Berkeley DB other than an ordinary
 * "not found" is kept in `failed`.  From then on everything in this transaction
 * fails, including its commit, even if a body has ignored the error. */
#include "config.h"

#include "storage/txn.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "storage/page_cache.h"
#include "util/text.h"
#include "util/xmalloc.h"

/* So much is written between two looks at the disk. */
#define LOOK_BYTES   (64 * 1024)
#define LOOK_CHANGES 256

/* --- keys --- */

void
key_bytes(struct key *k, const void *p, size_t n)
{
    assert(n <= sizeof k->data - k->len);
    memcpy(k->data + k->len, p, n);
    k->len += n;
}

void
key_u8(struct key *k, uint8_t v)
{
    key_bytes(k, &v, 1);
}

static void
append_number(struct key *k, uint64_t v, size_t n)
{
    uint8_t p[8];

    for (size_t i = n; i-- > 0; v >>= 8)
        p[i] = (uint8_t)v;
    key_bytes(k, p, n);
}

void
key_u32(struct key *k, uint32_t v)
{
    append_number(k, v, 4);
}

void
key_u64(struct key *k, uint64_t v)
{
    append_number(k, v, 8);
}

#define TIME_SIGN (UINT64_C(1) << 63)

void
key_time(struct key *k, int64_t us)
{
    key_u64(k, (uint64_t)us ^ TIME_SIGN);
}

enum store_result
key_text(struct key *k, const char *s, bool lower, struct errbuf *err)
{
    char copy[KEY_TEXT_BYTES + 1];
    size_t n = strlen(s);

    if (n == 0 || n > KEY_TEXT_BYTES) {
        err_set(err, "a name of %zu bytes: 1 to %d are possible", n,
                KEY_TEXT_BYTES);
        return STORE_REFUSED;
    }
    memcpy(copy, s, n + 1);
    if (lower)
        text_lower(copy);
    key_bytes(k, copy, n);
    return STORE_OK;
}

struct key
key_number(uint64_t number)
{
    struct key k = {0};

    key_u64(&k, number);
    return k;
}

uint64_t
key_get_u64(const uint8_t *p)
{
    uint64_t v = 0;

    for (int i = 0; i < 8; i++)
        v = v << 8 | p[i];
    return v;
}

int64_t
key_get_time(const uint8_t *p)
{
    return (int64_t)(key_get_u64(p) ^ TIME_SIGN);
}

static DBT
dbt_of(const void *data, size_t len)
{
    DBT d;

    memset(&d, 0, sizeof d);
    /* The library does not write through it; its struct has no const. */
    memcpy(&d.data, &data, sizeof d.data);
    d.size = (uint32_t)len;
    return d;
}

/* --- the transaction --- */

unsigned
store_changes(const struct store_txn *t)
{
    return t->changes;
}

struct txn_mark
txn_mark(const struct store_txn *t)
{
    return (struct txn_mark){.changes = t->changes,
                             .audit_len = t->audit.len,
                             .audit_newest = t->audit_newest};
}

void
txn_forget_audit(struct store_txn *t, const struct txn_mark *m)
{
    t->audit.len = m->audit_len;
    t->audit_newest = m->audit_newest;
}

bool
txn_may_retry(const struct store_txn *t)
{
    return t->failed == DB_LOCK_DEADLOCK || t->failed == DB_LOCK_NOTGRANTED;
}

static enum store_result
refuse_as_full(struct store_txn *t, struct errbuf *err)
{
    env_set_full(t->env, true);
    err_set(err, "no space left on the disk");
    return STORE_FULL;
}

/* A cache full of pages that cannot be written is said to be no memory. */
static int
cause_of(struct store_txn *t, int code)
{
    int cause = 0;

    if (code == ENOMEM) {
        page_cache_doubt(t->env);
        cause = page_cache_look(t->env);
    }
    return cause != 0 ? cause : code;
}

enum store_result
txn_fail(struct store_txn *t, int code, const char *doing, struct errbuf *err)
{
    code = cause_of(t, code);
    if (t->failed == 0)
        t->failed = code;
    if (env_no_space(code))
        return refuse_as_full(t, err);
    if (code == DB_RUNRECOVERY)
        atomic_store(&t->env->panicked, true);
    err_set(err, "%s: %s", doing, db_strerror(code));
    return STORE_ERROR;
}

enum store_result
txn_damaged(const char *doing, struct errbuf *err)
{
    err_prefix(err, "%s", doing);
    return STORE_ERROR;
}

enum store_result
txn_get_text(struct store_txn *t, enum table table, const struct key *k,
             char **text_r, const char *doing, struct errbuf *err)
{
    struct slice value;
    enum store_result r = txn_get(t, table, k, &value, doing, err);

    *text_r = NULL;
    if (r == STORE_NOTFOUND) {
        *text_r = xstrdup("");
        return STORE_OK;
    }
    if (r == STORE_OK && text_decode(value.data, value.len, text_r, err) != 0)
        return txn_damaged(doing, err);
    return r;
}

enum store_result
txn_must_exist(enum store_result r, const char *doing, struct errbuf *err)
{
    if (r != STORE_NOTFOUND)
        return r;
    err_set(err, "%s: damaged store: an entry leads nowhere", doing);
    return STORE_ERROR;
}

/* --- work --- */

void
txn_begin_job(struct store_txn *t, unsigned part)
{
    t->work_job = t->work;
    t->part = part;
}

unsigned
store_part(const struct store_txn *t)
{
    return t->part;
}

uint64_t
store_mark_begin(struct store_mark *m, const struct store_txn *t)
{
    if (m->part == t->part)
        m->done = m->next;
    return m->done;
}

void
store_mark_set(struct store_mark *m, const struct store_txn *t, uint64_t next)
{
    m->next = next;
    m->part = t->part + 1;
}

bool
store_tired(const struct store_txn *t)
{
    return t->work - t->work_job >= WORK_TURN;
}

void
store_charge(struct store_txn *t, uint64_t work)
{
    t->work += work;
}

static void
count_read(struct store_txn *t, size_t len)
{
    t->work += WORK_READ + len / WORK_BYTES;
}

static void
count_write(struct store_txn *t, size_t len)
{
    t->work += WORK_WRITE + len / WORK_BYTES * WORK_WRITE;
}

/* --- one record --- */

static void
changed(struct store_txn *t, enum table table, int ret)
{
    if (ret == 0)
        t->tables |= UINT32_C(1) << table;
}

bool
store_removing(struct store_txn *t, bool on)
{
    bool before = t->removing;

    t->removing = on;
    return before;
}

/* Tables that could not be written leave space for removals at most, and none
 * when the cache has too much that waits for it. */
static enum space
space_in_tables(struct store_txn *t)
{
    int stuck = atomic_load(&t->env->stuck);

    t->unwritable = page_cache_look(t->env);
    if (t->unwritable != 0)
        return SPACE_LOW;
    t->unwritable = stuck;
    return stuck != 0 ? SPACE_REMOVALS : SPACE_ENOUGH;
}

/* The space there is, looked at again as the transaction grows. */
static void
look_at_space(struct store_txn *t)
{
    enum space tables;

    if (t->space != SPACE_UNKNOWN && t->bytes - t->looked_bytes < LOOK_BYTES &&
        t->changes - t->looked_changes < LOOK_CHANGES &&
        (t->space == SPACE_LOW || t->env->cache_room > 0))
        return;
    t->space = space_look(t->env, t->pending);
    tables = space_in_tables(t);
    if (tables > t->space)
        t->space = tables;
    t->looked_bytes = t->bytes;
    t->looked_changes = t->changes;
}

void
store_look_for_space(struct store_txn *t)
{
    t->space = SPACE_UNKNOWN;
    look_at_space(t);
    if (t->space == SPACE_ENOUGH)
        env_set_full(t->env, false);
}

static enum store_result
refuse(struct store_txn *t, const char *doing, struct errbuf *err)
{
    if (t->unwritable == 0 || env_no_space(t->unwritable))
        return refuse_as_full(t, err);
    err_set(err, "%s: the tables cannot be written: %s", doing,
            db_strerror(t->unwritable));
    return STORE_ERROR;
}

enum store_result
txn_change(struct store_txn *t, const char *doing, struct errbuf *err)
{
    assert(t->handle != NULL);
    if (t->failed != 0)
        return txn_fail(t, t->failed, doing, err);
    look_at_space(t);
    t->removed_some |= t->removing;
    if (t->space == SPACE_LOW || (t->space == SPACE_REMOVALS && !t->removing))
        return refuse(t, doing, err);
    t->changes++;
    return STORE_OK;
}

enum store_result
txn_get(struct store_txn *t, enum table table, const struct key *k,
        struct slice *value_r, const char *doing, struct errbuf *err)
{
    DB *db = t->env->table[table];
    DBT key = dbt_of(k->data, k->len);
    int ret;

    assert(t->handle != NULL);
    if (t->failed != 0)
        return txn_fail(t, t->failed, doing, err);
    ret = db->get(db, t->handle, &key, &t->value, DB_READ_COMMITTED);
    count_read(t, ret == 0 ? t->value.size : 0);
    if (ret == DB_NOTFOUND)
        return STORE_NOTFOUND;
    if (ret != 0)
        return txn_fail(t, ret, doing, err);
    value_r->data = t->value.data;
    value_r->len = t->value.size;
    return STORE_OK;
}

enum store_result
txn_exists(struct store_txn *t, enum table table, const struct key *k,
           const char *doing, struct errbuf *err)
{
    DB *db = t->env->table[table];
    DBT key = dbt_of(k->data, k->len);
    int ret;

    assert(t->handle != NULL);
    if (t->failed != 0)
        return txn_fail(t, t->failed, doing, err);
    ret = db->exists(db, t->handle, &key, DB_READ_COMMITTED);
    count_read(t, 0);
    if (ret == DB_NOTFOUND)
        return STORE_NOTFOUND;
    return ret == 0 ? STORE_OK : txn_fail(t, ret, doing, err);
}

static enum store_result
put(struct store_txn *t, enum table table, const struct key *k, uint32_t flags,
    const char *doing, struct errbuf *err)
{
    DB *db = t->env->table[table];
    DBT key = dbt_of(k->data, k->len);
    DBT value = dbt_of(t->record.data, t->record.len);
    enum store_result r = txn_change(t, doing, err);
    int ret;

    if (r != STORE_OK)
        return r;
    ret = db->put(db, t->handle, &key, &value, flags);
    count_write(t, t->record.len);
    if (ret == DB_KEYEXIST) {
        t->changes--;
        return STORE_EXISTS;
    }
    t->bytes += k->len + t->record.len;
    changed(t, table, ret);
    t->pending += space_of_change(k->len + t->record.len);
    page_cache_changed(t->env, space_of_change(k->len + t->record.len));
    return ret == 0 ? STORE_OK : txn_fail(t, ret, doing, err);
}

enum store_result
txn_put(struct store_txn *t, enum table table, const struct key *k,
        const char *doing, struct errbuf *err)
{
    return put(t, table, k, 0, doing, err);
}

enum store_result
txn_put_new(struct store_txn *t, enum table table, const struct key *k,
            const char *doing, struct errbuf *err)
{
    return put(t, table, k, DB_NOOVERWRITE, doing, err);
}

enum store_result
txn_del(struct store_txn *t, enum table table, const struct key *k,
        const char *doing, struct errbuf *err)
{
    DB *db = t->env->table[table];
    DBT key = dbt_of(k->data, k->len);
    enum store_result r = txn_change(t, doing, err);
    int ret;

    if (r != STORE_OK)
        return r;
    ret = db->del(db, t->handle, &key, 0);
    count_write(t, 0);
    if (ret == DB_NOTFOUND) {
        t->changes--;
        return STORE_NOTFOUND;
    }
    t->bytes += k->len;
    page_cache_changed(t->env, space_of_change(k->len));
    changed(t, table, ret);
    return ret == 0 ? STORE_OK : txn_fail(t, ret, doing, err);
}

struct buf *
txn_record(struct store_txn *t)
{
    t->record.len = 0;
    return &t->record;
}

/* --- ranges --- */

static enum store_result
cursor_step(struct cursor *c, uint32_t how, struct errbuf *err)
{
    struct store_txn *t = c->txn;
    int ret = t->failed;

    if (ret == 0)
        ret = c->dbc->get(c->dbc, &c->k, &c->v, how);
    count_read(t, ret == 0 ? c->v.size : 0);
    if (ret == DB_NOTFOUND)
        return STORE_NOTFOUND;
    if (ret != 0)
        return txn_fail(t, ret, c->doing, err);
    c->key = (struct slice){c->k.data, c->k.size};
    c->value = (struct slice){c->v.data, c->v.size};
    return STORE_OK;
}

/* A cursor that stands nowhere yet; closed unless this is STORE_OK. */
static enum store_result
cursor_make(struct cursor *c, struct store_txn *t, enum table table,
            const struct key *from, const char *doing, struct errbuf *err)
{
    DB *db = t->env->table[table];
    int ret = t->failed;

    assert(t->handle != NULL);
    memset(c, 0, sizeof *c);
    c->txn = t;
    c->doing = doing;
    c->table = table;
    if (ret == 0)
        ret = db->cursor(db, t->handle, &c->dbc, DB_READ_COMMITTED);
    if (ret != 0) {
        c->dbc = NULL;
        return txn_fail(t, ret, doing, err);
    }
    c->k.flags = c->v.flags = DB_DBT_REALLOC;
    c->k.data = xmemdup(from->data, from->len > 0 ? from->len : 1);
    c->k.size = (uint32_t)from->len;
    return STORE_OK;
}

enum store_result
cursor_open(struct cursor *c, struct store_txn *t, enum table table,
            const struct key *from, const char *doing, struct errbuf *err)
{
    enum store_result r = cursor_make(c, t, table, from, doing, err);

    if (r != STORE_OK)
        return r;
    r = cursor_step(c, DB_SET_RANGE, err);
    if (r != STORE_OK)
        cursor_close(c);
    return r;
}

enum store_result
cursor_open_before(struct cursor *c, struct store_txn *t, enum table table,
                   const struct key *before, const char *doing,
                   struct errbuf *err)
{
    enum store_result r = cursor_make(c, t, table, before, doing, err);

    if (r != STORE_OK)
        return r;
    r = cursor_step(c, DB_SET_RANGE, err);
    if (r == STORE_OK)
        r = cursor_step(c, DB_PREV, err);
    else if (r == STORE_NOTFOUND)
        r = cursor_step(c, DB_LAST, err);
    if (r != STORE_OK)
        cursor_close(c);
    return r;
}

enum store_result
cursor_prev(struct cursor *c, struct errbuf *err)
{
    return cursor_step(c, DB_PREV, err);
}

enum store_result
cursor_next(struct cursor *c, struct errbuf *err)
{
    return cursor_step(c, DB_NEXT, err);
}

enum store_result
cursor_del(struct cursor *c, struct errbuf *err)
{
    enum store_result r = txn_change(c->txn, c->doing, err);
    int ret;

    if (r != STORE_OK)
        return r;
    ret = c->dbc->del(c->dbc, 0);
    count_write(c->txn, 0);
    c->txn->bytes += c->key.len;
    page_cache_changed(c->txn->env, space_of_change(c->key.len + c->value.len));
    changed(c->txn, c->table, ret);
    return ret == 0 ? STORE_OK : txn_fail(c->txn, ret, c->doing, err);
}

void
cursor_want_heads(struct cursor *c, uint32_t bytes)
{
    c->v.flags |= DB_DBT_PARTIAL;
    c->v.doff = 0;
    c->v.dlen = bytes;
}

void
cursor_close(struct cursor *c)
{
    int ret = 0;

    if (c->dbc != NULL)
        ret = c->dbc->close(c->dbc);
    c->dbc = NULL;
    /* Only a lock that was refused: the commit must not go through then. */
    if (ret != 0 && c->txn->failed == 0)
        c->txn->failed = ret;
    free(c->k.data);
    free(c->v.data);
    c->k.data = c->v.data = NULL;
}

bool
cursor_at(const struct cursor *c, const struct key *prefix)
{
    return c->key.len >= prefix->len &&
           memcmp(c->key.data, prefix->data, prefix->len) == 0;
}
