/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_ALERT_SET_H
#define STORAGE_ALERT_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/txn.h"

/* The CLI keys (seconds) that are taken in one set of alerts, in memory.
 * Private to storage/. */

struct key_run {
    int64_t first, last; /* both taken, and all between */
};

struct alert_set {
    struct alert_ref ref;
    bool changed;         /* by the open transaction: an abort drops it */
    struct key_run *runs; /* ascending, at least one free second between */
    size_t n, cap;
};

struct alert_set *alert_set_new(struct alert_ref ref);
void alert_set_free(struct alert_set **set);

int64_t alert_set_first_free(const struct alert_set *set, int64_t from);
void alert_set_insert(struct alert_set *set, int64_t key);
void alert_set_remove(struct alert_set *set, int64_t key);

/* The sets that the transaction keeps; NULL if it does not have this one. */
struct alert_set *alert_set_find(struct store_txn *t, struct alert_ref ref);
void alert_set_keep(struct store_txn *t, struct alert_set *set); /* owns it */
void alert_set_drop(struct store_txn *t, struct alert_ref ref);

#endif
