/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/ctl/ctl.h"

/* group ... and forwarder ...: each is a line of the CLI. */

static const struct ctl_option create_options[] = {
    {"members", "A,B,...", "its members"}, CTL_OPTIONS_END};

static const struct ctl_option members_options[] = {CTL_SET, CTL_OPTIONS_END};

static const struct ctl_option delete_options[] = {CTL_YES, CTL_OPTIONS_END};

/* Of the settings of a group. */
static void
show_members(const struct ctl *c, const struct cli_value *v)
{
    const struct cli_value *members =
        v->kind == CLI_DICTIONARY ? cli_data_find(v, "Members") : NULL;

    ctl_print_value(c, members != NULL ? members : cli_data_array(c->arena));
}

const struct ctl_command ctl_group_commands[] = {
    {"group", "list", "[DOMAIN]", "Lists the groups of a domain",
     .line = "LISTGROUPS[ $1]"},
    {"group", "create", "NAME [KEY=VALUE...]", "Creates a group",
     .options = create_options,
     .line = "CREATEGROUP $1 {Members=$,members;}|CREATEGROUP $1[ $=]",
     .takes = CTL_DRY_RUN | CTL_IF_MISSING, .done = "created",
     .probe = "GETGROUP"},
    {"group", "settings", "NAME [KEY=VALUE...]",
     "Shows or changes a group's settings", CTL_SETTINGS_HELP,
     .line = "UPDATEGROUP $1 $=|GETGROUP $1", .takes = CTL_DRY_RUN,
     .done = "changed"},
    {"group", "members", "NAME [--set A,B,...]",
     "Shows or sets a group's members",
     "Members are addresses; one without \"@\" is in the group's domain. "
     "They\n"
     "need not exist, and do not change when an account is deleted.\n",
     members_options, .line = "UPDATEGROUP $1 {Members=$,set;}|GETGROUP $1",
     .takes = CTL_DRY_RUN, .done = "changed", .show = show_members},
    {"group", "add", "NAME ADDRESS...", "Adds members to a group",
     .line = "UPDATEGROUP $1 ADD $+", .takes = CTL_DRY_RUN, .done = "changed"},
    {"group", "remove", "NAME ADDRESS...", "Removes members from a group",
     .line = "UPDATEGROUP $1 REMOVE $+", .takes = CTL_DRY_RUN,
     .done = "changed"},
    {"group", "rename", "OLD NEW", "Renames a group",
     .line = "RENAMEGROUP $1 INTO $2", .takes = CTL_DRY_RUN | CTL_IF_EXISTS,
     .done = "renamed", .probe = "GETGROUP"},
    {"group", "delete", "NAME", "Deletes a group", .options = delete_options,
     .line = "DELETEGROUP $1[$yes]", .ask = "Delete the group",
     .takes = CTL_DRY_RUN | CTL_IF_EXISTS, .done = "deleted",
     .probe = "GETGROUP"},
    {0}};

const struct ctl_command ctl_forwarder_commands[] = {
    {"forwarder", "list", "[DOMAIN]", "Lists the forwarders of a domain",
     .line = "LISTFORWARDERS[ $1]"},
    {"forwarder", "find", "DOMAIN ADDRESS",
     "Lists those that lead to an address", .line = "FINDFORWARDERS $1 TO $2"},
    {"forwarder", "create", "NAME ADDRESS", "Creates a forwarder to an address",
     .line = "CREATEFORWARDER $1 TO $2", .takes = CTL_DRY_RUN | CTL_IF_MISSING,
     .done = "created", .probe = "GETFORWARDER"},
    {"forwarder", "show", "NAME", "Shows where a forwarder leads",
     .line = "GETFORWARDER $1"},
    {"forwarder", "rename", "OLD NEW", "Renames a forwarder",
     .line = "RENAMEFORWARDER $1 INTO $2", .takes = CTL_DRY_RUN | CTL_IF_EXISTS,
     .done = "renamed", .probe = "GETFORWARDER"},
    {"forwarder", "delete", "NAME", "Deletes a forwarder",
     .options = delete_options, .line = "DELETEFORWARDER $1[$yes]",
     .ask = "Delete the forwarder", .takes = CTL_DRY_RUN | CTL_IF_EXISTS,
     .done = "deleted", .probe = "GETFORWARDER"},
    {0}};
