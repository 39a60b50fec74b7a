/* SPDX-License-Identifier: BSD-2-Clause */
/* A value cannot leave its place: what it could do there depends on the use of
 * the text, and is taken from it before it is appended.  The template is the
 * administrator's own, and stays as it is. */
#include "config.h"

#include "notify/notice_text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "notify/notice_json.h"
#include "util/clock.h"
#include "util/text.h"
#include "util/utf8.h"

#define VALUE_MOST 255 /* bytes of a value */

/* --- fields --- */

static const char *
text_of(const char *text)
{
    return text != NULL ? text : "";
}

static void
append_name(struct buf *b, const struct notice_fields *f)
{
    buf_append_str(b, text_of(f->name));
}

static void
append_element(struct buf *b, const struct notice_fields *f)
{
    buf_append_str(b, text_of(f->element));
}

static void
append_value(struct buf *b, const struct notice_fields *f)
{
    buf_appendf(b, "%" PRId64, f->value);
}

static void
append_threshold(struct buf *b, const struct notice_fields *f)
{
    buf_appendf(b, "%" PRId64, f->threshold);
}

/* RFC 3339 has separators, and is the same else. */
static void
append_since(struct buf *b, const struct notice_fields *f)
{
    char t[CLOCK_GMT_SIZE]; /* YYYYMMDDTHHMMSSZ */

    clock_format_gmt(f->since, t);
    buf_appendf(b, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", t, t + 4, t + 6, t + 9,
                t + 11, t + 13);
}

static void
append_server(struct buf *b, const struct notice_fields *f)
{
    buf_append_str(b, text_of(f->server));
}

static void
append_severity(struct buf *b, const struct notice_fields *f)
{
    buf_append_str(b, text_of(f->severity));
}

static void
append_state(struct buf *b, const struct notice_fields *f)
{
    buf_append_str(b, text_of(f->state));
}

struct field {
    const char *name;
    void (*append)(struct buf *b, const struct notice_fields *f);
};

static const struct field fields[] = {
    {"name", append_name},         {"element", append_element},
    {"value", append_value},       {"threshold", append_threshold},
    {"since", append_since},       {"server", append_server},
    {"severity", append_severity}, {"state", append_state},
};
#define FIELDS (sizeof fields / sizeof fields[0])

static const struct field *
find_field(const char *name, size_t len)
{
    for (size_t i = 0; i < FIELDS; i++)
        if (strlen(fields[i].name) == len &&
            memcmp(fields[i].name, name, len) == 0)
            return &fields[i];
    return NULL;
}

/* --- checking --- */

static int
refuse_field(const char *template, const char *brace, struct errbuf *err)
{
    size_t at = (size_t)(brace - template) + 1, len = strcspn(brace, "}");
    struct buf known = {0};

    if (brace[len] == '\0')
        return err_set(err,
                       "the brace at byte %zu is not closed; {{ stands for a "
                       "brace",
                       at);
    for (size_t i = 0; i < FIELDS; i++)
        buf_appendf(&known, "%s{%s}", i > 0 ? ", " : "", fields[i].name);
    err_set(err, "there is no field %.*s} (byte %zu), only %s; {{ is a brace",
            (int)(len < 40 ? len : 40), brace, at, buf_cstr(&known));
    buf_clear(&known);
    return -1;
}

/* What begins at p; 0 if it is legal. */
static size_t
legal_character(const char *p, size_t left)
{
    uint32_t c = 0;
    size_t n = utf8_character(p, left, &c);

    if (n == 0 || (c < 0x20 && c != '\t' && c != '\n') ||
        (c >= 0x7f && c < 0xa0))
        return 0;
    return n;
}

static int
check_characters(const char *template, size_t len, struct errbuf *err)
{
    for (size_t at = 0, n; at < len; at += n) {
        n = legal_character(template + at, len - at);
        if (n == 0)
            return err_set(err,
                           "byte %zu is not UTF-8, or begins a control "
                           "character",
                           at + 1);
    }
    return 0;
}

int
notice_text_check(const char *template, struct errbuf *err)
{
    size_t len = strlen(template);
    const char *end;

    if (len > NOTICE_TEXT_MOST)
        return err_set(err, "has %zu bytes, and may have %d", len,
                       NOTICE_TEXT_MOST);
    if (check_characters(template, len, err) < 0)
        return -1;
    for (const char *p = template; (p = strchr(p, '{')) != NULL; p = end + 1) {
        end = p[1] == '{' ? p + 1 : p + strcspn(p, "}");
        if (p[1] != '{' &&
            (*end == '\0' || find_field(p + 1, (size_t)(end - p - 1)) == NULL))
            return refuse_field(template, p, err);
    }
    return 0;
}

