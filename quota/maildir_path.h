/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_MAILDIR_PATH_H
#define QUOTA_MAILDIR_PATH_H

#include <stddef.h>

#include "util/errbuf.h"

/* Where accounts have their Maildirs: a template in Dovecot's notation.
 *
 *   %u user@domain   %n user   %d domain   %% a per cent sign
 *
 * Between % and the letter may stand: L for lower case; a width, so many
 * characters from the left; an offset and a width, "%1.2n" being the second
 * and the third. */

/* -1 for a template that cannot be used for accounts: err says why. */
int maildir_path_check(const char *template, struct errbuf *err) WARN_UNUSED;

/* How much of the template, and of all its paths, is the administrator's own
 * directory: up to the "/" before the first "%". */
size_t maildir_path_root(const char *template);

/* The Maildir of a user "name@domain" or, in the main domain, "name"; yours.
 * main_domain may be NULL: such users then have no %d, and %u is the name.
 * NULL with err for a user whose name leads out of the template's directory,
 * or who has no %d, and for a bad template. */
char *maildir_path_expand(const char *template, const char *user,
                          const char *main_domain,
                          struct errbuf *err) WARN_UNUSED;

#endif
