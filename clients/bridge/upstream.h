/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_UPSTREAM_H
#define CLIENTS_BRIDGE_UPSTREAM_H

#include <stdbool.h>

#include <event2/event_struct.h>

#include "clients/bridge/bridge_config.h"
#include "clients/lib/ximss.h"
#include "util/buf.h"

struct event_base;
struct xml_elem;

/* A session on ximssd, on the loop. */
struct upstream {
    struct ximss *x; /* owned; NULL: ended */
    struct event io, timer;
    int fd; /* that io watches; -1: none */
    unsigned wants;
};

/* Makes the object with what the configuration says about the server; the
 * caller sets credentials and callbacks, then calls upstream_start. */
void upstream_init(struct upstream *u, struct event_base *base,
                   const struct bridge_config *cfg);
/* -1: refused at once, or failed; ximss_error says why.  May call back. */
int upstream_start(struct upstream *u);
/* After every call of the object from outside its callbacks. */
void upstream_look(struct upstream *u);
void upstream_end(struct upstream *u);

/* Passes a request on; its id is left to the library. */
int upstream_request(struct upstream *u, const struct xml_elem *e,
                     ximss_message_cb *data, ximss_done_cb *done, void *arg);

/* Appends a message as XML, with another id (NULL: none) and, if it is a
 * session, another urlID. */
void upstream_write(struct buf *out, const struct ximss_message *m,
                    const char *id, const char *url_id);
/* Appends an element as XML. */
void upstream_write_elem(struct buf *out, const struct xml_elem *e);
/* Appends the elements inside e, and its text if it has none. */
void upstream_write_inside(struct buf *out, const struct xml_elem *e);

#endif
