/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_TRUST_H
#define CLIENTS_BRIDGE_TRUST_H

#include <event2/event_struct.h>

struct ask;
struct bridge;
struct xml_elem;

/* Whether ximssd believes this bridge whose requests it passes on
 * (clientAddress): over its UNIX socket, or from its trusted-addresses.  Only
 * then can CRAM-MD5 work, whose challenges the bridge gives out. */

enum trust_state {
    TRUST_UNKNOWN, /* ximssd has not been there yet */
    TRUST_NO,
    TRUST_YES
};

struct trust {
    enum trust_state state;
    struct event timer;
    struct ask *ask; /* NULL: none is under way */
};

/* Asks ximssd, until it has answered once. */
void trust_begin(struct bridge *b);
void trust_end(struct bridge *b);

/* The request by which it is found out; it goes with a client's address. */
extern const struct xml_elem trust_request;
/* What ximssd answered, the `client` to that request; the log is told what
 * follows from it when it is news. */
void trust_learn(struct bridge *b, const struct xml_elem *answer);

#endif
