/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_LASTING_H
#define XIMSS_SERVER_RULES_LASTING_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/tables.h"
#include "ximss/server/auth/session_id.h"

/* Lasting sessions: those of the web, which outlive the connection that they
 * use.  Whoever shows the id of one, with its key if it has one, has it again
 * under the same id, also when this process or the one between it and the
 * browser has been started anew.
 *
 * The store has a record of each (struct ticket_rec, is_session) with hashes of
 * id and key, and knows its tickets.  It is gone for good when it says `bye`,
 * when an administrator ends it, or when nobody has come back for too long. */

#define LASTING_KEYS_SIZE 256

/* How one that is asked for is gone on with. */
enum lasting_mode {
    LASTING_SAME,
    LASTING_INSTEAD, /* it ends, and a new one takes its place */
    LASTING_BESIDE   /* a new one of the same user begins, and both go on */
};

/* What a log-in wants of one; zeroed: nothing. */
struct lasting_wish {
    bool wanted;
    enum lasting_mode mode;
    char asked[SESSION_ID_TEXT_SIZE]; /* "": none */
    char keys[LASTING_KEYS_SIZE];     /* that are shown, with blanks between */
    char new_key[LASTING_KEYS_SIZE];  /* of a new one, or of one that waits for
                                         somebody; "": its id is enough */
    char note[TICKET_NOTE_BYTES + 1];
    /* What it gets: */
    char id[SESSION_ID_TEXT_SIZE]; /* "": no lasting session */
    uint8_t hash[TICKET_HASH_BYTES];
    uint64_t number; /* if the id is new; 0: it is not */
    int64_t expires;
};

/* The hash of an id; -1: the text is none. */
int lasting_hash(const char *id, uint8_t hash_r[TICKET_HASH_BYTES]) WARN_UNUSED;
/* Whether one of the keys opens the record. */
bool lasting_opens(const struct ticket_rec *k, const char *keys);

/* Gives the wish a new id. */
void lasting_make_id(struct lasting_wish *w, uint64_t number);

/* For bodies of jobs: the session's record, from what is known of the ticket
 * that goes with it, which gets its `session` filled in. */
enum store_result lasting_put(struct store_txn *t, struct lasting_wish *w,
                              struct ticket_rec *ticket,
                              struct errbuf *err) WARN_UNUSED;
/* The record of the id that is asked for goes on as the wish's mode wants; one
 * that waits for somebody becomes theirs under its own id.  Unless both go on,
 * older tickets of it are void.  Who wants none that lasts uses it up.  `ticket`
 * as above. */
enum store_result lasting_go_on(struct store_txn *t, struct lasting_wish *w,
                                const struct ticket_rec *session,
                                struct ticket_rec *ticket,
                                struct errbuf *err) WARN_UNUSED;

#endif
