/* SPDX-License-Identifier: BSD-2-Clause */
/* ximssd's configuration: how values depend on each other. config_table.c
 * describes the single keys; util/config_table.c is the engine. */
#include "config.h"

#include "ximss/server/base/configuration.h"

#include "ximss/server/base/config_table.h"

struct config *
config_load_with(const char *file, const struct config_override *overrides,
                 size_t n, struct errbuf *err)
{
    return config_table_load(&config_table, file, overrides, n, err);
}

struct config *
config_load(const char *file, struct errbuf *err)
{
    return config_load_with(file, NULL, 0, err);
}

void
config_free(struct config **config)
{
    config_table_free(&config_table, *config);
    *config = NULL;
}

void
config_print(FILE *out, const struct config *config)
{
    config_table_print(&config_table, out, config);
}

bool
config_changed_needs_restart(const struct config *running,
                             const struct config *loaded, struct buf *keys)
{
    return config_table_needs_restart(&config_table, running, loaded, keys);
}

void
config_keep_running(struct config *loaded, const struct config *running)
{
    config_table_keep_running(&config_table, loaded, running);
}

bool
config_is_trusted(const struct config *config, const struct sockaddr *address)
{
    return config_nets_hold(&config->trusted_addresses, address);
}
