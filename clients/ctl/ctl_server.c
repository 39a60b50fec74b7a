/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/ctl/ctl_line.h"
#include "util/log_level.h"
#include "ximss/proto/answer.h"

/* server ...: lines of the CLI, but for all counters at once. */

static const struct ctl_option names_options[] = {CTL_FORCE, CTL_OPTIONS_END};

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

/* A name goes as a number, which older servers know, too. */
static int
run_log(struct ctl *c, int argc, char **argv)
{
    enum log_level level;
    struct buf b = {0};

    (void)argc;
    buf_append_str(&b, "WRITELOG");
    if (log_level_parse(argv[0], &level) == 0)
        buf_appendf(&b, " %u", log_level_number(level));
    else
        ctl_line_arg(&b, argv[0]);
    ctl_line_arg(&b, argv[1]);
    return ctl_cli_quiet(c, &b);
}

const struct ctl_command ctl_server_commands[] = {
    {"server", "info", "[WHAT]", "Shows version and system of the server",
     .line = "GETSYSTEMINFO[ $1]"},
    {"server", "stat", "[NAME]", "Shows its counters, or one of them",
     .run = run_stat, .max_args = 1},
    {"server", "time", "", "Shows the server's clock, in GMT",
     .line = "GETCURRENTTIME"},
    {"server", "log", "LEVEL TEXT", "Writes a line to the server's log",
     "LEVEL is error, warning, info or debug; or a number: 0 to 2 mean "
     "error, 3\n"
     "information, 4 warning, 5 to 9 debug.\n",
     .run = run_log, .min_args = 2, .max_args = 2},
    {"server", "route", "ADDRESS", "Shows the account of an address",
     .line = "ROUTE $1"},
    {"server", "domain-defaults", "[KEY=VALUE...]",
     "Settings that domains inherit", CTL_SETTINGS_HELP, names_options,
     .line = "UPDATEDOMAINDEFAULTS $=[ FORCE$force]|GETDOMAINDEFAULTS",
     .names = CTL_NAMES_SETTINGS},
    {"server", "account-defaults", "[KEY=VALUE...]",
     "Settings that all accounts inherit", CTL_SETTINGS_HELP, names_options,
     .line = "UPDATESERVERACCOUNTDEFAULTS $=[ FORCE$force]|"
             "GETSERVERACCOUNTDEFAULTS",
     .names = CTL_NAMES_SETTINGS},
    {"server", "shutdown", "", "Stops the server", .options = shutdown_options,
     .line = "SHUTDOWN[$yes]", .ask = "Stop the server"},
    {0}};
