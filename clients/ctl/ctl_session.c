/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "clients/ctl/ctl.h"
#include "util/text.h"

/* session list, kill. */

static const struct ctl_option list_options[] = {
    {"account", "NAME", "those of one account"},
    {"limit", "N", "at most N (1000)"},
    {NULL, NULL, NULL}};

static const struct ctl_option kill_options[] = {
    {"account", "NAME", "all sessions of an account"}, {NULL, NULL, NULL}};

/* One row per dictionary; what a server does not tell is "-". */
static void
print_sessions(const struct cli_value *v)
{
    static const char *const header[] = {"ID", "USER", "ADDRESS", "DOOR",
                                         "SECONDS"};
    static const char *const keys[] = {"id", "user", "address", "door",
                                       "seconds"};
    struct ctl_table t;

    ctl_table_init(&t, 5, header);
    for (v = v->first; v != NULL; v = v->next)
        for (unsigned i = 0; i < 5; i++) {
            const struct cli_value *cell =
                v->kind == CLI_DICTIONARY ? cli_data_find(v, keys[i]) : NULL;

            ctl_table_add(&t, cell != NULL && cell->text != NULL ? cell->text
                                                                 : "-");
        }
    ctl_table_print(&t);
}

static int
run_list(struct ctl *c, int argc, char **argv)
{
    const char *account = ctl_option(c, "account"),
               *limit = ctl_option(c, "limit");
    const struct cli_value *v;
    unsigned long long n = 1000;
    struct buf b = {0};
    int r;

    (void)argc;
    (void)argv;
    if (limit != NULL && text_parse_u64(limit, 1000000000, &n) < 0)
        return ctl_error(CTL_USAGE, "--limit takes a number, not %s", limit);
    if (account != NULL) {
        buf_append_str(&b, "LISTACCOUNTSESSIONS");
        ctl_arg(&b, account);
    } else {
        buf_appendf(&b, "LISTSESSIONS %llu", n);
    }
    r = ctl_cli(c, &b, &v);
    if (r != CTL_OK || v == NULL)
        return r;
    if (account != NULL || c->json || v->kind != CLI_ARRAY)
        ctl_print_value(c, v);
    else
        print_sessions(v);
    return r;
}

static int
run_kill(struct ctl *c, int argc, char **argv)
{
    const char *account = ctl_option(c, "account");
    int failed = CTL_OK, n_failed = 0;
    struct buf b = {0};

    if ((argc == 0) == (account == NULL))
        return ctl_error(CTL_USAGE, "either IDs or --account NAME");
    if (account != NULL) {
        buf_append_str(&b, "KILLACCOUNTSESSIONS");
        ctl_arg(&b, account);
        return ctl_cli_quiet(c, &b);
    }
    for (int i = 0; i < argc; i++) {
        int r;

        buf_append_str(&b, "KILLSESSION");
        ctl_arg(&b, argv[i]);
        r = ctl_cli_quiet(c, &b);
        if (r > CTL_REFUSED)
            return r;
        if (r != CTL_OK) {
            failed = r;
            n_failed++;
        }
    }
    return n_failed > 0 && n_failed < argc ? CTL_PARTLY : failed;
}

const struct ctl_command ctl_session_commands[] = {
    {"session", "list", "", "Lists who is logged in", NULL, list_options, 0, 0,
     run_list},
    {"session", "kill", "[ID...]", "Ends sessions", NULL, kill_options, 0, -1,
     run_kill},
    {0}};
