/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_ENV_H
#define STORAGE_ENV_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "storage/env_state.h"
#include "storage/store.h"
#include "util/errbuf.h"

/* Opening, making and closing the environment of a store (env_state.h).  Private
 * to storage/. */

/* Locks the store for this process (NULL: another has it), looks whether it is
 * sound, recovers it and opens the environment, without tables.  NULL with err
 * if not; then *damaged_r tells whether it was because something acknowledged
 * would have been lost, and nothing was changed. */
struct env *env_open(const char *dir, uint64_t cache_bytes, bool *damaged_r,
                     struct errbuf *err) WARN_UNUSED;

/* Opens the environment in `home`, with recovery and without asking: a copy
 * that nobody else knows.  What the database says goes to the report. */
struct env *env_open_copy(const char *home, FILE *report,
                          struct errbuf *err) WARN_UNUSED;

/* Opens what was copied of an open store to `home`: tables as they were read,
 * and the log from before that to after it, all of which is applied.  Closed
 * after env_complete, it is a closed store.  What the database says goes to the
 * report.  go_on is called while something takes long; see env_goes_on. */
struct env *env_open_backup(const char *home, FILE *report,
                            bool (*go_on)(void *arg), void *arg,
                            struct errbuf *err) WARN_UNUSED;

/* Opens the closed store in `home`, a directory that nobody else knows, as any
 * other store is opened.  Its tables are not open.  NULL with err. */
struct env *env_open_made(const char *home, struct errbuf *err) WARN_UNUSED;

/* Locks the directory of a store, whether there is one in it or not; NULL with
 * err. */
struct env *env_lock_place(const char *dir, struct errbuf *err) WARN_UNUSED;

/* Locks the store without opening it; NULL with err. */
struct env *env_lock(const char *dir, struct errbuf *err) WARN_UNUSED;

/* Makes an empty store in dir, all or nothing: also after a crash or on a full
 * disk there either is a complete store or none. */
int env_create(const char *dir, struct errbuf *err) WARN_UNUSED;

/* Makes an empty store in `home`, which must not exist: a directory that
 * nobody else knows.  Its tables are not open. */
struct env *env_make(const char *home, struct errbuf *err) WARN_UNUSED;

/* Opens all tables and checks the format. */
int env_open_tables(struct env *env, struct errbuf *err) WARN_UNUSED;

/* Writes everything into the tables; what the log holds before that point is
 * not needed by recovery, and is removed.  kbytes: only if at least so much
 * was logged since the last time, 0: always.  0 or -1, logged. */
int env_checkpoint(struct env *env, unsigned kbytes);
/* The last one: everything is in the tables, and env_close leaves a store that
 * does not need its log. */
void env_complete(struct env *env);

/* Closes tables and environment and unlocks.  Nothing may run in it. */
void env_close(struct env **env);

/* What --restore has beside the store, and the file in it that says that it is
 * not the store (restore.c). */
#define ENV_RESTORED  ENV_SUBDIR ".restored"
#define ENV_RESTORING "restoring"
/* Removes that file from a store that has it: it came to its place, and then
 * the restore was interrupted. */
void env_tidy_restored(const char *home);
/* Logs what an interrupted restore left in dir. */
void env_tell_restored(const char *dir);

/* True if dir holds a store; else errno says why not. */
bool env_exists(const char *dir);
/* As store_look. */
enum store_presence env_look(const char *dir, struct errbuf *err);

#endif
