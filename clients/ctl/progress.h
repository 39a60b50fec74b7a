/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_CTL_PROGRESS_H
#define CLIENTS_CTL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"

/* How far a long run over the lines of a file is, in one line of a terminal. */

struct progress {
    bool on;             /* else nothing is drawn */
    unsigned long first; /* line */
    unsigned long line;  /* the last that is done */
    unsigned long lines; /* in the file; 0: not known */
    unsigned long long done, refused;
    int64_t started, drawn; /* microseconds */
};

void progress_start(struct progress *p, int64_t now);

/* Draws on standard error, five times a second at most; clear takes the line
 * away for other output, and the next draw comes at once. */
void progress_draw(struct progress *p, int64_t now);
void progress_clear(struct progress *p);

/* Appends "[####....]", `width` characters between the brackets; part 1 and
 * more: full. */
void progress_bar(struct buf *b, double part, int width);

/* What draw shows. */
void progress_format(struct buf *b, const struct progress *p, int64_t now);

#endif
