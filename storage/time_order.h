/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_TIME_ORDER_H
#define STORAGE_TIME_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/txn.h"

/* Tables in the order of a time, which their keys begin with: what is too old
 * goes, the oldest first and some at a time.  An entry of another table's row
 * has the row's key behind the time.  Private to storage/. */

/* Stores the entry of a row; removes it, and it is damage if it is not there. */
enum store_result time_order_put(struct store_txn *t, enum table table,
                                 int64_t when, const struct key *row,
                                 const char *doing,
                                 struct errbuf *err) WARN_UNUSED;
enum store_result time_order_del(struct store_txn *t, enum table table,
                                 int64_t when, const struct key *row,
                                 const char *doing,
                                 struct errbuf *err) WARN_UNUSED;

struct time_order {
    enum table table;
    const char *doing;
    /* Removes the row of an entry, which goes after it; or gives it another entry,
     * of a time that is not before.  The row's key is empty if the entry is too
     * long.  NULL: there is only the entry. */
    enum store_result (*remove)(struct store_txn *t, const struct key *row,
                                void *arg, const char *doing,
                                struct errbuf *err);
    void *arg;
};

/* Removes at most `max` entries of a time before `before`.  *more_r: there are
 * others. */
enum store_result time_order_expire(struct store_txn *t,
                                    const struct time_order *o, int64_t before,
                                    unsigned max, bool *more_r,
                                    struct errbuf *err) WARN_UNUSED;

#endif
