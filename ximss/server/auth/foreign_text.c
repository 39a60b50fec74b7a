/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/auth/foreign_text.h"

#include <ctype.h>
#include <string.h>

#include "util/base64.h"

int
foreign_text_number(const char **at, char end, uint32_t *value_r)
{
    const char *p = *at;
    uint64_t v = 0;

    if (!isdigit((unsigned char)*p) ||
        (*p == '0' && isdigit((unsigned char)p[1])))
        return -1;
    for (; isdigit((unsigned char)*p); p++) {
        v = v * 10 + (uint64_t)(*p - '0');
        if (v > UINT32_MAX)
            return -1;
    }
    if (*p != end)
        return -1;
    *at = end == '\0' ? p : p + 1;
    *value_r = (uint32_t)v;
    return 0;
}

int
foreign_text_within(const char *what, unsigned long long cost,
                    const char *setting, unsigned long long limit,
                    struct errbuf *err)
{
    return cost <= limit
               ? 0
               : err_set(
                     err,
                     "this hash costs too much. its %s is %llu and %s is %llu",
                     what, cost, setting, limit);
}

ssize_t
foreign_text_base64(const char **at, char end, uint8_t *out, size_t size)
{
    const char *stop = strchr(*at, end);
    ssize_t n = -1;

    if (stop != NULL)
        n = base64_decode(*at, (size_t)(stop - *at), BASE64_UNPADDED,
                          (char *)out, size, NULL);
    if (n >= 0)
        *at = end == '\0' ? stop : stop + 1;
    return n;
}

static int
hex_value(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = c == '\0' ? NULL : strchr(digits, c);

    return at == NULL ? -1 : (int)(at - digits) % 16;
}

ssize_t
foreign_text_hex(const char *text, uint8_t *out, size_t size)
{
    size_t len = strlen(text);

    if (len % 2 != 0 || len / 2 > size)
        return -1;
    for (size_t i = 0; i < len; i += 2) {
        int high = hex_value(text[i]), low = hex_value(text[i + 1]);

        if (high < 0 || low < 0)
            return -1;
        out[i / 2] = (uint8_t)(high * 16 + low);
    }
    return (ssize_t)(len / 2);
}

int
foreign_text_malformed(struct errbuf *err)
{
    return err_set(err, "this hash is damaged or cut off");
}
