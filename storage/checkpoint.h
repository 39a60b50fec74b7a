/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_CHECKPOINT_H
#define STORAGE_CHECKPOINT_H

#include "storage/env_state.h"

/* The thread that writes checkpoints.  Private to storage/. */
struct checkpointer;

/* A checkpoint at the latest every interval_s seconds in which something was
 * committed, and earlier after much of it. */
struct checkpointer *checkpointer_start(struct env *env, unsigned interval_s);

/* Something was committed. */
void checkpointer_wake(struct checkpointer *c);

/* Stops the thread; the last checkpoint is the caller's. */
void checkpointer_stop(struct checkpointer **c);

/* Has fn called by the thread each second while it does not sleep; NULL: no
 * more, and no call is under way when this returns. */
void checkpointer_each_second(struct checkpointer *c, void (*fn)(void *arg),
                              void *arg);

#endif
