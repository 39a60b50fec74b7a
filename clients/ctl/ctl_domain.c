/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/ctl/ctl.h"

/* domain list, create, delete, rename, settings. */

static const struct ctl_option delete_options[] = {
    {"force", NULL, "also if it has accounts"},
    {"yes", NULL, "do not ask"},
    {NULL, NULL, NULL}};

static const struct ctl_option settings_options[] = {
    {"effective", NULL, "show defaults too"}, {NULL, NULL, NULL}};

static int
run_list(struct ctl *c, int argc, char **argv)
{
    const struct cli_value *v;
    struct buf b = {0};
    int r;

    (void)argc;
    (void)argv;
    buf_append_str(&b, "LISTDOMAINS");
    r = ctl_cli(c, &b, &v);
    if (r == CTL_OK)
        ctl_print_value(c, v);
    return r;
}

static int
run_create(struct ctl *c, int argc, char **argv)
{
    struct buf b = {0};

    buf_append_str(&b, "CREATEDOMAIN");
    ctl_arg(&b, argv[0]);
    if (argc > 1 && ctl_settings(&b, argc - 1, argv + 1) < 0) {
        buf_clear(&b);
        return CTL_USAGE;
    }
    return ctl_cli_quiet(c, &b);
}

static int
run_delete(struct ctl *c, int argc, char **argv)
{
    struct buf b = {0};

    (void)argc;
    if (!ctl_confirm(c, "Delete the domain %s with everything in it?", argv[0]))
        return ctl_error(CTL_REFUSED, "not deleted");
    buf_append_str(&b, "DELETEDOMAIN");
    ctl_arg(&b, argv[0]);
    if (ctl_option(c, "force") != NULL)
        buf_append_str(&b, " FORCE");
    return ctl_cli_quiet(c, &b);
}

static int
run_rename(struct ctl *c, int argc, char **argv)
{
    struct buf b = {0};

    (void)argc;
    buf_append_str(&b, "RENAMEDOMAIN");
    ctl_arg(&b, argv[0]);
    buf_append_str(&b, " INTO");
    ctl_arg(&b, argv[1]);
    return ctl_cli_quiet(c, &b);
}

static int
run_settings(struct ctl *c, int argc, char **argv)
{
    const struct cli_value *v;
    struct buf b = {0};
    int r;

    if (argc > 1) {
        buf_append_str(&b, "UPDATEDOMAINSETTINGS");
        ctl_arg(&b, argv[0]);
        if (ctl_settings(&b, argc - 1, argv + 1) == 0)
            return ctl_cli_quiet(c, &b);
        buf_clear(&b);
        return CTL_USAGE;
    }
    buf_append_str(&b, ctl_option(c, "effective") != NULL
                           ? "GETDOMAINEFFECTIVESETTINGS"
                           : "GETDOMAINSETTINGS");
    ctl_arg(&b, argv[0]);
    r = ctl_cli(c, &b, &v);
    if (r == CTL_OK)
        ctl_print_value(c, v);
    return r;
}

const struct ctl_command ctl_domain_commands[] = {
    {"domain", "list", "", "Lists all domains", NULL, NULL, 0, 0, run_list},
    {"domain", "create", "NAME [KEY=VALUE...]", "Makes a domain", NULL, NULL, 1,
     -1, run_create},
    {"domain", "delete", "NAME", "Deletes a domain and its alerts", NULL,
     delete_options, 1, 1, run_delete},
    {"domain", "rename", "OLD NEW", "Renames a domain", NULL, NULL, 2, 2,
     run_rename},
    {"domain", "settings", "NAME [KEY=VALUE...]",
     "Shows or changes a domain's settings",
     "With settings: changes those; the value \"default\" removes one.\n",
     settings_options, 1, -1, run_settings},
    {0}};
