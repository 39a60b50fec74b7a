/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/ctl/csv.h"

#include <string.h>

/* One pass, a byte at a time.  Fields are gathered in one buffer, each ended by
 * a 0; where they begin is kept as offsets until the buffer has its place. */

struct record {
    size_t starts[CSV_FIELDS_MAX];
    const char *broken; /* why, or NULL */
    int ended;          /* by a line end or the end of the file */
};

void
csv_init(struct csv *c, FILE *file)
{
    *c = (struct csv){.file = file, .line = 1};
    /* Room for the longest record: its bytes are never copied elsewhere. */
    buf_reserve(&c->text, CSV_RECORD_MAX + 1);
}

void
csv_clear(struct csv *c)
{
    explicit_bzero(c->text.data, c->text.cap);
    buf_clear(&c->text);
}

static int
next_byte(struct csv *c)
{
    int ch = getc(c->file);

    if (ch == EOF)
        return EOF;
    c->read++;
    if (ch == '\n')
        c->line++;
    return ch;
}

static int
peek_byte(struct csv *c)
{
    int ch = getc(c->file);

    return ch == EOF ? EOF : ungetc(ch, c->file);
}

static void
add(struct csv *c, struct record *r, int ch)
{
    if (ch == '\0')
        r->broken = "it has a byte 0";
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

    while ((ch = next_byte(c)) != EOF) {
        if (ch == '"') {
            if (peek_byte(c) != '"')
                return;
            next_byte(c);
        }
        add(c, r, ch);
    }
    r->broken = "a quote is not closed";
}

/* One field with the comma or the line end behind it. */
static void
read_field(struct csv *c, struct record *r)
{
    int quoted = peek_byte(c) == '"', ch;

    if (quoted) {
        next_byte(c);
        read_quoted(c, r);
    }
    while ((ch = next_byte(c)) != EOF && ch != '\n') {
        if (ch == ',')
            return;
        if (ch == '\r' && (peek_byte(c) == '\n' || peek_byte(c) == EOF))
            continue;
        if (quoted)
            r->broken = "text stands behind a closing quote";
        else
            add(c, r, ch);
    }
    r->ended = 1;
}

static void
skip_mark(struct csv *c)
{
    static const char mark[] = "\xef\xbb\xbf";

    /* The byte order mark that spreadsheets put in front. */
    if (c->read > 0 || peek_byte(c) != (unsigned char)mark[0])
        return;
    for (int i = 0; i < 3; i++)
        next_byte(c);
}

static void
read_record(struct csv *c, struct record *r)
{
    *r = (struct record){.ended = 0};
    c->first_line = c->line;
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

    skip_mark(c);
    do {
        if (peek_byte(c) == EOF)
            return 0;
        read_record(c, &r);
        if (r.broken != NULL)
            return err_set(err, "the record is broken: %s", r.broken);
        for (unsigned i = 0; i < c->n; i++)
            c->fields[i] = c->text.data + r.starts[i];
    } while (c->n == 1 && c->fields[0][0] == '\0');
    return 1;
}
