/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_MARK_H
#define STORAGE_MARK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "storage/page_scan.h"
#include "util/errbuf.h"

/* The file HOME/mark: what is known to be on disk.  It allows damage to be told
 * from the effects of a power cut.  Private to storage/. */

#define MARK_TABLES_MOST 64

/* FNV-1a of 64 bits: of n bytes that follow those whose hash is `before`. */
#define MARK_HASH_START UINT64_C(0xcbf29ce484222325)
uint64_t mark_hash(uint64_t before, const uint8_t *p, size_t n);

struct mark {
    uint64_t serial; /* of this version of it */
    /* The store was closed: its tables are complete, and the log, which is
     * named by `durable`, is not needed. */
    bool closed;
    struct log_pos durable; /* everything before it was on the disk */
    uint32_t needed;        /* the oldest file of the log that recovery needs */
    unsigned n_tables;
    struct table_facts table[MARK_TABLES_MOST]; /* at the last checkpoint */
};

enum mark_found {
    MARK_FOUND,
    MARK_NONE,   /* there is no such file: a store of an older program */
    MARK_DAMAGED /* there is, and it says nothing */
};

/* Reads the mark of a store into *m.  MARK_DAMAGED also fills err. */
enum mark_found mark_read(const char *home, struct mark *m, struct errbuf *err);

/* A mark that is kept while the store is open. */
struct mark_file {
    int fd;
    struct mark now;
    bool unsynced;
};

/* Writes *m as the mark, whether there is one or not; it is on the disk then,
 * and nothing older is.  Needs no space if there is one.  0, or -1 with err. */
int mark_open(struct mark_file *f, const char *home, const struct mark *m,
              struct errbuf *err) WARN_UNUSED;

/* Writes f->now.  Without a sync it is there after a crash of the process, and
 * perhaps after a power cut; what it says is true in both cases.  A disk that
 * cannot take it (false) keeps an older one that is true as well. */
bool mark_write(struct mark_file *f);
/* Writes it, on the disk and with nothing older beside it. */
bool mark_write_through(struct mark_file *f);
/* Closes the file; the mark stays as it was last written. */
void mark_close(struct mark_file *f);

#endif
