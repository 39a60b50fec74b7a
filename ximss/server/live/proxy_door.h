/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_PROXY_DOOR_H
#define XIMSS_SERVER_LIVE_PROXY_DOOR_H

#include <stdbool.h>
#include <stddef.h>

struct session;

/* Headers of the PROXY protocol (util/proxy_header.h) before a session.
 *
 * Where a listener is for proxies, each connection begins with one.  Besides,
 * machines that are trusted with clientAddress, and the UNIX socket, may begin
 * with one of version 2, which no message of XIMSS can begin like: so the
 * relay of the bridge does.  From anybody else it ends the connection.
 *
 * Whoever was handed on in this way is never taken for local: no EXTERNAL, no
 * clientAddress, no clear passwords unless TLS is spoken with the proxy. */

/* Decides what may come (s->proxy), or closes the session. */
void proxy_door_open(struct session *s, bool proxied);

/* What came first, while s->proxy is not over: bytes that are done with.  May
 * close the session, or begin it (session_begin). */
size_t proxy_door_take(struct session *s, const char *data, size_t len);

#endif
