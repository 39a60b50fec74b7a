/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "clients/ctl/ctl_change.h"
#include "clients/ctl/ctl_line.h"

/* account device ...: browsers that stay logged in, as administrators see and
 * end them. */

static void
show_list(const struct ctl *c, const struct cli_value *v)
{
    static const struct ctl_column columns[] = {
        {"ID", NULL, false},           {"NAME", "name", false},
        {"ADDRESS", "address", false}, {"CREATED", "created", false},
        {"USED", "used", false},
    };

    ctl_print_rows(c, v, columns, sizeof columns / sizeof columns[0]);
}

static int
revoke(struct ctl *c, const char *account)
{
    const char *id = ctl_option(c, "id");
    bool all = ctl_option(c, "all") != NULL;
    struct buf b = {0};

    if ((id != NULL) == all)
        return ctl_error(CTL_USAGE, "which device? say --id (account device "
                                    "list shows them) or --all");
    /* What a server takes for all must be asked for by --all. */
    if (id != NULL && (*id == '\0' || id[strspn(id, "0123456789")] != '\0'))
        return ctl_error(CTL_USAGE, "--id takes a number");
    buf_append_str(&b, "REVOKEACCOUNTDEVICE");
    ctl_line_arg(&b, account);
    ctl_line_arg(&b, all ? "*" : id);
    return ctl_change_quiet(c, &b,
                            &(struct ctl_change){.kind = "device",
                                                 .name = all ? "*" : id,
                                                 .of = account,
                                                 .action = "revoked"});
}

int
ctl_device_run(struct ctl *c, int argc, char **argv)
{
    (void)argc;
    if (strcmp(argv[0], "revoke") == 0)
        return revoke(c, argv[1]);
    if (strcmp(argv[0], "list") == 0 && ctl_option(c, "id") == NULL &&
        ctl_option(c, "all") == NULL && !c->dry_run && !c->if_exists)
        return ctl_cli_show(c, "LISTACCOUNTDEVICES", argv[1], show_list);
    return ctl_usage(c);
}
