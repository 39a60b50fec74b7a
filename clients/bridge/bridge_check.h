/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_BRIDGE_CHECK_H
#define CLIENTS_BRIDGE_BRIDGE_CHECK_H

#include <stdio.h>

struct bridge_config;

/* Whether a bridge could start with this configuration, which is right as such:
 * certificates, pages, user, addresses.  Writes a line for each thing that is
 * wrong, and returns how many there are. */
unsigned bridge_check(const struct bridge_config *c, FILE *out);

#endif
