/* SPDX-License-Identifier: BSD-2-Clause */
/* Alerts in memory and on the wire.  An alert is shared by all workers and does
 * not change, so reading it needs no lock. */
#include "config.h"

#include "ximss/server/live/alert.h"

#include <stdlib.h>
#include <string.h>

#include "quota/policy.h"
#include "util/clock.h"
#include "util/xmalloc.h"
#include "util/zone.h"
#include "ximss/proto/xml_write.h"
#include "ximss/server/rules/alert_names.h"
#include "ximss/server/rules/effect.h"

struct alert *
alert_new(struct alert_rec *rec)
{
    struct alert *a = xcalloc(1, sizeof *a);

    atomic_init(&a->refs, 1);
    a->rec = *rec;
    memset(rec, 0, sizeof *rec);
    return a;
}

struct alert *
alert_new_copy(const struct alert_rec *rec)
{
    struct alert_rec copy;

    alert_rec_copy(&copy, rec);
    return alert_new(&copy);
}

struct alert *
alert_ref(struct alert *a)
{
    atomic_fetch_add_explicit(&a->refs, 1, memory_order_relaxed);
    return a;
}

void
alert_unref(struct alert **a)
{
    struct alert *dead = *a;

    *a = NULL;
    if (dead == NULL ||
        atomic_fetch_sub_explicit(&dead->refs, 1, memory_order_acq_rel) != 1)
        return;
    alert_rec_clear(&dead->rec);
    free(dead);
}

bool
alert_is_over(const struct alert *a, int64_t now)
{
    return a->rec.until != 0 && a->rec.until <= now;
}

static void
write_times(struct buf *b, int64_t posted, const struct zone *zone)
{
    char gmt[CLOCK_GMT_SIZE], local[CLOCK_LOCAL_SIZE];

    clock_format_gmt(posted, gmt);
    zone_format_local(zone, posted, local);
    xml_write_attr(b, "gmtTime", gmt);
    xml_write_attr(b, "localTime", local);
}

static void
write_until(struct buf *b, int64_t until)
{
    char text[CLOCK_GMT_SIZE];

    if (until == 0)
        return;
    clock_format_gmt(until, text);
    xml_write_attr(b, "until", text);
}

static void
write_quota(struct buf *b, const struct alert *a)
{
    xml_write_attr(b, "kind", "quota");
    xml_write_attr_u64(b, "used", a->used);
    xml_write_attr_u64(b, "limit", a->limit);
    xml_write_attr_u64(b, "percent", quota_percent(a->used, a->limit));
}

struct shared_buf *
alert_encode(const struct alert *alert, const struct zone *zone)
{
    const struct alert_rec *a = &alert->rec;
    struct buf b = {0};
    struct shared_buf *bytes;

    buf_append_str(&b, "<alert");
    write_times(&b, a->posted, zone);
    xml_write_attr_u64(&b, "alertID", a->id);
    xml_write_attr(&b, "scope", alert_scope_name(a->scope));
    xml_write_attr(&b, "severity", alert_severity_name(a->severity));
    write_until(&b, a->until);
    if (alert->generated)
        write_quota(&b, alert);
    buf_append_char(&b, '>');
    xml_write_text(&b, a->text, a->text_len);
    buf_append(&b, "</alert>", sizeof "</alert>");
    bytes = shared_buf_new(b.data, b.len);
    buf_clear(&b);
    return bytes;
}

void
alert_report(struct buf *b, const struct alert_rec *a,
             const struct alert_view *view)
{
    char key[CLOCK_GMT_SIZE];

    buf_append_str(b, "<alertReport");
    xml_write_attr(b, "id", view->id);
    xml_write_attr_u64(b, "alertID", a->id);
    xml_write_attr(b, "scope", alert_scope_name(a->scope));
    xml_write_attr(b, "target", view->target);
    xml_write_attr(b, "severity", alert_severity_name(a->severity));
    write_times(b, a->posted, view->zone);
    write_until(b, a->until);
    if (!view->watch)
        xml_write_attr(b, "seen", view->seen ? "yes" : "no");
    if (view->posting) {
        xml_write_attr(b, "author", a->author_name);
        xml_write_attr(b, "origin", a->origin);
        clock_format_gmt(a->key * CLOCK_SECOND, key);
        /* The CLI's form: digits only. */
        memmove(key + 8, key + 9, 6);
        key[14] = '\0';
        xml_write_attr(b, "key", key);
        if (a->post_key != NULL)
            xml_write_attr(b, "postKey", a->post_key);
    }
    buf_append_char(b, '>');
    xml_write_text(b, a->text, a->text_len);
    buf_append(b, "</alertReport>", sizeof "</alertReport>");
}

void
alert_removed(struct buf *b, uint64_t id)
{
    buf_append_str(b, "<alertRemoved");
    xml_write_attr_u64(b, "alertID", id);
    buf_append(b, "/>", sizeof "/>");
}

/* --- sets --- */

uint32_t
alert_array_after(const struct alert_array *set, uint64_t id)
{
    uint32_t low = 0, high = set->n;

    /* Nearly always everything, or all but the newest, is known. */
    if (set->n == 0 || set->v[set->n - 1]->rec.id <= id)
        return set->n;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;

        if (set->v[mid]->rec.id <= id)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

void
alert_array_add(struct alert_array *set, struct alert *a)
{
    uint32_t at = alert_array_after(set, a->rec.id);

    if (at > 0 && set->v[at - 1]->rec.id == a->rec.id)
        return;
    if (set->n == set->cap) {
        set->cap = set->cap > 0 ? set->cap * 2 : 4;
        set->v = xrealloc(set->v, set->cap * sizeof(set->v[0]));
    }
    memmove(set->v + at + 1, set->v + at, (set->n - at) * sizeof(set->v[0]));
    set->v[at] = alert_ref(a);
    set->n++;
}

bool
alert_array_remove(struct alert_array *set, uint64_t id)
{
    uint32_t after = alert_array_after(set, id);

    if (after == 0 || set->v[after - 1]->rec.id != id)
        return false;
    alert_unref(&set->v[after - 1]);
    memmove(set->v + after - 1, set->v + after,
            (set->n - after) * sizeof(set->v[0]));
    set->n--;
    if (set->n == 0)
        alert_array_clear(set);
    return true;
}

struct alert *
alert_array_find(const struct alert_array *set, uint64_t id)
{
    uint32_t after = alert_array_after(set, id);

    return after > 0 && set->v[after - 1]->rec.id == id ? set->v[after - 1]
                                                        : NULL;
}

void
alert_array_clear(struct alert_array *set)
{
    for (uint32_t i = 0; i < set->n; i++)
        alert_unref(&set->v[i]);
    free(set->v);
    *set = (struct alert_array){0};
}
