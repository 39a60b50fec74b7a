/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_SALVAGE_H
#define STORAGE_SALVAGE_H

#include <stdio.h>

#include "storage/txn.h"

/* What salvage.c and salvage_rows.c share.  Private to storage/. */

struct salvage_count {
    unsigned long kept, dropped; /* records */
    unsigned long bad;           /* pages and records that cannot be read */
};

struct salvage {
    const char *from; /* the directory that the tables are read from */
    FILE *report;
    struct store_txn *t; /* of the new store */
    struct salvage_count count[TABLE_COUNT];
    enum table table; /* that is being read */
    unsigned waiting; /* records not yet committed */
    bool lacks;       /* something is not brought back */
    /* What was known of numbers given out may be gone. */
    bool unsure;
};

/* Takes one record of a table: STORE_OK: kept; STORE_REFUSED: not; else the
 * store cannot take it, and err says why. */
typedef enum store_result salvage_keep_fn(struct salvage *s,
                                          const struct slice *key,
                                          const struct slice *value,
                                          struct errbuf *err);

/* The tables that are read, owners first (salvage_keep.c). */
#define SALVAGE_SOURCES 14
struct salvage_source {
    enum table table;
    salvage_keep_fn *keep;
};
extern const struct salvage_source salvage_sources[SALVAGE_SOURCES];

/* The key of a record whose key is a number. */
struct key salvage_number_key(uint64_t number);

/* Reads the tables and puts what is whole, and fits together, into the new
 * store.  0, or -1 with err. */
int salvage_rows(struct salvage *s, struct errbuf *err) WARN_UNUSED;

#endif
