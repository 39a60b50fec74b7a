/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_SAMPLE_SECRET_H
#define CLIENTS_SAMPLE_SECRET_H

#include <stdbool.h>

/* Where passwords come from: never from the arguments, which everybody on the
 * machine can read. */

/* The first line of descriptor fd if fd >= 0; else the environment variable
 * `env` (which is then removed); else asked on the terminal, without echo, with
 * that prompt; so it is at fd if that is a terminal.  One line end behind it, LF or CR LF, is no part of it.  The
 * caller gives the result to secret_free.  NULL if there is none, or what there
 * is cannot be a password; *why_r is then a text, else NULL. */
char *secret_get(int fd, const char *env, const char *prompt,
                 const char **why_r);

/* Whether somebody types it, and may mistype it. */
bool secret_is_asked(int fd, const char *env);

/* Wipes, frees and nulls; *secret may be NULL. */
void secret_free(char **secret);

#endif
