/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_ALERT_SET_H
#define STORAGE_ALERT_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/txn.h"

/* The CLI keys (seconds) in use in one set of alerts, with the ids of their
 * alerts, in memory.  Private to storage/. */

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

/* An empty set, which the caller owns. */
struct alert_set *alert_set_new(struct alert_ref ref);
/* Frees the set, and sets *set to NULL.  NULL is allowed. */
void alert_set_free(struct alert_set **set);

/* The first key at or after `from` that is not in use. */
int64_t alert_set_first_free(const struct alert_set *set, int64_t from);
/* Adds a key; does nothing if it is in use. */
void alert_set_insert(struct alert_set *set, int64_t key, uint64_t id);
/* Removes a key; does nothing if it is not in use. */
void alert_set_remove(struct alert_set *set, int64_t key);
/* The id of the alert with this key; 0 if the key is not in use. */
uint64_t alert_set_id(const struct alert_set *set, int64_t key);
/* The entry with the lowest key at or after `from`; NULL if there is none.
 * Borrowed until the set changes. */
const struct set_entry *alert_set_next(const struct alert_set *set,
                                       int64_t from);

/* The set of this scope and target that the transaction keeps, borrowed; NULL
 * if it does not keep it. */
struct alert_set *alert_set_find(struct store_txn *t, struct alert_ref ref);
void alert_set_keep(struct store_txn *t, struct alert_set *set); /* owns it */
void alert_set_drop(struct store_txn *t, struct alert_ref ref);

#endif
