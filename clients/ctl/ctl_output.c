/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#include "clients/ctl/ctl.h"
#include "util/clock.h"
#include "util/name.h"
#include "util/text.h"
#include "util/xmalloc.h"

/* What ximssctl prints: tables for people, JSON for programs.  Text from the
 * server never reaches a terminal with control characters in it. */

/* --- JSON --- */

void
ctl_json_string(struct buf *b, const char *s, size_t len)
{
    static const char names[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";

    buf_append_char(b, '"');
    for (size_t i = 0; i < len; i++) {
        unsigned char ch = (unsigned char)s[i];
        const char *p = ch != 0 ? strchr(names, ch) : NULL;

        if (p != NULL) {
            buf_append_char(b, '\\');
            buf_append_char(b, letters[p - names]);
        } else if (ch < 0x20 || ch == 0x7f) {
            buf_appendf(b, "\\u%04x", ch);
        } else {
            buf_append_char(b, s[i]);
        }
    }
    buf_append_char(b, '"');
}

void
ctl_json_name(struct buf *b, const char *name)
{
    if (b->len > 0 && b->data[b->len - 1] != '{')
        buf_append_char(b, ',');
    ctl_json_string(b, name, strlen(name));
    buf_append_char(b, ':');
}

/* As base64, which stands in the data format between brackets. */
static void
json_data(struct buf *b, const struct cli_value *v)
{
    size_t start = b->len;

    cli_data_write(b, v);
    b->data[start] = b->data[b->len - 1] = '"';
}

/* JSON's numbers, of which the data format has more kinds. */
static bool
is_json_number(const char *s)
{
    s += *s == '-';
    if (*s == '0' && s[1] >= '0' && s[1] <= '9')
        return false;
    if (*s < '0' || *s > '9')
        return false;
    s += strspn(s, "0123456789");
    if (*s == '.' && s[1] >= '0' && s[1] <= '9')
        s += 1 + strspn(s + 1, "0123456789");
    return *s == '\0';
}

/* A time stamp of the data format; false: it is none. */
static bool
get_time(const struct cli_value *v, int64_t *seconds_r)
{
    int64_t us;

    if (v->kind != CLI_TIME || clock_parse_gmt(v->text, &us) != 0)
        return false;
    *seconds_r = us / CLOCK_SECOND;
    return true;
}

void
ctl_format_utc(int64_t seconds, char out[CTL_UTC_SIZE])
{
    time_t when = (time_t)seconds;
    struct tm tm;

    out[0] = '\0';
    if (gmtime_r(&when, &tm) != NULL)
        strftime(out, CTL_UTC_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* The data format has numbers, but the family sends them as texts.  Which are
 * numbers, their names say. */
static bool
is_number_by_name(const struct cli_value *v)
{
    static const char *const names[] = {
        "Accounts", "Alerts",      "Level", "Limit",      "Percent", "seconds",
        "idle",     "StorageUsed", "Used",  "serverCPUs", "upTime",
    };

    if (v->kind != CLI_STRING || !is_json_number(v->text))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], v->key) == 0)
            return true;
    return false;
}

static void
json_item(struct buf *b, const struct cli_value *v)
{
    ctl_json_name(b, v->key);
    if (is_number_by_name(v))
        buf_append(b, v->text, v->text_len);
    else
        ctl_json_value(b, v);
}

static void
json_items(struct buf *b, const struct cli_value *v)
{
    bool is_array = v->kind == CLI_ARRAY;

    buf_append_char(b, is_array ? '[' : '{');
    for (const struct cli_value *i = v->first; i != NULL; i = i->next) {
        if (is_array && i != v->first)
            buf_append_char(b, ',');
        if (is_array)
            ctl_json_value(b, i);
        else
            json_item(b, i);
    }
    buf_append_char(b, is_array ? ']' : '}');
}

