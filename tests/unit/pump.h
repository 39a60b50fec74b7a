/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_PUMP_H
#define TESTS_UNIT_PUMP_H

#include <stdbool.h>
#include <stddef.h>

struct event_base;

/* Turns the loops by turns until holds(arg) says so: no test sleeps.  It waits for
 * as long as that takes, on however slow a machine; a test that hangs is ended
 * by its time-out. */
void pump_until(struct event_base *const *bases, size_t n,
                bool (*holds)(void *arg), void *arg);

/* One loop until *flag is not 0. */
void pump_flag(struct event_base *base, const unsigned *flag);

/* Everything that can happen now happens: some turns that do not wait. */
void pump_turns(struct event_base *const *bases, size_t n);

#endif
