/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_PROTO_NAMES_H
#define XIMSS_PROTO_NAMES_H

#include <stdbool.h>

/* Names of settings (of accounts, domains, and the server) and of rights: those
 * that this server acts on, and those of the family whose clients come here,
 * which it keeps.  There are others; but a name that is none of these, and
 * nearly one of them, was mistyped. */

/* The case of letters counts, but for the password's. */
bool names_has_setting(const char *name);
/* The known name that it was meant to be; NULL: nobody knows. */
const char *names_meant_setting(const char *name);

/* Whatever the case.  Names of settings are rights, too: to change these. */
bool names_has_right(const char *code);
/* The known right that was probably meant; NULL: none. */
const char *names_meant_right(const char *code);

#endif
