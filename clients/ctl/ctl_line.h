/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_CTL_CTL_LINE_H
#define CLIENTS_CTL_CTL_LINE_H

#include "clients/ctl/ctl.h"

/* The CLI command that a command of ximssctl stands for, written as a line with
 * places in it:
 *
 *   $1 ... $9  an argument, as a string of the data format
 *   $=         the arguments that are left, each KEY=VALUE, as a dictionary
 *   $+         the arguments that are left, as an array
 *   $name      the value of the option --name, as a string; nothing for a
 *              switch, which has been given all the same
 *   $,name     the value of an option, cut at its commas, as an array
 *   [...]      is left out if there is nothing for one of its places
 *   |          stands between lines of which the first that fits is taken
 *
 * A line fits if there is something for each of its places outside brackets,
 * and a place for all that was given. */

struct ctl_given {
    int argc;
    char **argv;
    const struct ctl_option *options; /* or NULL */
    const char *const *values;        /* of these */
};

/* Appends the command.  -1: nothing is appended; err says what is wrong, or is
 * empty if no line fits. */
int ctl_line_make(struct buf *b, const char *line,
                  const struct ctl_given *given,
                  struct errbuf *err) WARN_UNUSED;

/* A name without blanks around it, with the domain (NULL: none) if it names
 * none; the caller frees it. */
char *ctl_line_name(const char *name, const char *domain);

/* True if the first field of a line looks like several, with "|" between them: it is no
 * name to be shown, since one of them may be a password.  Who means it says so on the
 * command line. */
bool ctl_line_has_fields(const char *name);

/* Appends " TEXT" as an argument, quoted if need be. */
void ctl_line_arg(struct buf *b, const char *text);

/* Appends {KEY=VALUE;...} from arguments KEY=VALUE.  -1: one of them has no
 * "=". */
int ctl_line_settings(struct buf *b, int argc, char **argv,
                      struct errbuf *err) WARN_UNUSED;

#endif
