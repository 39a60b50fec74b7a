/* SPDX-License-Identifier: BSD-2-Clause */
/* Values of the CLI's data format: created, found and written.  The writer uses
 * only what every client of the family can read, which is less than what
 * cli_data_read accepts. */
#include "config.h"

#include "ximss/proto/cli_data.h"

#include <stdbool.h>
#include <string.h>

#include "util/base64.h"

static bool
is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z');
}

static bool
is_bare(const char *s, size_t len)
{
    if (len == 0 || !is_alnum(s[0]))
        return false;
    for (size_t i = 1; i < len; i++)
        if (!is_alnum(s[i]) && s[i] != '.' && s[i] != '_' && s[i] != '@' &&
            s[i] != '-')
            return false;
    return true;
}

void
cli_data_write_string(struct buf *b, const char *s, size_t len)
{
    if (is_bare(s, len)) {
        buf_append(b, s, len);
        return;
    }
    buf_append_char(b, '"');
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];

        if (c == '"' || c == '\\') {
            buf_append_char(b, '\\');
            buf_append_char(b, s[i]);
        } else if (c == '\n') {
            buf_append(b, "\\e", 2);
        } else if (c < 0x20 || c == 0x7f) {
            buf_appendf(b, "\\%03u", c);
        } else {
            buf_append_char(b, s[i]);
        }
    }
    buf_append_char(b, '"');
}

static void
write_data(struct buf *b, const char *data, size_t len)
{
    buf_append_char(b, '[');
    buf_reserve(b, BASE64_SIZE(len));
    base64_encode(data, len, b->data + b->len);
    b->len += BASE64_SIZE(len) - 1;
    buf_append_char(b, ']');
}

static void
write_array(struct buf *b, const struct cli_value *v)
{
    buf_append_char(b, '(');
    for (const struct cli_value *i = v->first; i != NULL; i = i->next) {
        if (i != v->first)
            buf_append_char(b, ',');
        cli_data_write(b, i);
    }
    buf_append_char(b, ')');
}

static void
write_dictionary(struct buf *b, const struct cli_value *v)
{
    buf_append_char(b, '{');
    for (const struct cli_value *i = v->first; i != NULL; i = i->next) {
        cli_data_write_string(b, i->key, strlen(i->key));
        buf_append_char(b, '=');
        cli_data_write(b, i);
        buf_append_char(b, ';');
    }
    buf_append_char(b, '}');
}

void
cli_data_write(struct buf *b, const struct cli_value *v)
{
    switch (v->kind) {
    case CLI_STRING:
        cli_data_write_string(b, v->text, v->text_len);
        break;
    case CLI_NUMBER:
        buf_append_char(b, '#');
        buf_append(b, v->text, v->text_len);
        break;
    case CLI_TIME:
        buf_append(b, "#T", 2);
        buf_append(b, v->text, v->text_len);
        break;
    case CLI_DATA:
        write_data(b, v->text, v->text_len);
        break;
    case CLI_ADDRESS:
        buf_append(b, "#I", 2);
        buf_append(b, v->text, v->text_len);
        break;
    case CLI_NULL:
        buf_append_str(b, "#NULL#");
        break;
    case CLI_ARRAY:
        write_array(b, v);
        break;
    case CLI_DICTIONARY:
        write_dictionary(b, v);
        break;
    }
}

static struct cli_value *
make(struct arena *a, enum cli_kind kind)
{
    struct cli_value *v = arena_alloc(a, sizeof *v);

    *v = (struct cli_value){.kind = kind, .text = ""};
    return v;
}

struct cli_value *
cli_data_string(struct arena *a, const char *s, size_t len)
{
    struct cli_value *v = make(a, CLI_STRING);

    v->text = arena_strndup(a, s, len);
    v->text_len = len;
    return v;
}

struct cli_value *
cli_data_array(struct arena *a)
{
    return make(a, CLI_ARRAY);
}

struct cli_value *
cli_data_dictionary(struct arena *a)
{
    return make(a, CLI_DICTIONARY);
}

void
cli_data_append(struct cli_value *array, struct cli_value *item)
{
    item->next = NULL;
    if (array->last != NULL)
        array->last->next = item;
    else
        array->first = item;
    array->last = item;
    array->n++;
}

void
cli_data_add(struct arena *a, struct cli_value *dict, const char *key,
             struct cli_value *item)
{
    item->key = arena_strndup(a, key, strlen(key));
    cli_data_append(dict, item);
}

void
cli_data_set(struct arena *a, struct cli_value *dict, const char *key,
             struct cli_value *item)
{
    struct cli_value *before = NULL, *old = dict->first, *behind;

    while (old != NULL && strcmp(old->key, key) != 0) {
        before = old;
        old = old->next;
    }
    if (old == NULL) {
        if (item != NULL)
            cli_data_add(a, dict, key, item);
        return;
    }
    if (item != NULL) {
        item->key = old->key;
        item->next = old->next;
        behind = item;
    } else {
        dict->n--;
        behind = old->next;
    }
    if (before != NULL)
        before->next = behind;
    else
        dict->first = behind;
    if (dict->last == old)
        dict->last = item != NULL ? item : before;
}

struct cli_value *
cli_data_find(const struct cli_value *dict, const char *key)
{
    for (struct cli_value *v = dict->first; v != NULL; v = v->next)
        if (v->key != NULL && strcmp(v->key, key) == 0)
            return v;
    return NULL;
}

void
cli_plain_text(char *s)
{
    for (; *s != '\0'; s++) {
        bool plain = (*s >= '0' && *s <= '9') || (*s >= 'A' && *s <= 'Z') ||
                     (*s >= 'a' && *s <= 'z') || strchr(" .-@_<>", *s) != NULL;

        if (!plain)
            *s = '.';
    }
}
