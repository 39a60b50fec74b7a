/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_LANE_H
#define XIMSS_SERVER_RULES_LANE_H

#include <stdint.h>

struct caller;
struct peer;

/* Whose turn a job of the store takes (store.h): so much work is done for one of
 * them before the others have had as much.  A session keeps its lane from the
 * log-in to its end, so that its requests stay in their order. */

enum lane_of {
    LANE_SERVER,   /* ends of alerts, upkeep, configuration: lane 0 */
    LANE_SAVE,     /* what accounts have been shown, by worker */
    LANE_USAGE,    /* reports of usage, and what is looked at because of them */
    LANE_LOCAL,    /* administrators on the machine */
    LANE_STRANGER, /* who logs in: one of a few, by address */
    LANE_DOOR      /* ... by the mail door: by user of the machine */
};

uint64_t lane_of(enum lane_of kind, uint64_t number);
/* Before the log-in, and what the log-in brings into memory. */
uint64_t lane_of_stranger(const struct peer *p);
/* Users of a domain share one; who has rights in all domains has their own. */
uint64_t lane_of_caller(const struct caller *c);

#endif
