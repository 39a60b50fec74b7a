/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_TXN_COMMIT_H
#define STORAGE_TXN_COMMIT_H

#include "storage/txn.h"

/* Beginning and ending the transaction (txn.h): above the tables, which have
 * something to write when it ends.  Private to storage/. */

/* Makes a transaction object for an environment with open tables, and reads the
 * counters.  The caller owns it.  NULL with err. */
struct store_txn *txn_new(struct env *env, unsigned audit_days,
                          struct errbuf *err) WARN_UNUSED;
void txn_free(struct store_txn **t); /* not in a transaction */

/* Begins a transaction; there must be none.  STORE_ERROR with err. */
enum store_result txn_begin(struct store_txn *t,
                            struct errbuf *err) WARN_UNUSED;
/* Commits.  With STORE_OK the transaction is on disk; otherwise it was aborted,
 * and err says why. */
enum store_result txn_commit(struct store_txn *t,
                             struct errbuf *err) WARN_UNUSED;
/* Rolls the open transaction back. */
void txn_abort(struct store_txn *t);

#endif
