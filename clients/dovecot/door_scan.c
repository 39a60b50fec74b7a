/* SPDX-License-Identifier: BSD-2-Clause */
/* A scanner of XML that works in place: what a reference stands for is shorter
 * than the reference.  Each step takes a time that grows with the bytes it has
 * passed, and nothing is looked at twice. */
#include "config.h"

#include "clients/dovecot/door_scan.h"

#include <stdint.h>
#include <string.h>

static size_t
encode(uint32_t c, char *to)
{
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        to[i] = (char)(0x80 | (c & 0x3f));
    to[0] = (char)(n == 1 ? c : (0xf00U >> n & 0xf0U) | c);
    return n;
}

static bool
is_allowed(uint32_t c)
{
    if (c < 0x20)
        return c == '\t' || c == '\n' || c == '\r';
    return !(c >= 0xd800 && c <= 0xdfff) && c != 0xfffe && c != 0xffff &&
           c <= 0x10ffff;
}

/* The value of a digit; 16 if it is none. */
static unsigned
digit(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F')
        return (unsigned)(c - 'A') + 10;
    return 16;
}

/* Of "#38" or "#x26"; 0 if it is no character. */
static uint32_t
numbered(const char *s, const char *end)
{
    unsigned base = 10, d;
    uint32_t c = 0;

    if (++s < end && *s == 'x') {
        base = 16;
        s++;
    }
    if (s == end)
        return 0;
    for (; s < end; s++) {
        d = digit(*s);
        if (d >= base)
            return 0;
        c = c * base + d;
        if (c > 0x10ffff)
            return 0;
    }
    return is_allowed(c) ? c : 0;
}

/* Of what stands between "&" and ";"; 0 if it is no character. */
static uint32_t
referred(const char *s, const char *end)
{
    static const struct {
        const char *name;
        char c;
    } rows[] = {
        {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    size_t len = (size_t)(end - s);

    if (len > 0 && *s == '#')
        return numbered(s, end);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strlen(rows[i].name) == len && memcmp(rows[i].name, s, len) == 0)
            return (uint32_t)rows[i].c;
    return 0;
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void
skip_blanks(struct door_scan *s)
{
    while (s->p < s->end && is_blank(*s->p))
        s->p++;
}

static bool
at(const struct door_scan *s, char c)
{
    return s->p < s->end && *s->p == c;
}

/* Replaces the reference at s->p by its character at *to. */
static bool
take_reference(struct door_scan *s, char **to)
{
    char *semicolon = memchr(s->p, ';', (size_t)(s->end - s->p));
    uint32_t c;

    if (semicolon == NULL)
        return false;
    c = referred(s->p + 1, semicolon);
    if (c == 0)
        return false;
    *to += encode(c, *to);
    s->p = semicolon + 1;
    return true;
}

/* A name; its end is not marked. */
static size_t
take_name(struct door_scan *s)
{
    const char *start = s->p;

    while (s->p < s->end && !is_blank(*s->p) &&
           memchr("=/><\"'&", *s->p, 7) == NULL)
        s->p++;
    return (size_t)(s->p - start);
}

/* A value in quotes, which ends with a 0 then; NULL if it is none. */
static char *
take_value(struct door_scan *s)
{
    char quote, *value, *to;

    skip_blanks(s);
    if (!at(s, '"') && !at(s, '\''))
        return NULL;
    quote = *s->p++;
    value = to = s->p;
    while (s->p < s->end && *s->p != quote) {
        if (*s->p == '&') {
            if (!take_reference(s, &to))
                return NULL;
        } else {
            *to++ = is_blank(*s->p) ? ' ' : *s->p;
            s->p++;
        }
    }
    if (s->p == s->end)
        return NULL;
    s->p++;
    *to = '\0';
    return value;
}

enum door_scanned
door_scan_tag(struct door_scan *s, const char **name_r, size_t *len_r)
{
    skip_blanks(s);
    if (!at(s, '<'))
        return DOOR_SCAN_BAD;
    *name_r = ++s->p;
    *len_r = take_name(s);
    return *len_r > 0 ? DOOR_SCAN_MORE : DOOR_SCAN_BAD;
}

enum door_scanned
door_scan_attr(struct door_scan *s, struct door_attr *a_r)
{
    bool empty;

    skip_blanks(s);
    empty = at(s, '/');
    if (empty)
        s->p++;
    if (at(s, '>')) {
        s->p++;
        return empty ? DOOR_SCAN_EMPTY : DOOR_SCAN_END;
    }
    a_r->name = s->p;
    a_r->name_len = take_name(s);
    skip_blanks(s);
    if (empty || a_r->name_len == 0 || !at(s, '='))
        return DOOR_SCAN_BAD;
    s->p++;
    a_r->value = take_value(s);
    return a_r->value != NULL ? DOOR_SCAN_MORE : DOOR_SCAN_BAD;
}

/* A tag within the text: what is in another element is no text of this one.
 * False: it is not whole. */
static bool
skip_tag(struct door_scan *s, unsigned *depth)
{
    bool closes;
    char quote;

    s->p++;
    closes = at(s, '/');
    for (; s->p < s->end && *s->p != '>'; s->p++) {
        if (*s->p != '"' && *s->p != '\'')
            continue;
        quote = *s->p++;
        s->p = memchr(s->p, quote, (size_t)(s->end - s->p));
        if (s->p == NULL) {
            s->p = s->end;
            return false;
        }
    }
    if (s->p == s->end)
        return false;
    if (closes)
        --*depth;
    else if (s->p[-1] != '/')
        ++*depth;
    s->p++;
    return true;
}

bool
door_scan_text(struct door_scan *s, bool cut, struct door_body *t_r)
{
    char *to = s->p;
    unsigned depth = 1;

    t_r->text = s->p;
    while (s->p < s->end && depth > 0) {
        if (*s->p == '<') {
            if (!skip_tag(s, &depth))
                break;
        } else if (depth > 1) {
            s->p++;
        } else if (*s->p != '&') {
            *to++ = *s->p++;
        } else if (!take_reference(s, &to)) {
            if (memchr(s->p, ';', (size_t)(s->end - s->p)) != NULL)
                return false;
            break;
        }
    }
    t_r->len = (size_t)(to - t_r->text);
    t_r->cut = depth > 0;
    return depth == 0 || cut;
}
