/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_TABBED_H
#define UTIL_TABBED_H

#include <stddef.h>

/* Lines of fields with tabs between them, as Dovecot's protocols have them. */

/* Undoes Dovecot's escaping in place: \001 with "0", "1", "t", "r" or "n"
 * behind it is a zero byte, \001, TAB, CR or LF; with anything else it is left
 * out.  s is terminated before and after; returns the length, which is more
 * than strlen(s) if there is a zero byte in it. */
size_t tabbed_unescape(char *s);

#endif
