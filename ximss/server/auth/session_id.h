/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_AUTH_SESSION_ID_H
#define XIMSS_SERVER_AUTH_SESSION_ID_H

#include <stdbool.h>
#include <stdint.h>

/* The names of sessions on the wire (protocol.md 3), computed from the
 * session's number and a secret made when the process starts, so that nothing
 * is kept for them.  Any thread. */

#define SESSION_ID_SECRET_CHARS 20
/* A number of up to 20 digits, "-", the secret part, 0. */
#define SESSION_ID_TEXT_SIZE   (20 + 1 + SESSION_ID_SECRET_CHARS + 1)
#define SESSION_ID_RANDOM_SIZE 17

/* The lowest number a session should have: some clients know a session by its
 * six digits. */
#define SESSION_ID_FIRST UINT64_C(100000)

/* urlID: "100000-Ab12Cd34Ef56Gh78Ij90". */
void session_id_format(uint64_t number, char out[SESSION_ID_TEXT_SIZE]);

/* The number of a urlID, if it is one that this process would give out. */
bool session_id_parse(const char *text, uint64_t *number_r);

/* The attribute `random`: 16 upper-case hex digits. */
void session_id_random(uint64_t number, char out[SESSION_ID_RANDOM_SIZE]);

#endif
