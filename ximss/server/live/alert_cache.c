/* SPDX-License-Identifier: BSD-2-Clause */
/* Any user names any of six hundred time zones, so nothing may be kept for each
 * of their names.  What a message says of time is the offset that the zone had
 * when the alert was posted: there are some forty of them, summer time
 * included, and alerts of both sides of its end are told apart because each is
 * looked up by its own time.  Each entry keeps its alert, so that no other can
 * come to lie at the same address; so an alert that is over has to be forgotten
 * here too, and as long as it is not, its own text counts. */
#include "config.h"

#include "ximss/server/live/alert_cache.h"

#include <stdlib.h>

#include <glib.h>

#include "util/clock.h"
#include "util/queue_safe.h"
#include "util/shared_buf.h"
#include "util/xmalloc.h"
#include "util/zone.h"
#include "ximss/server/live/alert.h"

#define UNUSED_US (60 * CLOCK_SECOND)
/* Entries that a tick drops. */
#define DROP_BATCH 512
/* What an entry takes beside the message, about. */
#define ENTRY_BYTES 200

struct entry {
    LIST_ENTRY(entry) sibling;
    TAILQ_ENTRY(entry) link;
    struct entries_of *of;
    struct alert *alert; /* counted */
    int32_t offset;
    int64_t used;             /* as of the last tick */
    struct shared_buf *bytes; /* counted */
};
TAILQ_HEAD(entry_list, entry);

/* Those of the alerts of one id: a few, if it was changed meanwhile. */
struct entries_of {
    uint64_t id;
    LIST_HEAD(, entry) entries;
};

struct alert_cache {
    GHashTable *table;         /* id -> struct entries_of, owned */
    struct entry_list entries; /* owned; that of the last use first */
    unsigned count;
    size_t bytes, limit;
    int64_t now; /* of the last tick */
};

struct alert_cache *
alert_cache_new(void)
{
    struct alert_cache *c = xcalloc(1, sizeof *c);

    c->table = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free);
    TAILQ_INIT(&c->entries);
    return c;
}

static size_t
weight(const struct entry *e)
{
    return e->bytes->len + e->alert->rec.text_len + ENTRY_BYTES;
}

static void
drop(struct alert_cache *c, struct entry *e)
{
    TAILQ_REMOVE(&c->entries, e, link);
    LIST_REMOVE(e, sibling);
    if (LIST_EMPTY(&e->of->entries))
        g_hash_table_remove(c->table, &e->of->id);
    c->bytes -= weight(e);
    c->count--;
    shared_buf_unref(&e->bytes);
    alert_unref(&e->alert);
    free(e);
}

void
alert_cache_free(struct alert_cache **c)
{
    struct entry *e;

    if (*c == NULL)
        return;
    while ((e = TAILQ_FIRST(&(*c)->entries)) != NULL)
        drop(*c, e);
    g_hash_table_destroy((*c)->table);
    free(*c);
    *c = NULL;
}

static void
make_room(struct alert_cache *c)
{
    while (c->bytes > c->limit)
        drop(c, TAILQ_LAST(&c->entries, entry_list));
}

void
alert_cache_set_limit(struct alert_cache *c, size_t bytes)
{
    c->limit = bytes;
    make_room(c);
}

static struct entries_of *
entries_of(struct alert_cache *c, uint64_t id)
{
    struct entries_of *of = g_hash_table_lookup(c->table, &id);

    if (of == NULL) {
        of = xcalloc(1, sizeof *of);
        of->id = id;
        g_hash_table_insert(c->table, &of->id, of);
    }
    return of;
}

static void
add(struct alert_cache *c, struct alert *a, int32_t offset,
    struct shared_buf *bytes)
{
    struct entry *e = xcalloc(1, sizeof *e);

    e->of = entries_of(c, a->rec.id);
    e->alert = alert_ref(a);
    e->offset = offset;
    e->used = c->now;
    e->bytes = shared_buf_ref(bytes);
    LIST_INSERT_HEAD(&e->of->entries, e, sibling);
    TAILQ_INSERT_HEAD(&c->entries, e, link);
    c->bytes += weight(e);
    c->count++;
    make_room(c);
}

static struct entry *
find(struct alert_cache *c, const struct alert *a, int32_t offset)
{
    const struct entries_of *of = g_hash_table_lookup(c->table, &a->rec.id);
    struct entry *e = of != NULL ? LIST_FIRST(&of->entries) : NULL;

    while (e != NULL && (e->alert != a || e->offset != offset))
        e = LIST_NEXT(e, sibling);
    return e;
}

struct shared_buf *
alert_cache_get(struct alert_cache *c, struct alert *a, const struct zone *zone)
{
    int32_t offset = zone_offset(zone, a->rec.posted);
    struct entry *e = find(c, a, offset);
    struct shared_buf *bytes;

    if (e == NULL) {
        bytes = alert_encode(a, zone);
        add(c, a, offset, bytes);
        return bytes;
    }
    e->used = c->now;
    TAILQ_REMOVE(&c->entries, e, link);
    TAILQ_INSERT_HEAD(&c->entries, e, link);
    return shared_buf_ref(e->bytes);
}

void
alert_cache_forget(struct alert_cache *c, uint64_t id)
{
    const struct entries_of *of;

    while ((of = g_hash_table_lookup(c->table, &id)) != NULL)
        drop(c, LIST_FIRST(&of->entries));
}

bool
alert_cache_tick(struct alert_cache *c, int64_t mono)
{
    struct entry *e;
    unsigned n = 0;

    c->now = mono;
    while ((e = TAILQ_LAST(&c->entries, entry_list)) != NULL &&
           mono - e->used > UNUSED_US) {
        if (n++ == DROP_BATCH)
            return true;
        drop(c, e);
    }
    return false;
}

size_t
alert_cache_bytes(const struct alert_cache *c)
{
    return c->bytes;
}

unsigned
alert_cache_count(const struct alert_cache *c)
{
    return c->count;
}
