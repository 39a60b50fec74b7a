/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_DOVECOT_IMAP_MOMENT_H
#define CLIENTS_DOVECOT_IMAP_MOMENT_H

#include <stdbool.h>

/* When a line of ours may go into an IMAP session.  By the protocol it may stand
 * between any two others, but some clients give up when they read it between their
 * FETCH and its answer.  So the moments are: just before the tagged line of a command
 * whose answer every client reads line by line; while the client waits for news; and
 * before the answer to LOGOUT. */

struct client;
struct client_command_context;

/* Is it this command? */
bool imap_moment_is(const struct client_command_context *cmd, const char *name);

/* May it go in before the tagged line of this command? */
bool imap_moment_before(const struct client_command_context *cmd);

/* Can anything be written?  Not while a command is in the middle of something. */
bool imap_moment_writable(const struct client *client);

/* Does the client idle, and is nothing else going on? */
bool imap_moment_idling(const struct client *client);

/* The same, or it does nothing and has asked to be told things (NOTIFY). */
bool imap_moment_waiting(const struct client *client);

/* Has all that was written been taken by the other end of the descriptor: the
 * client's TCP, or the log-in process that does TLS? */
bool imap_moment_taken(const struct client *client);

#endif
