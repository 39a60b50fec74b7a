/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/ctl/ctl_line.h"

#include <stdlib.h>
#include <string.h>

#include "util/blank.h"
#include "util/xmalloc.h"

struct maker {
    const struct ctl_given *given;
    struct buf *out;
    int args;         /* that have found their place */
    unsigned options; /* the same, a bit for each */
    bool missing;     /* there was nothing for a place */
    struct errbuf *err;
};

/* --- values --- */

char *
ctl_line_name(const char *name, const char *domain)
{
    char *bare = blank_trimmed(name), *home, *both;

    if (domain == NULL || strchr(bare, '@') != NULL)
        return bare;
    home = blank_trimmed(domain);
    both = xasprintf("%s@%s", bare, home);
    free(home);
    free(bare);
    return both;
}

bool
ctl_line_has_fields(const char *name)
{
    return strchr(name, '|') != NULL;
}

void
ctl_line_arg(struct buf *b, const char *text)
{
    buf_append_char(b, ' ');
    cli_data_write_string(b, text, strlen(text));
}

int
ctl_line_settings(struct buf *b, int argc, char **argv, struct errbuf *err)
{
    buf_append_char(b, '{');
    for (int i = 0; i < argc; i++) {
        const char *eq = strchr(argv[i], '=');

        if (eq == NULL || eq == argv[i])
            return err_set(err, "settings are written KEY=VALUE");
        cli_data_write_string(b, argv[i], (size_t)(eq - argv[i]));
        buf_append_char(b, '=');
        cli_data_write_string(b, eq + 1, strlen(eq + 1));
        buf_append_char(b, ';');
    }
    buf_append_char(b, '}');
    return 0;
}

static void
put_array(struct buf *b, int argc, char **argv)
{
    buf_append_char(b, '(');
    for (int i = 0; i < argc; i++) {
        if (i > 0)
            buf_append_char(b, ',');
        cli_data_write_string(b, argv[i], strlen(argv[i]));
    }
    buf_append_char(b, ')');
}

/* Nothing between two commas is nothing. */
static void
put_list(struct buf *b, const char *list)
{
    const char *before = "(";

    for (size_t n; *list != '\0'; list += n + (list[n] == ',')) {
        n = strcspn(list, ",");
        if (n == 0)
            continue;
        buf_append_str(b, before);
        cli_data_write_string(b, list, n);
        before = ",";
    }
    buf_append_str(b, *before == '(' ? "()" : ")");
}

/* --- places --- */

static void
put_argument(struct maker *m, int i)
{
    if (i >= m->given->argc) {
        m->missing = true;
        return;
    }
    cli_data_write_string(m->out, m->given->argv[i], strlen(m->given->argv[i]));
    if (m->args <= i)
        m->args = i + 1;
}

/* What no place before has taken. */
static void
put_rest(struct maker *m, char kind)
{
    int n = m->given->argc - m->args;
    char **argv = m->given->argv + m->args;

    if (n == 0)
        m->missing = true;
    else if (kind == '+')
        put_array(m->out, n, argv);
    else if (ctl_line_settings(m->out, n, argv, m->err) < 0)
        m->missing = true;
    m->args = m->given->argc;
}

static void
put_option(struct maker *m, const char *name, size_t len, bool is_list)
{
    const struct ctl_option *o = m->given->options;
    unsigned i = 0;

    while (strncmp(o[i].name, name, len) != 0 || o[i].name[len] != '\0')
        i++; /* the table of commands has it */
    if (m->given->values[i] == NULL)
        m->missing = true;
    else if (is_list)
        put_list(m->out, m->given->values[i]);
    else if (o[i].arg != NULL)
        cli_data_write_string(m->out, m->given->values[i],
                              strlen(m->given->values[i]));
    m->options |= 1u << i;
}

/* Behind the "$"; returns what follows. */
static const char *
put_place(struct maker *m, const char *p)
{
    bool is_list = *p == ',';
    size_t len;

    if (*p >= '1' && *p <= '9') {
        put_argument(m, *p - '1');
        return p + 1;
    }
    if (*p == '=' || *p == '+') {
        put_rest(m, *p);
        return p + 1;
    }
    p += is_list;
    len = strspn(p, "abcdefghijklmnopqrstuvwxyz-");
    put_option(m, p, len, is_list);
    return p + len;
}

/* --- lines --- */

/* Up to a bracket, a "|" or the end. */
static const char *
put_plain(struct maker *m, const char *p)
{
    size_t n;

    for (;;) {
        n = strcspn(p, "$[]|");
        buf_append(m->out, p, n);
        p += n;
        if (*p != '$')
            return p;
        p = put_place(m, p + 1);
    }
}

/* Behind the "[". */
static const char *
put_bracket(struct maker *m, const char *p)
{
    struct maker before = *m;
    size_t len = m->out->len;

    p = put_plain(m, p);
    if (m->missing && !before.missing) {
        *m = before;
        m->out->len = len;
    }
    return p + 1;
}

/* One line, up to a "|" or the end. */
static const char *
put_line(struct maker *m, const char *p)
{
    p = put_plain(m, p);
    while (*p == '[')
        p = put_plain(m, put_bracket(m, p + 1));
    return p;
}

static unsigned
given_options(const struct ctl_given *g)
{
    unsigned set = 0;

    for (unsigned i = 0; g->options != NULL && g->options[i].name != NULL; i++)
        if (g->values[i] != NULL)
            set |= 1u << i;
    return set;
}

int
ctl_line_make(struct buf *b, const char *line, const struct ctl_given *given,
              struct errbuf *err)
{
    unsigned options = given_options(given);
    size_t len = b->len;

    for (;; line++) {
        struct maker m = {.given = given, .out = b, .err = err};

        err->text[0] = '\0';
        line = put_line(&m, line);
        if (!m.missing && m.args == given->argc && m.options == options)
            return 0;
        b->len = len;
        if (*line == '\0' || err->text[0] != '\0')
            return -1;
    }
}
