/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_MOVED_CLOCK_H
#define TESTS_UNIT_MOVED_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* The clock of the machine that only grows, as libraries read it too: the
 * program's own clock_gettime stands before that of the C library.  So the
 * timers of libevent follow it, and a test need not wait for them. */

/* Moves it on. */
void moved_clock_advance(int64_t us);

/* It stands still, but for moved_clock_advance and clock_advance, or goes on.
 * Not with an event loop: its timers would never come. */
void moved_clock_hold(bool hold);

#endif
