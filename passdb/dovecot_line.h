/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PASSDB_DOVECOT_LINE_H
#define PASSDB_DOVECOT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/errbuf.h"

/* The lines of Dovecot's auth-client protocol, version 1: a command and its
 * parameters, with tabs between them.  Pure. */

/* Bytes of a line, without its end.  Ours are shorter. */
#define DOVECOT_LINE_MOST 8192

enum dovecot_command {
    DOVECOT_VERSION, /* major */
    DOVECOT_MECH,    /* text: the mechanism */
    DOVECOT_DONE,    /* of the greeting */
    DOVECOT_OK,      /* id, user, flags */
    DOVECOT_CONT,    /* id, text: base64 */
    DOVECOT_FAIL,    /* id, user, flags, code */
    DOVECOT_OTHER    /* nothing that matters here */
};

struct dovecot_line {
    enum dovecot_command command;
    uint32_t id;
    unsigned major;
    const char *text; /* borrowed from the line, as the next two; NULL: none */
    const char *user;
    const char *code;
    bool is_temporary;      /* "temp", or a code that says so */
    bool is_disabled;       /* "user_disabled", "pass_expired", "nologin" */
    bool is_not_authorized; /* "authz" */
    bool is_passed_on;      /* "proxy", "proxy_maybe": another server is to
                               check the password */
};

/* line: without its end, terminated; it is changed.  -1 with err: nobody
 * understands it. */
int dovecot_line_parse(char *line, size_t len, struct dovecot_line *line_r,
                       struct errbuf *err) WARN_UNUSED;

/* Appends a parameter's text, with what may not stand in it escaped. */
void dovecot_line_append(struct buf *b, const char *text);

/* True if the text is base64 that fits into a line with a command. */
bool dovecot_line_is_base64(const char *text);

#endif
