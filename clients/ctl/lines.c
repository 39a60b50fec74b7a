/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/ctl/lines.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "util/arena.h"
#include "util/text.h"
#include "ximss/proto/cli_data.h"

#define SHOWN_MAX 100 /* bytes of an argument */

/* What stands between fields in files, and in no name of an account. */
#define NO_NAME " \t,;:|"

void
lines_init(struct lines *l, struct input *in)
{
    *l = (struct lines){.in = in};
    /* Room for the longest: it holds passwords and is never copied. */
    buf_reserve(&l->room, LINES_MAX + 1);
}

void
lines_clear(struct lines *l)
{
    explicit_bzero(l->room.data, l->room.cap);
    buf_clear(&l->room);
}

/* The rest of the line, without its end.  NULL, or what is wrong with it. */
static const char *
read_rest(struct lines *l)
{
    const char *broken = NULL;
    int ch;

    explicit_bzero(l->room.data, l->room.len);
    l->room.len = 0;
    while ((ch = input_get(l->in)) != EOF && ch != '\n') {
        if (ch == '\0')
            broken = "the line contains a zero byte";
        else if (l->room.len >= LINES_MAX)
            broken = "the line is too long";
        else
            buf_append_char(&l->room, (char)ch);
    }
    return broken;
}

static bool
is_blank(char ch)
{
    return ch == ' ' || ch == '\t' || ch == '\r';
}

int
lines_next(struct lines *l, struct errbuf *err)
{
    const char *broken;

    while (input_peek(l->in) != EOF) {
        l->line = l->in->line;
        broken = read_rest(l);
        while (l->room.len > 0 && is_blank(l->room.data[l->room.len - 1]))
            l->room.len--;
        for (l->text = buf_cstr(&l->room); is_blank(*l->text);)
            l->text++;
        if (*l->text == '#' || strncmp(l->text, "//", 2) == 0)
            continue;
        if (broken != NULL)
            return err_set(err, "%s", broken);
        if (*l->text != '\0')
            return 1;
    }
    return 0;
}

/* --- what may be shown --- */

/* Of a word that is written without quotes: up to a blank, or whatever cannot
 * be in one. */
static size_t
word_length(const char *s)
{
    return strcspn(s, " \t\"\\{}()[];=,<>");
}

/* Of a first word that can be a command; 0: it is something else, perhaps a
 * record with a password in it. */
static size_t
verb_length(const char *s)
{
    size_t n = word_length(s), letters = 0;

    while (letters < n && ((s[letters] >= 'a' && s[letters] <= 'z') ||
                           (s[letters] >= 'A' && s[letters] <= 'Z')))
        letters++;
    return letters == n ? n : 0;
}

static void
append_cut(struct buf *b, const char *s, size_t len)
{
    size_t n = len > SHOWN_MAX ? SHOWN_MAX : len;

    while (n < len && n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
        n--;
    buf_append(b, s, n);
    if (n < len)
        buf_append_str(b, "...");
}

/* Behind the closing quote of the text that begins here; NULL: there is none. */
static const char *
end_of_quoted(const char *s)
{
    while (*++s != '"') {
        s += *s == '\\';
        if (*s == '\0')
            return NULL;
    }
    return s + 1;
}

/* Two texts side by side are two arguments here, which the reader of the data
 * format would join: it gets the first alone. */
static const char *
append_quoted(struct buf *b, const char *s)
{
    const char *end = end_of_quoted(s);
    struct arena *arena = arena_new();
    struct cli_value *v = NULL;

    if (end != NULL &&
        cli_data_parse(s, (size_t)(end - s), NULL, arena, &v, NULL) == 0) {
        buf_append_char(b, ' ');
        append_cut(b, v->text, v->text_len);
        s = end;
    }
    arena_free(&arena);
    return s + strspn(s, " \t");
}

/* Where an account should be named, what cannot be a name is perhaps a record
 * with a password in it. */
static bool
may_show(const char *verb, const char *argument)
{
    const char *text = argument + (*argument == '"'),
               *end = *argument == '"' ? end_of_quoted(argument)
                                       : argument + word_length(argument);
    size_t n = end != NULL ? (size_t)(end - text) : 0;

    return strcasestr(verb, "ACCOUNT") == NULL || strcspn(text, NO_NAME) >= n;
}

static const char *
append_argument(struct buf *b, const char *s)
{
    size_t n = word_length(s);

    if (*s == '"')
        return append_quoted(b, s);
    if (n == 0)
        return s;
    buf_append_char(b, ' ');
    append_cut(b, s, n);
    return s + n + strspn(s + n, " \t");
}

void
lines_describe(struct buf *b, const char *command)
{
    size_t n = verb_length(command), bad;

    if (n == 0 || !text_is_utf8(command, strlen(command), &bad))
        return;
    append_cut(b, command, n);
    command += n;
    command += strspn(command, " \t");
    if (may_show(buf_cstr(b), command))
        command = append_argument(b, command);
    if (*command != '\0')
        buf_append_str(b, " ...");
}
