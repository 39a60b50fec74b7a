/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_DICT_LINE_H
#define QUOTA_DICT_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "util/errbuf.h"

/* One line of Dovecot's dict protocol, as a server gets it: a letter, and
 * fields with tabs between them.  Pure. */

/* Bytes of a line without its end.  Dovecot itself stops at 64 KiB, for values
 * that have no place here; the lines of quota_clone have less than 400. */
#define DICT_LINE_MOST 8192
/* Bytes of a user's name. */
#define DICT_USER_MOST 512

enum dict_command {
    DICT_HELLO = 'H',        /* major, minor, type of values, user, dict */
    DICT_LOOKUP = 'L',       /* key, user */
    DICT_ITERATE = 'I',      /* flags, most rows, path, user */
    DICT_BEGIN = 'B',        /* id, user (from version 3 on) */
    DICT_COMMIT = 'C',       /* id */
    DICT_COMMIT_ASYNC = 'D', /* id */
    DICT_ROLLBACK = 'R',     /* id */
    DICT_SET = 'S',          /* id, key, value */
    DICT_UNSET = 'U',        /* id, key */
    DICT_APPEND = 'P',       /* id, key, value; before version 2.2 */
    DICT_ADD = 'A',          /* id, key, difference */
    DICT_TIMESTAMP = 'T',    /* id, seconds, nanoseconds */
    DICT_HIDE_VALUES = 'V'   /* id, yes or no: for logs */
};

struct dict_line {
    enum dict_command command;
    uint32_t id; /* of the transaction; 0 for H, L and I */
    /* Into the line; "" where the line has none. */
    const char *user;  /* H, B, L */
    const char *key;   /* S, U, P, A, L */
    const char *value; /* S, P, A */
};

/* Parses a line without its line feed, unescaping it in place; line[len] is
 * written to.  Fields beyond those that are known are ignored, as a later
 * version may have more.  -1 with err for a letter that is not known, for
 * missing fields, for numbers that are none or too large, for a zero byte, and
 * for a user's name that is too long. */
int dict_line_parse(char *line, size_t len, struct dict_line *line_r,
                    struct errbuf *err) WARN_UNUSED;

#endif
