/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/text.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "util/utf8.h"
#include "util/xmalloc.h"

bool
text_is_utf8(const char *s, size_t len, size_t *bad_r)
{
    uint32_t c;
    size_t n;

    for (size_t i = 0; i < len; i += n) {
        n = utf8_character(s + i, len - i, &c);
        if (n == 0) {
            *bad_r = i;
            return false;
        }
    }
    return true;
}

/* What Windows-1252 has for 80 to 9F. */
static const uint16_t windows_1252[] = {
    0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
    0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008d, 0x017d, 0x008f,
    0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
    0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178};

static uint32_t
character_of(unsigned char byte)
{
    return byte >= 0x80 && byte <= 0x9f ? windows_1252[byte - 0x80] : byte;
}

/* Of a character below U+10000; returns its length.  to NULL: only that. */
static size_t
encode(uint32_t c, char *to)
{
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : 3;

    if (to == NULL)
        return n;
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        to[i] = (char)(0x80 | (c & 0x3f));
    to[0] = (char)(n == 1 ? c : (n == 2 ? 0xc0 : 0xe0) | c);
    return n;
}

char *
text_to_utf8(const char *s, size_t len, size_t *len_r)
{
    size_t n = len, bad;
    bool is = text_is_utf8(s, len, &bad);
    char *to;

    for (size_t i = 0; !is && i < len; i++)
        n += encode(character_of((unsigned char)s[i]), NULL) - 1;
    to = xmalloc(n + 1);
    if (is)
        memcpy(to, s, len);
    n = is ? len : 0;
    for (size_t i = 0; !is && i < len; i++)
        n += encode(character_of((unsigned char)s[i]), to + n);
    to[n] = '\0';
    *len_r = n;
    return to;
}

bool
text_has_controls(const char *s)
{
    size_t len = strlen(s), n;
    uint32_t c;

    for (; len > 0; s += n, len -= n) {
        n = utf8_character(s, len, &c);
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
text_list_has(const char *list, char between, const char *word)
{
    size_t len = strlen(word);
    const char *end;

    for (; list != NULL; list = end != NULL ? end + 1 : NULL) {
        end = strchr(list, between);
        if ((end != NULL ? (size_t)(end - list) : strlen(list)) == len &&
            memcmp(list, word, len) == 0)
            return true;
    }
    return false;
}

bool
text_is_host(const char *s)
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

const char *
text_who(const char *name, char out[TEXT_WHO_SIZE])
{
    static const char prefix[] = "local:";
    const char *uid = name + sizeof prefix - 1;

    if (strcmp(name, "local:0") == 0)
        return "root on this machine";
    if (strncmp(name, prefix, sizeof prefix - 1) != 0 || *uid == '\0' ||
        uid[strspn(uid, "0123456789")] != '\0')
        return name;
    snprintf(out, TEXT_WHO_SIZE, "user %.20s on this machine", uid);
    return out;
}
