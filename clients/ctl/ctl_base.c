/* SPDX-License-Identifier: BSD-2-Clause */
/* What every command has: its options, and messages to the user. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/ctl/ctl.h"
#include "util/xmalloc.h"

static bool as_json;

const struct ctl_option ctl_takes_options[CTL_N_TAKES + 1] = {
    {"dry-run", NULL, "change nothing; say what would be done"},
    {"if-missing", NULL, "it is no error if it exists already"},
    {"if-exists", NULL, "it is no error if it is not there"},
    CTL_OPTIONS_END};

void
ctl_errors_as_json(void)
{
    as_json = true;
}

static void
tell_json(int code, int num, const char *text)
{
    struct buf b = {0};

    buf_append_char(&b, '{');
    ctl_json_name(&b, "error");
    ctl_json_string(&b, text, strlen(text));
    if (num != 0)
        buf_appendf(&b, ",\"errorNum\":%d", num);
    if (code > 0)
        buf_appendf(&b, ",\"exit\":%d", code);
    buf_append_str(&b, "}\n");
    fwrite(b.data, 1, b.len, stderr);
    buf_clear(&b);
}

int
ctl_error(int code, const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        abort(); /* no memory */
    va_end(ap);
    if (as_json)
        tell_json(code, 0, text);
    else
        fprintf(stderr, "ximssctl: %s\n", text);
    free(text);
    return code;
}

int
ctl_refused(int code, int num, const char *about, const char *text)
{
    const char *colon = about != NULL ? ": " : "";
    char *all = xasprintf("%s%s%s", about != NULL ? about : "", colon, text);

    if (as_json)
        tell_json(code, num, all);
    else
        fprintf(stderr, "ximssctl: %s (%d)\n", all, num);
    free(all);
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

    if (c->dry_run || ctl_option(c, "yes") != NULL || !isatty(STDIN_FILENO) ||
        !isatty(STDERR_FILENO))
        return true;
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputs(" [y/N] ", stderr);
    return fgets(answer, sizeof answer, stdin) != NULL &&
           (answer[0] == 'y' || answer[0] == 'Y');
}
