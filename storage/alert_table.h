/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_ALERT_TABLE_H
#define STORAGE_ALERT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/txn.h"

/* What the files alert_*.c share.  Private to storage/; what other tables need
 * is in txn.h. */

/* --- keys (alert_record.c) --- */

struct key alert_set_key(struct alert_ref set); /* begins those of its alerts */
struct key alert_key(struct alert_ref set, uint64_t id);
/* The key of the entry by end. */
struct key alert_until_key(int64_t until, uint64_t id);

/* True if alerts of this scope have an entry by id. */
bool alert_has_id_entry(enum alert_scope scope);

/* Decodes the alert at the cursor into an empty record.  STORE_ERROR with err
 * if it is damaged. */
enum store_result alert_decode_at(const struct cursor *c, struct alert_rec *a,
                                  struct errbuf *err) WARN_UNUSED;

/* The part of a record before its texts. */
#define ALERT_HEAD_BYTES (2 + 4 * 8)
/* Decodes that part into *a and returns the version of the record; in->bad is
 * set if it is damaged. */
uint8_t alert_head_decode(struct dec *in, struct alert_rec *a);

/* --- records --- */

/* The alert of a set with this id; STORE_NOTFOUND. */
enum store_result alert_get_in_set(struct store_txn *t, struct alert_ref set,
                                   uint64_t id, struct alert_rec *a_r,
                                   struct errbuf *err) WARN_UNUSED;

/* Stores and removes the entries that lead to an alert (alert_entry.c). */
enum store_result alert_entry_put(struct store_txn *t,
                                  const struct alert_rec *a,
                                  struct errbuf *err) WARN_UNUSED;
enum store_result alert_entry_del(struct store_txn *t, enum alert_scope scope,
                                  uint64_t id, int64_t until,
                                  struct errbuf *err) WARN_UNUSED;

/* True if the target is gone and the set waits to be swept (alert_trash.c). */
enum store_result alert_is_trash(struct store_txn *t, struct alert_ref set,
                                 bool *yes_r, struct errbuf *err) WARN_UNUSED;

#endif
