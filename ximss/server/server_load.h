/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_SERVER_LOAD_H
#define XIMSS_SERVER_SERVER_LOAD_H

#include <stdbool.h>

#include "util/errbuf.h"

struct config;
struct server;

/* Opens the store, and brings what every worker knows of it into memory: before
 * the threads start.  -1 with err; *damaged_r as server_start's. */
int server_load(struct server *s, const struct config *c, bool *damaged_r,
                struct errbuf *err) WARN_UNUSED;

#endif
