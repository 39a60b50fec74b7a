/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_PAGE_ROWS_H
#define STORAGE_PAGE_ROWS_H

#include "storage/txn.h"
#include "util/errbuf.h"

/* Reads what can be read of a table without the database: the records of each
 * leaf that is whole, in no order.  Private to storage/. */

/* The slices are borrowed for the call.  Other than 0 ends the reading. */
typedef int page_row_fn(const struct slice *key, const struct slice *value,
                        void *arg, struct errbuf *err);

/* 0, with the number of pages that are damaged, and of records of which a part
 * is; what fn returned; or -1 with err if the file cannot be read at all. */
int page_rows(const char *path, page_row_fn *fn, void *arg,
              unsigned long *bad_r, struct errbuf *err) WARN_UNUSED;

#endif
