/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_GUARD_H
#define STORAGE_GUARD_H

#include "storage/env_state.h"
#include "storage/examine.h"

/* What an open store records so that the next start can tell damage from a
 * crash (examine.c).  Private to storage/.  A copy is an environment without a
 * guard: for it, all these functions do nothing. */

/* Before recovery of a store that was found sound: from now on the store does
 * not count as closed.  0, or -1 with err. */
int guard_start(struct env *env, const struct examined *x,
                struct errbuf *err) WARN_UNUSED;

/* After the tables were opened.  0, or -1 with err. */
int guard_opened(struct env *env, struct errbuf *err) WARN_UNUSED;

/* In a transaction that changed something, before its commit; 0 or a code of
 * the database. */
int guard_before_commit(struct env *env, DB_TXN *txn);
/* After its commit is on the disk: the tables (bits) that it changed. */
void guard_committed(struct env *env, uint32_t tables);

/* Before this place of the log, everything is on the disk. */
struct log_pos guard_durable(struct env *env);

/* Call this before a checkpoint. */
void guard_checkpoint_begin(struct env *env);
/* Call this after a checkpoint that did not fail. */
void guard_checkpoint_end(struct env *env);
/* From time to time: puts what was recorded since then on the disk. */
void guard_sync(struct env *env);

/* After everything was written to the tables and the environment was closed:
 * replaces the log by an empty one.  If that fails, the store is as after a
 * crash, and nothing is lost. */
void guard_seal(struct env *env);

/* Frees the guard, without sealing the store. */
void guard_free(struct env *env);

#endif
