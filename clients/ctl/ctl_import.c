/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clients/ctl/csv.h"
#include "clients/ctl/ctl.h"
#include "util/clock.h"
#include "util/text.h"
#include "util/xmalloc.h"

/* account import: a window of CREATEACCOUNT commands is kept under way, so
 * that the server can hash passwords on all its cores and commit many accounts
 * at once.  Answers come in the order of the lines; the first line without an
 * answer is where an import that was stopped goes on. */

#define WINDOW         64
#define WINDOW_MAX     1000
#define REDRAW         (CLOCK_SECOND / 5)
#define BAR_WIDTH      30
#define STOP_TIMEOUT   (5 * CLOCK_SECOND)
#define ACCOUNT_EXISTS 520

enum column {
    COLUMN_NAME,
    COLUMN_PASSWORD,
    COLUMN_REAL_NAME,
    COLUMN_SETTING
};

struct row;

struct import {
    struct ctl *c;
    const char *path, *domain;
    struct csv csv;
    char *file_buffer; /* stdio's; wiped at the end */
    unsigned n_columns;
    enum column columns[CSV_FIELDS_MAX];
    char *keys[CSV_FIELDS_MAX]; /* of settings; owned */
    unsigned window;
    unsigned long from;     /* first line to be carried out */
    unsigned long resume;   /* first line whose answer was lost; 0: none */
    TAILQ_HEAD(, row) rows; /* under way, oldest first */
    unsigned long long created, existing, failed;
    unsigned long long size; /* of the file; 0: not known */
    bool bar;
    int64_t started, drawn;
    bool at_end;
};

struct row {
    TAILQ_ENTRY(row) link;
    struct import *import;
    unsigned long line;
    char *name;
};

static volatile sig_atomic_t stopped;

static void
on_signal(int sig)
{
    (void)sig;
    stopped = 1;
}

/* --- progress --- */

static void
clear_bar(const struct import *m)
{
    if (m->bar)
        fputs("\r\033[K", stderr);
}

