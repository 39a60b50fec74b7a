/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_BLANK_H
#define UTIL_BLANK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Characters that nothing is seen of, and texts that have no others. */

/* True for what leaves no mark wherever it stands: white space, characters
 * whose default is to be ignored (zero width, direction, variation selectors,
 * tags, fillers), other controls of format, and glyphs that are blank. */
bool blank_is(uint32_t c);

/* True if the UTF-8 text has nothing else in it; also "". */
bool blank_all(const char *s);

/* Where the text begins without such characters in front, and how long it is
 * without them behind.  What is not UTF-8 stays. */
const char *blank_trim(const char *s, size_t *len_r);

/* The same as a text of its own, which the caller frees. */
char *blank_trimmed(const char *s);

#endif
