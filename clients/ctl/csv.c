/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/ctl/csv.h"

#include <stdio.h>
#include <string.h>

/* One pass, a byte at a time.  Fields are gathered in one buffer, each ended by
 * a 0; where they begin is kept as offsets until the buffer has its place. */

struct record {
    size_t starts[CSV_FIELDS_MAX];
    const char *broken; /* why, or NULL */
    int ended;          /* by a line end or the end of the file */
};

void
csv_init(struct csv *c, struct input *in)
{
    *c = (struct csv){.in = in};
    /* Room for the longest record: its bytes are never copied elsewhere. */
    buf_reserve(&c->text, CSV_RECORD_MAX + 1);
}

void
csv_clear(struct csv *c)
{
    explicit_bzero(c->text.data, c->text.cap);
    buf_clear(&c->text);
}

static void
add(struct csv *c, struct record *r, int ch)
{
    if (ch == '\0')
        r->broken = "it contains a zero byte";
    else if (c->text.len >= CSV_RECORD_MAX)
        r->broken = "it is too long";
    else
        buf_append_char(&c->text, (char)ch);
}

/* Behind the opening quote, up to the closing one. */
static void
read_quoted(struct csv *c, struct record *r)
{
    int ch;

    while ((ch = input_get(c->in)) != EOF) {
        if (ch == '"') {
            if (input_peek(c->in) != '"')
                return;
            input_get(c->in);
        }
        add(c, r, ch);
    }
    r->broken = "a quote is not closed";
}

/* One field with the comma or the line end behind it. */
static void
read_field(struct csv *c, struct record *r)
{
    int quoted = input_peek(c->in) == '"', ch;

    if (quoted) {
        input_get(c->in);
        read_quoted(c, r);
    }
    while ((ch = input_get(c->in)) != EOF && ch != '\n') {
        if (ch == ',')
            return;
        if (ch == '\r' &&
            (input_peek(c->in) == '\n' || input_peek(c->in) == EOF))
            continue;
        if (quoted)
            r->broken = "there is text after a closing quote";
        else
            add(c, r, ch);
    }
    r->ended = 1;
}

static void
read_record(struct csv *c, struct record *r)
{
    *r = (struct record){.ended = 0};
    c->first_line = c->in->line;
    c->n = 0;
    explicit_bzero(c->text.data, c->text.len);
    c->text.len = 0;
    while (!r->ended) {
        if (c->n == CSV_FIELDS_MAX)
            r->broken = "it has too many fields";
        else
            r->starts[c->n++] = c->text.len;
        read_field(c, r);
        if (c->text.len < CSV_RECORD_MAX)
            buf_append_char(&c->text, '\0');
        else
            c->text.data[c->text.len] = '\0';
    }
}

int
csv_next(struct csv *c, struct errbuf *err)
{
    struct record r;

    do {
        if (input_peek(c->in) == EOF)
            return 0;
        read_record(c, &r);
        if (r.broken != NULL)
            return err_set(err, "malformed record: %s", r.broken);
        for (unsigned i = 0; i < c->n; i++)
            c->fields[i] = c->text.data + r.starts[i];
    } while (c->n == 1 && c->fields[0][0] == '\0');
    return 1;
}
