/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_TEXT_H
#define UTIL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/errbuf.h"

/* Checks of text that comes from outside (product.md 2), and what goes out. */

/* True if the bytes are well-formed UTF-8 (RFC 3629: no surrogates, nothing
 * overlong, nothing above U+10FFFF); else *bad_r is the offset of the first
 * byte that is not. */
bool text_is_utf8(const char *s, size_t len, size_t *bad_r);

/* The text as UTF-8, with a 0 behind it; the caller frees.  It is a copy if
 * that is what it is already.  Else it is a text of a client that knows no
 * UTF-8, and each byte a character of Windows-1252: that is ISO 8859-1 with
 * characters that can be seen in the place of the controls 80 to 9F, of which
 * five are left. */
char *text_to_utf8(const char *s, size_t len, size_t *len_r);

/* 0 if text can be an alert: UTF-8, 1 to max bytes, something to be seen
 * (blank.h; marks that have nothing to be combined with are not), no control
 * characters other than TAB, LF and CR, none of U+007F to U+009F, U+FFFE,
 * U+FFFF.  Else err says what is wrong and at which byte.  In text_alert.c:
 * clients do not link it. */
int text_check_alert(const char *s, size_t len, size_t max,
                     struct errbuf *err) WARN_UNUSED;

/* Who did something, as people call them: "local:0", who came by the server's
 * UNIX socket, is "root on this machine", and "local:33" is "user 33 on this
 * machine" (in out); all other names stay as they are. */
#define TEXT_WHO_SIZE 48
const char *text_who(const char *name, char out[TEXT_WHO_SIZE]);

/* True if there is a control character (U+0000 to U+001F, U+007F to U+009F), or
 * a separator of lines or paragraphs (U+2028, U+2029), in the UTF-8 text. */
bool text_has_controls(const char *s);

/* Lower-cases ASCII letters in place. */
void text_lower(char *s);

/* Both ignore the case of ASCII letters only. */
bool text_equal_nocase(const char *a, const char *b);

/* Whether one of the list's parts, with `between` between them, is the word. */
bool text_list_has(const char *list, char between, const char *word);

/* The name of a machine: ASCII letters, digits, "_", "-", ".", no dot at the ends nor
 * two in a row, 1 to 128 bytes.  What a name of an account or a domain is, name.h
 * says. */
bool text_is_host(const char *s);

/* Parses a whole number written in decimal digits only, at most max.
 * 0 or -1. */
int text_parse_u64(const char *s, unsigned long long max,
                   unsigned long long *value_r) WARN_UNUSED;

/* "yes"/"no", also "1"/"0", "true"/"false"; -1 for anything else. */
int text_parse_bool(const char *s, bool *value_r) WARN_UNUSED;

/* An amount of storage for people: "0 bytes", "1 byte", "1.5 KB", "42 MB";
 * powers of 1024, one decimal where there are few digits. */
#define TEXT_SIZE 24
/* Writes such an amount. */
void text_format_size(uint64_t bytes, char out[TEXT_SIZE]);

#endif
