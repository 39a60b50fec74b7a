/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_FOLD_H
#define UTIL_FOLD_H

#include <stdbool.h>
#include <stddef.h>

/* Searching in text as people do: the case of letters, of any script, does not
 * matter, nor how an accented letter is composed. */

/* The text in the form in which it is compared; the caller frees it.  What is
 * not UTF-8 is compared byte by byte. */
char *fold_text(const char *s, size_t len);

/* True if the text has that in it; folded: what fold_text gave. */
bool fold_contains(const char *s, size_t len, const char *folded);

/* What that is worth in time, as so many bytes of ASCII. */
size_t fold_cost(const char *s, size_t len);

#endif