void
ctl_json_value(struct buf *b, const struct cli_value *v)
{
    char utc[CTL_UTC_SIZE];
    int64_t seconds;

    switch (v->kind) {
    case CLI_NUMBER:
        if (is_json_number(v->text)) {
            buf_append(b, v->text, v->text_len);
            return;
        }
        break;
    case CLI_DATA:
        json_data(b, v);
        return;
    case CLI_NULL:
        buf_append_str(b, "null");
        return;
    case CLI_ARRAY:
    case CLI_DICTIONARY:
        json_items(b, v);
        return;
    case CLI_TIME:
        if (!get_time(v, &seconds))
            break;
        ctl_format_utc(seconds, utc);
        ctl_json_string(b, utc, strlen(utc));
        return;
    case CLI_STRING:
    case CLI_ADDRESS:
        break;
    }
    ctl_json_string(b, v->text, v->text_len);
}

/* --- text --- */

void
ctl_plain(struct buf *b, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char ch = (unsigned char)s[i];

        if (ch == '\n')
            buf_append_str(b, "\\n");
        else if (ch == '\t')
            buf_append_str(b, "\\t");
        else if (ch < 0x20 || ch == 0x7f)
            buf_appendf(b, "\\x%02X", ch);
        else if (ch == 0xc2 && i + 1 < len && (unsigned char)s[i + 1] < 0xa0)
            buf_appendf(b, "\\x%02X", (unsigned char)s[++i]); /* U+0080.. */
        else
            buf_append_char(b, s[i]);
    }
}

/* Columns that a text takes on a terminal; bytes, if the locale cannot say. */
static size_t
width(const char *s)
{
    mbstate_t state;
    size_t total = 0, n, len = strlen(s), i = 0;
    wchar_t c;

    memset(&state, 0, sizeof state);
    for (; i < len; i += n) {
        int w;

        n = mbrtowc(&c, s + i, len - i, &state);
        if (n == 0 || n > len - i)
            return len;
        w = wcwidth(c);
        total += w > 0 ? (size_t)w : 0;
    }
    return total;
}

/* A cell, or a line: a name of a domain, or with one, as people read it. */
static void
plain_shown(struct buf *b, const char *s, size_t len)
{
    char *text = xstrndup(s, len), *shown = NULL;

    if (strstr(text, "xn--") != NULL && strlen(text) == len)
        shown = name_shown(text);
    if (shown != NULL)
        ctl_plain(b, shown, strlen(shown));
    else
        ctl_plain(b, s, len);
    free(shown);
    free(text);
}

void
ctl_table_init(struct ctl_table *t, unsigned columns, const char *const *header)
{
    *t = (struct ctl_table){.columns = columns};
    for (unsigned i = 0; header != NULL && i < columns; i++)
        ctl_table_add(t, header[i]);
}

void
ctl_table_add(struct ctl_table *t, const char *text)
{
    size_t start = t->cells.len, w, *widest = &t->widths[t->n++ % t->columns];

    plain_shown(&t->cells, text, strlen(text));
    buf_append_char(&t->cells, '\0');
    w = width(t->cells.data + start);
    if (w > *widest)
        *widest = w;
}

void
ctl_table_add_who(struct ctl_table *t, const char *name)
{
    char text[TEXT_WHO_SIZE];

    ctl_table_add(t, text_who(name, text));
}

void
ctl_table_add_raw(struct ctl_table *t, const char *text)
{
    buf_append(&t->cells, text, strlen(text) + 1);
    t->n++;
}

void
ctl_table_print(struct ctl_table *t)
{
    const char *cell = t->cells.data;

    for (unsigned i = 0; i < t->n; i++) {
        unsigned column = i % t->columns;
        bool last = column + 1 == t->columns;

        fputs(cell, stdout);
        if (last)
            putchar('\n');
        else
            printf("%*s", (int)(t->widths[column] - width(cell)) + 2, "");
        cell += strlen(cell) + 1;
    }
    buf_clear(&t->cells);
}

/* --- results --- */

