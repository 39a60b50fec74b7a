/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_PUSH_QUEUE_H
#define XIMSS_SERVER_LIVE_PUSH_QUEUE_H

#include <stdbool.h>

#include "ximss/server/live/push.h"

struct account;
struct domain;
struct session;
struct worker;

/* Which sessions are to be sent something: single ones, those of a domain, or
 * all.  To add all costs as much as to add one: they are gone through when it is
 * their turn. */

struct push_queue;

/* on_turn: called once a turn of the loop while sessions are to be taken. */
void push_queue_init(struct worker *w, void (*on_turn)(struct worker *w));
void push_queue_clear(struct worker *w);

void push_queue_add(struct worker *w, struct session *s);
/* Sessions that get alerts (PUSH_CHANGES: and asked for alertChanges); returns
 * how many they are.  PUSH_COUNT: adds none. */
unsigned push_queue_add_account(struct worker *w, struct account *a,
                                enum push_mode mode);
/* The same for all of a domain, and all of shared or of local domains; these
 * include at least those that are there now. */
void push_queue_add_domain(struct worker *w, struct domain *d,
                           enum push_mode mode);
void push_queue_add_all(struct worker *w, bool shared, enum push_mode mode);

/* A step.  *s_r: the session whose turn it is; NULL: none, but there may be more.
 * False: there are no more. */
bool push_queue_step(struct worker *w, struct session **s_r);
/* Whether the session may still have to be met. */
bool push_queue_may_hold(const struct worker *w, const struct session *s);
/* on_turn is called in the next turn, if any are to be taken. */
void push_queue_go_on(struct worker *w);

/* The session ends. */
void push_queue_forget(struct worker *w, struct session *s);

#endif
