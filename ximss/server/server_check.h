/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_SERVER_CHECK_H
#define XIMSS_SERVER_SERVER_CHECK_H

#include <stdio.h>

struct config;

/* Whether a server could start with this configuration, which is right as such:
 * certificates, user, directories, addresses.  Writes a line for each thing that
 * is wrong, and returns how many there are.  The process becomes the
 * configuration's user for it. */
unsigned server_check(const struct config *c, FILE *out);

#endif
