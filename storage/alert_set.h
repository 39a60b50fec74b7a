/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_ALERT_SET_H
#define STORAGE_ALERT_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/txn.h"

/* The CLI keys (seconds) that are taken in one set of alerts, in memory, and by
 * whom.  Private to storage/. */

struct set_entry {
    int64_t key;
    uint64_t id;
};

struct alert_set {
    struct alert_ref ref;
    bool changed;            /* by the open transaction: an abort drops it */
    bool complete;           /* all of the set has been read */
    uint64_t loaded;         /* until then: up to this id */
    struct set_entry *entry; /* by key */
    size_t n, cap;
};

struct alert_set *alert_set_new(struct alert_ref ref);
void alert_set_free(struct alert_set **set);

int64_t alert_set_first_free(const struct alert_set *set, int64_t from);
/* Nothing is done if the key is taken, or free. */
void alert_set_insert(struct alert_set *set, int64_t key, uint64_t id);
void alert_set_remove(struct alert_set *set, int64_t key);
/* Whose key it is; 0: it is free. */
uint64_t alert_set_id(const struct alert_set *set, int64_t key);
/* The entry with the lowest key from `from` on; NULL. */
const struct set_entry *alert_set_next(const struct alert_set *set,
                                       int64_t from);

/* The sets that the transaction keeps; NULL if it does not have this one. */
struct alert_set *alert_set_find(struct store_txn *t, struct alert_ref ref);
void alert_set_keep(struct store_txn *t, struct alert_set *set); /* owns it */
void alert_set_drop(struct store_txn *t, struct alert_ref ref);

#endif
