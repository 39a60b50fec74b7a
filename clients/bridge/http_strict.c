/* SPDX-License-Identifier: BSD-2-Clause */
/* One state for each place in a request, one byte at a time, so that it makes
 * no difference in which pieces the bytes come.  It stands still where only
 * the parser knows what follows: behind the head and behind a chunk's size. */
#include "config.h"

#include "clients/bridge/http_strict.h"

#include <stdbool.h>
#include <string.h>

#define DIGITS_MOST 16 /* of a chunk's size */

static const char version[] = "HTTP/";
#define MAJOR_AT (sizeof version - 1)

static bool
is_token(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool
is_hex(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
           (c >= 'A' && c <= 'F');
}

/* In a value or a chunk's extension. */
static bool
is_text(unsigned char c)
{
    return c == '\t' || (c >= ' ' && c != 0x7f);
}

/* Old clients do not encode the name of a user who is not ASCII. */
static bool
is_target(unsigned char c)
{
    return c > ' ' && c != 0x7f && c != '#';
}

/* What may come in a state: one of two bytes that end it, or what it is made
 * of.  A zero byte is right nowhere. */
struct place {
    struct {
        char c;
        enum http_strict_state next;
    } ends[2];
    bool (*is_right)(unsigned char c); /* NULL: nothing else */
    enum http_strict_state next;
};

#define P(name) [HTTP_STRICT_##name]
#define END(c, name)            \
    {                           \
        (c), HTTP_STRICT_##name \
    }
#define THEN(name) HTTP_STRICT_##name

static const struct place places[] = {
    P(START) = {{END('\r', BLANK)}, is_token, THEN(METHOD)},
    P(BLANK) = {{END('\n', METHOD_FIRST)}, NULL, THEN(START)},
    P(METHOD_FIRST) = {{END(0, START)}, is_token, THEN(METHOD)},
    P(METHOD) = {{END(' ', TARGET_FIRST)}, is_token, THEN(METHOD)},
    P(TARGET_FIRST) = {{END(0, START)}, is_target, THEN(TARGET)},
    P(TARGET) = {{END(' ', VERSION)}, is_target, THEN(TARGET)},
    P(NAME_FIRST) = {{END('\r', HEAD_END)}, is_token, THEN(NAME)},
    P(NAME) = {{END(':', VALUE)}, is_token, THEN(NAME)},
    P(VALUE) = {{END('\r', LINE_END)}, is_text, THEN(VALUE)},
    P(LINE_END) = {{END('\n', NAME_FIRST)}, NULL, THEN(START)},
    P(HEAD_END) = {{END('\n', BODY)}, NULL, THEN(START)},
    P(SIZE_FIRST) = {{END(0, START)}, is_hex, THEN(SIZE)},
    P(SIZE) = {{END('\r', SIZE_END), END(';', EXTENSION)}, is_hex, THEN(SIZE)},
    P(EXTENSION) = {{END('\r', SIZE_END)}, is_text, THEN(EXTENSION)},
    P(SIZE_END) = {{END('\n', CHUNK)}, NULL, THEN(START)},
    P(CHUNK_CR) = {{END('\r', CHUNK_LF)}, NULL, THEN(START)},
    P(CHUNK_LF) = {{END('\n', SIZE_FIRST)}, NULL, THEN(START)},
};

static bool
in_place(struct http_strict *s, unsigned char c)
{
    const struct place *p = &places[s->state];

    for (size_t i = 0; i < 2; i++)
        if (c != '\0' && c == (unsigned char)p->ends[i].c) {
            s->state = p->ends[i].next;
            return true;
        }
    if (p->is_right == NULL || !p->is_right(c))
        return false;
    s->state = p->next;
    return true;
}

/* "HTTP/1.1" and the CR behind it. */
static bool
in_version(struct http_strict *s, unsigned char c)
{
    unsigned at = s->at++;

    if (at < MAJOR_AT)
        return c == (unsigned char)version[at];
    if (at == MAJOR_AT)
        s->major = c;
    if (at == MAJOR_AT + 1)
        return c == '.';
    if (at < MAJOR_AT + 3)
        return c >= '0' && c <= '9';
    if (c != '\r')
        return false;
    s->state = HTTP_STRICT_LINE_END;
    if (s->major != '1')
        s->refused = 505;
    return s->refused == 0;
}

static bool
is_too_long(struct http_strict *s)
{
    if (s->state == HTTP_STRICT_SIZE_FIRST)
        s->at = 0;
    return s->state == HTTP_STRICT_SIZE && ++s->at > DIGITS_MOST;
}

static bool
look_at(struct http_strict *s, unsigned char c)
{
    bool is_right = s->state == HTTP_STRICT_VERSION
                        ? in_version(s, c)
                        : !is_too_long(s) && in_place(s, c);

    if (!is_right && s->refused == 0)
        s->refused = 400;
    return is_right;
}

/* In an extension, or in trailers. */
static bool
is_extra(const struct http_strict *s)
{
    return s->is_chunked &&
           (s->state == HTTP_STRICT_EXTENSION || s->state < HTTP_STRICT_BODY);
}

/* Only the parser knows what is next. */
static bool
stands_still(const struct http_strict *s)
{
    return (s->state == HTTP_STRICT_BODY || s->state == HTTP_STRICT_CHUNK) &&
           s->left == 0;
}

/* Bytes that may be anything. */
static size_t
skip(struct http_strict *s, size_t len)
{
    size_t n = s->left < len ? (size_t)s->left : len;

    s->left -= n;
    if (s->left == 0 && s->state == HTTP_STRICT_CHUNK)
        s->state = HTTP_STRICT_CHUNK_CR;
    return n;
}

static bool
is_tab(const struct http_strict *s, char c)
{
    return s->state == HTTP_STRICT_VALUE && c == '\t';
}

size_t
http_strict_scan(struct http_strict *s, const char *data, size_t len,
                 size_t extra_most)
{
    size_t n = 0;

    s->is_tabs = len > 0 && is_tab(s, data[0]);
    while (n < len && s->refused == 0 && is_tab(s, data[n]) == s->is_tabs) {
        if (s->left > 0) {
            n += skip(s, len - n);
            continue;
        }
        if (s->extra > extra_most) {
            s->refused = 431;
            break;
        }
        if (!look_at(s, (unsigned char)data[n]))
            break;
        n++;
        s->extra += is_extra(s);
        if (stands_still(s))
            break;
    }
    return n;
}

void
http_strict_body(struct http_strict *s, uint64_t length)
{
    s->state = HTTP_STRICT_BODY;
    s->left = length;
}

void
http_strict_chunks(struct http_strict *s)
{
    s->state = HTTP_STRICT_SIZE_FIRST;
    s->is_chunked = true;
}

void
http_strict_chunk(struct http_strict *s, uint64_t length)
{
    s->state = length > 0 ? HTTP_STRICT_CHUNK : HTTP_STRICT_NAME_FIRST;
    s->left = length;
}
