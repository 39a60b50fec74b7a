/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/ctl/ctl.h"

/* domain ...: each is a line of the CLI. */

static const struct ctl_option delete_options[] = {
    {"force", NULL, "even if it has accounts, groups, ..."},
    CTL_YES,
    CTL_OPTIONS_END};

static const struct ctl_option settings_options[] = {CTL_EFFECTIVE, CTL_FORCE,
                                                     CTL_OPTIONS_END};

static const struct ctl_option names_options[] = {CTL_FORCE, CTL_OPTIONS_END};

static const struct ctl_option aliases_options[] = {CTL_SET, CTL_OPTIONS_END};

const struct ctl_command ctl_domain_commands[] = {
    {"domain", "list", "", "Lists all domains", .line = "LISTDOMAINS"},
    {"domain", "create", "NAME [KEY=VALUE...]", "Creates a domain",
     .options = names_options, .line = "CREATEDOMAIN $1[ $=][ FORCE$force]",
     .names = CTL_NAMES_SETTINGS, .takes = CTL_DRY_RUN | CTL_IF_MISSING,
     .done = "created", .probe = "GETDOMAINSETTINGS"},
    {"domain", "delete", "NAME", "Deletes a domain and its alerts",
     .options = delete_options, .line = "DELETEDOMAIN $1[ FORCE$force][$yes]",
     .ask = "Delete, with everything in it, the domain",
     .takes = CTL_DRY_RUN | CTL_IF_EXISTS, .done = "deleted",
     .probe = "GETDOMAINSETTINGS"},
    {"domain", "rename", "OLD NEW", "Renames a domain",
     .line = "RENAMEDOMAIN $1 INTO $2", .takes = CTL_DRY_RUN | CTL_IF_EXISTS,
     .done = "renamed", .probe = "GETDOMAINSETTINGS"},
    {"domain", "suspend", "NAME", "Ends its sessions and refuses log-ins",
     .line = "SUSPENDDOMAIN $1", .takes = CTL_DRY_RUN, .done = "suspended"},
    {"domain", "resume", "NAME", "Allows log-ins to a domain again",
     .line = "RESUMEDOMAIN $1", .takes = CTL_DRY_RUN, .done = "resumed"},
    {"domain", "settings", "NAME [KEY=VALUE...]",
     "Shows or changes a domain's settings", CTL_SETTINGS_HELP,
     settings_options,
     .line = "UPDATEDOMAINSETTINGS $1 $=[ FORCE$force]|"
             "GETDOMAINEFFECTIVESETTINGS $1$effective|"
             "GETDOMAINSETTINGS $1",
     .names = CTL_NAMES_SETTINGS, .takes = CTL_DRY_RUN, .done = "changed"},
    {"domain", "defaults", "NAME [KEY=VALUE...]",
     "Settings that its accounts inherit", CTL_SETTINGS_HELP, names_options,
     .line = "UPDATEACCOUNTDEFAULTS $1 $=[ FORCE$force]|GETACCOUNTDEFAULTS $1",
     .names = CTL_NAMES_SETTINGS, .takes = CTL_DRY_RUN, .done = "changed"},
    {"domain", "template", "NAME [KEY=VALUE...]",
     "Settings that are given to new accounts", CTL_SETTINGS_HELP,
     names_options,
     .line = "UPDATEACCOUNTTEMPLATE $1 $=[ FORCE$force]|GETACCOUNTTEMPLATE $1",
     .names = CTL_NAMES_SETTINGS, .takes = CTL_DRY_RUN, .done = "changed"},
    {"domain", "aliases", "NAME [--set A,B,...]",
     "Shows or sets a domain's aliases", .options = aliases_options,
     .line = "SETDOMAINALIASES $1 $,set|GETDOMAINALIASES $1",
     .takes = CTL_DRY_RUN, .done = "changed"},
    {"domain", "stat", "NAME [KEY]", "Shows counters of a domain, or one",
     .line = "GETDOMAINSTAT $1[ KEY $2]"},
    {0}};
