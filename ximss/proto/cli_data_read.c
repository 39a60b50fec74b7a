/* SPDX-License-Identifier: BSD-2-Clause */
/* The reader of the CLI's data format: recursive descent over one piece of
 * memory.  It accepts everything that doc/cli.md lets clients send, and guesses
 * nothing.  The first byte that does not fit ends the reading, and the error
 * names it. */
#include "config.h"

#include "ximss/proto/cli_data.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/base64.h"
#include "util/clock.h"
#include "util/text.h"

struct reader {
    const char *data;
    size_t len, pos;
    unsigned depth, max_depth;
    size_t values, max_values;
    struct arena *arena;
    struct buf scratch; /* the text that is being read */
    struct errbuf *err;
};

/* A value as the reader makes it: it knows where its key stood. */
struct read_value {
    struct cli_value value;
    size_t key_at;
};

static int read_value(struct reader *r, struct cli_value **value_r);

/* Fails at `at`. */
static int
fail_at(struct reader *r, size_t at, const char *what)
{
    r->pos = at;
    return err_set(r->err, "%s at byte %zu", what, at + 1);
}

static int
fail(struct reader *r, const char *what)
{
    return fail_at(r, r->pos, what);
}

static bool
at_end(const struct reader *r)
{
    return r->pos >= r->len;
}

/* The next byte; 0 at the end (a byte 0 in the data fits nowhere either). */
static char
peek(const struct reader *r)
{
    return at_end(r) ? '\0' : r->data[r->pos];
}

static bool
looking_at(const struct reader *r, const char *s)
{
    size_t n = strlen(s);

    return r->len - r->pos >= n && memcmp(r->data + r->pos, s, n) == 0;
}

static bool
skip(struct reader *r, const char *s)
{
    if (!looking_at(r, s))
        return false;
    r->pos += strlen(s);
    return true;
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int
hex_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool
is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (unsigned char)c >= 0x80 ||
           (c != '\0' && strchr("-_.@!#%:*", c) != NULL);
}

static int
skip_comment(struct reader *r)
{
    const char *p = r->data + r->pos, *end;

    if (p[1] == '/') {
        end = memchr(p, '\n', r->len - r->pos);
        r->pos = end != NULL ? (size_t)(end - r->data) + 1 : r->len;
        return 0;
    }
    end = memmem(p + 2, r->len - r->pos - 2, "*/", 2);
    if (end == NULL)
        return fail(r, "comment without end");
    r->pos = (size_t)(end - r->data) + 2;
    return 0;
}

/* Skips blanks, line breaks and comments. */
static int
skip_blanks(struct reader *r)
{
    for (;;) {
        while (!at_end(r) && is_blank(r->data[r->pos]))
            r->pos++;
        if (!looking_at(r, "//") && !looking_at(r, "/*"))
            return 0;
        if (skip_comment(r) < 0)
            return -1;
    }
}

static struct cli_value *
make(struct reader *r, enum cli_kind kind, const char *text, size_t len)
{
    struct read_value *v = arena_alloc(r->arena, sizeof *v);

    *v = (struct read_value){
        .value = {.kind = kind, .text = len == 0 ? "" : NULL, .text_len = len}};
    if (len > 0)
        v->value.text = arena_strndup(r->arena, text, len);
    return &v->value;
}

static void
append_utf8(struct buf *b, uint32_t c)
{
    if (c < 0x80) {
        buf_append_char(b, (char)c);
        return;
    }
    if (c < 0x800) {
        buf_append_char(b, (char)(0xc0 | c >> 6));
    } else {
        if (c < 0x10000) {
            buf_append_char(b, (char)(0xe0 | c >> 12));
        } else {
            buf_append_char(b, (char)(0xf0 | c >> 18));
            buf_append_char(b, (char)(0x80 | (c >> 12 & 0x3f)));
        }
        buf_append_char(b, (char)(0x80 | (c >> 6 & 0x3f)));
    }
    buf_append_char(b, (char)(0x80 | (c & 0x3f)));
}

