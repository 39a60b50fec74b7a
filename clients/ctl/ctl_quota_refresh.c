/* SPDX-License-Identifier: BSD-2-Clause */
/* quota refresh: asks the server's sources of usage.  For all accounts this
 * takes a while.  The server counts the accounts, and this command polls the
 * counter until all are done. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "clients/ctl/ctl_line.h"
#include "util/text.h"

#define PAUSE_NS 200000000

static int
refresh(struct ctl *c, const char *account)
{
    struct buf b = {0};

    buf_append_str(&b, "REFRESHSTORAGEUSED");
    if (account != NULL)
        ctl_line_arg(&b, account);
    return ctl_cli_quiet(c, &b);
}

static int
get_element(struct ctl *c, const char *name, unsigned long long *n_r)
{
    const struct cli_value *v;
    struct buf b = {0};
    int r;

    buf_appendf(&b, "GETSTATELEMENT %s", name);
    r = ctl_cli(c, &b, &v);
    if (r != CTL_OK)
        return r;
    if (v == NULL || v->kind != CLI_STRING ||
        text_parse_u64(v->text, UINT64_MAX, n_r) != 0)
        return ctl_error(CTL_REFUSED, "the server's answer is not a number");
    return CTL_OK;
}

/* On one line of a terminal, again and again. */
static void
say_progress(const struct ctl *c, unsigned long long looked, bool end)
{
    if (ctl_option(c, "quiet") == NULL && isatty(STDERR_FILENO))
        fprintf(stderr, "\r%llu accounts%s", looked, end ? "\n" : "");
}

static int
wait_for_end(struct ctl *c, unsigned long long before,
             unsigned long long *looked_r)
{
    static const struct timespec pause = {0, PAUSE_NS};
    unsigned long long due = 1, looked = before;
    int r = CTL_OK;

    for (;;) {
        r = get_element(c, "quotaRoundsDue", &due);
        if (r == CTL_OK)
            r = get_element(c, "quotaLooked", &looked);
        if (r != CTL_OK)
            return r;
        *looked_r = looked - before;
        say_progress(c, *looked_r, due == 0);
        if (due == 0)
            return CTL_OK;
        nanosleep(&pause, NULL);
    }
}

static int
refresh_all(struct ctl *c)
{
    unsigned long long before, looked = 0;
    struct buf b = {0};
    int r = get_element(c, "quotaLooked", &before);

    if (r == CTL_OK)
        r = refresh(c, NULL);
    if (r != CTL_OK || ctl_option(c, "no-wait") != NULL)
        return r;
    r = wait_for_end(c, before, &looked);
    if (r != CTL_OK)
        return r;
    buf_appendf(&b, c->json ? "{\"accounts\":%llu}" : "%llu accounts examined",
                looked);
    ctl_print_line(&b);
    return CTL_OK;
}

int
ctl_quota_refresh_run(struct ctl *c, int argc, char **argv)
{
    return argc > 0 ? refresh(c, argv[0]) : refresh_all(c);
}
