/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_BOM_H
#define UTIL_BOM_H

#include <stddef.h>

/* What editors and spreadsheets put in front of a text: the byte order mark. */

#define BOM_LENGTH 3 /* of the one of UTF-8 */

/* The bytes of a mark of UTF-8 in front of the text; 0: there is none. */
size_t bom_length(const void *text, size_t len);

/* NULL, or that the text is UTF-16 or UTF-32, by its mark or by zero bytes
 * beside its first two characters, and what to do. */
const char *bom_fault(const void *text, size_t len);

#endif
