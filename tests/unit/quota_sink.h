/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_QUOTA_SINK_H
#define TESTS_UNIT_QUOTA_SINK_H

#include <stdbool.h>
#include <stddef.h>

#include "quota/source.h"

/* A sink that remembers what it is told, and knows the accounts that a test
 * names.  Reports may come on any thread. */
extern const struct quota_sink quota_sink_test;

/* Forgets everything.  users: NULL at the end, in order, borrowed. */
void quota_sink_reset(const char *const *users);

/* Questions for names: answered on a thread of their own (the default), kept
 * until quota_sink_answer, or answered that the store failed. */
enum quota_sink_mode {
    QUOTA_SINK_ANSWER,
    QUOTA_SINK_KEEP,
    QUOTA_SINK_FAIL
};
void quota_sink_mode(enum quota_sink_mode mode);

/* Answers what was kept, on this thread.  How many it were. */
unsigned quota_sink_answer(void);

/* Waits for the threads of questions (before their sources are counted). */
void quota_sink_settle(void);

unsigned quota_sink_listings(void); /* questions so far */

unsigned quota_sink_progress_of(enum quota_progress what); /* told so far */

/* How many reports of a user came; the last one in *report_r (without its
 * name), which may be NULL. */
unsigned quota_sink_reports(const char *user, struct quota_report *report_r);
unsigned quota_sink_all_reports(void);

/* Waits until so many reports of the user have come and the last says so many
 * bytes: fails the test after half a minute. */
void quota_sink_expect(const char *user, unsigned at_least, uint64_t used);

#endif
