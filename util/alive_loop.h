/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_ALIVE_LOOP_H
#define UTIL_ALIVE_LOOP_H

struct alive_loop;
struct event_base;

/* The signs of life (alive.h) of a thread that turns an event loop: a timer on
 * it gives them, several within alive_limit, but at most one in a quarter of a
 * second.  Made right before the loop begins; freed when it has ended, before
 * the base.  The caller owns it. */
struct alive_loop *alive_loop_new(struct event_base *base, const char *name);
/* On its thread: what comes now may wait for others, such as a name server; it is
 * not taken for stuck until the timer comes again. */
void alive_loop_rest(struct alive_loop *l);
void alive_loop_free(struct alive_loop **l);

#endif
