/* SPDX-License-Identifier: BSD-2-Clause */
/* The forms of an event: text for people and for grep, JSON for programs that
 * collect logs.  Both are bounded, and whatever a peer sent as a value cannot
 * end the line, or look like another field. */
#include "config.h"

#include "util/log_event.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "util/utf8.h"

/* What a value may take of a line. */
#define VALUE_BYTES 512

/* --- values --- */

void
log_form_value(char *out, size_t size, const struct log_field *f)
{
    switch (f->kind) {
    case LOG_FIELD_WORD:
    case LOG_FIELD_QUOTED:
        snprintf(out, size, "%s", f->text != NULL ? f->text : "");
        break;
    case LOG_FIELD_NUMBER:
        snprintf(out, size, "%lld", f->number);
        break;
    case LOG_FIELD_YES_NO:
        snprintf(out, size, "%s", f->number != 0 ? "yes" : "no");
        break;
    }
}

static bool
is_left_out(const struct log_field *f)
{
    return f->text == NULL &&
           (f->kind == LOG_FIELD_WORD || f->kind == LOG_FIELD_QUOTED);
}

/* --- text --- */

/* Letters of any script, without what has a meaning in the line. */
static bool
is_word(const char *s)
{
    const unsigned char *p = (const unsigned char *)s;

    if (*p == '\0')
        return false;
    for (; *p != '\0'; p++)
        if (*p <= ' ' || *p == 0x7f || *p == '"' || *p == '\\')
            return false;
    return true;
}

static size_t
quote(char *out, size_t size, const char *s)
{
    size_t n = 0;

    out[n++] = '"';
    for (; *s != '\0' && n + 3 < size; s++) {
        if (*s == '"' || *s == '\\')
            out[n++] = '\\';
        out[n++] = *s;
    }
    out[n++] = '"';
    return n;
}

static size_t
text_field(char *out, size_t size, const struct log_field *f)
{
    char value[VALUE_BYTES];
    size_t n = (size_t)snprintf(out, size, " %s=", f->name);

    log_form_value(value, sizeof value, f);
    if (f->kind == LOG_FIELD_QUOTED ||
        (f->kind == LOG_FIELD_WORD && !is_word(value)))
        return n + quote(out + n, size - n, value);
    memcpy(out + n, value, strlen(value));
    return n + strlen(value);
}

size_t
log_form_text(char *out, size_t size, const char *message,
              const struct log_field *fields, size_t n)
{
    char field[2 * VALUE_BYTES + 64];
    size_t len = 0;

    snprintf(out, size, "%s", message);
    len = strlen(out);
    for (size_t i = 0; i < n; i++) {
        size_t more;

        if (is_left_out(&fields[i]))
            continue;
        more = text_field(field, sizeof field, &fields[i]);
        if (len + more + 1 > size)
            continue;
        memcpy(out + len, field, more);
        len += more;
        out[len] = '\0';
    }
    return len;
}

/* --- JSON --- */

/* One character of `s`, escaped; *used_r: its bytes there. */
static size_t
json_character(char out[8], const char *s, size_t left, size_t *used_r)
{
    unsigned char c = (unsigned char)*s;
    uint32_t code;

    *used_r = 1;
    if (c < 0x20 || c == 0x7f)
        return (size_t)snprintf(out, 8, "\\u%04x", c);
    if (c == '"' || c == '\\') {
        out[0] = '\\';
        out[1] = (char)c;
        return 2;
    }
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    *used_r = utf8_character(s, left, &code);
    if (*used_r == 0) {
        *used_r = 1;
        memcpy(out, "\xef\xbf\xbd", 3);
        return 3;
    }
    memcpy(out, s, *used_r);
    return *used_r;
}

/* With its quotes, in no more than size bytes. */
static size_t
json_string(char *out, size_t size, const char *s)
{
    size_t n = 0, left = strlen(s);

    out[n++] = '"';
    while (left > 0) {
        char c[8];
        size_t used, len = json_character(c, s, left, &used);

        if (n + len + 1 > size)
            break;
        memcpy(out + n, c, len);
        n += len;
        s += used;
        left -= used;
    }
    out[n++] = '"';
    return n;
}

static size_t
json_field(char *out, size_t size, const struct log_field *f)
{
    char value[VALUE_BYTES];
    size_t n = (size_t)snprintf(out, size, ",\"%s\":", f->name);

    switch (f->kind) {
    case LOG_FIELD_WORD:
    case LOG_FIELD_QUOTED:
        log_form_value(value, sizeof value, f);
        return n + json_string(out + n, size - n, value);
    case LOG_FIELD_NUMBER:
        return n + (size_t)snprintf(out + n, size - n, "%lld", f->number);
    case LOG_FIELD_YES_NO:
        break;
    }
    return n + (size_t)snprintf(out + n, size - n, "%s",
                                f->number != 0 ? "true" : "false");
}

size_t
log_form_json(char *out, size_t size, const struct log_origin *o,
              const char *message, const struct log_field *fields, size_t n)
{
    char field[VALUE_BYTES + 64];
    size_t len = (size_t)snprintf(
        out, size / 2,
        "{\"time\":\"%s\",\"level\":\"%s\",\"program\":\"%s\",\"pid\":%ld,"
        "\"message\":",
        o->time, o->level, o->program, o->pid);

    len += json_string(out + len, size - size / 4 - len, message);
    for (size_t i = 0; i < n; i++) {
        size_t more;

        if (is_left_out(&fields[i]))
            continue;
        more = json_field(field, sizeof field, &fields[i]);
        if (len + more + 2 > size)
            continue;
        memcpy(out + len, field, more);
        len += more;
    }
    out[len++] = '}';
    out[len] = '\0';
    return len;
}
