/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_OUTSIDE_H
#define XIMSS_SERVER_RULES_OUTSIDE_H

#include "storage/tables.h"

/* Where an account comes from: its setting Outside, which the server sets. */

enum outside {
    OUTSIDE_NO,  /* somebody made it here */
    OUTSIDE_YES, /* it made itself, as a source of passwords knows the user */
    OUTSIDE_GONE /* ... and does not any more: no such source lets it in */
};

#define SETTINGS_OUTSIDE "Outside"

/* Any value but GONE is YES. */
enum store_result outside_get(const struct account_rec *a,
                              enum outside *outside_r,
                              struct errbuf *err) WARN_UNUSED;
/* Changes the record, not the store. */
enum store_result outside_set(struct account_rec *a, enum outside outside,
                              struct errbuf *err) WARN_UNUSED;

#endif
