/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_LOG_LEVEL_H
#define UTIL_LOG_LEVEL_H

#include "util/errbuf.h"
#include "util/log.h"

/* Levels of the log as people and programs name them. */

/* Parses "debug", "info", "warn" or "warning", "error", in any case; -1 for
 * anything else. */
int log_level_parse(const char *name, enum log_level *level_r) WARN_UNUSED;

/* As WRITELOG has them: 1 crashes, 2 failures, 3 major events, 4 problems, and
 * from 5 on everything. */
#define LOG_NUMBER_MOST 9u
enum log_level log_level_of_number(unsigned number);
unsigned log_level_number(enum log_level level);

#endif
