/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_DOOR_WAKE_H
#define XIMSS_SERVER_LIVE_DOOR_WAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/tables.h"
#include "util/buf.h"

/* Accounts whose mail sessions sleep.  Dovecot lets an idle IMAP session go on
 * without a process.  Before that, the process takes leave of the server, and the
 * server writes to the account's file (wake_files.h) when there is something to
 * show. */

struct account;
struct door_wake; /* of an account; account->wake */
struct session;
struct worker;

void door_wake_init(struct worker *w);
/* The files stay. */
void door_wake_clear(struct worker *w);

/* The session, which is open, may want to sleep: it shares the account's file,
 * which is made if there is none.  Without effect if there can be none. */
void door_wake_join(struct worker *w, struct session *s);
/* Appends the path of its file.  False: it has none. */
bool door_wake_path(struct worker *w, const struct session *s, struct buf *b);
/* It goes to sleep, or its connection broke, so that it may have: the file is written to at once if something waits for the
 * account. */
void door_wake_sleep(struct worker *w, struct session *s);
/* A mail session of the account sleeps. */
bool door_wake_is_asleep(const struct account *a);
/* It ends. */
void door_wake_leave(struct worker *w, struct session *s);

/* An alert has come to this audience: those who sleep are looked at, some in each
 * turn of the loop. */
void door_wake_alert(struct worker *w, enum alert_scope scope, uint64_t target);

/* The account goes, and its file with it. */
void door_wake_forget(struct worker *w, struct account *a);

/* Once a second: files that nobody needs any more are removed. */
void door_wake_tick(struct worker *w);
/* The same when the clock was moved, for all of them. */
void door_wake_catch_up(struct worker *w);

#endif
