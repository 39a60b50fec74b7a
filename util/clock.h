/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_CLOCK_H
#define UTIL_CLOCK_H

#include <stdint.h>

#include "util/errbuf.h"

/* The only place that asks the system for the time.  Everything below the
 * server takes `now` as an argument.  Times are microseconds. */

int64_t clock_now(void);  /* since 1970-01-01 UTC; can jump */
int64_t clock_mono(void); /* since some point in the past; only grows */
/* The same, and tests do not move it: for what watches the process itself. */
int64_t clock_steady(void);

/* Moves both clocks (tests).  Negative: only clock_now goes back. */
void clock_advance(int64_t us);

#define CLOCK_SECOND INT64_C(1000000)

/* Sizes with the terminating 0. */
#define CLOCK_GMT_SIZE   17 /* YYYYMMDDTHHMMSSZ */
#define CLOCK_LOCAL_SIZE 16 /* YYYYMMDDTHHMMSS */

/* XIMSS time stamps of the second that holds `us`; years 0000 to 9999. */
void clock_format_gmt(int64_t us, char out[CLOCK_GMT_SIZE]);
/* YYYY-MM-DDTHH:MM:SSZ (RFC 3339); what is below a second is cut off. */
#define CLOCK_RFC3339_SIZE 24
void clock_format_rfc3339(int64_t us, char out[CLOCK_RFC3339_SIZE]);

/* Accepts YYYYMMDDTHHMMSSZ, YYYYMMDDTHHMMSS, YYYYMMDDHHMMSS (optional Z) and
 * [#T]DD-MM-YYYY_HH:MM:SS, all GMT.  0, or -1 for anything else, also for
 * days and hours that do not exist. */
int clock_parse_gmt(const char *text, int64_t *us_r) WARN_UNUSED;

/* A length of time as people write it: digits and one of s m h d w, more than
 * none and at most a hundred years.  0 or -1. */
int clock_parse_span(const char *text, int64_t *us_r) WARN_UNUSED;

#endif
