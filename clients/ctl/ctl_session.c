/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/ctl/ctl_change.h"
#include "clients/ctl/ctl_line.h"

/* session ...: lines of the CLI, but for kill, which takes several. */

static const struct ctl_option list_options[] = {
    {"limit", "N", "at most N (1000)"}, CTL_OPTIONS_END};

static const struct ctl_option find_options[] = {
    {"address", "IP", "the address that it comes from"},
    {"for", "IP", "of the client, if --address is a proxy's"},
    {"protocol", "NAME", "XIMSS or PWD"},
    {"transport", "NAME", "XIMSS or PWD"},
    {"client", "NAME", "the name set by the client program"},
    CTL_OPTIONS_END};

static const struct ctl_option create_options[] = {
    {"address", "IP", "the address of the client (required)"},
    {"for", "IP", "of the client, if --address is a proxy's"},
    CTL_OPTIONS_END};

static void
show_sessions(const struct ctl *c, const struct cli_value *v)
{
    static const struct ctl_column columns[] = {
        {"ID", "id", false},           {"USER", "user", true},
        {"ADDRESS", "address", false}, {"DOOR", "door", false},
        {"SECONDS", "seconds", false},
    };

    ctl_print_rows(c, v, columns, sizeof columns / sizeof columns[0]);
}

static int
kill_one(struct ctl *c, const char *id)
{
    const struct ctl_change what = {.kind = "session",
                                    .name = id,
                                    .action = "ended",
                                    .is_one_of_many = true};
    struct buf b = {0};

    buf_append_str(&b, "KILLSESSION");
    ctl_line_arg(&b, id);
    return ctl_change_quiet(c, &b, &what);
}

static int
run_kill(struct ctl *c, int argc, char **argv)
{
    int failed = CTL_OK, n_failed = 0;

    for (int i = 0; i < argc; i++) {
        int r = kill_one(c, argv[i]);

        if (r == CTL_UNREACHABLE || r == CTL_NO_LOGIN || r == CTL_USAGE)
            return r;
        if (r != CTL_OK) {
            failed = r;
            n_failed++;
        }
    }
    return n_failed > 0 && n_failed < argc ? CTL_PARTLY : failed;
}

const struct ctl_command ctl_session_commands[] = {
    {"session", "list", "", "Lists who is logged in", .options = list_options,
     .line = "LISTSESSIONS[ $limit]", .show = show_sessions},
    {"session", "find", "ACCOUNT", "Finds a session of an account",
     .options = find_options,
     .line = "FINDACCOUNTSESSION $1[ ADDRESS $address][ FOR $for]"
             "[ PROTOCOL $protocol][ TRANSPORT $transport][ CLIENT $client]"},
    {"session", "show", "ID", "Shows a session (counts as activity)",
     .line = "GETSESSION $1"},
    {"session", "kill", "ID...", "Ends sessions", .run = run_kill,
     .min_args = 1, .max_args = -1, .takes = CTL_DRY_RUN | CTL_IF_EXISTS},
    {"session", "create", "ACCOUNT --address IP",
     "Creates a ticket for one log-in",
     "The ticket replaces the password for one log-in within ten minutes.\n",
     create_options,
     .line = "CREATEXIMSSSESSION $1 ADDRESS $address[ FOR $for]",
     .takes = CTL_DRY_RUN, .done = "given a ticket"},
    {0}};
