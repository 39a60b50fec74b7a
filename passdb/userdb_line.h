/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PASSDB_USERDB_LINE_H
#define PASSDB_USERDB_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/errbuf.h"

/* Lines of Dovecot's auth-userdb socket: answers, and the questions that they
 * answer.  Pure. */

/* Bytes of an answer without its end.  What a user database knows of a user
 * stands in one line; it has some hundred bytes as a rule. */
#define USERDB_LINE_MOST 32768
/* Bytes of a user's name.  Dovecot takes questions of less than 1024. */
#define USERDB_NAME_MOST 512

enum userdb_word {
    USERDB_VERSION,  /* major */
    USERDB_FOUND,    /* id, name */
    USERDB_NOTFOUND, /* id */
    USERDB_FAIL,     /* id, why: it cannot tell now */
    USERDB_NAME,     /* id, name: one of a list */
    USERDB_DONE,     /* id, failed: the end of a list */
    USERDB_OTHER /* a line that asks for nothing, of this or a later version */
};

struct userdb_line {
    enum userdb_word word;
    uint32_t id;
    unsigned major;
    const char *name; /* into the line; NULL: none */
    const char *why;  /* into the line; NULL: none */
    bool failed;      /* USERDB_DONE: the list has not come to its end */
};

/* Parses a line without its line feed, unescaping it in place; line[len] is
 * written to.  -1 with err for what begins with no word in capitals, for missing
 * fields, for an id that is no number, for a zero byte, and for names that are
 * empty or too long. */
int userdb_line_parse(char *line, size_t len, struct userdb_line *line_r,
                      struct errbuf *err) WARN_UNUSED;

/* What a client says first. */
#define USERDB_HELLO "VERSION\t1\t0\n"

/* Whether the name can be asked about: one to USERDB_NAME_MOST bytes, and no
 * control characters among them. */
bool userdb_may_ask(const char *name);
/* Appends the question whether there is such a user, which may be asked. */
void userdb_ask_encode(struct buf *b, uint32_t id, const char *name);
/* Appends the question for all users. */
void userdb_list_encode(struct buf *b, uint32_t id);

#endif
