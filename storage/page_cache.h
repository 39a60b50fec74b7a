/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_PAGE_CACHE_H
#define STORAGE_PAGE_CACHE_H

#include <stdint.h>

#include "storage/env_state.h"

/* Whether the cache has room for what a transaction changes.  Private to
 * storage/, and for the writer thread alone.
 *
 * A changed page stays in the cache until it is written.  If tables cannot be
 * written (a quota, a broken disk), no such page can make room for another: a
 * cache full of them has no room even for reading.  Then the database tries for
 * four seconds, for each page, before it says that it has no memory, and the
 * server would answer nobody.  So changes end while half of the cache is free
 * for reading. */

/* Notes that a change may have made `bytes` of pages differ from the disk. */
void page_cache_changed(struct env *env, uint64_t bytes);

/* 0: there is room, if need be because pages were written.  Else the error of
 * writing them.  Costs nothing until an eighth of the cache, at most 8 MiB,
 * has changed. */
int page_cache_look(struct env *env);

/* The next page_cache_look does look. */
void page_cache_doubt(struct env *env);

#endif
