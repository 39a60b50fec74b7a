/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/base/config_notify.h"

struct notify_config
config_notify(const struct config *c)
{
    return (struct notify_config){.sendmail = c->notify_sendmail,
                                  .from = c->notify_from,
                                  .roots = c->notify_roots,
                                  .urls = c->notify_urls,
                                  .commands = c->notify_commands,
                                  .networks = c->notify_networks,
                                  .timeout = c->notify_timeout,
                                  .parallel = c->notify_parallel,
                                  .waiting = c->notify_waiting};
}
