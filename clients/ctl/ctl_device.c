/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "clients/ctl/ctl_line.h"

/* account device ...: browsers that stay logged in, as administrators see and
 * end them. */

static const char *
text_of(const struct cli_value *dict, const char *key)
{
    const struct cli_value *v = cli_data_find(dict, key);

    return v != NULL && v->text != NULL ? v->text : "-";
}

static void
show_list(const struct ctl *c, const struct cli_value *v)
{
    static const char *const header[] = {"ID", "NAME", "ADDRESS", "CREATED",
                                         "USED"};
    static const char *const keys[] = {"name", "address", "created", "used"};
    struct ctl_table t;

    if (c->json) {
        ctl_print_value(c, v);
        return;
    }
    ctl_table_init(&t, 5, header);
    for (v = v->first; v != NULL; v = v->next) {
        ctl_table_add(&t, v->key);
        for (size_t i = 0; i < 4; i++)
            ctl_table_add(&t, text_of(v, keys[i]));
    }
    ctl_table_print(&t);
}

static int
list(struct ctl *c, const char *account)
{
    const struct cli_value *v = NULL;
    struct buf b = {0};
    int r;

    buf_append_str(&b, "LISTACCOUNTDEVICES");
    ctl_line_arg(&b, account);
    r = ctl_cli(c, &b, &v);
    if (r == CTL_OK && v != NULL)
        show_list(c, v);
    return r;
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
    return ctl_cli_quiet(c, &b);
}

int
ctl_device_run(struct ctl *c, int argc, char **argv)
{
    (void)argc;
    if (strcmp(argv[0], "revoke") == 0)
        return revoke(c, argv[1]);
    if (strcmp(argv[0], "list") == 0 && ctl_option(c, "id") == NULL &&
        ctl_option(c, "all") == NULL)
        return list(c, argv[1]);
    return ctl_usage(c);
}
