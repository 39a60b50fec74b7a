/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_REPORT_SERVER_H
#define QUOTA_REPORT_SERVER_H

#include <stdint.h>

#include "quota/local_server.h"
#include "util/errbuf.h"

struct event_base;
struct quota_report;
struct quota_sink;

/* A socket that Dovecot writes to, and what comes of it: reports to a sink.
 * What is said on it, the ops know (dict_server.h, warning_server.h); they get
 * it by report_server_of.  Threads as for local_server. */

struct report_server;

struct report_counts {
    struct local_counts sockets;
    uint64_t commits, rollbacks; /* of transactions, whatever is in them */
    uint64_t reports;            /* to the sink */
};

/* ops and sink: borrowed until the stop.  NULL with err as
 * local_server_start. */
struct report_server *report_server_start(struct event_base *base,
                                          struct conn_loop *loop,
                                          const struct local_server_config *cfg,
                                          const struct local_ops *ops,
                                          const struct quota_sink *sink,
                                          struct errbuf *err);
/* As local_server_stop. */
void report_server_stop(struct report_server **s);

struct local_server *report_server_listener(const struct report_server *s);

/* --- for ops --- */

struct report_server *report_server_of(const struct local_conn *c);
/* Tells the sink. */
void report_server_tell(struct report_server *s, const struct quota_report *r);
/* Transactions that have ended. */
void report_server_count(struct report_server *s, unsigned commits,
                         unsigned rollbacks);

/* Any thread. */
void report_server_get_counts(const struct report_server *s,
                              struct report_counts *counts_r);

#endif
