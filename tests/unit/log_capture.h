/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_LOG_CAPTURE_H
#define TESTS_UNIT_LOG_CAPTURE_H

#include "util/log.h"

/* Log lines from this level on go to a file of nobody's, instead of standard
 * error, until log_capture_end, which sets the level to errors only. */
void log_capture_begin(enum log_level least);

/* All lines so far; good until the next call.  Any thread. */
const char *log_capture_text(void);
/* How often a text stands in them. */
unsigned log_capture_count(const char *text);

/* log_capture_text goes on telling what came before. */
void log_capture_end(void);

#endif
