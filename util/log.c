/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util/log_event.h"

#define LINE_MAX_BYTES 2048
#define JSON_MAX_BYTES 8192
#define TIME_SIZE      48

static const char *log_name = "ximss";
static bool log_journal;
static atomic_int log_least = LOG_INFO_;
static atomic_int log_format = LOG_TEXT;
static log_sink_fn *log_sink;

static const struct {
    const char *name;
    int syslog;
} levels[] = {
    [LOG_DEBUG_] = {"debug", 7},
    [LOG_INFO_] = {"info", 6},
    [LOG_WARN_] = {"warn", 4},
    [LOG_ERROR_] = {"error", 3},
};

const char *
log_name_of(enum log_level level)
{
    return levels[level].name;
}

void
log_init(const char *name, enum log_level least, bool journal)
{
    log_name = name;
    log_journal = journal;
    log_least = (int)least;
}

void
log_set_level(enum log_level least)
{
    log_least = (int)least;
}

void
log_set_format(enum log_format format)
{
    log_format = (int)format;
}

void
log_set_sink(log_sink_fn *sink)
{
    log_sink = sink;
}

bool
log_wants(enum log_level level)
{
    return (int)level >= log_least;
}

/* Copies text without what could end or disguise the line. */
static size_t
escape(char *out, size_t size, const char *text)
{
    size_t n = 0;

    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (n + 6 > size)
            break;
        if (*p < 0x20 || *p == 0x7f)
            n += (size_t)snprintf(out + n, size - n, "\\x%02x", *p);
        else
            out[n++] = (char)*p;
    }
    return n;
}

static void
format_now(char out[TIME_SIZE])
{
    struct timespec ts;
    struct tm tm;
    char when[24];

    clock_gettime(CLOCK_REALTIME, &ts);
    gmtime_r(&ts.tv_sec, &tm);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out, TIME_SIZE, "%s.%03ldZ", when, ts.tv_nsec / 1000000);
}

/* What stands before a line of text. */
static size_t
begin_text(char *out, size_t size, enum log_level level)
{
    char now[TIME_SIZE];

    if (log_journal)
        return (size_t)snprintf(out, size, "<%d>", levels[level].syslog);
    format_now(now);
    return (size_t)snprintf(out, size, "%s %s[%ld] %s: ", now, log_name,
                            (long)getpid(), levels[level].name);
}

/* One write per line; when standard error is gone there is nobody left to
 * tell. */
static void
write_line(char *line, size_t n)
{
    line[n++] = '\n';
    if (write(STDERR_FILENO, line, n) < 0)
        return;
}

static void
write_json(enum log_level level, const char *message,
           const struct log_field *fields, size_t n)
{
    char line[JSON_MAX_BYTES], now[TIME_SIZE];
    size_t len = 0;
    struct log_origin o = {now, levels[level].name, log_name, (long)getpid()};

    format_now(now);
    if (log_journal)
        len = (size_t)snprintf(line, sizeof line, "<%d>", levels[level].syslog);
    len += log_form_json(line + len, sizeof line - len - 1, &o, message, fields,
                         n);
    write_line(line, len);
}

static void
write_text(enum log_level level, const char *text,
           const struct log_field *fields, size_t n_fields)
{
    char line[LINE_MAX_BYTES + 64], clean[LINE_MAX_BYTES];
    size_t n;

    clean[escape(clean, sizeof clean, text)] = '\0';
    if (log_sink != NULL &&
        log_sink(log_name, levels[level].syslog, clean, fields, n_fields))
        return;
    n = begin_text(line, sizeof line, level);
    snprintf(line + n, sizeof line - n - 1, "%s", clean);
    write_line(line, n + strlen(line + n));
}

void
log_fields(enum log_level level, const char *message,
           const struct log_field *fields, size_t n)
{
    char text[LINE_MAX_BYTES];

    if (!log_wants(level))
        return;
    if (log_format == LOG_JSON) {
        write_json(level, message, fields, n);
        return;
    }
    log_form_text(text, sizeof text, message, fields, n);
    write_text(level, text, fields, n);
}

static void __attribute__((format(printf, 2, 0)))
log_line(enum log_level level, const char *fmt, va_list ap)
{
    char text[LINE_MAX_BYTES];

    if (!log_wants(level))
        return;
    vsnprintf(text, sizeof text, fmt, ap);
    if (log_format == LOG_JSON)
        write_json(level, text, NULL, 0);
    else
        write_text(level, text, NULL, 0);
}

#define LOG_BODY(level)           \
    do {                          \
        va_list ap;               \
        va_start(ap, fmt);        \
        log_line(level, fmt, ap); \
        va_end(ap);               \
    } while (0)

void
log_debug(const char *fmt, ...)
{
    LOG_BODY(LOG_DEBUG_);
}

void
log_info(const char *fmt, ...)
{
    LOG_BODY(LOG_INFO_);
}

void
log_warn(const char *fmt, ...)
{
    LOG_BODY(LOG_WARN_);
}

void
log_error(const char *fmt, ...)
{
    LOG_BODY(LOG_ERROR_);
}

void
log_fatal(const char *fmt, ...)
{
    LOG_BODY(LOG_ERROR_);
    _exit(70);
}
