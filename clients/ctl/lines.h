/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_CTL_LINES_H
#define CLIENTS_CTL_LINES_H

#include "clients/ctl/input.h"
#include "util/buf.h"
#include "util/errbuf.h"

/* A file of CLI commands, one on each line.  Lines without anything and those
 * that begin with "#" or "//" are skipped, blanks around a command and a CR at
 * its end are dropped. */

#define LINES_MAX ((size_t)1 << 20) /* bytes of a line */

struct lines {
    struct input *in; /* borrowed */
    /* the last command */
    unsigned long line;
    const char *text;
    struct buf room;
};

void lines_init(struct lines *l, struct input *in);

/* Reads the next command.  1: there is one; 0: the end; -1: that line cannot be
 * one, err says why, and the next call goes on behind it. */
int lines_next(struct lines *l, struct errbuf *err) WARN_UNUSED;

/* Wipes. */
void lines_clear(struct lines *l);

/* Appends what may be shown of a command: its first word, its first argument if
 * that is a text, and " ..." for the rest.  Commands with passwords have them
 * further behind.  Nothing if it does not begin with a word, or is not UTF-8. */
void lines_describe(struct buf *b, const char *command);

#endif
