/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_LONG_TIME_H
#define TESTS_UNIT_LONG_TIME_H

/* Seconds, longer than any test: for what a store does by the clock, like
 * ending a transaction and making a checkpoint.  However slow the machine is,
 * only what a test does counts. */
#define FIXTURE_LONG_S 100000

#endif
