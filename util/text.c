/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/text.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

size_t
text_character(const char *s, size_t left, uint32_t *c_r)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)s;
    size_t n = p[0] < 0x80             ? 1
               : (p[0] & 0xe0) == 0xc0 ? 2
               : (p[0] & 0xf0) == 0xe0 ? 3
               : (p[0] & 0xf8) == 0xf0 ? 4
                                       : 0;
    uint32_t c;

    if (n == 0 || n > left)
        return 0;
    c = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3f);
    }
    if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *c_r = c;
    return n;
}

bool
text_is_utf8(const char *s, size_t len, size_t *bad_r)
{
    uint32_t c;
    size_t n;

    for (size_t i = 0; i < len; i += n) {
        n = text_character(s + i, len - i, &c);
        if (n == 0) {
            *bad_r = i;
            return false;
        }
    }
    return true;
}

bool
text_has_controls(const char *s)
{
    size_t len = strlen(s), n;
    uint32_t c;

    for (; len > 0; s += n, len -= n) {
        n = text_character(s, len, &c);
        if (n == 0)
            return false;
        if (c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029)
            return true;
    }
    return false;
}

void
text_lower(char *s)
{
    for (; *s != '\0'; s++)
        if (*s >= 'A' && *s <= 'Z')
            *s = (char)(*s + ('a' - 'A'));
}

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool
text_equal_nocase(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

bool
text_is_name(const char *s)
{
    size_t len = strlen(s);

    if (len == 0 || len > 128 || s[0] == '.' || s[len - 1] == '.' ||
        strstr(s, "..") != NULL)
        return false;
    for (; *s != '\0'; s++)
        if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
              (*s >= '0' && *s <= '9') || *s == '_' || *s == '-' || *s == '.'))
            return false;
    return true;
}

bool
text_is_address(const char *s)
{
    const char *at = strchr(s, '@');
    char local[129];

    if (at == NULL)
        return text_is_name(s);
    if ((size_t)(at - s) >= sizeof local)
        return false;
    memcpy(local, s, (size_t)(at - s));
    local[at - s] = '\0';
    return text_is_name(local) && text_is_name(at + 1);
}

int
text_parse_u64(const char *s, unsigned long long max,
               unsigned long long *value_r)
{
    unsigned long long v = 0;

    if (*s == '\0')
        return -1;
    for (; *s != '\0'; s++) {
        unsigned d = (unsigned)(*s - '0');

        if (d > 9 || d > max || v > (max - d) / 10)
            return -1;
        v = v * 10 + d;
    }
    *value_r = v;
    return v <= max ? 0 : -1;
}

int
text_parse_bool(const char *s, bool *value_r)
{
    static const char *const yes[] = {"yes", "1", "true"};
    static const char *const no[] = {"no", "0", "false"};

    for (size_t i = 0; i < 3; i++) {
        if (text_equal_nocase(s, yes[i])) {
            *value_r = true;
            return 0;
        }
        if (text_equal_nocase(s, no[i])) {
            *value_r = false;
            return 0;
        }
    }
    return -1;
}

void
text_format_size(uint64_t bytes, char out[TEXT_SIZE])
{
    static const char suffix[] = "KMGTPE";
    unsigned unit = 0;
    uint64_t tenths;

    if (bytes < 1024) {
        snprintf(out, TEXT_SIZE, "%" PRIu64 " byte%s", bytes,
                 bytes == 1 ? "" : "s");
        return;
    }
    /* Tenths of the unit, to the nearest; a rounded 1024 is one of the next. */
    while (unit < sizeof suffix - 2 && bytes >= UINT64_C(1024) * 1024) {
        bytes = (bytes >> 10) + (bytes >> 9 & 1);
        unit++;
    }
    tenths = (bytes * 10 + 512) / 1024;
    if (tenths >= 10240 && unit < sizeof suffix - 2) {
        tenths = 10;
        unit++;
    }
    if (tenths % 10 == 0 || tenths >= 1000)
        snprintf(out, TEXT_SIZE, "%" PRIu64 " %cB", tenths / 10, suffix[unit]);
    else
        snprintf(out, TEXT_SIZE, "%" PRIu64 ".%" PRIu64 " %cB", tenths / 10,
                 tenths % 10, suffix[unit]);
}
