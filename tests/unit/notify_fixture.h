/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_NOTIFY_FIXTURE_H
#define TESTS_UNIT_NOTIFY_FIXTURE_H

#include "notify/notify.h"

/* A thread of notices, a directory for its programs, and what became of each
 * notice. */

/* For tcase_add_checked_fixture. */
void notify_fixture_setup(void);
void notify_fixture_teardown(void);

/* The settings, to be changed before notify_fixture_start. */
extern struct notify_config notify_fixture_config;

/* Starts the thread by these settings, or configures it. */
struct notify *notify_fixture_start(void);
/* Frees it, and says how long that took, in microseconds. */
int64_t notify_fixture_stop(void);

/* A path in the directory; good until the end. */
const char *notify_fixture_path(const char *name);
/* Writes a shell script there, and allows it as a command; its path.  $D is the
 * directory. */
const char *notify_fixture_script(const char *name, const char *text);
/* Allows one more program, or beginning of URLs. */
void notify_fixture_allow(struct config_texts *list, const char *item);

/* What is in a file of the directory, when it is there and not empty; good until
 * the next call. */
const char *notify_fixture_file(const char *name);

/* Submits it, which must be accepted. */
void notify_fixture_submit(const struct notify_notice *x);
/* Waits until the notice of that tag is done: "ok", or why not. */
const char *notify_fixture_result(uint64_t tag);
/* How often it was done by now. */
unsigned notify_fixture_times(uint64_t tag);

#endif
