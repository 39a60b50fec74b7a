/* SPDX-License-Identifier: BSD-2-Clause */
/* Any user names any of six hundred time zones, so nothing may be kept for each
 * of their names.  What a message says of time is the offset that the zone had
 * when the alert was posted: there are some forty of them, summer time
 * included, and alerts of both sides of its end are told apart because each is
 * looked up by its own time.  Each entry keeps its alert, so that no other can
 * come to lie at the same address. */
#include "config.h"

#include "ximss/server/alert_cache.h"

#include <stdlib.h>

#include <glib.h>

#include "util/clock.h"
#include "util/queue_safe.h"
#include "util/shared_buf.h"
#include "util/xmalloc.h"
#include "util/zone.h"
#include "ximss/server/alert.h"

#define UNUSED_US (60 * CLOCK_SECOND)
/* What an entry takes beside the message, about. */
#define ENTRY_BYTES 200

struct entry {
    struct alert *alert; /* counted; with offset the key */
    int32_t offset;
    TAILQ_ENTRY(entry) link;
    int64_t used;             /* as of the last tick */
    struct shared_buf *bytes; /* counted */
};
TAILQ_HEAD(entry_list, entry);

struct alert_cache {
    GHashTable *table;         /* owns the entries */
    struct entry_list entries; /* that of the last use first */
    size_t bytes, limit;
    int64_t now; /* of the last tick */
};

static guint
hash(gconstpointer p)
{
    const struct entry *e = p;

    return g_direct_hash(e->alert) * 31 + (guint)e->offset;
}

static gboolean
equal(gconstpointer p, gconstpointer q)
{
    const struct entry *a = p, *b = q;

    return a->alert == b->alert && a->offset == b->offset;
}

static void
entry_free(void *p)
{
    struct entry *e = p;

    shared_buf_unref(&e->bytes);
    alert_unref(&e->alert);
    free(e);
}

struct alert_cache *
alert_cache_new(void)
{
    struct alert_cache *c = xcalloc(1, sizeof *c);

    c->table = g_hash_table_new_full(hash, equal, NULL, entry_free);
    TAILQ_INIT(&c->entries);
    return c;
}

void
alert_cache_free(struct alert_cache **c)
{
    if (*c == NULL)
        return;
    g_hash_table_destroy((*c)->table);
    free(*c);
    *c = NULL;
}

static size_t
weight(const struct entry *e)
{
    return e->bytes->len + ENTRY_BYTES;
}

static void
drop(struct alert_cache *c, struct entry *e)
{
    TAILQ_REMOVE(&c->entries, e, link);
    c->bytes -= weight(e);
    g_hash_table_remove(c->table, e);
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

/* What was removed meanwhile goes in the order in which it came: a few for each
 * that is added, so that there never are many. */
static void
drop_removed(struct alert_cache *c)
{
    struct entry *e;

    for (int i = 0; i < 4; i++) {
        e = TAILQ_LAST(&c->entries, entry_list);
        if (e == NULL || !atomic_load(&e->alert->removed))
            return;
        drop(c, e);
    }
}

static void
add(struct alert_cache *c, struct alert *a, int32_t offset,
    struct shared_buf *bytes)
{
    struct entry *e = xcalloc(1, sizeof *e);

    drop_removed(c);
    e->alert = alert_ref(a);
    e->offset = offset;
    e->used = c->now;
    e->bytes = shared_buf_ref(bytes);
    TAILQ_INSERT_HEAD(&c->entries, e, link);
    c->bytes += weight(e);
    g_hash_table_add(c->table, e);
    make_room(c);
}

struct shared_buf *
alert_cache_get(struct alert_cache *c, struct alert *a, const struct zone *zone)
{
    const struct entry key = {.alert = a,
                              .offset = zone_offset(zone, a->rec.posted)};
    struct entry *e = g_hash_table_lookup(c->table, &key);
    struct shared_buf *bytes;

    if (e == NULL) {
        bytes = alert_encode(a, zone);
        add(c, a, key.offset, bytes);
        return bytes;
    }
    e->used = c->now;
    TAILQ_REMOVE(&c->entries, e, link);
    TAILQ_INSERT_HEAD(&c->entries, e, link);
    return shared_buf_ref(e->bytes);
}

void
alert_cache_tick(struct alert_cache *c, int64_t mono)
{
    struct entry *e;

    c->now = mono;
    while ((e = TAILQ_LAST(&c->entries, entry_list)) != NULL &&
           mono - e->used > UNUSED_US)
        drop(c, e);
}

size_t
alert_cache_bytes(const struct alert_cache *c)
{
    return c->bytes;
}

unsigned
alert_cache_count(const struct alert_cache *c)
{
    return g_hash_table_size(c->table);
}
