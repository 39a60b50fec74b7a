/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_SERVER_LINK_H
#define CLIENTS_BRIDGE_SERVER_LINK_H

#include <stdbool.h>

#include "clients/bridge/bridge_config.h"

/* No descriptor from that number on is taken: others need some. */
void server_link_set_most(unsigned most);

/* A new connection to ximssd, without waiting: a descriptor that may still be
 * connecting, or -1. */
int server_link_open(const struct bridge_config *cfg);

/* What is sent there does not leave this machine. */
bool server_link_is_local(const struct bridge_config *cfg);

#endif
