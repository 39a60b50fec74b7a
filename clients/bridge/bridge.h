/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_BRIDGE_H
#define CLIENTS_BRIDGE_BRIDGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "clients/bridge/away.h"
#include "clients/bridge/bridge_config.h"
#include "clients/bridge/budget.h"
#include "clients/bridge/client.h"
#include "clients/bridge/files.h"
#include "clients/bridge/form.h"
#include "clients/bridge/http_conn.h"
#include "clients/bridge/memory.h"
#include "clients/bridge/nonce.h"
#include "clients/bridge/trust.h"
#include "util/errbuf.h"

struct event_base;
struct web_session;

#define BRIDGE_BUCKETS 4096

TAILQ_HEAD(http_conn_list, http_conn);
LIST_HEAD(web_session_list, web_session);
LIST_HEAD(web_account_list, web_account);
LIST_HEAD(comeback_list, comeback);
LIST_HEAD(cli_call_list, cli_call);

/* What is counted since the start; see /metrics. */
struct bridge_counts {
    uint64_t connections, refused, crowded_out, requests, logins, logins_failed,
        cli_commands, relayed, pushed, reconnects, lost;
};

/* The process: one thread, one loop. */
struct bridge {
    struct bridge_config *cfg; /* owned */
    struct event_base *base;   /* owned */
    struct conn_loop *loop;    /* owned */
    struct ssl_ctx_st *tls;    /* counted; NULL: none */
    struct files *files;       /* owned */
    struct xml_parser *parser; /* owned */
    struct http_owner http;
    struct http_conn_list conns;
    struct web_session_list sessions[BRIDGE_BUCKETS];
    struct web_session_list leaving[BRIDGE_BUCKETS]; /* ..._is_leaving */
    size_t n_sessions, n_streams, n_leaving;
    struct comeback_list comebacks; /* comeback.h */
    struct cli_call_list cli_calls; /* cli_call.h */
    uint64_t next_account;
    struct web_account_list accounts[BRIDGE_BUCKETS];
    uint64_t accounts_seed; /* of the hash by which they stand there */
    struct budget stored;   /* memory.h */
    struct kept_list kept;
    int64_t no_hoarder_before; /* clock_mono; ... */
    struct away away;
    struct nonces nonces;
    struct trust trust;
    struct budget strangers, members; /* room.h */
    struct budget logins;             /* ... that wait for ximssd */
    struct http_conn_list halves[2];  /* ... half-sent requests of the two */
    struct bridge_counts counts;
    int64_t proxy_told;                    /* clock_mono; see proxied.c */
    bool relay_refused;                    /* see relay_begin */
    unsigned descriptors, own_descriptors; /* that may be, and are open */
    unsigned half; /* of the rest: for browsers, and for sessions */
    struct bridge_listener *listeners; /* owned */
    struct status_http *status;        /* owned */
};

/* The context of the configuration's certificate; NULL for none.  0, or -1 with
 * err. */
int bridge_load_tls(const struct bridge_config *cfg, struct ssl_ctx_st **tls_r,
                    struct errbuf *err) WARN_UNUSED;

/* Takes the configuration; loads what it names and opens the listeners.  NULL
 * with err. */
struct bridge *bridge_start(struct bridge_config *cfg, struct event_base *base,
                            struct errbuf *err) WARN_UNUSED;

/* Puts a new configuration in force.  -1 with err: the old one stays; the new
 * one is freed in any case. */
int bridge_reload(struct bridge *b, struct bridge_config *cfg,
                  struct errbuf *err) WARN_UNUSED;

/* Ends sessions and connections, and frees. */
void bridge_stop(struct bridge **b);

/* A request on its way through the handlers. */
struct call {
    struct bridge *bridge;
    struct http_conn *http;
    const struct http_request *q;
    struct client client;
    struct form form;  /* of the query */
    bool lacks_cookie; /* WEB_COOKIE_LATER */
    bool asked;        /* ximssd was asked for its session */
};

#endif
