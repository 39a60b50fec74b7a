/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_BASE_CONFIG_TABLE_H
#define XIMSS_SERVER_BASE_CONFIG_TABLE_H

#include "util/config_table.h"

/* The keys of ximssd. */
extern const struct config_table config_table;

#endif
