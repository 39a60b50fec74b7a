/* SPDX-License-Identifier: BSD-2-Clause */
/* Command lines.  The data format joins adjacent quoted strings.  On a command
 * line that would turn two arguments into one, and sometimes accept unescaped
 * quotes.  So this file splits lines: strings and bare words here, everything
 * else by the reader of the data format. */
#include "config.h"

#include "ximss/server/cli/admin_line.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "util/text.h"
#include "ximss/server/cli/admin_names.h"

/* What of a line goes into the audit log. */
#define AUDIT_BYTES 400

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static size_t
skip_blanks(const char *line, size_t len, size_t pos)
{
    while (pos < len && is_blank(line[pos]))
        pos++;
    return pos;
}

/* The verb, in upper case, by its full name; "" if the first word is none.
 * Returns the position behind it. */
static size_t
read_verb(const char *line, size_t len, char verb[ADMIN_VERB_SIZE])
{
    size_t start = skip_blanks(line, len, 0), pos = start, n;
    const char *full;

    while (pos < len && is_letter(line[pos]))
        pos++;
    n = pos - start;
    if (n >= ADMIN_VERB_SIZE || (pos < len && !is_blank(line[pos])))
        n = 0;
    for (size_t i = 0; i < n; i++)
        verb[i] = (char)(line[start + i] & ~0x20);
    verb[n] = '\0';
    full = admin_full_name(verb);
    if (full != NULL)
        strcpy(verb, full);
    return pos;
}

/* The end of the quoted string that begins at pos; 0: it has none. */
static size_t
quoted_end(const char *line, size_t len, size_t pos)
{
    for (pos++; pos < len; pos++) {
        if (line[pos] == '\\')
            pos++;
        else if (line[pos] == '"')
            return pos + 1;
    }
    return 0;
}

static int
malformed(struct errbuf *err, size_t pos)
{
    return err_set(err, "malformed at byte %zu", pos + 1);
}

static int
read_quoted(const char *line, size_t len, size_t *pos, struct arena *arena,
            struct cli_value **v_r, struct errbuf *err)
{
    size_t start = *pos, end = quoted_end(line, len, start);

    if (end == 0)
        return malformed(err, start);
    *pos = start;
    if (cli_data_parse(line + start, end - start, NULL, arena, v_r, NULL) != 0)
        return malformed(err, start);
    *pos = end;
    return 0;
}

/* A bare word goes up to the next blank.  It may hold more than the data
 * format allows bare (a password, an address), but nothing that would make one
 * doubt where it ends. */
static int
read_bare(const char *line, size_t len, size_t *pos, struct arena *arena,
          struct cli_value **v_r, struct errbuf *err)
{
    size_t start = *pos, end = start;

    while (end < len && !is_blank(line[end])) {
        if ((unsigned char)line[end] < 0x20 || line[end] == 0x7f ||
            strchr("\"\\(){}[]<>;=,", line[end]) != NULL)
            return malformed(err, end);
        end++;
    }
    *v_r = cli_data_string(arena, line + start, end - start);
    *pos = end;
    return 0;
}

/* [192.0.2.1] or [2001:db8::1]:25; a data block has neither dots nor colons.
 * Returns the position behind it; 0: it is none. */
static size_t
address_end(const char *line, size_t len, size_t pos)
{
    size_t end = pos + 1;
    bool marked = false;

    for (; end < len && line[end] != '\0' &&
           strchr("0123456789abcdefABCDEF.:", line[end]) != NULL;
         end++)
        marked = marked || line[end] == '.' || line[end] == ':';
    if (!marked || end == len || line[end] != ']')
        return 0;
    end++;
    if (end < len && line[end] == ':')
        for (end++; end < len && line[end] >= '0' && line[end] <= '9';)
            end++;
    return end;
}

static int
read_argument(const char *line, size_t len, size_t *pos, struct arena *arena,
              struct cli_value **v_r, struct errbuf *err)
{
    static const struct cli_limits limits = {.values = ADMIN_VALUES_MAX};
    struct errbuf bad = {""};
    char c = line[*pos];
    size_t end = c == '[' ? address_end(line, len, *pos) : 0;

    if (c == '"') {
        if (read_quoted(line, len, pos, arena, v_r, err) != 0)
            return -1;
    } else if (end != 0) {
        *v_r = cli_data_string(arena, line + *pos, end - *pos);
        *pos = end;
    } else if (c != '\0' && strchr("({[<#", c) != NULL) {
        if (cli_data_read(line, len, pos, &limits, arena, v_r, &bad) != 0)
            return strncmp(bad.text, "too many", 8) == 0
                       ? err_set(err, "too many values in one object")
                       : malformed(err, *pos);
    } else if (read_bare(line, len, pos, arena, v_r, err) != 0) {
        return -1;
    }
    if (*pos < len && !is_blank(line[*pos]))
        return malformed(err, *pos);
    return 0;
}

size_t
admin_line_word(const char *text, size_t len, const char *word)
{
    size_t at = skip_blanks(text, len, 0), n = strlen(word), end;

    if (len - at <= n || strncasecmp(text + at, word, n) != 0 ||
        !is_blank(text[at + n]))
        return 0;
    end = skip_blanks(text, len, at + n);
    return end < len ? end : 0;
}

void
admin_line_begin(struct admin_line *line, const char *text, size_t len)
{
    line->arguments = read_verb(text, len, line->verb);
    line->n = 0;
}

