/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_BASE_CONFIG_CHECK_H
#define XIMSS_SERVER_BASE_CONFIG_CHECK_H

#include "util/config_table.h"

/* The `check` of ximssd's table: what values of a struct config have to do with
 * each other, and what follows from them.  -1: the load says what does not go
 * together. */
int config_check(struct config_load *l, void *config);

#endif
