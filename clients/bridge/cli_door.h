/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_CLI_DOOR_H
#define CLIENTS_BRIDGE_CLI_DOOR_H

#include <stdbool.h>

#include "clients/bridge/bridge_config.h"

struct call;

/* The CLI over HTTP (protocol.md B.13): /cli/ with a command, and an
 * administrator's name and password.  Here is who may send what; then
 * cli_call.h. */

#define CLI_DOOR_PATH "/cli"

/* Whether a URL leads there, and the configuration has it. */
bool cli_door_is(const struct bridge_config *cfg, const char *url);

void cli_door(struct call *c);

#endif
