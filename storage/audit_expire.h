/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_AUDIT_EXPIRE_H
#define STORAGE_AUDIT_EXPIRE_H

#include "storage/txn.h"

/* Removes what is too old, a few records at a time.  The chain loses its
 * beginning only, and the anchor follows.  now: of the newest line. */
enum store_result audit_expire(struct store_txn *t, int64_t before, int64_t now,
                               bool *more_r, struct errbuf *err) WARN_UNUSED;

#endif
