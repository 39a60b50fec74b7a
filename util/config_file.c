/* SPDX-License-Identifier: BSD-2-Clause */
/* Configuration files, by libconfuse, which splits a file into keys and texts;
 * for libconfuse all values are texts.  Its callbacks have no argument of ours,
 * so their data is in a thread-local pointer while a file is read. */
#include "config.h"

#include "util/config_file.h"

#include <confuse.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/bom.h"
#include "util/buf.h"
#include "util/config_table.h"
#include "util/log.h"
#include "util/xmalloc.h"

#define MOST_BYTES (1024 * 1024) /* of a file */

struct reading {
    const struct config_table *table;
    const char *file;
    config_file_fn *take;
    void *arg;
    struct errbuf *err;
    bool failed; /* err is filled; the first error is the one to tell */
    /* The last value, for what stands behind it. */
    const struct config_row *row; /* NULL: none yet */
    int line;
    char text[64]; /* perhaps cut */
};

static _Thread_local struct reading *reading;

/* Writes "FILE:LINE: " before the text of err. */
static int
read_fail(struct reading *r, int line)
{
    r->failed = true;
    return line == 0 ? err_prefix(r->err, "%.120s", r->file)
                     : err_prefix(r->err, "%.120s:%d", r->file, line);
}

/* libconfuse has a value, and lets us refuse it by -1.  Its options are our rows,
 * in their order. */
static int
on_value(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
    const struct config_file_value v = {&reading->table->rows[opt - cfg->opts],
                                        text, opt->nvalues <= 1, cfg->line};

    *(const char **)result = text;
    reading->row = v.row;
    reading->line = cfg->line;
    snprintf(reading->text, sizeof reading->text, "%s", text);
    if (reading->take(&v, reading->arg, reading->err) == 0)
        return 0;
    return read_fail(reading, cfg->line);
}

/* An empty list, {}, calls nobody back; its line is lost. */
static int
take_empty_lists(struct reading *r, cfg_t *cfg)
{
    const struct config_row *rows = r->table->rows;

    for (size_t i = 0; i < r->table->n_rows; i++) {
        const cfg_opt_t *opt = cfg_getopt(cfg, rows[i].key);
        const struct config_file_value v = {&rows[i], NULL, true, 0};

        if (config_type_is_list(v.row->spec.type) && opt->nvalues == 0 &&
            (opt->flags & CFGF_MODIFIED) != 0 &&
            r->take(&v, r->arg, r->err) != 0)
            return read_fail(r, 0);
    }
    return 0;
}

/* A word that is no key: a misspelt one, or the rest of the value before it on
 * the line. */
static void
refuse_word(const cfg_t *cfg, const char *word, int len)
{
    const struct config_row *row = reading->row;
    char whole[128];

    if (row == NULL || reading->line != cfg->line) {
        err_set(reading->err, "%.*s: there is no such key, see %s.conf(5)", len,
                word, reading->table->program);
        return;
    }
    snprintf(whole, sizeof whole, "%s %.*s", reading->text, len, word);
    if (config_type_is_list(row->spec.type))
        err_set(reading->err, "a list is written {\"A\", \"B\"}");
    else if (row->spec.type == CONFIG_TEXT || row->spec.type == CONFIG_PATH)
        err_set(reading->err,
                "a value with blanks stands in quotes: \"%.60s...\"", whole);
    else
        config_value_refuse(&row->spec, whole, reading->err);
    err_prefix(reading->err, "%s", row->key);
}

static void on_syntax_error(cfg_t *cfg, const char *fmt, va_list ap)
    PRINTF_LIKE(2, 0);

static void
on_syntax_error(cfg_t *cfg, const char *fmt, va_list ap)
{
    static const char unknown[] = "no such option '";
    const size_t len = sizeof unknown - 1;
    char text[160];

    if (reading->failed)
        return;
    vsnprintf(text, sizeof text, fmt, ap);
    if (strncmp(text, unknown, len) == 0)
        refuse_word(cfg, text + len, (int)strcspn(text + len, "'"));
    else
        err_set(reading->err, "%s", text);
    read_fail(reading, cfg->line);
}

