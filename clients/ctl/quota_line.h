/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_CTL_QUOTA_LINE_H
#define CLIENTS_CTL_QUOTA_LINE_H

#include "util/errbuf.h"

/* A line of a file of reports: "ACCOUNT BYTES", with blanks, tabs or a comma
 * between them, and perhaps a comment behind. */

struct quota_line {
    char *account, *size; /* in the text that was cut */
};

/* Cuts the text.  -1: err says what is wrong.  Whether there is such an account,
 * and whether this is a size, the server says. */
int quota_line_cut(struct quota_line *l, char *text,
                   struct errbuf *err) WARN_UNUSED;

#endif