int
admin_line_read(struct admin_line *line, const char *text, size_t len,
                struct arena *arena, struct errbuf *err)
{
    size_t pos = line->arguments, bad;

    line->n = 0;
    if (!text_is_utf8(text, len, &bad))
        return malformed(err, bad);
    for (;;) {
        pos = skip_blanks(text, len, pos);
        if (pos == len)
            return 0;
        if (line->n == ADMIN_ARGS_MAX)
            return err_set(err, "too many arguments");
        if (read_argument(text, len, &pos, arena, &line->arg[line->n], err) !=
            0)
            return -1;
        line->n++;
    }
}

const char *
admin_value_text(struct arena *arena, const struct cli_value *v)
{
    struct buf b = {0};
    const char *text;

    switch (v->kind) {
    case CLI_STRING:
        return v->text;
    case CLI_NUMBER:
    case CLI_TIME:
    case CLI_ADDRESS:
        cli_data_write(&b, v);
        text = arena_strndup(arena, b.data, b.len);
        buf_clear(&b);
        return text;
    case CLI_NULL: /* nothing: no password, and no alert, is "#NULL#" */
    case CLI_DATA:
    case CLI_ARRAY:
    case CLI_DICTIONARY:
        break;
    }
    return NULL;
}

/* --- for the audit log --- */

/* PrivateSecureKey, for one, is the key of a domain's certificate. */
static bool
is_secret(const char *key)
{
    static const char *const words[] = {"password", "secret", "private"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasestr(key, words[i]) != NULL)
            return true;
    return false;
}

static void write_masked(struct buf *b, const struct cli_value *v);

static void
write_items(struct buf *b, const struct cli_value *v)
{
    bool dict = v->kind == CLI_DICTIONARY;

    buf_append_char(b, dict ? '{' : '(');
    for (const struct cli_value *i = v->first; i != NULL; i = i->next) {
        if (b->len > AUDIT_BYTES)
            break;
        if (dict) {
            cli_data_write_string(b, i->key, strlen(i->key));
            buf_append_char(b, '=');
        }
        if (dict && is_secret(i->key))
            buf_append_str(b, "***");
        else
            write_masked(b, i);
        buf_append_char(b, dict ? ';' : ',');
    }
    buf_append_char(b, dict ? '}' : ')');
}

static void
write_masked(struct buf *b, const struct cli_value *v)
{
    if (v->kind == CLI_DICTIONARY || v->kind == CLI_ARRAY)
        write_items(b, v);
    else
        cli_data_write(b, v);
}

/* Cuts at a whole character. */
static void
cut(struct buf *b, size_t max)
{
    if (b->len <= max)
        return;
    while (max > 0 && ((unsigned char)b->data[max] & 0xc0) == 0x80)
        max--;
    b->len = max;
    buf_append_str(b, "...");
}

/* Who has the whole name of a session can act as it: its number is enough. */
static bool
names_session(const char *verb)
{
    static const char *const verbs[] = {
        "GETSESSION", "KILLSESSION", "GETWEBUSERSESSION", "KILLWEBUSERSESSION"};

    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(verbs[i], verb) == 0)
            return true;
    return false;
}

static void
write_first(struct buf *b, const struct admin_line *line)
{
    const struct cli_value *v = line->arg[0];
    size_t len = v->kind == CLI_STRING ? strcspn(v->text, " \t,;:|") : 0;

    if (v->kind == CLI_STRING && names_session(line->verb))
        cli_data_write_string(b, v->text, strcspn(v->text, "-"));
    /* A record of a file, it seems, with a password in it. */
    else if (v->kind == CLI_STRING && v->text[len] != '\0' &&
             strcmp(line->verb, "CREATEACCOUNT") == 0)
        buf_append_str(b, "***");
    else
        write_masked(b, v);
}

/* The words that CREATEACCOUNT has between name and settings: anything else
 * there may be a password that was meant to be set. */
static bool
is_out_of_place(const struct admin_line *line, unsigned i)
{
    static const char *const words[] = {
        "MultiMailbox", "TextMailbox", "MailDirMailbox", "SlicedMailbox",
        "AGrade",       "BGrade",      "CGrade",         "LEGACY",
        "EXTERNAL",     "PATH",        "FORCE"};
    const struct cli_value *v = line->arg[i];

    if (strcmp(line->verb, "CREATEACCOUNT") != 0 || i == 0 ||
        v->kind == CLI_DICTIONARY)
        return false;
    for (size_t w = 0;
         v->kind == CLI_STRING && w < sizeof words / sizeof words[0]; w++)
        if (text_equal_nocase(v->text, words[w]))
            return false;
    return true;
}

/* Whether a secret stands at i or follows there, as far as anybody can know. */
static bool
begins_secret(const struct admin_line *line, unsigned i)
{
    const struct cli_value *before = i > 0 ? line->arg[i - 1] : NULL;

    return (i > 0 && is_secret(line->verb)) || is_out_of_place(line, i) ||
           (i > 1 && before->kind == CLI_STRING && is_secret(before->text));
}

void
admin_line_write(struct buf *b, const struct admin_line *line)
{
    buf_append_str(b, line->verb);
    for (unsigned i = 0; i < line->n && b->len <= AUDIT_BYTES; i++) {
        buf_append_char(b, ' ');
        if (begins_secret(line, i)) {
            buf_append_str(b, "***");
            break;
        }
        if (i == 0)
            write_first(b, line);
        else
            write_masked(b, line->arg[i]);
    }
    cut(b, AUDIT_BYTES);
}
