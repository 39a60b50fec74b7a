/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_SESSION_H
#define XIMSS_SERVER_LIVE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "util/buf.h"
#include "ximss/server/base/peer.h"

/* Sessions as the rest of the server sees them; session_private.h is for the
 * files that carry out requests.  Everything happens on the thread of the
 * session's worker. */

struct dialect;
struct session;
struct worker;
TAILQ_HEAD(account_sessions, session);

/* How a connection came in. */
enum session_door {
    SESSION_TCP,
    SESSION_TLS,
    SESSION_LOCAL,
    SESSION_PWD,
    SESSION_PWD_TLS,
    SESSION_PWD_APOP, /* ... with a challenge for APOP in the greeting */
    /* The mail door (door.h), for a mail process and its user; from the log-in
     * on it is known which kind that is. */
    SESSION_DOOR,
    SESSION_DOOR_IMAP,
    SESSION_DOOR_POP3
};

/* Takes the descriptor (non-blocking); dialect: how one speaks with it.  peer is copied; uid: of the peer on a
 * local socket; proxied: by a listener where each connection begins with a
 * header of the PROXY protocol.  Closes it if a limit is reached. */
void session_new(struct worker *w, int fd, enum session_door door,
                 const struct dialect *dialect, const struct peer *peer,
                 unsigned uid, bool proxied);

/* `head` is the account's list. */
void session_link_account(struct session *s, struct account_sessions *head);
void session_unlink_account(struct session *s, struct account_sessions *head);

/* That of the list that has this id, and lasts; NULL. */
struct session *session_of_id(const struct account_sessions *head,
                              const char *id);

/* Up to this id, no session of the list was open when an alert came and has not
 * been sent it yet. */
uint64_t session_got(const struct account_sessions *head);

/* Sends to the account's sessions that asked for alertChanges, but `except`;
 * returns how many they were. */
unsigned session_send_changes(const struct account_sessions *head,
                              const void *data, size_t len,
                              const struct session *except);

/* Says bye to all sessions of the list and ends them. */
void session_kill_all(struct account_sessions *head);
/* The same for those at the mail door: under the account's name of now, or an
 * other's, they may come back. */
void session_kill_doors(struct account_sessions *head);
/* The same for those that came by that token. */
void session_kill_token(struct account_sessions *head, uint64_t token);
/* The same for the session of that number, if this worker has it. */
void session_kill(struct worker *w, uint64_t number);
/* The same for those of the list that have this id and last: another connection
 * takes their place. */
void session_replace(struct account_sessions *head, const char *id);
/* The same for those that came by the device (0: by any). */
void session_kill_device(struct account_sessions *head, uint64_t device);

/* Bytes of messages that wait for the end of a longer one, of all sessions of
 * the list. */
size_t session_held_bytes(const struct account_sessions *head);

/* One more session is to come: the one that has been silent longest makes room
 * if it looks dead; at_door: of those at the mail door, else of the others.
 * False: none does. */
bool session_make_room(const struct account_sessions *head, bool at_door);

/* The server ends: no more requests; bye when the answers are out.  Some in a
 * call, those of worker->drain_walk; true: that was all. */
bool session_drain_some(struct worker *w);
/* Closes what is left, some in a call; true: that was all. */
bool session_close_some(struct worker *w);
/* Closes all that is left, when no loop turns any more. */
void session_close_all(struct worker *w);

/* Appends the session's description as a dictionary of the CLI's data format
 * (LISTSESSIONS, GETSESSION); whole_id: not just the number, but the secret by
 * which one can act as the session. */
void session_describe(const struct session *s, bool whole_id, struct buf *b);

#endif
