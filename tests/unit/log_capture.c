/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/log_capture.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <check.h>

static int file = -1, standard_error;
static char text[65536];

void
log_capture_begin(enum log_level least)
{
    if (file >= 0)
        close(file);
    file = memfd_create("log", MFD_CLOEXEC);
    ck_assert_int_ge(file, 0);
    standard_error = dup(STDERR_FILENO);
    ck_assert_int_ge(dup2(file, STDERR_FILENO), 0);
    log_set_level(least);
}

const char *
log_capture_text(void)
{
    ssize_t n = pread(file, text, sizeof text - 1, 0);

    ck_assert_int_ge(n, 0);
    text[n] = '\0';
    return text;
}

unsigned
log_capture_count(const char *wanted)
{
    unsigned n = 0;

    for (const char *p = log_capture_text(); (p = strstr(p, wanted)) != NULL;
         p += strlen(wanted))
        n++;
    return n;
}

void
log_capture_end(void)
{
    log_set_level(LOG_ERROR_);
    ck_assert_int_ge(dup2(standard_error, STDERR_FILENO), 0);
    close(standard_error);
}
