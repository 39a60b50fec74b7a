/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_WEB_ACCOUNT_H
#define CLIENTS_BRIDGE_WEB_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "clients/bridge/budget.h"
#include "util/conn.h"

struct bridge;
struct http_conn;
struct web_session;

/* The web sessions of one account, which share what an account may have.  It is
 * there as long as one of its sessions is, or a connection that was sent
 * something for one. */
struct web_account {
    LIST_ENTRY(web_account) link;
    struct bridge *bridge;
    char *name;              /* owned; user@domain */
    uint8_t key[BUDGET_KEY]; /* its own in budgets */
    LIST_HEAD(, web_session) sessions;
    unsigned n_sessions, refs;
    struct conn_budget output; /* what its connections leave unread */
};

/* The session is the account's from now on.  False: it has too many, and none
 * that looks dead (session-dead-after).  Else the one that has been so longest
 * may be ended to make room. */
bool web_account_enter(struct web_session *s, const char *name);
void web_account_leave(struct web_session *s);

/* What the connection is sent counts for the session's account; or for nobody,
 * when the connection has been closed. */
void web_account_take(struct web_session *s, struct http_conn *h);
void web_account_let_go(struct http_conn *h);

#endif
