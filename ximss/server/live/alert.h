/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_ALERT_H
#define XIMSS_SERVER_LIVE_ALERT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "storage/tables.h"
#include "util/buf.h"
#include "util/shared_buf.h"

struct zone;

/* An active alert in memory: one object for all workers, immutable but for
 * what is said at the members. */
struct alert {
    atomic_uint refs;
    struct alert_rec rec; /* owned */
    /* A quota alert (kind="quota"): it is in no list and in no store. */
    bool generated;
    uint64_t used, limit; /* bytes, if so */
    /* Account alerts only, touched by the account's worker: it was delivered
     * and its removal from the store is on the way. */
    bool delivered;
};

/* Takes the record's contents (it is empty afterwards).  One reference. */
struct alert *alert_new(struct alert_rec *rec);
/* Of a copy of the record. */
struct alert *alert_new_copy(const struct alert_rec *rec);
struct alert *alert_ref(struct alert *a);
void alert_unref(struct alert **a);

/* The pushed message with its 0; one reference.  What depends on the zone is
 * zone_offset at the time of the post, and nothing else (alert_cache.h). */
struct shared_buf *alert_encode(const struct alert *a, const struct zone *zone);

/* Is its end reached? */
bool alert_is_over(const struct alert *a, int64_t now);

/* What alertReport shows beside the alert itself. */
struct alert_view {
    const char *id; /* of the request; NULL: pushed by a watch */
    const struct zone *zone;
    const char *target; /* name; NULL: not shown */
    bool seen;
    bool posting; /* shows author, origin, key */
    bool watch;   /* no `seen` */
};

/* Appends an alertReport with its 0. */
void alert_report(struct buf *b, const struct alert_rec *a,
                  const struct alert_view *view);

/* Appends <alertRemoved alertID="…"/> with its 0. */
void alert_removed(struct buf *b, uint64_t id);

/* Arrays of alerts in the order of ids; each element counts a reference. */
struct alert_array {
    struct alert **v;
    uint32_t n, cap;
};

/* Refs the alert.  Does nothing if it is in already. */
void alert_array_add(struct alert_array *set, struct alert *a);
/* False if there is none of that id. */
bool alert_array_remove(struct alert_array *set, uint64_t id);
struct alert *alert_array_find(const struct alert_array *set, uint64_t id);
/* Index of the first alert with an id above `id`; set->n if none. */
uint32_t alert_array_after(const struct alert_array *set, uint64_t id);
void alert_array_clear(struct alert_array *set);

#endif
