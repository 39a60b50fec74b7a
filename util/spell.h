/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_SPELL_H
#define UTIL_SPELL_H

#include <stddef.h>

/* Names of more bytes mean none. */
#define SPELL_MOST 64

/* Which of n names a word is probably meant to be: the nearest of those from
 * which it differs by the case of letters, or by so few that it can be a slip:
 * one letter added, left out, changed, or swapped with its neighbour, and in
 * names of eight bytes and more two of these; none in those of less than five.
 * NULL: none.  Takes some ten steps for most names. */
const char *spell_nearest(const char *word, const char *const *names, size_t n);

#endif
