/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_CLI_ADMIN_PLAN_H
#define XIMSS_SERVER_CLI_ADMIN_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "ximss/server/cli/admin_line.h"

/* What a line of the CLI needs: found out once, when it comes, and carried along
 * to the jobs that run it.
 *
 * The verb is read at once; it says by which command the line is carried out,
 * and so whether it runs alone and what answers it.  The arguments are read once,
 * too: when the line comes, if its command may carry a password; else by the job
 * that runs it, as they may be long.
 *
 * It may hold a password, in three places: text, arguments and `password`.  All
 * of it is wiped.  Of one thread at a time. */

struct admin_command;

/* What must be done about a password before the line can be carried out:
 * PBKDF2 takes milliseconds, and the writer has none to spare.
 * - ADMIN_HASH_NEW: the caller asks admin_hash_wanted in a job; if it is, it
 *   makes a credential with fresh salt in its hash pool, always with the
 *   CRAM-MD5 state, and hands it to admin_execute, which drops that state if the
 *   domain does not want it;
 * - ADMIN_HASH_VERIFY: the caller runs admin_verify_find in a job, checks the
 *   password against what it found in its hash pool, and hands the outcome to
 *   admin_execute (checked false where there was nothing to check).
 * So nobody has anything hashed for what they may not do. */
enum admin_hash_kind {
    ADMIN_HASH_NONE,
    ADMIN_HASH_NEW,
    ADMIN_HASH_VERIFY
};

/* A zeroed plan is empty. */
struct admin_plan {
    const struct admin_command *command; /* NULL: there is none of that name */
    char *text;                          /* owned */
    size_t len;
    bool is_trial; /* DRYRUN stands before it: it is to change nothing */
    struct admin_line line;
    struct arena *arena;      /* owned; what was read; NULL: only the verb */
    const struct errbuf *bad; /* why the line is malformed; NULL: it is not */
    enum admin_hash_kind hash;
    char *password; /* owned; NULL with ADMIN_HASH_NONE */
    char *account;  /* owned; whose, as the line names it; the same */
    bool is_old;    /* the password was one before: rules for new ones are not
                       for it */
};

/* The word before a line that is only to be tried: all of it is checked, and it is
 * said whether it would change something, but nothing is. */
#define ADMIN_DRY_RUN "DRYRUN"

/* Copies the line and reads its verb, and the word before it. */
void admin_plan_init(struct admin_plan *p, const char *text, size_t len);

/* Reads the arguments if the command may carry a password, and fills in which.
 * Lines that would be refused anyway have none. */
void admin_plan_look_for_password(struct admin_plan *p);

/* Reads the arguments unless they have been read.  False: they had been. */
bool admin_plan_read(struct admin_plan *p);

/* Whether the command is answered by what lives in memory: see
 * admin_live_begin. */
bool admin_plan_is_live(const struct admin_plan *p);
/* Whether the command may take more than one job, or is answered outside of the
 * store, or has its password checked: while it runs, no other of the same
 * connection should, or what comes later would be done earlier. */
bool admin_plan_is_alone(const struct admin_plan *p);

/* A plan that has to wait holds no more than this besides its text; arguments
 * that take more are let go, and read again when it is their turn. */
#define ADMIN_PLAN_HELD 65536
void admin_plan_wait(struct admin_plan *p);
/* Bytes that it holds. */
size_t admin_plan_bytes(const struct admin_plan *p);

void admin_plan_clear(struct admin_plan *p);

#endif
