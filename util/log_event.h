/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_LOG_EVENT_H
#define UTIL_LOG_EVENT_H

#include <stdbool.h>
#include <stddef.h>

#include "util/log.h"

/* One event of the log that programs may want to find: a message, which is
 * always the same for the same kind of event, and fields.
 *
 * As text:    login failed user=joe@a.test address=192.0.2.1
 * As JSON:    {"time":"2026-11-22T13:30:01.000Z","level":"warn",
 *              "program":"ximssd","pid":7,"message":"login failed",
 *              "user":"joe@a.test","address":"192.0.2.1"}
 * In the journal: MESSAGE as text, and XIMSS_USER, XIMSS_ADDRESS. */

struct log_field {
    const char *name; /* small letters and _ */
    const char *text; /* NULL: it is a number, or left out */
    long long number;
    enum log_field_kind {
        LOG_FIELD_WORD,   /* quoted in text only if it is no single word */
        LOG_FIELD_QUOTED, /* always quoted in text */
        LOG_FIELD_NUMBER,
        LOG_FIELD_YES_NO
    } kind;
};

/* A value that is NULL is left out of the line. */
#define LOG_WORD(name, value)          \
    {                                  \
        name, value, 0, LOG_FIELD_WORD \
    }
#define LOG_QUOTED(name, value)          \
    {                                    \
        name, value, 0, LOG_FIELD_QUOTED \
    }
#define LOG_NUMBER(name, value)                          \
    {                                                    \
        name, NULL, (long long)(value), LOG_FIELD_NUMBER \
    }
#define LOG_YES_NO(name, value)                       \
    {                                                 \
        name, NULL, (value) ? 1 : 0, LOG_FIELD_YES_NO \
    }

/* log_event(LOG_WARN_, "login failed", LOG_WORD("user", user), ...): one line.
 * Any thread.  Long values are cut, and fields that find no room are left
 * out. */
#define log_event(level, message, ...)                                  \
    log_fields(level, message, (const struct log_field[]){__VA_ARGS__}, \
               sizeof((const struct log_field[]){__VA_ARGS__}) /        \
                   sizeof(struct log_field))

/* --- for log.c and log_journal.c: the forms --- */

/* The message and its fields, as text, terminated.  Returns the length. */
size_t log_form_text(char *out, size_t size, const char *message,
                     const struct log_field *fields, size_t n);

struct log_origin {
    const char *time; /* RFC 3339, UTC */
    const char *level, *program;
    long pid;
};
/* The same as one JSON object, always whole: what finds no room is cut or left
 * out.  Bytes that are no UTF-8 become U+FFFD.  size is at least 1024. */
size_t log_form_json(char *out, size_t size, const struct log_origin *o,
                     const char *message, const struct log_field *fields,
                     size_t n);
/* The value alone, without quotes or escapes, terminated. */
void log_form_value(char *out, size_t size, const struct log_field *f);

#endif
