/* SPDX-License-Identifier: BSD-2-Clause */
/* One line out of a text.  Alerts may have several lines, and any character a
 * poster can type; the line must not say anything to the mail program that
 * Dovecot did not say. */
#include "config.h"

#include "clients/dovecot/door_text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ELLIPSIS     "\xe2\x80\xa6" /* U+2026 */
#define ELLIPSIS_LEN 3
#define REPLACEMENT  "\xef\xbf\xbd" /* U+FFFD */
#define HINT_MAX     100
#define CODE_MAX     40

struct line {
    char *out;
    size_t len, max;
    size_t cut_at; /* the last place where "…" would fit */
    bool gap;      /* a line end waits for what follows it */
    bool full;
};

/* The character at s, and its length; 0 if it is not UTF-8. */
static size_t
character(const unsigned char *s, size_t left, uint32_t *c_r)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = s[0] < 0x80             ? 1
               : (s[0] & 0xe0) == 0xc0 ? 2
               : (s[0] & 0xf0) == 0xe0 ? 3
               : (s[0] & 0xf8) == 0xf0 ? 4
                                       : 0;
    uint32_t c = n == 1 ? s[0] : s[0] & (0xffU >> (n + 1));

    if (n == 0 || n > left)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3fU);
    }
    if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *c_r = c;
    return n;
}

/* True if the bytes begin a character of which the rest is missing. */
static bool
is_part(const unsigned char *s, size_t left)
{
    size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;

    if (s[0] < 0xc2 || s[0] > 0xf4 || left >= n)
        return false;
    for (size_t i = 1; i < left; i++)
        if ((s[i] & 0xc0) != 0x80)
            return false;
    return true;
}

static bool
is_line_end(uint32_t c)
{
    return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029;
}

static bool
is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f);
}

/* Puts one character, or one that stands for it. */
static void
put(struct line *l, const char *s, size_t n)
{
    if (l->full || l->len + n > l->max) {
        l->full = true;
        return;
    }
    memcpy(l->out + l->len, s, n);
    l->len += n;
    if (l->len + ELLIPSIS_LEN <= l->max)
        l->cut_at = l->len;
}

static void
trim(struct line *l)
{
    while (l->len > 0 && l->out[l->len - 1] == ' ')
        l->len--;
    if (l->cut_at > l->len)
        l->cut_at = l->len;
}

static void
put_blank(struct line *l)
{
    if (l->len > 0 && !l->gap)
        put(l, " ", 1);
}

static void
put_visible(struct line *l, const char *s, size_t n)
{
    if (l->gap) {
        trim(l);
        put(l, " | ", 3);
    }
    l->gap = false;
    put(l, s, n);
}

static void
put_line_end(struct line *l)
{
    if (l->len > 0)
        l->gap = true;
}

/* "{5}" and "{5+}" at the end. */
static bool
looks_like_literal(const struct line *l)
{
    size_t i = l->len;

    if (i == 0 || l->out[--i] != '}')
        return false;
    if (i > 0 && l->out[i - 1] == '+')
        i--;
    while (i > 0 && l->out[i - 1] >= '0' && l->out[i - 1] <= '9')
        i--;
    return i > 0 && l->out[i - 1] == '{' && l->len - i > 1;
}

static size_t
finish(struct line *l, bool cut)
{
    if (l->full || cut) {
        if (l->full || l->len + ELLIPSIS_LEN > l->max)
            l->len = l->cut_at;
        trim(l);
        memcpy(l->out + l->len, ELLIPSIS, ELLIPSIS_LEN);
        l->len += ELLIPSIS_LEN;
    } else {
        trim(l);
        if (looks_like_literal(l))
            l->out[l->len - 1] = ')';
    }
    l->out[l->len] = '\0';
    return l->len;
}

size_t
door_text_line(const char *text, size_t len, bool cut, char *out, size_t max)
{
    struct line l = {.out = out, .max = max};
    const unsigned char *s;
    uint32_t c = 0;
    size_t n;

    for (size_t i = 0; i < len && !l.full; i += n) {
        s = (const unsigned char *)text + i;
        n = character(s, len - i, &c);
        if (n == 0 && cut && is_part(s, len - i))
            break;
        if (n == 0) {
            put_visible(&l, REPLACEMENT, sizeof REPLACEMENT - 1);
            n = 1;
        } else if (is_line_end(c)) {
            put_line_end(&l);
        } else if (is_control(c) || c == ' ') {
            put_blank(&l);
        } else {
            put_visible(&l, text + i, n);
        }
    }
    return finish(&l, cut);
}

/* RFC 3206, 2449: letters, digits, "-", "/", "_", ".". */
static void
copy_code(const char *code, char out[CODE_MAX + 4])
{
    size_t n = 0;

    out[n++] = '[';
    for (; *code != '\0' && n <= CODE_MAX; code++)
        if ((*code >= 'A' && *code <= 'Z') || (*code >= 'a' && *code <= 'z') ||
            (*code >= '0' && *code <= '9') || strchr("-/_.", *code) != NULL)
            out[n++] = *code;
    if (n == 1) {
        out[0] = '\0';
        return;
    }
    memcpy(out + n, "] ", sizeof "] ");
}

size_t
door_text_refusal(const char *code, const char *line, const char *hint,
                  char out[DOOR_TEXT_POP3_LINE])
{
    char in_brackets[CODE_MAX + 4], hint_line[HINT_MAX + 1];
    char text[DOOR_TEXT_POP3 + 1];
    size_t max, hint_len;
    int n;

    copy_code(code, in_brackets);
    hint_len = door_text_line(hint, strlen(hint), false, hint_line, HINT_MAX);
    max = DOOR_TEXT_POP3_LINE - strlen("-ERR  \r\n") - strlen(in_brackets) -
          hint_len;
    if (max > DOOR_TEXT_POP3)
        max = DOOR_TEXT_POP3;
    door_text_line(line, strlen(line), false, text, max);
    n = snprintf(out, DOOR_TEXT_POP3_LINE, "-ERR %s%s%s%s", in_brackets, text,
                 hint_len > 0 ? " " : "", hint_line);
    return (size_t)n;
}
