/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "notify/notify_config.h"

#include <stdlib.h>
#include <string.h>

#include "notify/notify_mail.h"
#include "notify/notify_url_rule.h"
#include "util/xmalloc.h"

static const struct config_spec texts = {.type = CONFIG_TEXTS, .max = 256};
static const struct config_spec nets = {.type = CONFIG_NETS, .max = 256};

const char *
notify_config_check(const struct notify_config *c, struct errbuf *err)
{
    for (size_t i = 0; i < c->urls.count; i++)
        if (notify_url_rule_check_prefix(c->urls.items[i], err) < 0)
            return "notify-urls";
    for (size_t i = 0; i < c->commands.count; i++)
        if (c->commands.items[i][0] != '/') {
            err_set(err, "%.80s: a program has an absolute path",
                    c->commands.items[i]);
            return "notify-commands";
        }
    if (*c->from != '\0' && notify_mail_check_address(c->from, err) < 0)
        return "notify-from";
    return NULL;
}

void
notify_config_copy(struct notify_config *to, const struct notify_config *from)
{
    *to = *from;
    to->sendmail = xstrdup(from->sendmail);
    to->from = xstrdup(from->from);
    to->roots = xstrdup(from->roots);
    memset(&to->urls, 0, sizeof to->urls);
    memset(&to->commands, 0, sizeof to->commands);
    memset(&to->networks, 0, sizeof to->networks);
    config_value_copy(&texts, &to->urls, &from->urls);
    config_value_copy(&texts, &to->commands, &from->commands);
    config_value_copy(&nets, &to->networks, &from->networks);
}

void
notify_config_clear(struct notify_config *c)
{
    free(c->sendmail);
    free(c->from);
    free(c->roots);
    config_value_clear(&texts, &c->urls);
    config_value_clear(&texts, &c->commands);
    config_value_clear(&nets, &c->networks);
    memset(c, 0, sizeof *c);
}
