/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FUZZ_FUZZ_BRIDGE_H
#define TESTS_FUZZ_FUZZ_BRIDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clients/bridge/bridge.h"

/* A bridge without listeners, for fuzz targets: both ends of its connections
 * are here, the browser's and (for what is asked before a log-in) ximssd's. */

#define FUZZ_MOST 60000 /* bytes of an input: they fit into the socket */
#define FUZZ_CALM 4     /* turns of the loop in which nothing comes */

/* Made once, and never freed. */
struct bridge *fuzz_bridge_start(void);
void fuzz_bridge_turn(struct bridge *b);

/* The browser's end of a new connection from 127.0.0.1. */
int fuzz_bridge_connect(struct bridge *b);
/* Ends connections and sessions, and looks that nothing is left. */
void fuzz_bridge_end_all(struct bridge *b);

/* Sends in pieces of `step` (0: at once), with a turn of the loop for each. */
void fuzz_bridge_send(struct bridge *b, int fd, const void *data, size_t len,
                      size_t step);
/* Appends what has come; true: there was something. */
bool fuzz_bridge_drain(int fd, struct buf *out);

/* Where the next connection for what is asked before a log-in ends: this
 * descriptor, which the bridge owns then; -1: ximssd is not there. */
extern int fuzz_bridge_upstream;
/* ... a pair of them with a small buffer, so that requests leave in pieces.  The
 * other end comes back. */
int fuzz_bridge_make_upstream(void);

#endif
