/* SPDX-License-Identifier: BSD-2-Clause */
/* What every command has: its options, and messages to the user. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clients/ctl/ctl.h"

int
ctl_error(int code, const char *fmt, ...)
{
    va_list ap;

    fputs("ximssctl: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    return code;
}

const char *
ctl_option(const struct ctl *c, const char *name)
{
    const struct ctl_option *o = c->command->options;

    for (unsigned i = 0; o != NULL && o[i].name != NULL; i++)
        if (strcmp(o[i].name, name) == 0)
            return c->values[i];
    return NULL;
}

bool
ctl_confirm(const struct ctl *c, const char *fmt, ...)
{
    char answer[16];
    va_list ap;

    if (ctl_option(c, "yes") != NULL || !isatty(STDIN_FILENO) ||
        !isatty(STDERR_FILENO))
        return true;
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputs(" [y/N] ", stderr);
    return fgets(answer, sizeof answer, stdin) != NULL &&
           (answer[0] == 'y' || answer[0] == 'Y');
}
