/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_WARNING_SERVER_H
#define QUOTA_WARNING_SERVER_H

#include <stdint.h>

#include "quota/local_server.h"
#include "util/errbuf.h"

struct event_base;
struct quota_sink;

/* The socket that Dovecot's quota_warning can be pointed at
 * (quota_warning = storage=80%% PATH 80 %u): that a level was reached, as
 * QUOTA_SOURCE_WARNING, in per cents of a limit that Dovecot does not say.
 * A writer that waits for an answer gets it before the sink is called.
 * Threads as for local_server. */

struct warning_server;

struct warning_counts {
    struct local_counts sockets;
    uint64_t reports; /* to the sink */
};

/* sink: borrowed until the stop.  NULL with err as local_server_start. */
struct warning_server *
warning_server_start(struct event_base *base, struct conn_loop *loop,
                     const struct local_server_config *cfg,
                     const struct quota_sink *sink, struct errbuf *err);
/* As local_server_stop. */
void warning_server_stop(struct warning_server **s);

/* The listener of the server, borrowed. */
struct local_server *warning_server_listener(const struct warning_server *s);

/* Any thread. */
void warning_server_get_counts(const struct warning_server *s,
                               struct warning_counts *counts_r);

#endif
