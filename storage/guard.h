/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_GUARD_H
#define STORAGE_GUARD_H

#include "storage/env_state.h"
#include "storage/examine.h"

/* What an open store does so that the next start can tell damage from a crash
 * (examine.c).  Private to storage/.  An environment without a guard, which is
 * a copy, takes all of these calls and does nothing. */

/* Before recovery, of a store that was found sound: from now on it does not
 * count as closed.  0, or -1 with err. */
int guard_start(struct env *env, const struct examined *x,
                struct errbuf *err) WARN_UNUSED;

/* When the tables are open. */
int guard_opened(struct env *env, struct errbuf *err) WARN_UNUSED;

/* In a transaction that changed something, before its commit; 0 or a code of
 * the database. */
int guard_before_commit(struct env *env, DB_TXN *txn);
/* After its commit is on the disk: the tables (bits) that it changed. */
void guard_committed(struct env *env, uint32_t tables);

/* Around a checkpoint; end only if it did not fail. */
void guard_checkpoint_begin(struct env *env);
void guard_checkpoint_end(struct env *env);
/* Now and then: what was told since is on the disk. */
void guard_sync(struct env *env);

/* After everything was written to the tables and the environment is closed:
 * leaves a log that nobody needs.  If that cannot be done, the store is as
 * after a crash, and nothing is lost. */
void guard_seal(struct env *env);

/* Without that. */
void guard_free(struct env *env);

#endif
