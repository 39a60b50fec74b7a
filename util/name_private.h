/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_NAME_PRIVATE_H
#define UTIL_NAME_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "util/errbuf.h"

/* What the files of names share. */

/* Bytes that are looked at, before anything is mapped: wide letters take three
 * times as many as usual ones, and letters with their accents apart more. */
#define NAME_INPUT_BYTES 1024

/* The characters of a text, of at most NAME_INPUT_BYTES; the caller frees.  NULL:
 * it is longer, or no UTF-8. */
uint32_t *name_characters(const char *s, size_t *n_r, struct errbuf *err);
/* The other way round, in UTF-8; the caller frees. */
char *name_text(const uint32_t *s, size_t n);

/* -1 with err if a new name could be taken for another one (UTS 39): it mixes
 * scripts or systems of digits, has letters that look like signs or like letters
 * of another script, or heaps of marks.  n: at least 1. */
int name_alike_check(const uint32_t *s, size_t n,
                     struct errbuf *err) WARN_UNUSED;

/* The same of each U-label of a domain in normal form, whose A-labels have to be
 * right ones. */
int name_idn_check(const char *domain, struct errbuf *err) WARN_UNUSED;
/* A-labels of a domain that is not ASCII, in small letters; the caller frees.
 * NULL with err. */
char *name_idn_to_ascii(const char *domain, struct errbuf *err);
/* U-labels of an ASCII domain, if its A-labels are right ones that look like no other;
 * the caller frees. */
char *name_idn_to_unicode(const char *domain);

#endif
