/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_PUSH_H
#define XIMSS_SERVER_LIVE_PUSH_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/tables.h"

struct domain;
struct session;
struct worker;

/* Alerts to sessions, by level: the board is the queue.  A session has a
 * cursor, and pulls what is beyond it when its output is empty; what waits for
 * one socket leaves in one write. */

void push_init(struct worker *w);
void push_clear(struct worker *w);

enum push_mode {
    PUSH_TELL,    /* to all sessions that get alerts */
    PUSH_CHANGES, /* to those that asked for alertChanges */
    PUSH_COUNT    /* to nobody */
};

/* Marks the sessions of a scope's audience: they are sent what they have not
 * got in the next turns of the loop.  Returns how many sessions get alerts of
 * that scope (PUSH_CHANGES: and asked for alertChanges). */
unsigned push_audience(struct worker *w, enum alert_scope scope,
                       uint64_t target, enum push_mode mode);

/* The session's state has changed, or its options of alerts: it is counted. */
void push_audience_changed(struct session *s);
/* Sets whether the domain is shared, and counts its sessions there. */
void push_audience_shared(struct worker *w, struct domain *d, bool shared);

/* The session is told of removals from now on. */
void push_skip_removals(struct worker *w, struct session *s);

/* Sends what the session has not got, as far as its output takes it. */
void push_session(struct worker *w, struct session *s);
/* The same, if something may have come: it goes before what the session is
 * answered now. */
void push_before_answer(struct worker *w, struct session *s);

/* True if alerts of the scope are sent to the session. */
bool push_is_audience(const struct session *s, enum alert_scope scope,
                      uint64_t target);

/* The session ends. */
void push_forget(struct worker *w, struct session *s);

#endif
