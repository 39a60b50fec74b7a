/* SPDX-License-Identifier: BSD-2-Clause */
/* server backup: starts a backup on the server and waits for its end.  The
 * server may be started anew meanwhile; by the id that it gave to the backup, it
 * is found out then what became of it. */
#include "config.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/ctl/ctl_line.h"
#include "clients/ctl/progress.h"

#define ASK_FIRST 50   /* milliseconds */
#define ASK_MOST  1000 /* between two questions */
#define AWAY_S    60   /* for the server to come back */

#define BAR 24

static bool
is(const struct cli_value *dict, const char *key, const char *text)
{
    const char *value = ctl_text(dict, key);

    return value != NULL && strcmp(value, text) == 0;
}

static double
number(const struct cli_value *dict, const char *key)
{
    const char *text = ctl_text(dict, key);

    return text != NULL ? strtod(text, NULL) : 0;
}

static int
get(struct ctl *c, const struct cli_value **dict_r)
{
    struct buf b = {0};
    int r;

    buf_append_str(&b, "GETBACKUP");
    r = ctl_cli(c, &b, dict_r);
    if (r == CTL_OK && (*dict_r == NULL || (*dict_r)->kind != CLI_DICTIONARY))
        r = ctl_error(CTL_REFUSED, "the server says nothing about backups");
    return r;
}

static void
draw(const struct cli_value *dict)
{
    double total = number(dict, "bytesTotal");
    const char *step = ctl_text(dict, "step");
    struct buf b = {0};

    if (!isatty(STDERR_FILENO))
        return;
    progress_bar(&b, total > 0 ? number(dict, "bytesDone") / total : 0, BAR);
    fprintf(stderr, "\r\033[K%s %s", buf_cstr(&b), step != NULL ? step : "");
    buf_clear(&b);
}

static void
erase(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}

static int
tell_end(const struct ctl *c, const struct cli_value *dict)
{
    const char *path = ctl_text(dict, "path"), *why = ctl_text(dict, "error");

    erase();
    if (c->json)
        ctl_print_value(c, dict);
    if (!is(dict, "state", "done"))
        return ctl_error(CTL_REFUSED, "the backup failed: %s",
                         why != NULL ? why : "the server does not say why");
    if (!c->json) {
        printf("%s\n", path != NULL ? path : "done");
        if (number(dict, "removed") > 0)
            printf("%.0f older backups removed\n", number(dict, "removed"));
    }
    if (why != NULL)
        return ctl_error(CTL_PARTLY, "the backup is done, but %s", why);
    return CTL_OK;
}

/* The server does not know the backup as its own: it was started since. */
static int
tell_lost(const struct ctl *c, const struct cli_value *dict, const char *id)
{
    erase();
    if (!is(dict, "lastId", id))
        return ctl_error(CTL_REFUSED, "the server was stopped before the "
                                      "backup was finished: there is none");
    if (c->json)
        ctl_print_value(c, dict);
    else
        puts("the backup was finished; then the server was started anew");
    return CTL_OK;
}

/* A password that was asked for or read is not there any more. */
static int
come_back(struct ctl *c)
{
    erase();
    fputs("ximssctl: waiting for the server to come back\n", stderr);
    return ctl_reconnect(c, AWAY_S);
}

static int
wait_for_end(struct ctl *c, const char *id)
{
    const struct cli_value *dict;
    int ms = ASK_FIRST;

    for (;;) {
        int r = get(c, &dict);

        if (r == CTL_UNREACHABLE && (r = come_back(c)) == CTL_OK)
            continue;
        if (r == CTL_UNREACHABLE)
            return ctl_error(r, "whether the backup was finished is not known: "
                                "see `ximssctl server backup`");
        if (r != CTL_OK)
            return r;
        if (!is(dict, "id", id))
            return tell_lost(c, dict, id);
        if (!is(dict, "state", "running"))
            return tell_end(c, dict);
        draw(dict);
        poll(NULL, 0, ms);
        ms = ms * 2 < ASK_MOST ? ms * 2 : ASK_MOST;
    }
}

static int
start(struct ctl *c, const char *dir, char id[64])
{
    const struct cli_value *value;
    const char *keep = ctl_option(c, "keep");
    struct buf b = {0};
    int r;

    buf_append_str(&b, "STARTBACKUP");
    ctl_line_arg(&b, dir);
    if (keep != NULL) {
        buf_append_str(&b, " KEEP");
        ctl_line_arg(&b, keep);
    }
    r = ctl_cli(c, &b, &value);
    if (r == CTL_OK && (value == NULL || value->text == NULL))
        r = ctl_error(CTL_REFUSED, "the server did not name the backup");
    if (r == CTL_OK)
        snprintf(id, 64, "%s", value->text);
    return r;
}

int
ctl_backup_run(struct ctl *c, int argc, char **argv)
{
    const struct cli_value *dict;
    char id[64];
    int r;

    if (argc == 0) {
        r = get(c, &dict);
        if (r == CTL_OK)
            ctl_print_value(c, dict);
        return r;
    }
    r = start(c, argv[0], id);
    return r == CTL_OK ? wait_for_end(c, id) : r;
}
