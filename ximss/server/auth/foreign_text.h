/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_AUTH_FOREIGN_TEXT_H
#define XIMSS_SERVER_AUTH_FOREIGN_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/errbuf.h"

/* Reading the texts of foreign hashes, and what they say that they cost.  Each
 * reads at *at, up to `end`, and moves *at behind that; `end` may be 0.  -1: it is
 * not there, and *at stays. */

/* A number in decimal digits, without a sign or zeros in front. */
int foreign_text_number(const char **at, char end,
                        uint32_t *value_r) WARN_UNUSED;
/* Bytes in base64, whose padding may be missing.  How many. */
ssize_t foreign_text_base64(const char **at, char end, uint8_t *out,
                            size_t size) WARN_UNUSED;

/* The whole text as hex.  How many bytes; -1: it is none, or too much. */
ssize_t foreign_text_hex(const char *text, uint8_t *out,
                         size_t size) WARN_UNUSED;

/* Says so; -1. */
int foreign_text_malformed(struct errbuf *err);
/* 0 if the cost is not above the limit; else -1 with err, which names the
 * setting. */
int foreign_text_within(const char *what, unsigned long long cost,
                        const char *setting, unsigned long long limit,
                        struct errbuf *err) WARN_UNUSED;

#endif
