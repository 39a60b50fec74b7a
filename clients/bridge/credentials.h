/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_CREDENTIALS_H
#define CLIENTS_BRIDGE_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>

struct http_conn;

/* Names and passwords, as requests carry them. */

/* The longest that anybody has, in bytes. */
#define CREDENTIALS_NAME_MOST     511
#define CREDENTIALS_PASSWORD_MOST 1024

/* A copy of a text; of one that is too long, as much as shows that it is: ximssd
 * hangs up on a longer message.  The caller wipes and frees. */
char *credentials_cut(const char *text, size_t most);

/* More than a name and a password have; which of them are too long the server
 * says. */
#define CREDENTIALS_BASIC_SIZE 2048

/* What an Authorization header of Basic carries behind the scheme and one or
 * more blanks (RFC 9110, 11.4); NULL: there is none.  Valid until the reply. */
const char *credentials_basic(const struct http_conn *h);
/* The user, in out, and the password in it; false: they can be nobody's. */
bool credentials_read(const char *text, char out[CREDENTIALS_BASIC_SIZE],
                      char **password_r);

#endif