static void
draw_bar(struct import *m)
{
    unsigned long long done = m->created + m->existing + m->failed;
    int64_t now = clock_mono(), spent = now - m->started;
    double part = m->size > 0 ? (double)m->csv.read / (double)m->size : 0;
    char bar[BAR_WIDTH + 1];

    if (!m->bar || now - m->drawn < REDRAW)
        return;
    m->drawn = now;
    part = part > 1 ? 1 : part;
    for (int i = 0; i < BAR_WIDTH; i++)
        bar[i] = i < (int)(part * BAR_WIDTH) ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r\033[K");
    if (m->size > 0)
        fprintf(stderr, "[%s] %3d%%  ", bar, (int)(part * 100));
    fprintf(stderr, "%llu accounts, %.0f/s", done,
            (double)done * 1e6 / (double)(spent > 0 ? spent : 1));
    if (m->failed > 0)
        fprintf(stderr, ", %llu refused", m->failed);
    if (m->size > 0 && part > 0.01)
        fprintf(stderr, ", %.0f s left", (double)spent / 1e6 * (1 / part - 1));
    fflush(stderr);
}

static void
tell(struct import *m, unsigned long line, const char *name, const char *text)
{
    struct buf b = {0};

    clear_bar(m);
    ctl_plain(&b, name, strlen(name));
    fprintf(stderr, "%s:%lu: %s%s%s\n", m->path, line, buf_cstr(&b),
            name[0] != '\0' ? ": " : "", text);
    buf_clear(&b);
    m->drawn = 0;
}

/* --- one account --- */

static void
free_row(struct row *row)
{
    free(row->name);
    free(row);
}

static void
on_created(struct ximss *x, const struct ximss_result *result, const char *data,
           size_t len, void *arg)
{
    struct row *row = arg;
    struct import *m = row->import;
    char text[300];

    (void)x;
    (void)data;
    (void)len;
    if (result->status == XIMSS_LOST) {
        if (m->resume == 0)
            m->resume = row->line;
    } else if (result->status == XIMSS_OK) {
        m->created++;
    } else if (result->error_num == ACCOUNT_EXISTS) {
        m->existing++;
    } else {
        m->failed++;
        snprintf(text, sizeof text, "%s (%d)", result->error_text,
                 result->error_num);
        tell(m, row->line, row->name, text);
    }
    TAILQ_REMOVE(&m->rows, row, link);
    free_row(row);
}

static void
append_field(struct buf *b, const char *key, const char *value)
{
    if (value[0] == '\0')
        return;
    cli_data_write_string(b, key, strlen(key));
    buf_append_char(b, '=');
    cli_data_write_string(b, value, strlen(value));
    buf_append_char(b, ';');
}

/* The command for the current record; the account's name in name_r (owned). */
static void
make_command(struct import *m, struct buf *b, char **name_r)
{
    const char *name = "";

    for (unsigned i = 0; i < m->csv.n && i < m->n_columns; i++)
        if (m->columns[i] == COLUMN_NAME)
            name = m->csv.fields[i];
    *name_r = m->domain != NULL && strchr(name, '@') == NULL
                  ? xasprintf("%s@%s", name, m->domain)
                  : xstrdup(name);
    buf_append_str(b, "CREATEACCOUNT");
    ctl_arg(b, *name_r);
    buf_append_str(b, " {");
    for (unsigned i = 0; i < m->csv.n && i < m->n_columns; i++)
        switch (m->columns[i]) {
        case COLUMN_NAME:
            break;
        case COLUMN_PASSWORD:
            append_field(b, "Password", m->csv.fields[i]);
            break;
        case COLUMN_REAL_NAME:
            append_field(b, "RealName", m->csv.fields[i]);
            break;
        case COLUMN_SETTING:
            append_field(b, m->keys[i], m->csv.fields[i]);
        }
    buf_append_char(b, '}');
}

static void
send_row(struct import *m)
{
    struct row *row = xcalloc(1, sizeof *row);
    struct buf b = {0};

    /* Room for every byte escaped: no copies of passwords left behind. */
    buf_reserve(&b, m->csv.text.len * 4 + 4096);
    row->import = m;
    row->line = m->csv.first_line;
    make_command(m, &b, &row->name);
    if (row->name[0] == '\0' || row->name[0] == '@') {
        m->failed++;
        tell(m, row->line, "", "there is no name");
    } else if (ximss_cli_execute(m->c->x, buf_cstr(&b), on_created, row) < 0) {
        m->failed++;
        tell(m, row->line, row->name, ximss_error(m->c->x));
    } else {
        TAILQ_INSERT_TAIL(&m->rows, row, link);
        row = NULL;
    }
    if (row != NULL)
        free_row(row);
    explicit_bzero(b.data, b.cap);
    buf_clear(&b);
}

/* --- the file --- */

/* The first record names the columns if it begins with name,password. */
static bool
take_header(struct import *m)
{
    const struct csv *v = &m->csv;

    if (v->n < 2 || !text_equal_nocase(v->fields[0], "name") ||
        !text_equal_nocase(v->fields[1], "password"))
        return false;
    m->n_columns = v->n;
    for (unsigned i = 2; i < v->n; i++) {
        bool real = text_equal_nocase(v->fields[i], "real name") ||
                    text_equal_nocase(v->fields[i], "realname");

        m->columns[i] = real ? COLUMN_REAL_NAME : COLUMN_SETTING;
        m->keys[i] = xstrdup(v->fields[i]);
    }
    return true;
}

/* Sends the next record.  False: the end. */
static bool
read_row(struct import *m)
{
    bool first = m->csv.read == 0;
    struct errbuf err;

    switch (csv_next(&m->csv, &err)) {
    case 0:
        return false;
    case 1:
        if ((first && take_header(m)) || m->csv.first_line < m->from)
            return true;
        if (m->csv.n > m->n_columns) {
            m->failed++;
            tell(m, m->csv.first_line, "", "there are too many fields");
        } else {
            send_row(m);
        }
        return true;
    default:
        if (m->csv.first_line < m->from)
            return true;
        m->failed++;
        tell(m, m->csv.first_line, "", err.text);
        return true;
    }
}

static void
run_loop(struct import *m)
{
    struct ximss *x = m->c->x;
    int64_t give_up = 0;

    for (;;) {
        while (!m->at_end && !stopped && ximss_state(x) == XIMSS_READY &&
               ximss_pending(x) < m->window)
            m->at_end = !read_row(m);
        if (ximss_pending(x) == 0 || ximss_run_once(x, 200) < 0)
            return;
        draw_bar(m);
        if (stopped && give_up == 0)
            give_up = clock_mono() + STOP_TIMEOUT;
        if (give_up != 0 && clock_mono() >= give_up)
            return;
    }
}

/* --- the command --- */

static int
get_options(struct ctl *c, struct import *m)
{
    const char *from = ctl_option(c, "from"), *window = ctl_option(c, "window");
    unsigned long long n = 1;

    if (from != NULL && text_parse_u64(from, ~0UL, &n) < 0)
        return ctl_error(-1, "--from takes the number of a line, not %s", from);
    m->from = (unsigned long)n;
    n = WINDOW;
    if (window != NULL &&
        (text_parse_u64(window, WINDOW_MAX, &n) < 0 || n == 0))
        return ctl_error(-1, "--window takes a number from 1 to %d, not %s",
                         WINDOW_MAX, window);
    m->window = (unsigned)n;
    m->domain = ctl_option(c, "domain");
    m->bar = isatty(STDERR_FILENO) && ctl_option(c, "quiet") == NULL;
    return 0;
}

static FILE *
open_file(struct import *m, const char *path)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *f = is_stdin ? stdin : fopen(path, "re");
    struct stat st;

    m->path = is_stdin ? "standard input" : path;
    if (f == NULL) {
        ctl_error(0, "%s: %s", path, strerror(errno));
        return NULL;
    }
    if (fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode))
        m->size = (unsigned long long)st.st_size;
    m->file_buffer = xmalloc(BUFSIZ);
    setvbuf(f, m->file_buffer, _IOFBF, BUFSIZ);
    return f;
}

