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
    bool log_lost;         /* so that the newest records may be */
    int64_t now;           /* microseconds UTC */
    uint64_t audit_number; /* of the newest audit record, as the head says */
    bool replaced;         /* the new store is in its place */
};

/* Takes one record of a table: STORE_OK: kept; STORE_REFUSED: not; else the
 * store cannot take it, and err says why. */
typedef enum store_result salvage_keep_fn(struct salvage *s,
                                          const struct slice *key,
                                          const struct slice *value,
                                          struct errbuf *err);

/* The tables that are read, owners first (salvage_keep.c). */
#define SALVAGE_SOURCES 16
struct salvage_source {
    enum table table;
    salvage_keep_fn *keep;
};
extern const struct salvage_source salvage_sources[SALVAGE_SOURCES];

/* The key of a record whose key is a number. */
struct key salvage_number_key(uint64_t number);

/* salvage_audit.c */

salvage_keep_fn salvage_keep_audit;
/* What the meta table has about the audit log. */
enum store_result salvage_keep_audit_meta(struct salvage *s,
                                          const struct key *k,
                                          const struct slice *value,
                                          struct errbuf *err) WARN_UNUSED;
/* Makes the chain over the audit records that were kept, a bounded number of
 * them at a time: in STORE_AGAIN, what was made is to be committed.  Where some
 * are missing, a record says so. */
enum store_result salvage_audit_chain(struct salvage *s,
                                      struct errbuf *err) WARN_UNUSED;

/* Reads the tables and puts what is whole, and fits together, into the new
 * store.  0, or -1 with err. */
int salvage_rows(struct salvage *s, struct errbuf *err) WARN_UNUSED;

#endif