/* The rest of \u'HEX', from the quote on. */
static int
read_unicode(struct reader *r, size_t start)
{
    uint32_t c = 0;
    int d;

    if (!skip(r, "'"))
        return fail_at(r, start, "\\u without a quoted number");
    while ((d = hex_digit(peek(r))) >= 0 && c <= 0x10ffff) {
        c = c << 4 | (uint32_t)d;
        r->pos++;
    }
    if (!skip(r, "'") || c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return fail_at(r, start, "\\u that is no character");
    append_utf8(&r->scratch, c);
    return 0;
}

/* The rest of \DDD, from the first digit on. */
static int
read_decimal(struct reader *r, size_t start)
{
    unsigned c = 0;

    for (int i = 0; i < 3; i++, r->pos++) {
        if (!is_digit(peek(r)))
            return fail_at(r, start, "\\ with fewer than three digits");
        c = c * 10 + (unsigned)(peek(r) - '0');
    }
    if (c == 0 || c > 255)
        return fail_at(r, start, "\\ with a number that is no byte");
    buf_append_char(&r->scratch, (char)c);
    return 0;
}

/* An escape, from the backslash on. */
static int
read_escape(struct reader *r)
{
    static const char from[] = "\"\\rnte", to[] = "\"\\\r\n\t\n";
    size_t start = r->pos++;
    char c = peek(r);
    const char *f;

    if (is_digit(c))
        return read_decimal(r, start);
    if (c == 'u') {
        r->pos++;
        return read_unicode(r, start);
    }
    f = c != '\0' ? strchr(from, c) : NULL;
    if (f == NULL)
        return fail_at(r, start, "unknown escape");
    r->pos++;
    buf_append_char(&r->scratch, to[f - from]);
    return 0;
}

/* One quoted string, from the quote on, into the scratch buffer. */
static int
read_quoted(struct reader *r)
{
    size_t start = r->pos++, from;

    while (!skip(r, "\"")) {
        if (at_end(r))
            return fail_at(r, start, "string without end");
        if (peek(r) == '\\') {
            if (read_escape(r) < 0)
                return -1;
            continue;
        }
        from = r->pos;
        while (!at_end(r) && peek(r) != '"' && peek(r) != '\\') {
            if ((unsigned char)peek(r) < 0x20 && !is_blank(peek(r)))
                return fail(r, "control character");
            r->pos++;
        }
        buf_append(&r->scratch, r->data + from, r->pos - from);
    }
    return 0;
}

/* A bare word or one or several quoted strings, into the scratch buffer. */
static int
read_text(struct reader *r, const char *expected)
{
    size_t start = r->pos, end, bad;

    r->scratch.len = 0;
    if (peek(r) == '"') {
        do {
            if (read_quoted(r) < 0)
                return -1;
            end = r->pos;
        } while (skip_blanks(r) == 0 && peek(r) == '"');
        r->pos = end; /* what follows is not ours */
    } else {
        while (is_word(peek(r)))
            r->pos++;
        if (r->pos == start)
            return fail(r, expected);
        buf_append(&r->scratch, r->data + start, r->pos - start);
    }
    if (!text_is_utf8(r->scratch.data, r->scratch.len, &bad))
        return fail_at(r, start, "string that is not UTF-8");
    return 0;
}

static size_t
skip_digits(struct reader *r, unsigned base)
{
    size_t start = r->pos;
    int d;

    while ((d = hex_digit(peek(r))) >= 0 && (unsigned)d < base)
        r->pos++;
    return r->pos - start;
}

static int
read_number(struct reader *r, struct cli_value **value_r)
{
    size_t start = r->pos, from = ++r->pos, n;

    skip(r, "-");
    if (skip(r, "0x")) {
        n = skip_digits(r, 16);
    } else if (skip(r, "0o")) {
        n = skip_digits(r, 8);
    } else if (skip(r, "0b")) {
        n = skip_digits(r, 2);
    } else {
        n = skip_digits(r, 10);
        if (n > 0 && skip(r, "."))
            n = skip_digits(r, 10);
    }
    if (n == 0 || is_word(peek(r)))
        return fail_at(r, start, "# that begins no number");
    *value_r = make(r, CLI_NUMBER, r->data + from, r->pos - from);
    return 0;
}

/* True for PAST, FUTURE, DD-MM-YYYY, DD-MM-YYYY_HH:MM:SS. */
static bool
is_time(const char *s, size_t len)
{
    static const char midnight[] = "_00:00:00";
    char full[sizeof "DD-MM-YYYY_HH:MM:SS"];
    int64_t us;

    if ((len == 4 && memcmp(s, "PAST", 4) == 0) ||
        (len == 6 && memcmp(s, "FUTURE", 6) == 0))
        return true;
    if (len != 10 && len != sizeof full - 1)
        return false;
    memcpy(full, s, len);
    if (len == 10)
        memcpy(full + len, midnight, sizeof midnight);
    full[sizeof full - 1] = '\0';
    return full[2] == '-' && clock_parse_gmt(full, &us) == 0;
}

static int
read_time(struct reader *r, struct cli_value **value_r)
{
    size_t start = r->pos, from = r->pos += 2;

    while (is_word(peek(r)))
        r->pos++;
    if (!is_time(r->data + from, r->pos - from))
        return fail_at(r, start, "#T that begins no time stamp");
    *value_r = make(r, CLI_TIME, r->data + from, r->pos - from);
    return 0;
}

static int
read_address(struct reader *r, struct cli_value **value_r)
{
    size_t start = r->pos, from = r->pos += 2, n = 0;
    bool ok = skip(r, "[");

    while (hex_digit(peek(r)) >= 0 || peek(r) == '.' || peek(r) == ':') {
        r->pos++;
        n++;
    }
    ok = ok && n > 0 && skip(r, "]");
    if (ok && skip(r, ":"))
        ok = skip_digits(r, 10) > 0;
    if (!ok || is_word(peek(r)))
        return fail_at(r, start, "#I that begins no address");
    *value_r = make(r, CLI_ADDRESS, r->data + from, r->pos - from);
    return 0;
}

/* [base64], blanks anywhere; the padding must be complete. */
static int
read_data(struct reader *r, struct cli_value **value_r)
{
    size_t start = r->pos++, len = 0, bad;
    const char *text = r->data + r->pos;
    ssize_t n;

    while (r->pos + len < r->len && text[len] != ']')
        len++;
    r->scratch.len = 0;
    buf_reserve(&r->scratch, BASE64_BYTES_MOST(len));
    n = base64_decode(text, len, BASE64_BLANKS, r->scratch.data, r->scratch.cap,
                      &bad);
    if (r->pos + len == r->len && (n >= 0 || bad == len))
        return fail_at(r, start, "data block without end");
    if (n < 0)
        return fail_at(r, r->pos + bad, "data block that is not base64");
    r->pos += len + 1;
    *value_r = make(r, CLI_DATA, r->scratch.data, (size_t)n);
    return 0;
}

static int
enter(struct reader *r)
{
    if (r->depth == r->max_depth)
        return fail(r, "nested too deep");
    r->depth++;
    r->pos++;
    return 0;
}

static int
read_array(struct reader *r, struct cli_value **value_r)
{
    struct cli_value *array = make(r, CLI_ARRAY, NULL, 0), *item = NULL;

    if (enter(r) < 0 || skip_blanks(r) < 0)
        return -1;
    while (!skip(r, ")")) {
        if (array->n > 0 && !skip(r, ","))
            return fail(r, "neither \",\" nor \")\" in the array");
        if (read_value(r, &item) < 0 || skip_blanks(r) < 0)
            return -1;
        cli_data_append(array, item);
    }
    r->depth--;
    *value_r = array;
    return 0;
}

/* key=value; */
static int
read_entry(struct reader *r, struct cli_value **item_r)
{
    size_t at = r->pos;
    struct cli_value *item = NULL;
    const char *key;

    if (read_text(r, "neither a key nor \"}\" in the dictionary") < 0 ||
        skip_blanks(r) < 0)
        return -1;
    key = r->scratch.len > 0
              ? arena_strndup(r->arena, r->scratch.data, r->scratch.len)
              : "";
    if (!skip(r, "="))
        return fail(r, "no \"=\" behind the key");
    if (read_value(r, &item) < 0 || skip_blanks(r) < 0)
        return -1;
    if (!skip(r, ";"))
        return fail(r, "no \";\" behind the value");
    item->key = key;
    ((struct read_value *)item)->key_at = at;
    *item_r = item;
    return 0;
}

static int
compare_keys(const void *a, const void *b)
{
    const struct read_value *x = *(const struct read_value *const *)a;
    const struct read_value *y = *(const struct read_value *const *)b;
    int c = strcmp(x->value.key, y->value.key);

    return c != 0 ? c : (x->key_at > y->key_at) - (x->key_at < y->key_at);
}

/* Fails at the first key that stood before.  By sorting: a peer chooses how
 * many keys there are. */
static int
check_keys(struct reader *r, const struct cli_value *dict)
{
    const struct read_value **v;
    size_t n = 0, bad = SIZE_MAX;

    if (dict->n < 2)
        return 0;
    v = arena_alloc(r->arena, dict->n * sizeof *v);
    for (const struct cli_value *i = dict->first; i != NULL; i = i->next)
        v[n++] = (const struct read_value *)i;
    qsort(v, n, sizeof *v, compare_keys);
    for (size_t i = 1; i < n; i++)
        if (v[i]->key_at < bad &&
            strcmp(v[i - 1]->value.key, v[i]->value.key) == 0)
            bad = v[i]->key_at;
    return bad == SIZE_MAX ? 0 : fail_at(r, bad, "the same key again");
}

static int
read_dictionary(struct reader *r, struct cli_value **value_r)
{
    struct cli_value *dict = make(r, CLI_DICTIONARY, NULL, 0), *item = NULL;

    if (enter(r) < 0 || skip_blanks(r) < 0)
        return -1;
    while (!skip(r, "}")) {
        if (read_entry(r, &item) < 0 || skip_blanks(r) < 0)
            return -1;
        cli_data_append(dict, item);
    }
    r->depth--;
    *value_r = dict;
    return check_keys(r, dict);
}

static int
read_typed(struct reader *r, struct cli_value **value_r)
{
    if (looking_at(r, "#T"))
        return read_time(r, value_r);
    if (looking_at(r, "#I"))
        return read_address(r, value_r);
    if (looking_at(r, "#("))
        return fail(r, "object of a class, which is not supported");
    if (looking_at(r, "#NULL#")) {
        r->pos += 6;
        *value_r = make(r, CLI_NULL, NULL, 0);
        return 0;
    }
    return read_number(r, value_r);
}

static int
read_value(struct reader *r, struct cli_value **value_r)
{
    if (skip_blanks(r) < 0)
        return -1;
    if (++r->values > r->max_values)
        return fail(r, "too many values");
    switch (peek(r)) {
    case '(':
        return read_array(r, value_r);
    case '{':
        return read_dictionary(r, value_r);
    case '[':
        return read_data(r, value_r);
    case '#':
        return read_typed(r, value_r);
    case '<':
        return fail(r, "XML, which is not supported");
    default:
        if (read_text(r, at_end(r) ? "no object" : "not an object") < 0)
            return -1;
        *value_r = make(r, CLI_STRING, r->scratch.data, r->scratch.len);
        return 0;
    }
}

/* One object, and with `whole` nothing but blanks behind it. */
static int
read_object(struct reader *r, const struct cli_limits *limits, bool whole,
            struct cli_value **value_r)
{
    size_t bytes = limits != NULL && limits->bytes > 0 ? limits->bytes
                                                       : (size_t)1024 * 1024;
    int result;

    r->max_depth = limits != NULL && limits->depth > 0 ? limits->depth : 32;
    r->max_values =
        limits != NULL && limits->values > 0 ? limits->values : SIZE_MAX;
    if (r->len - r->pos > bytes)
        return err_set(r->err, "data of more than %zu bytes", bytes);
    result = read_value(r, value_r);
    if (result == 0 && whole) {
        result = skip_blanks(r);
        if (result == 0 && !at_end(r))
            result = fail(r, "something behind the object");
    }
    buf_clear(&r->scratch);
    return result;
}

int
cli_data_read(const char *data, size_t len, size_t *pos,
              const struct cli_limits *limits, struct arena *arena,
              struct cli_value **value_r, struct errbuf *err)
{
    struct reader r = {
        .data = data, .len = len, .pos = *pos, .arena = arena, .err = err};
    int result = read_object(&r, limits, false, value_r);

    *pos = r.pos;
    return result;
}

int
cli_data_parse(const char *text, size_t len, const struct cli_limits *limits,
               struct arena *arena, struct cli_value **value_r,
               struct errbuf *err)
{
    struct reader r = {.data = text, .len = len, .arena = arena, .err = err};

    return read_object(&r, limits, true, value_r);
}
