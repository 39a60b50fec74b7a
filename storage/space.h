/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_SPACE_H
#define STORAGE_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/env_state.h"

/* Whether there is space on the disk for what is to be written.  Private to
 * storage/.
 *
 * Three things need it: the tables, for pages that so far are in the cache and
 * the log only; recovery, which writes those pages and fills the last file of
 * the log; and the log itself.  For the first two a file is kept beside the
 * store, DIR/reserve, whose space no other program can take: when recovery
 * finds none, the file is given up for it, and made anew when there is room.
 *
 * Ordinary writes are refused while it is not whole, or less than a few
 * megabytes are left beside it.  Removals go on below that, as long as recovery
 * is sure to have enough, so that an administrator can clean up. */

enum space {
    SPACE_UNKNOWN,
    SPACE_ENOUGH,
    SPACE_REMOVALS, /* for what removes only */
    SPACE_LOW       /* for nothing */
};

/* The size of the reserve if no other is wanted: a file of the log, and some
 * pages. */
#define SPACE_RESERVE (UINT64_C(32) << 20)

/* What a change of a record of that length may take in a table at most, about:
 * a page split in two, and pages of its own for a long one. */
uint64_t space_of_change(uint64_t bytes);

/* pending: what space_of_change said of the open transaction. */
enum space space_look(struct env *env, uint64_t pending);

/* True if so much is in the cache and the log only that the reserve might not
 * do for it if others filled the disk: time for a checkpoint. */
bool space_much_unwritten(struct env *env);

/* True if there is nothing left at all, for whatever reason; tried out. */
bool space_is_used_up(struct env *env);

/* Takes the reserve, or as much of it as there is; also if it has it. */
void space_reserve_take(struct env *env);
/* Gives it up.  False: there was none. */
bool space_reserve_give(struct env *env);
/* The part of it that the file has now; for the opening of a store. */
void space_reserve_measure(struct env *env);

#endif
