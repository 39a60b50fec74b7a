/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_CTL_CTL_USAGE_H
#define CLIENTS_CTL_CTL_USAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"
#include "ximss/proto/cli_data.h"

/* The storage that an account uses, as the server tells it (GETSTORAGEUSED),
 * and how it is shown. */

struct ctl_usage {
    char *account;                     /* owned */
    unsigned long long used, limit;    /* bytes; limit 0: there is none */
    unsigned long long percent, level; /* level 0: never */
    bool reached;
    char source[16];           /* who reported it; "" nobody */
    int64_t reported, alerted; /* seconds since 1970; 0: never */
};

/* Takes the figures of a dictionary; what is missing in it is 0.  The account
 * is copied.  -1: it is no such dictionary, and there is nothing to clear. */
int ctl_usage_read(struct ctl_usage *u, const char *account,
                   const struct cli_value *v) WARN_UNUSED;
void ctl_usage_clear(struct ctl_usage *u);

/* For qsort: the fullest first; behind all that have a limit those without,
 * the largest first; alike ones by their names. */
int ctl_usage_compare(const void *a, const void *b);

/* Appends an object with all its members; null for what there is not. */
void ctl_usage_json(struct buf *b, const struct ctl_usage *u);

/* How full it is.  plain: "82%"; bar: "[#######...]  82%"; colour: that with
 * the escapes of a terminal, red when it is full, yellow when the level is
 * reached, green below.  "-" without a limit. */
enum ctl_usage_style {
    CTL_USAGE_PLAIN,
    CTL_USAGE_BAR,
    CTL_USAGE_COLOUR
};
void ctl_usage_full(struct buf *b, const struct ctl_usage *u,
                    enum ctl_usage_style style);

#endif
