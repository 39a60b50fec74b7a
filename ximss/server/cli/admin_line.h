/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_CLI_ADMIN_LINE_H
#define XIMSS_SERVER_CLI_ADMIN_LINE_H

#include <stddef.h>

#include "util/arena.h"
#include "util/buf.h"
#include "util/errbuf.h"
#include "ximss/proto/cli_data.h"

/* A command line, taken apart: a word, then objects of the data format with
 * blanks between them.  Keywords are objects like the others; where one is
 * expected is for the command to say. */

#define ADMIN_VERB_SIZE 40 /* with the terminating 0 */
#define ADMIN_ARGS_MAX  32
/* In one object, all that are in it counted: a value of two bytes takes a hundred
 * in memory, and as long as a hundred bytes of text. */
#define ADMIN_VALUES_MAX 30000

struct admin_line {
    char verb[ADMIN_VERB_SIZE]; /* in upper case, of short names (admin_names.h)
                                   the full one; "" if it cannot be one */
    size_t arguments;           /* where they begin */
    struct cli_value *arg[ADMIN_ARGS_MAX];
    unsigned n;
};

/* Bytes of the word (in upper case) that the text begins with, in any case, with
 * the blanks around it; 0: it does not, or nothing comes behind it. */
size_t admin_line_word(const char *text, size_t len, const char *word);

/* Reads the verb alone; what follows is not looked at. */
void admin_line_begin(struct admin_line *line, const char *text, size_t len);

/* Reads the arguments of the same text, behind the verb.  An address in brackets,
 * with a port or without ([2001:db8::1]:25), is a string.
 *
 * -1: err says what is wrong, in words and digits only.  Values live in the
 * arena.
 *
 * Nothing is guessed: a quoted string ends at its quote and a blank must
 * follow, so that text with quotes that a sender did not escape is refused.
 * Two strings side by side are two objects, not one. */
int admin_line_read(struct admin_line *line, const char *text, size_t len,
                    struct arena *arena, struct errbuf *err) WARN_UNUSED;

/* The line as the audit log may show it: on one line, cut after some hundred
 * bytes, and without passwords. */
void admin_line_write(struct buf *b, const struct admin_line *line);

/* A value as the text a sender meant: strings, and what begins with # and is
 * sent bare by clients that quote letters and digits only when they must
 * (#123).  NULL for containers and data blocks. */
const char *admin_value_text(struct arena *arena, const struct cli_value *v);

#endif
