/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_OPTIONS_H
#define UTIL_OPTIONS_H

#include <getopt.h>

/* As getopt_long does, but what it says of a wrong option names the option
 * alone: a password may stand behind it, and what is said here goes into the
 * mails of cron.  `shorts` are those without a value, "+" in front as there.
 * index_r may be NULL.  '?': it is wrong, and was told. */
int options_next(const char *program, int argc, char **argv, const char *shorts,
                 const struct option *longs, int *index_r);

/* The file as it can be found from any directory; what could not be made so is
 * returned as it is.  Kept until the next call.  NULL for NULL. */
const char *options_file(const char *file);

#endif
