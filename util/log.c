/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048

static const char *log_name = "ximss";
static bool log_journal;
static atomic_int log_least = LOG_INFO_;

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
        if (n + 5 > size)
            break;
        if (*p < 0x20 || *p == 0x7f)
            n += (size_t)snprintf(out + n, size - n, "\\x%02x", *p);
        else
            out[n++] = (char)*p;
    }
    return n;
}

static void __attribute__((format(printf, 2, 0)))
log_line(enum log_level level, const char *fmt, va_list ap)
{
    char text[LINE_MAX_BYTES], line[LINE_MAX_BYTES + 64];
    size_t n;

    if (!log_wants(level))
        return;
    vsnprintf(text, sizeof text, fmt, ap);
    if (log_journal) {
        n = (size_t)snprintf(line, sizeof line, "<%d>", levels[level].syslog);
    } else {
        struct timespec ts;
        struct tm tm;
        char when[32];

        clock_gettime(CLOCK_REALTIME, &ts);
        gmtime_r(&ts.tv_sec, &tm);
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm);
        n = (size_t)snprintf(line, sizeof line, "%s.%03ldZ %s[%ld] %s: ", when,
                             ts.tv_nsec / 1000000, log_name, (long)getpid(),
                             levels[level].name);
    }
    n += escape(line + n, sizeof line - n - 1, text);
    line[n++] = '\n';
    /* One write per line; when standard error is gone there is nobody left to
     * tell. */
    if (write(STDERR_FILENO, line, n) < 0)
        return;
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
