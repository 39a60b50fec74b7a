/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/form.h"

#include <stdlib.h>
#include <string.h>

#include "util/text.h"
#include "util/xmalloc.h"

static int
hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* A "%" that no two hex digits follow stands for itself. */
static char *
decode(const char *s, size_t len)
{
    char *out = xmalloc(len + 1);
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        if (s[i] == '%' && i + 2 < len && hex(s[i + 1]) >= 0 &&
            hex(s[i + 2]) >= 0) {
            out[n++] = (char)(hex(s[i + 1]) * 16 + hex(s[i + 2]));
            i += 2;
        } else {
            out[n++] = s[i] == '+' ? ' ' : s[i];
        }
    }
    out[n] = '\0';
    return out;
}

/* What XML could carry on: a zero byte would cut the text. */
static bool
is_text(const char *s, size_t len)
{
    size_t bad;

    if (strlen(s) != len || !text_is_utf8(s, len, &bad))
        return false;
    for (; *s != '\0'; s++)
        if ((unsigned char)*s < ' ' && *s != '\t' && *s != '\n' && *s != '\r')
            return false;
    return true;
}

static size_t
decoded_length(const char *s, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++, n++)
        if (s[i] == '%' && i + 2 < len && hex(s[i + 1]) >= 0 &&
            hex(s[i + 2]) >= 0)
            i += 2;
    return n;
}

static void
wipe(char **s)
{
    if (*s != NULL)
        explicit_bzero(*s, strlen(*s));
    free(*s);
    *s = NULL;
}

static void
make_utf8(char **value)
{
    size_t len;
    char *text = text_to_utf8(*value, strlen(*value), &len);

    wipe(value);
    *value = text;
}

static void
add(struct form *f, const char *s, size_t len)
{
    const char *equals = memchr(s, '=', len);
    size_t name_len = equals != NULL ? (size_t)(equals - s) : len;
    const char *value = equals != NULL ? equals + 1 : s + len;
    size_t value_len = len - (size_t)(value - s);
    struct form_field *field = &f->fields[f->n];

    if (name_len == 0 || f->n == FORM_MOST)
        return;
    field->name = decode(s, name_len);
    if (!is_text(field->name, decoded_length(s, name_len))) {
        wipe(&field->name);
        return;
    }
    field->value = decode(value, value_len);
    value_len = decoded_length(value, value_len);
    if (f->takes_bytes && strlen(field->value) == value_len) {
        make_utf8(&field->value);
        value_len = strlen(field->value);
    }
    if (!is_text(field->value, value_len))
        wipe(&field->value);
    f->n++;
}

void
form_parse(struct form *f, const char *text, size_t len)
{
    while (len > 0) {
        const char *end = memchr(text, '&', len);
        size_t n = end != NULL ? (size_t)(end - text) : len;

        add(f, text, n);
        if (end == NULL)
            return;
        text += n + 1;
        len -= n + 1;
    }
}

void
form_clear(struct form *f)
{
    for (size_t i = 0; i < f->n; i++) {
        wipe(&f->fields[i].name);
        wipe(&f->fields[i].value);
    }
    f->n = 0;
}

static const struct form_field *
find(const struct form *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++)
        if (text_equal_nocase(f->fields[i].name, name))
            return &f->fields[i];
    return NULL;
}

const char *
form_get(const struct form *f, const char *name)
{
    const struct form_field *field = find(f, name);

    return field != NULL ? field->value : NULL;
}

size_t
form_count(const struct form *f, const char *name)
{
    size_t n = 0;

    for (size_t i = 0; i < f->n; i++)
        n += text_equal_nocase(f->fields[i].name, name);
    return n;
}

bool
form_is_garbled(const struct form *f, const char *name)
{
    const struct form_field *field = find(f, name);

    return field != NULL && field->value == NULL;
}

bool
form_is_on(const struct form *f, const char *name)
{
    const char *text = form_get(f, name);
    bool on = false;

    return text != NULL && text_parse_bool(text, &on) == 0 && on;
}

unsigned long long
form_number(const struct form *f, const char *name, unsigned long long dflt,
            unsigned long long most)
{
    const char *text = form_get(f, name);
    unsigned long long n;

    if (text == NULL || *text == '\0' ||
        strspn(text, "0123456789") != strlen(text))
        return dflt;
    return text_parse_u64(text, most, &n) == 0 ? n : most;
}