/* --- making --- */

/* Controls, separators of lines, and what is no UTF-8, are blanks. */
static void
make_line(char *text)
{
    size_t left = strlen(text), n;
    uint32_t c;

    for (char *p = text; left > 0; p += n, left -= n) {
        n = utf8_character(p, left, &c);
        if (n == 0)
            n = 1, *p = ' ';
        else if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 ||
                 c == 0x2029)
            memset(p, ' ', n);
    }
}

/* Not more than `most` bytes, and whole characters. */
static void
cut(struct buf *b, size_t most)
{
    if (b->len <= most)
        return;
    while (most > 0 && ((unsigned char)b->data[most] & 0xc0) == 0x80)
        most--;
    b->len = most;
}

static void
append_percent(struct buf *out, const char *text)
{
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "abcdefghijklmnopqrstuvwxyz0123456789-._~";

    for (const char *p = text; *p != '\0'; p++)
        if (strchr(unreserved, *p) != NULL)
            buf_append_char(out, *p);
        else
            buf_appendf(out, "%%%02X", (unsigned)(unsigned char)*p);
}

static void
append_field(enum notice_text_use use, struct buf *out, const struct field *d,
             const struct notice_fields *f)
{
    struct buf value = {0};
    char *text;

    d->append(&value, f);
    cut(&value, VALUE_MOST);
    text = buf_take(&value);
    make_line(text);
    switch (use) {
    case NOTICE_TEXT_BODY:
    case NOTICE_TEXT_LINE:
        buf_append_str(out, text);
        break;
    case NOTICE_TEXT_URL:
        append_percent(out, text);
        break;
    case NOTICE_TEXT_JSON:
        notice_json_escape(out, text, strlen(text));
        break;
    }
    free(text);
}

/* At a brace.  Returns how much of the template that was. */
static size_t
append_braced(enum notice_text_use use, struct buf *out, const char *brace,
              const struct notice_fields *f)
{
    const char *end = strchr(brace, '}');
    const struct field *d =
        end != NULL ? find_field(brace + 1, (size_t)(end - brace - 1)) : NULL;

    if (d == NULL) {
        buf_append_char(out, '{');
        return brace[1] == '{' ? 2 : 1;
    }
    append_field(use, out, d, f);
    return (size_t)(end - brace) + 1;
}

static void
fill(enum notice_text_use use, struct buf *out, const char *template,
     const struct notice_fields *f)
{
    while (*template != '\0') {
        size_t plain = strcspn(template, "{");

        buf_append(out, template, plain);
        template += plain;
        if (*template != '\0')
            template += append_braced(use, out, template, f);
    }
}

void
notice_text_make_as(enum notice_text_use use, struct buf *out,
                    const char *template, const struct notice_fields *f)
{
    struct buf made = {0};
    bool is_text = use == NOTICE_TEXT_BODY || use == NOTICE_TEXT_LINE;
    char *text;

    fill(use, &made, template, f);
    if (is_text && made.len > NOTICE_TEXT_MADE) {
        cut(&made, NOTICE_TEXT_MADE - 3);
        buf_append_str(&made, "...");
    }
    text = buf_take(&made);
    if (use == NOTICE_TEXT_LINE)
        make_line(text);
    buf_append_str(out, text);
    free(text);
}

void
notice_text_make(struct buf *out, const char *template,
                 const struct notice_fields *f)
{
    notice_text_make_as(NOTICE_TEXT_BODY, out, template, f);
}

void
notice_text_json(struct buf *out, const struct notice_fields *f,
                 const char *text)
{
    fill(NOTICE_TEXT_JSON, out,
         "{{\"name\":\"{name}\",\"element\":\"{element}\",\"value\":{value},"
         "\"threshold\":{threshold},\"since\":\"{since}\","
         "\"server\":\"{server}\",\"severity\":\"{severity}\","
         "\"state\":\"{state}\",\"text\":\"",
         f);
    notice_json_escape(out, text, strlen(text));
    buf_append_str(out, "\"}");
}

int
notice_text_check_json(const char *template, struct errbuf *err)
{
    static const struct notice_fields sample = {"a", "a", "a", "a",
                                                "a", 1,   1,   0};
    struct buf made = {0};
    bool valid;

    if (notice_text_check(template, err) < 0)
        return -1;
    fill(NOTICE_TEXT_JSON, &made, template, &sample);
    valid = notice_json_is_valid(buf_cstr(&made), made.len);
    buf_clear(&made);
    return valid ? 0
                 : err_set(err, "is no JSON when its fields are filled in: "
                                "{value} and {threshold} are numbers, the "
                                "others stand in quotes");
}
