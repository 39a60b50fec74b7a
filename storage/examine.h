/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_EXAMINE_H
#define STORAGE_EXAMINE_H

#include <stdbool.h>
#include <stdio.h>

#include "storage/env_state.h"
#include "storage/mark.h"

/* Looks at a store before anything is changed in it: whether recovery would
 * bring back all that was acknowledged.  Private to storage/. */

struct examined {
    struct mark mark; /* with what the log proves; all 0 if there is none */
    enum mark_found has_mark;
    struct log_walk log;
    struct table_facts table[TABLE_COUNT];
    bool damaged_table[TABLE_COUNT];
    bool closed; /* it was closed; its log is not needed */
    /* Of the log: records that were on the disk are not there any more, from
     * log.end on; or files of it. */
    bool damaged_log;
    unsigned long findings;
};

/* Reads all tables and what there is of the log.  0: they are as a crash or a
 * power cut may leave them.  -1 with err: that they are not, and the first
 * thing that shows it; all of them go to the report (NULL: not wanted). */
int examine(struct examined *x, const char *home, FILE *report,
            struct errbuf *err) WARN_UNUSED;

#endif
