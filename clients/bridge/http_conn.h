/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_HTTP_CONN_H
#define CLIENTS_BRIDGE_HTTP_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "clients/bridge/budget.h"
#include "util/buf.h"
#include "util/conn.h"

/* One HTTP/1.1 connection: requests come in whole, one at a time; each gets
 * one reply, at once or later.  The grammar is http_parse.h's, the socket is
 * util/conn's. */

struct http_conn;

enum http_method {
    HTTP_OTHER,
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_OPTIONS
};

/* A request, valid until its reply was given. */
struct http_request {
    enum http_method method;
    const char *path;  /* as sent, still percent-encoded */
    const char *query; /* behind the "?"; "" if there is none */
    const char *body;  /* terminated by a 0 that is not counted */
    size_t body_len;
};

/* What has taken a connection over, which speaks no HTTP from then on. */
struct http_taker {
    void (*on_data)(struct http_taker *t, const char *data, size_t len);
    void (*on_drained)(struct http_taker *t);
    void (*on_end)(struct http_taker *t); /* and it is gone */
};

/* What the owner of all connections wants to hear and to limit. */
struct http_owner {
    /* Answers by http_reply or http_stream, now or later. */
    void (*on_request)(struct http_conn *h, const struct http_request *q);
    /* The request that a connection waits with is answered anew: its session was
     * looked for (comeback.h). */
    void (*on_again)(struct http_conn *h, const struct http_request *q);
    /* The first byte is "<".  True: the connection is a relay's from now on
     * (relay.h); false: it is to be closed. */
    bool (*on_xml)(struct http_conn *h, const char *data, size_t len);
    /* What came while it awaits_header: bytes that are done with. */
    size_t (*on_header)(struct http_conn *h, const char *data, size_t len);
    /* The peer turned out to be another (h->peer).  False: there is no room for
     * that one. */
    bool (*on_moved)(struct http_conn *h);
    /* Where it comes from, for conn_start_tls. */
    uint64_t (*find_crowd)(const struct http_conn *h);
    void (*on_closed)(struct http_conn *h); /* it is freed afterwards */
    /* The head is there, and right (http_header tells): so many bytes of body
     * are taken. */
    size_t (*on_head)(struct http_conn *h, const char *url);
    /* What came, and what the head says is to come, takes so many bytes of
     * memory; 0: nothing any more.  False: there is no room for it. */
    bool (*on_held)(struct http_conn *h, size_t bytes);
    void *arg;
    struct lobby *lobby;  /* borrowed; who gives way (lobby.h) */
    struct lobby *relays; /* ... the same of relays that are not logged in */
    size_t head_bytes;
    int64_t request_timeout, keep_alive; /* microseconds */
    int64_t hsts;                        /* ... 0: none */
    size_t open;                         /* connections */
};

/* What waits for a connection that answers later: told once, when the
 * connection is gone before the reply. */
struct http_waiter {
    void (*on_gone)(struct http_waiter *w);
    /* A stream's output has left. */
    void (*on_drained)(struct http_waiter *w);
};

struct http_conn {
    struct conn conn;
    struct event timer;
    struct conn_deferred end;
    struct http_parse *parse;     /* owned */
    struct http_owner *owner;     /* borrowed */
    struct http_message *message; /* owned; NULL between requests */
    struct http_waiter *waiter;   /* borrowed; NULL: none */
    struct http_taker *taker;  /* its own end frees it; NULL: it speaks HTTP */
    struct lobby_guest *guest; /* the owner's; may be NULL */
    TAILQ_ENTRY(http_conn) link;   /* the owner's */
    TAILQ_ENTRY(http_conn) half;   /* ... room.h, if is_half */
    struct sockaddr_storage *peer; /* owned */
    struct budget_share held;      /* the owner's, as the next two */
    struct budget *budget;         /* that it counts in; NULL: not yet */
    uint8_t holder[BUDGET_KEY];
    struct budget_share login; /* ... room_take_login */
    size_t body_most;          /* of the request under way */
    size_t more;               /* http_hold_more */
    size_t unsent;             /* what had not arrived when we looked last */
    int64_t moved;             /* clock_mono: when that was another figure */
    bool is_half;
    bool awaits_header;      /* of the PROXY protocol, which comes first */
    bool header_then_tls;    /* ... and TLS behind it */
    bool proxy_tls;          /* it said that the client speaks TLS */
    bool begun;              /* a byte has come */
    enum http_method method; /* of the request that has come whole */
    bool is_head;            /* no body in the reply: HEAD */
    bool busy;               /* a request is being answered */
    bool keep;               /* the connection stays after the reply */
    bool is_http_1_0;        /* ... and it knows no chunks */
    bool streaming;          /* the reply goes on until the connection ends */
    bool sending;            /* in http_send or the like */
    bool broken;             /* found out while sending: ends in a moment */
    bool ended;              /* to be freed at the end of the turn */
    bool loopback;           /* the peer is this machine */
    bool redirects;          /* the owner's: see redirect.h */
};

/* Takes the descriptor; ctx NULL: no TLS; crowd: see conn_start_tls. */
struct http_conn *http_conn_new(struct http_owner *owner,
                                struct conn_loop *loop, int fd,
                                const struct sockaddr *peer,
                                struct ssl_ctx_st *ctx, uint64_t crowd);
/* Closes at once. */
void http_conn_end(struct http_conn *h);
/* A request is under way, and has not come whole. */
bool http_is_half(const struct http_conn *h);
/* Answers such a one with a status, and ends the connection behind it.  why:
 * NULL: the usual words. */
void http_give_up(struct http_conn *h, unsigned status, const char *why);
/* With us, or with the proxy that hands it on. */
bool http_is_encrypted(const struct http_conn *h);

/* A header of the request under way; NULL: not sent.  Several of one name are
 * joined by ", ".  Any case of letters.  Valid until the reply. */
const char *http_header(const struct http_conn *h, const char *name);

struct http_reply {
    unsigned status;
    const char *reason; /* NULL: the usual one; cleaned of line breaks */
    const char *type;   /* NULL: no body */
    const char *body;
    size_t len;
    const char *cache;   /* NULL: no-cache,must-revalidate */
    const char *headers; /* further lines, each ended by CR LF; NULL: none */
    int64_t hsts;        /* microseconds; the connection fills it in */
};

/* The request under way, or the relay, takes so many bytes beyond its own.
 * False: there is no room for them. */
bool http_hold_more(struct http_conn *h, size_t bytes);

/* Answers the request under way with one write. */
void http_reply(struct http_conn *h, const struct http_reply *r);

/* Makes the request's reply wait for w. */
void http_wait(struct http_conn *h, struct http_waiter *w);

/* Begins a reply without an end; http_send goes on with it.  Nothing more is
 * read from the connection. */
void http_stream(struct http_conn *h, const struct http_reply *r,
                 struct http_waiter *w);
void http_send(struct http_conn *h, const void *data, size_t len);
size_t http_pending(const struct http_conn *h);
/* Ends a stream in order. */
void http_finish(struct http_conn *h);

#endif
