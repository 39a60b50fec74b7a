/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_LOG_H
#define UTIL_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "util/errbuf.h"

/* One line per event, on standard error or in the journal.  Lines end here and nowhere else:
 * libevent's, Berkeley DB's and OpenSSL's messages come through these too.
 * Any thread may call them.  Line breaks and control characters in the text
 * are written as \xHH, so that peer text cannot forge a line. */
enum log_level {
    LOG_DEBUG_,
    LOG_INFO_,
    LOG_WARN_,
    LOG_ERROR_
};

/* name: shown in each line, borrowed for the life of the process.  With
 * `journal`, lines of text begin with "<N>" as sd-daemon(3) wants them and carry
 * no time; else they begin with the UTC time.  Events with fields:
 * log_event.h. */
void log_init(const char *name, enum log_level least, bool journal);
/* Changes the least level that is logged. */
void log_set_level(enum log_level least);
enum log_format {
    LOG_TEXT,
    LOG_JSON /* one object per line */
};
void log_set_format(enum log_format format);
/* True if lines of this level are logged. */
bool log_wants(enum log_level level);

/* Each logs one line at its level. */
void log_debug(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_info(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_error(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Logs at error level and ends the process: status 70 (EX_SOFTWARE). */
void log_fatal(const char *fmt, ...) PRINTF_LIKE(1, 2)
    __attribute__((noreturn));

struct log_field;
/* What log_event is: a message and n fields. */
void log_fields(enum log_level level, const char *message,
                const struct log_field *fields, size_t n);
/* Takes what is logged as text from now on.  False: it could not, and standard
 * error gets the line.  Set once, before there are threads (log_journal.h). */
typedef bool log_sink_fn(const char *name, int priority, const char *line,
                         const struct log_field *fields, size_t n);
void log_set_sink(log_sink_fn *sink);

/* "debug", "info", "warn", "error" */
const char *log_name_of(enum log_level level);

#endif
