/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_CLI_ADMIN_H
#define XIMSS_SERVER_CLI_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/store.h"
#include "storage/tables.h"
#include "util/buf.h"
#include "util/errbuf.h"
#include "ximss/server/cli/admin_live.h"
#include "ximss/server/cli/admin_plan.h"
#include "ximss/server/rules/admin_context.h"

/* The engine of the CLI, whose lines come by cliExecute and by the PWD port.
 *
 * Everything here runs in bodies of store jobs, that is on the writer thread
 * inside a transaction, and says what it changed by effects.  Each change adds
 * an audit record.  Rights are checked here and nowhere else. */

/* What a command answers.  code 200: done; 5NN: refused (protocol.md C.2), and
 * `text` says why, words and dots only.  data: a result in the data format on
 * one line, or empty.  A zeroed struct is empty; data is owned.
 *
 * more: a big piece of work has done what one job may do, and the caller
 * submits the same line again, as a new job, until `more` is false:
 * - a change (DELETEDOMAIN FORCE; `next` is NULL): also if whoever asked is gone
 *   by then; `target` goes into the context, so that what has got the name
 *   meanwhile is not meant; the last answer is the answer.  What was done stays
 *   done if it ends before;
 * - a listing (`next` is set): data is the next piece of the result, which the
 *   caller sends first, when there is room, and `next` goes into the context as
 *   `from`.  Only the first piece can be refused.
 *
 * changed: with 200, whether it has changed something, or would: a line that is
 * only tried (admin_plan.h) leaves nothing but the audit record of a refusal for
 * want of rights, no effects, and, if it is one that changes something, no
 * data.  Its job is a trial (store_submit_trial). */
struct admin_answer {
    int code;
    char text[200];
    struct buf data;
    bool more;
    bool changed;
    uint64_t target; /* number of what is being changed */
    char *next;      /* owned */
};

void admin_answer_clear(struct admin_answer *a);

/* What came of the hash that the plan needs: the credential that was made
 * (ADMIN_HASH_NEW), or the outcome of the check (ADMIN_HASH_VERIFY).  A zeroed
 * one: nothing. */
struct admin_hashed {
    const struct credential *made; /* borrowed; NULL: none */
    const char
        *weak; /* borrowed; why the password is too bad; NULL: it is not */
    bool checked, matches;
};

/* Carries out one line.  hashed: NULL if there is nothing.  STORE_OK: answer
 * filled, also when code is 5NN (then nothing was changed); STORE_AGAIN: it is to
 * be run again, with the same parts; STORE_FULL or STORE_ERROR: the job must
 * fail. */
enum store_result admin_execute(struct admin_context *x, struct admin_plan *p,
                                const struct admin_hashed *hashed,
                                struct admin_answer *answer,
                                struct errbuf *err) WARN_UNUSED;

/* Whether a line of ADMIN_HASH_NEW would be carried out, as things stand: all is
 * checked, nothing is changed, and the audit log hears nothing of it. */
enum store_result admin_hash_wanted(struct admin_context *x,
                                    struct admin_plan *p, bool *wanted_r,
                                    struct errbuf *err) WARN_UNUSED;

/* For a line of ADMIN_HASH_VERIFY.  Fills *cred_r, and *found_r: there is such an
 * account, and this caller may check its password (else admin_execute says why
 * not).  It may have none.  *guessed_r: the number of the account if its
 * password is not the caller's to set, so they must not try many; else 0. */
enum store_result admin_verify_find(struct admin_context *x,
                                    const struct admin_plan *p,
                                    struct credential *cred_r, bool *found_r,
                                    uint64_t *guessed_r,
                                    struct errbuf *err) WARN_UNUSED;

/* For a line whose plan is live: checks rights, resolves names.  Adds the audit
 * record of the commands that change something.  *live_r is cleared first, and
 * the caller's to clear.  code 200: it is filled,
 * and the caller does what it says. */
enum store_result admin_live_begin(struct admin_context *x,
                                   struct admin_plan *p,
                                   struct admin_live *live_r,
                                   struct admin_answer *answer,
                                   struct errbuf *err) WARN_UNUSED;
/* Of a line with live.audit_later: its audit record, with what came of it. */
enum store_result admin_live_audit(struct admin_context *x,
                                   struct admin_plan *p, int code,
                                   const char *text,
                                   struct errbuf *err) WARN_UNUSED;
/* Frees what it owns.  A zeroed one is empty. */
void admin_live_clear(struct admin_live *l);

#endif
