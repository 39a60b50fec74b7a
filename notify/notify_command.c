/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "notify/notify_command.h"

#include <string.h>

int
notify_command_check(const struct notify_config *c,
                     const struct notify_notice *x, struct errbuf *err)
{
    if (x->argv == NULL || x->argv[0] == NULL)
        return err_set(err, "there is no command");
    for (size_t i = 0; i < c->commands.count; i++)
        if (strcmp(c->commands.items[i], x->argv[0]) == 0)
            return 0;
    return err_set(err, "%.120s is not one of notify-commands", x->argv[0]);
}

int
notify_command_start(struct notify_child *child, const struct notify_config *c,
                     const struct notify_notice *x, struct errbuf *err)
{
    size_t len = x->json ? strlen(x->body) : 0;

    if (notify_command_check(c, x, err) < 0)
        return -1;
    return notify_child_start(child, x->argv, x->body, len, err);
}
