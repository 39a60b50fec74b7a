/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_LISTENER_H
#define XIMSS_SERVER_LIVE_LISTENER_H

#include <stdint.h>

#include "util/buf.h"
#include "util/errbuf.h"
#include "ximss/server/base/configuration.h"
#include "ximss/server/live/session.h"

struct dialect;
struct worker;

/* Listening sockets.  Every worker has its own socket for each address
 * (SO_REUSEPORT): the kernel spreads the connections.  The control socket,
 * the bridge's and the mail door are the first worker's. */

/* Binds the addresses for all workers and puts them on their loops; who
 * comes in is spoken with in the dialect.  Appends a
 * line "KIND ADDRESS:PORT" for each address to ports.  -1 with err. */
int listener_open_all(struct worker **workers, unsigned n,
                      const struct config_listen *addresses,
                      enum session_door door, const struct dialect *dialect,
                      struct buf *ports, struct errbuf *err) WARN_UNUSED;

/* The UNIX socket; a stale one of a server that is gone is replaced. */
int listener_open_local(struct worker *w, const char *path,
                        const struct dialect *dialect, struct buf *ports,
                        struct errbuf *err) WARN_UNUSED;

/* The bridge's socket, for those whom bridge_door_admits. */
int listener_open_bridge(struct worker *w, const char *path,
                         const struct dialect *dialect, struct buf *ports,
                         struct errbuf *err) WARN_UNUSED;

/* The mail door, for members of the group ("": the server's own). */
int listener_open_door(struct worker *w, const char *path, const char *group,
                       const struct dialect *dialect, struct buf *ports,
                       struct errbuf *err) WARN_UNUSED;

/* Stops accepting, and removes the files of the mail door and
 * the bridge's socket. */
void listener_close_all(struct worker *w);

#endif