/* libconfuse copies the options. */
static cfg_opt_t *
options_new(const struct config_table *t)
{
    cfg_opt_t *options = xcalloc(t->n_rows + 1, sizeof *options);
    const cfg_opt_t end = CFG_END();

    for (size_t i = 0; i < t->n_rows; i++) {
        const struct config_row *row = &t->rows[i];
        const cfg_opt_t one =
            CFG_STR_CB(row->key, NULL, CFGF_NODEFAULT, on_value);
        const cfg_opt_t list =
            CFG_STR_LIST_CB(row->key, NULL, CFGF_NODEFAULT, on_value);

        options[i] = config_type_is_list(row->spec.type) ? list : one;
    }
    options[t->n_rows] = end;
    return options;
}

/* Read here: libconfuse's scanner ends the process when it cannot read. */
static int
text_read(struct reading *r, struct buf *text)
{
    FILE *f = fopen(r->file, "re");
    char piece[4096];
    const char *wrong;
    size_t n;

    if (f == NULL) {
        err_set(r->err, "%s", strerror(errno));
        return read_fail(r, 0);
    }
    while (text->len <= MOST_BYTES &&
           (n = fread(piece, 1, sizeof piece, f)) > 0)
        buf_append(text, piece, n);
    wrong = ferror(f) ? strerror(errno) : bom_fault(buf_cstr(text), text->len);
    if (wrong == NULL && (text->len > MOST_BYTES ||
                          memchr(buf_cstr(text), 0, text->len) != NULL))
        wrong = "this is not a configuration file";
    fclose(f);
    if (wrong == NULL)
        return 0;
    err_set(r->err, "%s", wrong);
    return read_fail(r, 0);
}

/* The length of what stands here as one piece: a quoted text, a comment (then
 * *comment_r), or a character. */
static size_t
piece_length(const char *s, bool *comment_r)
{
    size_t n = 1;

    *comment_r = *s == '#' || (s[0] == '/' && (s[1] == '/' || s[1] == '*'));
    if (*comment_r && s[1] == '*' && *s == '/') {
        const char *end = strstr(s + 2, "*/");

        return end != NULL ? (size_t)(end + 2 - s) : strlen(s);
    }
    if (*comment_r)
        return strcspn(s, "\n");
    if (*s != '"' && *s != '\'')
        return 1;
    while (s[n] != '\0' && s[n] != *s)
        n += s[n] == '\\' && s[n + 1] != '\0' ? 2 : 1;
    return s[n] != '\0' ? n + 1 : n;
}

/* Turns comments into blanks: libconfuse 3.3 counts the line of a comment up
 * to three times, and the lines it names for errors would be wrong. */
static void
blank_comments(char *s)
{
    bool comment;
    size_t n;

    for (; *s != '\0'; s += n) {
        n = piece_length(s, &comment);
        for (size_t i = 0; comment && i < n; i++)
            if (s[i] != '\n')
                s[i] = ' ';
    }
}

static int
text_parse(struct reading *r, const char *text)
{
    cfg_opt_t *options = options_new(r->table);
    cfg_t *cfg = cfg_init(options, CFGF_NONE);
    int result = -1;

    if (cfg == NULL)
        log_fatal("out of memory");
    cfg_set_error_function(cfg, on_syntax_error);
    reading = r;
    if (cfg_parse_buf(cfg, text) == CFG_SUCCESS) {
        result = take_empty_lists(r, cfg);
    } else if (!r->failed) {
        err_set(r->err, "this is not a configuration file");
        read_fail(r, 0);
    }
    reading = NULL;
    cfg_free(cfg);
    free(options);
    return result;
}

int
config_file_read(const struct config_table *table, const char *file,
                 config_file_fn *take, void *arg, struct errbuf *err)
{
    struct reading r = {
        .table = table, .file = file, .take = take, .arg = arg, .err = err};
    struct buf text = {0};
    int result = text_read(&r, &text);

    if (result == 0) {
        char *from = text.data + bom_length(text.data, text.len);

        blank_comments(from);
        result = text_parse(&r, from);
    }
    buf_clear(&text);
    return result;
}
