/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/base64.h"

#include <stdint.h>
#include <string.h>

#include "util/xmalloc.h"

static const char digits[64 + 1] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz0123456789+/";

static int
value(char c)
{
    const char *p = c != '\0' ? strchr(digits, c == ' ' ? '+' : c) : NULL;

    return p != NULL ? (int)(p - digits) : -1;
}

ssize_t
base64_decode(const char *text, char *out, size_t size)
{
    uint32_t bits = 0;
    unsigned n_bits = 0;
    size_t n = 0;

    for (; value(*text) >= 0; text++) {
        bits = bits << 6 | (uint32_t)value(*text);
        n_bits += 6;
        if (n_bits < 8)
            continue;
        n_bits -= 8;
        if (n == size)
            return -1;
        out[n++] = (char)(bits >> n_bits);
    }
    if (n_bits == 6 || text[strspn(text, "=")] != '\0')
        return -1;
    return (ssize_t)n;
}

char *
base64_encode(const char *data, size_t len)
{
    const unsigned char *d = (const unsigned char *)data;
    char *out = xmalloc((len + 2) / 3 * 4 + 1), *p = out;

    for (size_t i = 0; i < len; i += 3) {
        uint32_t bits = (uint32_t)d[i] << 16 |
                        (i + 1 < len ? (uint32_t)d[i + 1] << 8 : 0) |
                        (i + 2 < len ? d[i + 2] : 0);

        *p++ = digits[bits >> 18];
        *p++ = digits[bits >> 12 & 63];
        *p++ = i + 1 < len ? digits[bits >> 6 & 63] : '=';
        *p++ = i + 2 < len ? digits[bits & 63] : '=';
    }
    *p = '\0';
    return out;
}
