/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_BASE_CONFIG_TABLE_H
#define XIMSS_SERVER_BASE_CONFIG_TABLE_H

#include "util/config_table.h"

/* The keys of ximssd. */
extern const struct config_table config_table;

/* In configuration.c: struct config's `check`. */
int config_check(struct config_load *l, void *config);

#endif
