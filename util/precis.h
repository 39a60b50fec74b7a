/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_PRECIS_H
#define UTIL_PRECIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The IdentifierClass of PRECIS (RFC 8264) and the profile UsernameCaseMapped
 * (RFC 8265).  For util/name.c, and for util/name_alike.c, which asks for more of
 * a new name. */

enum precis_class {
    PRECIS_VALID,
    PRECIS_IN_CONTEXT, /* precis_context_allows decides */
    PRECIS_UNASSIGNED, /* by the Unicode of the library */
    PRECIS_INVISIBLE,  /* blanks, controls, formats, fillers */
    PRECIS_VARIANT, /* stands for other characters: U+FB01, the ligature fi */
    PRECIS_SIGN,    /* symbols, punctuation */
    PRECIS_OTHER
};

/* RFC 8264, 8: what becomes of a character in an identifier. */
enum precis_class precis_class_of(uint32_t c);

/* Whether the character at s[at], which is PRECIS_IN_CONTEXT, may be there (RFC
 * 5892, A). */
bool precis_context_allows(const uint32_t *s, size_t n, size_t at);

/* The Bidi Rule (RFC 5893, 2); true if nothing in it is written from right to
 * left. */
bool precis_direction_is_clear(const uint32_t *s, size_t n);

/* Wide and narrow forms become usual ones, letters small, and the whole NFC; the
 * caller frees.  A sigma is a final one exactly where a capital would become one,
 * so that there is one spelling.  The same as s if it was mapped before.  NULL:
 * there is no form that stays the same. */
uint32_t *precis_mapped(const uint32_t *s, size_t n, size_t *n_r);

#endif
