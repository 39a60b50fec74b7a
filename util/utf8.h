/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_UTF8_H
#define UTIL_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The first character, and its length in bytes; 0 if it is not UTF-8.  left: at
 * least 1. */
size_t utf8_character(const char *s, size_t left, uint32_t *c_r);

#endif
