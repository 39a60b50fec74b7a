/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_PAGE_SCAN_H
#define STORAGE_PAGE_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "storage/log_walk.h"
#include "util/errbuf.h"

/* Reads the pages of a table without the database, which ends the process at
 * the first that is damaged, and takes one of zeros for an empty one.  Private
 * to storage/. */

#define TABLE_PAGE_BYTES 4096

/* What is known of a table, or was found. */
struct table_facts {
    uint8_t uid[LOG_UID_BYTES]; /* the file's own id */
    uint32_t pages;             /* that it has, at least */
    /* The newest change in it is not before this place of the log; found: the
     * newest page's. */
    struct log_pos newest;
};

struct page_scan {
    /* What must be there; pages 0 and uid NULL: anything. */
    uint32_t pages;
    const uint8_t *uid;
    /* Recovery reads the log from here (0: everything): what the table's own
     * first page says of its length is true if it is older. */
    struct log_pos recover;
    const struct log_walk *log; /* what was given back need not be there */
    FILE *report;               /* NULL: the first fault is enough */
    const char *name;

    struct table_facts found;
    unsigned long faults; /* pages that are damaged */
};

/* Scans the file.  0: it was read, and `faults` says how many of its pages are
 * damaged; the first is told in err, and each of them in the report.  -1 with
 * err: it cannot be read, or is another table's. */
int page_scan(struct page_scan *s, const char *path,
              struct errbuf *err) WARN_UNUSED;

/* True if the bytes are that page, not the first one, as it was written. */
bool page_is_whole(const uint8_t page[TABLE_PAGE_BYTES], uint32_t number);

/* The same of any page, while others may write it: it has its checksum, or was
 * not written yet.  Else it is being written, or damaged. */
bool page_is_settled(const uint8_t page[TABLE_PAGE_BYTES], uint32_t number);

/* Puts a table on the disk and finds its newest page, which is there then.
 * False: it cannot be read. */
bool page_newest(const char *path, struct log_pos *newest_r);

#endif
