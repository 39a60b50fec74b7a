/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/ctl/ctl_line.h"
#include "ximss/proto/answer.h"

/* server ...: lines of the CLI, but for all counters at once. */

static const struct ctl_option shutdown_options[] = {CTL_YES, CTL_OPTIONS_END};

static int
next_name(struct ctl *c, const char *name, const struct cli_value **next_r)
{
    struct buf b = {0};

    buf_append_str(&b, "GETNEXTSTATNAME");
    ctl_line_arg(&b, name);
    return ctl_cli_but(c, &b, ANSWER_NO_NEXT_ELEMENT, next_r);
}

static int
counter(struct ctl *c, const char *name, const struct cli_value **value_r)
{
    struct buf b = {0};

    buf_append_str(&b, "GETSTATELEMENT");
    ctl_line_arg(&b, name);
    return ctl_cli(c, &b, value_r);
}

/* The server names its counters one after the other. */
static int
run_counters(struct ctl *c)
{
    struct cli_value *all = cli_data_dictionary(c->arena);
    const struct cli_value *next, *value;
    const char *name = "";
    int r = CTL_OK;

    while (r == CTL_OK && (r = next_name(c, name, &next)) == CTL_OK &&
           next != NULL && next->kind == CLI_STRING) {
        name = next->text;
        r = counter(c, name, &value);
        if (r == CTL_OK && value != NULL && value->text != NULL)
            cli_data_set(
                c->arena, all, name,
                cli_data_string(c->arena, value->text, value->text_len));
    }
    if (r == CTL_OK)
        ctl_print_value(c, all);
    return r;
}

static int
run_stat(struct ctl *c, int argc, char **argv)
{
    const struct cli_value *value;
    int r;

    if (argc == 0)
        return run_counters(c);
    r = counter(c, argv[0], &value);
    if (r == CTL_OK)
        ctl_print_value(c, value);
    return r;
}

const struct ctl_command ctl_server_commands[] = {
    {"server", "info", "[WHAT]", "Shows what the server is and runs on",
     .line = "GETSYSTEMINFO[ $1]"},
    {"server", "stat", "[NAME]", "Shows its counters, or one of them",
     .run = run_stat, .max_args = 1},
    {"server", "time", "", "Shows the server's clock, in GMT",
     .line = "GETCURRENTTIME"},
    {"server", "log", "LEVEL TEXT", "Writes a line into the server's log",
     "LEVEL is 0 to 2 for errors, 3 information, 4 warnings, 5 to 9 debug.\n",
     .line = "WRITELOG $1 $2"},
    {"server", "route", "ADDRESS", "Shows the account of an address",
     .line = "ROUTE $1"},
    {"server", "domain-defaults", "[KEY=VALUE...]",
     "Settings that domains inherit", CTL_SETTINGS_HELP,
     .line = "UPDATEDOMAINDEFAULTS $=|GETDOMAINDEFAULTS"},
    {"server", "account-defaults", "[KEY=VALUE...]",
     "Settings that all accounts inherit", CTL_SETTINGS_HELP,
     .line = "UPDATESERVERACCOUNTDEFAULTS $=|GETSERVERACCOUNTDEFAULTS"},
    {"server", "shutdown", "", "Ends the server", .options = shutdown_options,
     .line = "SHUTDOWN[$yes]", .ask = "End the server"},
    {0}};
