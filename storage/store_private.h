/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_STORE_PRIVATE_H
#define STORAGE_STORE_PRIVATE_H

#include "storage/env_state.h"
#include "storage/store.h"

/* For backups.  Private to storage/. */

/* The environment of an open store, borrowed. */
struct env *store_env(struct store *s);

/* Has fn called each second while there is something that was not written to
 * the tables yet; NULL: no more, and none is under way when this returns. */
void store_each_second(struct store *s, void (*fn)(void *arg), void *arg);

#endif
