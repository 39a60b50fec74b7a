/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_TXN_COMMIT_H
#define STORAGE_TXN_COMMIT_H

#include "storage/txn.h"

/* Beginning and ending the transaction (txn.h): above the tables, which have
 * something to write when it ends.  Private to storage/. */

/* Needs open tables; reads the counters.  NULL with err. */
struct store_txn *txn_new(struct env *env, unsigned audit_days,
                          struct errbuf *err) WARN_UNUSED;
void txn_free(struct store_txn **t); /* not in a transaction */

enum store_result txn_begin(struct store_txn *t,
                            struct errbuf *err) WARN_UNUSED;
/* On disk when it returns STORE_OK; else it is aborted. */
enum store_result txn_commit(struct store_txn *t,
                             struct errbuf *err) WARN_UNUSED;
void txn_abort(struct store_txn *t);

#endif
