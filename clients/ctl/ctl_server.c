/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/ctl/ctl_change.h"
#include "clients/ctl/ctl_check.h"
#include "clients/ctl/ctl_line.h"
#include "util/log_level.h"

/* server ...: lines of the CLI. */

static const struct ctl_option names_options[] = {CTL_FORCE, CTL_OPTIONS_END};

static const struct ctl_option backup_options[] = {
    {"keep", "N", "keep N backups of this store there, with the new one"},
    CTL_OPTIONS_END};

static const struct ctl_option shutdown_options[] = {CTL_YES, CTL_OPTIONS_END};

static const struct ctl_option check_options[] = {
    {"warn", "NAME=N,...", "warn from there on"},
    {"critical", "NAME=N,...", "critical from there on"},
    {"timeout", "SECONDS", "critical if there is no answer by then (10)"},
    CTL_OPTIONS_END};

static const struct ctl_option stat_options[] = {
    {"watch", NULL, "show them again every 2 seconds, or so many"},
    CTL_OPTIONS_END};

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
    return ctl_change_quiet(c, &b,
                            &(struct ctl_change){.kind = "server",
                                                 .name = "log",
                                                 .action = "written to"});
}

const struct ctl_command ctl_server_commands[] = {
    {"server", "info", "[WHAT]", "Shows version and system of the server",
     .line = "GETSYSTEMINFO[ $1]"},
    {"server", "stat", "[NAME...] [--watch [SECONDS]]",
     "Shows statistics of the server", NULL, stat_options, .run = ctl_stat_run,
     .max_args = -1},
    {"server", "check", "", "Says whether the server is well, for Nagios",
     "One line, with performance data.  The exit status is 0 for OK, 1 WARNING, "
     "2\nCRITICAL, 3 UNKNOWN.  NAME is time in milliseconds; store; stuck; disk "
     "or\nconnections in per cent; certificate in days; store-queue; hash-queue; "
     "backup or\nquota in hours, which are looked at only if they are named.\n",
     check_options, .run = ctl_check_run, .usage = CTL_CHECK_USAGE},
    {"server", "time", "", "Shows the server's clock, in GMT",
     .line = "GETCURRENTTIME"},
    {"server", "log", "LEVEL TEXT", "Writes a line to the server's log",
     "LEVEL is error, warning, info or debug; or a number: 0 to 2 mean "
     "error, 3\n"
     "information, 4 warning, 5 to 9 debug.\n",
     .run = run_log, .min_args = 2, .max_args = 2, .takes = CTL_DRY_RUN},
    {"server", "route", "ADDRESS", "Shows the account of an address",
     .line = "ROUTE $1"},
    {"server", "domain-defaults", "[KEY=VALUE...]",
     "Settings that domains inherit", CTL_SETTINGS_HELP, names_options,
     .line = "UPDATEDOMAINDEFAULTS $=[ FORCE$force]|GETDOMAINDEFAULTS",
     .names = CTL_NAMES_SETTINGS, .takes = CTL_DRY_RUN, .done = "changed"},
    {"server", "account-defaults", "[KEY=VALUE...]",
     "Settings that all accounts inherit", CTL_SETTINGS_HELP, names_options,
     .line = "UPDATESERVERACCOUNTDEFAULTS $=[ FORCE$force]|"
             "GETSERVERACCOUNTDEFAULTS",
     .names = CTL_NAMES_SETTINGS, .takes = CTL_DRY_RUN, .done = "changed"},
    {"server", "backup", "[DIR]", "Makes a backup of the store in DIR",
     "DIR is an absolute path on the server's machine, where the server may "
     "write.\n"
     "Waits until the backup is finished and checked, and prints its path.\n"
     "Without DIR: shows the state of the last backup.\n",
     backup_options, .run = ctl_backup_run, .max_args = 1},
    {"server", "shutdown", "", "Stops the server", .options = shutdown_options,
     .line = "SHUTDOWN[$yes]", .ask = "Stop the server", .takes = CTL_DRY_RUN,
     .done = "begun"},
    {0}};