/* Where an import that did not come to its end goes on; 0: it did. */
static unsigned long
resume_line(const struct import *m)
{
    if (m->resume != 0)
        return m->resume;
    return m->at_end ? 0 : m->csv.line;
}

static void
print_summary(struct import *m, unsigned long next)
{
    struct buf b = {0};

    if (m->c->json) {
        buf_appendf(&b,
                    "{\"created\":%llu,\"existing\":%llu,\"failed\":%llu,"
                    "\"nextLine\":",
                    m->created, m->existing, m->failed);
        if (next != 0)
            buf_appendf(&b, "%lu}", next);
        else
            buf_append_str(&b, "null}");
    } else {
        buf_appendf(&b, "%llu created, %llu existed already, %llu refused",
                    m->created, m->existing, m->failed);
    }
    ctl_print_line(&b);
    if (next != 0)
        ctl_error(0, "stopped before line %lu of %s; go on with --from %lu",
                  next, m->path, next);
}

static int
exit_code(const struct import *m, unsigned long next, bool lost)
{
    bool some = m->created + m->existing > 0;

    if (next == 0 && m->failed == 0)
        return CTL_OK;
    if (some)
        return CTL_PARTLY;
    if (lost)
        return CTL_UNREACHABLE;
    return m->failed > 0 ? CTL_REFUSED : CTL_PARTLY;
}

static void
catch_signals(void)
{
    struct sigaction a = {.sa_handler = on_signal,
                          .sa_flags = (int)SA_RESETHAND};

    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
}

/* What is not waited for any longer. */
static void
forget_rows(struct import *m)
{
    struct row *row = TAILQ_FIRST(&m->rows);

    if (row == NULL)
        return;
    m->resume = row->line;
    ximss_free(&m->c->x);
    while ((row = TAILQ_FIRST(&m->rows)) != NULL) {
        TAILQ_REMOVE(&m->rows, row, link);
        free_row(row);
    }
}

static int
import_file(struct import *m, FILE *f)
{
    unsigned long next;
    bool lost;
    int r = ctl_connect(m->c);

    if (r != CTL_OK)
        return r;
    catch_signals();
    csv_init(&m->csv, f);
    m->started = clock_mono();
    run_loop(m);
    clear_bar(m);
    lost = ximss_state(m->c->x) != XIMSS_READY;
    if (lost)
        ctl_error(0, "%s", ximss_error(m->c->x));
    forget_rows(m);
    if (ferror(f))
        ctl_error(0, "reading %s failed", m->path);
    next = resume_line(m);
    print_summary(m, next);
    r = ferror(f) ? CTL_LOCAL : exit_code(m, next, lost);
    csv_clear(&m->csv);
    return r;
}

int
ctl_import_run(struct ctl *c, int argc, char **argv)
{
    struct import m = {
        .c = c,
        .n_columns = 3,
        .columns = {COLUMN_NAME, COLUMN_PASSWORD, COLUMN_REAL_NAME}};
    FILE *f;
    int r;

    (void)argc;
    TAILQ_INIT(&m.rows);
    if (get_options(c, &m) < 0)
        return CTL_USAGE;
    f = open_file(&m, argv[0]);
    if (f == NULL)
        return CTL_LOCAL;
    r = import_file(&m, f);
    fclose(f);
    explicit_bzero(m.file_buffer, BUFSIZ);
    free(m.file_buffer);
    for (unsigned i = 0; i < CSV_FIELDS_MAX; i++)
        free(m.keys[i]);
    return r;
}
