/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_BASE64_H
#define UTIL_BASE64_H

#include <stddef.h>
#include <sys/types.h>

#include "util/errbuf.h"

/* Base64 (RFC 4648, section 4). */

/* The size of the code of n bytes, with its terminating 0. */
#define BASE64_SIZE(n) (((n) + 2) / 3 * 4 + 1)
/* No code of n characters says more bytes. */
#define BASE64_BYTES_MOST(n) ((n) / 4 * 3 + 3)

/* Writes the code of the bytes, padded and terminated: BASE64_SIZE(len). */
void base64_encode(const void *bytes, size_t len, char *out);

/* What a decoder forgives, beyond the strict form. */
enum base64_how {
    BASE64_STRICT = 0,
    BASE64_BLANKS = 1,   /* blanks, tabs and line ends anywhere */
    BASE64_UNPADDED = 2, /* the padding may be missing, or a part of it */
    BASE64_GLUED = 4,    /* several codes, each with its padding */
    BASE64_FORM = 8      /* a blank stands for "+": a form made it so */
};

/* Decodes len characters into out, which has room for `size` bytes, without a
 * terminating 0.  Returns how many bytes there are.  -1: this is no base64, or
 * there is no room; *bad_r (may be NULL) is then the offset of the first
 * character that does not fit, or len if the text ends too early.  The bits
 * that a last character has too many are not looked at. */
ssize_t base64_decode(const char *text, size_t len, unsigned how, char *out,
                      size_t size, size_t *bad_r) WARN_UNUSED;

#endif
