/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/ctl/ctl.h"

/* trigger ... and handler ...: each is a line of the CLI. */

static const struct ctl_option remove_options[] = {CTL_YES, CTL_OPTIONS_END};

const struct ctl_command ctl_trigger_commands[] = {
    {"trigger", "list", "", "Lists the triggers", .line = "LISTTRIGGERS"},
    {"trigger", "show", "NAME", "Shows a trigger, and whether it is active",
     .line = "GETTRIGGER $1"},
    {"trigger", "set", "NAME KEY=VALUE...", "Makes or changes a trigger",
     "Keys are Element, Of, Above, Below, Growth, Period, For, Clear, "
     "Severity,\n"
     "Handlers, Text, OverText and Enabled; see ximss-cli(7). The value "
     "default\n"
     "takes a key away.\n",
     .line = "SETTRIGGER $1 $=", .takes = CTL_DRY_RUN, .done = "set"},
    {"trigger", "remove", "NAME",
     "Removes a trigger; one that is built in is as it was at first",
     .options = remove_options, .line = "REMOVETRIGGER $1[$yes]",
     .ask = "Remove the trigger", .takes = CTL_DRY_RUN | CTL_IF_EXISTS,
     .done = "removed", .probe = "GETTRIGGER"},
    {0}};

const struct ctl_command ctl_handler_commands[] = {
    {"handler", "list", "", "Lists the handlers of triggers",
     .line = "LISTHANDLERS"},
    {"handler", "show", "NAME", "Shows a handler, and what it sent last",
     .line = "GETHANDLER $1"},
    {"handler", "set", "NAME KEY=VALUE...", "Makes or changes a handler",
     "Keys are Accounts, Masters, Mail, URL, Secret, JSON, Command, Subject,\n"
     "Text, Over, Limit, Period and Enabled; see ximss-cli(7). The value\n"
     "default takes a key away.\n",
     .line = "SETHANDLER $1 $=", .takes = CTL_DRY_RUN, .done = "set"},
    {"handler", "remove", "NAME", "Removes a handler that no trigger names",
     .options = remove_options, .line = "REMOVEHANDLER $1[$yes]",
     .ask = "Remove the handler", .takes = CTL_DRY_RUN | CTL_IF_EXISTS,
     .done = "removed", .probe = "GETHANDLER"},
    {"handler", "test", "NAME", "Sends a test notice by all methods",
     "`ximssctl handler show NAME` says a little later what has become of "
     "it.\n",
     .line = "TESTHANDLER $1", .takes = CTL_DRY_RUN, .done = "tested"},
    {0}};
