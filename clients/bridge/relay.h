/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_RELAY_H
#define CLIENTS_BRIDGE_RELAY_H

#include <stdbool.h>
#include <stddef.h>

struct bridge_config;
struct http_conn;
struct lobby_guest;

/* A connection that speaks XIMSS, not HTTP (protocol.md A.1): its bytes go to
 * ximssd as they are, behind a header that says whose they are, and ximssd's to
 * it.  Each side is read only as fast as the other one takes it. */

/* Takes the connection over, with the bytes that have come, and its guest of
 * owner->relays, which waits until ximssd has logged the client in; false: ximssd
 * cannot be reached.  *refused, which outlives it: whether the log has been told
 * that ximssd does not believe the header, since it last did. */
bool relay_begin(struct http_conn *h, const struct bridge_config *cfg,
                 struct lobby_guest *guest, bool *refused, const char *data,
                 size_t len);

#endif