/* A time in this machine's zone, other texts as they are. */
static void
append_shown(struct buf *b, const struct cli_value *v)
{
    char local[CTL_TIME_SIZE];
    int64_t seconds;

    if (v->kind == CLI_ARRAY || v->kind == CLI_DICTIONARY) {
        cli_data_write(b, v);
    } else if (get_time(v, &seconds)) {
        ctl_format_time(seconds, local);
        buf_append_str(b, local);
    } else if (v->text != NULL) {
        buf_append(b, v->text, v->text_len);
    }
}

static void
print_text(const struct cli_value *v)
{
    struct buf shown = {0}, b = {0};

    append_shown(&shown, v);
    if (v->kind == CLI_ARRAY || v->kind == CLI_DICTIONARY)
        buf_append(&b, shown.data, shown.len);
    else
        plain_shown(&b, buf_cstr(&shown), shown.len);
    ctl_print_line(&b);
    buf_clear(&shown);
}

static void
print_dictionary(const struct cli_value *v)
{
    struct ctl_table t;
    struct buf b = {0};

    ctl_table_init(&t, 2, NULL);
    for (const struct cli_value *i = v->first; i != NULL; i = i->next) {
        ctl_table_add(&t, i->key);
        append_shown(&b, i);
        if (strcmp(i->key, "user") == 0 || strcmp(i->key, "Author") == 0)
            ctl_table_add_who(&t, buf_cstr(&b));
        else
            ctl_table_add(&t, buf_cstr(&b));
        b.len = 0;
    }
    buf_clear(&b);
    ctl_table_print(&t);
}

const char *
ctl_text(const struct cli_value *dict, const char *key)
{
    const struct cli_value *v = cli_data_find(dict, key);

    return v != NULL ? v->text : NULL;
}

static void
add_cell(struct ctl_table *t, const struct cli_value *row,
         const struct ctl_column *column)
{
    const struct cli_value *v =
        column->key != NULL ? cli_data_find(row, column->key) : NULL;
    struct buf b = {0};

    if (column->key == NULL)
        buf_append_str(&b, row->key);
    else if (v != NULL)
        append_shown(&b, v);
    else
        buf_append_char(&b, '-');
    if (column->is_who)
        ctl_table_add_who(t, buf_cstr(&b));
    else
        ctl_table_add(t, buf_cstr(&b));
    buf_clear(&b);
}

void
ctl_print_rows(const struct ctl *c, const struct cli_value *v,
               const struct ctl_column *columns, unsigned n)
{
    struct ctl_table t;

    if (c->json) {
        ctl_print_value(c, v);
        return;
    }
    ctl_table_init(&t, n, NULL);
    for (unsigned i = 0; i < n; i++)
        ctl_table_add(&t, columns[i].header);
    for (v = v->first; v != NULL; v = v->next)
        for (unsigned i = 0; i < n; i++)
            add_cell(&t, v, &columns[i]);
    ctl_table_print(&t);
}

void
ctl_print_value(const struct ctl *c, const struct cli_value *v)
{
    struct buf b = {0};

    if (v == NULL)
        return;
    if (c->json) {
        /* One counter: its command says that it is a number. */
        if (strcmp(c->command->verb, "stat") == 0 && v->kind == CLI_STRING &&
            is_json_number(v->text))
            buf_append(&b, v->text, v->text_len);
        else
            ctl_json_value(&b, v);
        ctl_print_line(&b);
    } else if (v->kind == CLI_ARRAY) {
        for (const struct cli_value *i = v->first; i != NULL; i = i->next)
            print_text(i);
    } else if (v->kind == CLI_DICTIONARY) {
        print_dictionary(v);
    } else {
        print_text(v);
    }
}

void
ctl_format_time(int64_t seconds, char out[CTL_TIME_SIZE])
{
    time_t when = (time_t)seconds;
    struct tm tm;

    out[0] = '\0';
    if (localtime_r(&when, &tm) != NULL)
        strftime(out, CTL_TIME_SIZE, "%Y-%m-%d %H:%M:%S", &tm);
}

void
ctl_print_line(struct buf *b)
{
    buf_append_char(b, '\n');
    fwrite(b->data, 1, b->len, stdout);
    buf_clear(b);
}
