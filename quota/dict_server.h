/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_DICT_SERVER_H
#define QUOTA_DICT_SERVER_H

#include <stdint.h>

#include "quota/local_server.h"
#include "util/errbuf.h"

struct event_base;
struct quota_sink;

/* The socket that Dovecot's quota_clone plugin writes to
 * (quota_clone_dict = proxy:PATH:quota): usage as it changes, as
 * QUOTA_SOURCE_DICT.
 *
 * A mail delivery waits for the answer to its commit; so that leaves before the
 * sink is called.  A malformed line closes its connection, with a line in the
 * log, and so does a peer that does not read its answers: neither holds a
 * delivery.  Threads as for local_server. */

struct dict_server;

struct dict_counts {
    struct local_counts sockets;
    uint64_t commits, rollbacks; /* of transactions, whatever is in them */
    uint64_t reports;            /* to the sink */
};

/* sink: borrowed until the stop.  NULL with err as local_server_start. */
struct dict_server *dict_server_start(struct event_base *base,
                                      struct conn_loop *loop,
                                      const struct local_server_config *cfg,
                                      const struct quota_sink *sink,
                                      struct errbuf *err);
/* As local_server_stop. */
void dict_server_stop(struct dict_server **s);

/* The listener of the server, borrowed. */
struct local_server *dict_server_listener(const struct dict_server *s);

/* Any thread. */
void dict_server_get_counts(const struct dict_server *s,
                            struct dict_counts *counts_r);

#endif
