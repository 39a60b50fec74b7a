/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_CLI_ADMIN_NAMES_H
#define XIMSS_SERVER_CLI_ADMIN_NAMES_H

#include <stddef.h>

/* The old short names of commands, which some client libraries still send.  A
 * line that begins with one is the command's own from the moment that it is
 * read: rights, audit log and hidden passwords know nothing of short names. */

struct admin_short_name {
    const char *name, *full; /* in upper case */
};

extern const struct admin_short_name admin_short_names[];
extern const size_t admin_short_names_n;

/* The command that the verb (in upper case) means; NULL: it is no short name. */
const char *admin_full_name(const char *verb);

#endif
