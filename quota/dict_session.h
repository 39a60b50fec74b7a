/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_DICT_SESSION_H
#define QUOTA_DICT_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "util/buf.h"
#include "util/errbuf.h"

/* What one connection of Dovecot's dict protocol says, without the connection:
 * bytes go in, answers and usages come out.
 *
 *   H        never answered: an answer there makes Dovecot's lmtp die between
 *            saving a message and saying so
 *   B        a transaction of its user, or of H's (version 2)
 *   S        of priv/quota/storage: what the commit will report; other keys
 *            are nothing to us
 *   C        O and the id; D: A, O and the id; the usage is reported
 *   R        the transaction is forgotten
 *   U, A, P  of priv/quota/storage: the transaction reports nothing, for what
 *            there was before is not known here
 *   L        N: there is no such key
 *   I        an empty line: no keys
 *   T, V     nothing
 *
 * Anything else is malformed, as are a first line that is not H, a second H, a
 * transaction that is open already or is not, and a usage that is no number. */

/* Open at once. */
#define DICT_TRANSACTIONS_MOST 64

struct dict_usage {
    STAILQ_ENTRY(dict_usage) link;
    uint64_t used; /* bytes */
    char user[];
};

struct dict_transaction;

/* A zeroed struct whose lists were initialised by dict_session_init. */
struct dict_session {
    LIST_HEAD(, dict_transaction) open;
    STAILQ_HEAD(, dict_usage) usages; /* committed, not taken yet */
    char *user;                       /* owned: H's */
    unsigned n_open;
    unsigned n_committed, n_rolled_back; /* since the start */
    bool greeted;
};

/* A session that has not been greeted. */
void dict_session_init(struct dict_session *s);

/* Takes the whole lines at the start of data and appends their answers to
 * reply.  *used_r: bytes that are done with.  The first `scanned` bytes are
 * known to hold no line feed.  -1 with err if a line is malformed: those before
 * it count, and nothing more may be fed. */
int dict_session_feed(struct dict_session *s, const char *data, size_t len,
                      size_t scanned, struct buf *reply, size_t *used_r,
                      struct errbuf *err) WARN_UNUSED;

/* The next usage in the order of commits; NULL: none.  The caller frees it. */
struct dict_usage *dict_session_take(struct dict_session *s);

/* Forgets everything. */
void dict_session_clear(struct dict_session *s);

#endif
