/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_CONFIG_SCALE_H
#define UTIL_CONFIG_SCALE_H

#include "util/buf.h"
#include "util/errbuf.h"

/* Whole numbers with a unit, as the configuration has them. */
struct config_scale;

extern const struct config_scale config_scale_plain; /* no units */
extern const struct config_scale config_scale_bytes; /* G, M, K */
extern const struct config_scale config_scale_time;  /* d, h, m, s, ms: in
                                                        microseconds */

/* -1: it is neither number nor unit, or does not fit. */
int config_scale_parse(const struct config_scale *s, const char *text,
                       unsigned long long *value_r) WARN_UNUSED;

/* Reads what only people understand: "10 minutes", "64 MB". */
int config_scale_guess(const struct config_scale *s, const char *text,
                       unsigned long long *value_r) WARN_UNUSED;

/* Appends it in the largest unit that fits. */
void config_scale_print(const struct config_scale *s, unsigned long long v,
                        struct buf *out);

#endif
