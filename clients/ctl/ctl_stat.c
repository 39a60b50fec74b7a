/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/ctl/ctl_line.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/text.h"
#include "util/xmalloc.h"

/* server stat: the server's statistics, once or again and again.  One command of
 * the CLI brings what is asked for. */

#define WATCH_DEFAULT 2
#define WATCH_MOST    300 /* the session must not be idle for long */

struct stat_view {
    struct ctl *c;
    int n_names;
    char **names; /* none: all */
    bool watch;
    unsigned seconds;
    /* The round before; NULL: this is the first one. */
    const struct cli_value *before;
    int64_t before_at, at; /* clock_mono */
};

/* --- numbers --- */

static int64_t
number(const struct cli_value *row, const char *key)
{
    const char *text = row != NULL ? ctl_text(row, key) : NULL;

    return text != NULL ? strtoll(text, NULL, 10) : -1;
}

static bool
is_kind(const struct cli_value *row, const char *kind)
{
    const char *text = ctl_text(row, "Kind");

    return text != NULL && strcmp(text, kind) == 0;
}

/* "-" for what the server does not know. */
static void
value_text(const struct cli_value *row, char out[64])
{
    int64_t n = number(row, "Value"), count = number(row, "Count");

    if (!is_kind(row, "histogram"))
        snprintf(out, 64, n < 0 ? "-" : "%" PRId64, n);
    else
        snprintf(out, 64, count <= 0 ? "-" : "%" PRId64 " us",
                 count > 0 ? number(row, "Sum") / count : 0);
}

/* Of what grows, in a second; "" for all else, and for what was set back. */
static void
rate_text(const struct stat_view *v, const struct cli_value *row, char out[64])
{
    const char *key = is_kind(row, "histogram") ? "Count" : "Value";
    const struct cli_value *before =
        v->before != NULL ? cli_data_find(v->before, row->key) : NULL;
    int64_t grown = number(row, key) - number(before, key);

    out[0] = '\0';
    if (before != NULL && !is_kind(row, "integer") && grown >= 0 &&
        v->at > v->before_at)
        snprintf(out, 64, "%.1f/s",
                 (double)grown * (double)CLOCK_SECOND /
                     (double)(v->at - v->before_at));
}

/* --- JSON --- */

static void
json_times(struct buf *b, const struct cli_value *row)
{
    const struct cli_value *bounds = cli_data_find(row, "Bounds");
    const struct cli_value *up_to = cli_data_find(row, "UpTo");
    const struct cli_value *n = up_to != NULL ? up_to->first : NULL;

    buf_appendf(b, "{\"count\":%" PRId64 ",\"sum\":%" PRId64 ",\"upTo\":{",
                number(row, "Count"), number(row, "Sum"));
    for (const struct cli_value *i = bounds != NULL ? bounds->first : NULL;
         i != NULL && n != NULL; i = i->next, n = n->next) {
        ctl_json_name(b, i->text);
        ctl_json_value(b, n);
    }
    buf_append_str(b, "}}");
}

static void
json_row(struct buf *b, const struct cli_value *row)
{
    int64_t n = number(row, "Value");

    if (is_kind(row, "histogram"))
        json_times(b, row);
    else if (n < 0)
        buf_append_str(b, "null");
    else
        buf_appendf(b, "%" PRId64, n);
}

static void
print_json(const struct stat_view *v, const struct cli_value *all)
{
    struct buf b = {0};

    if (v->n_names == 1 && all->first != NULL) {
        json_row(&b, all->first);
    } else {
        buf_append_char(&b, '{');
        for (const struct cli_value *i = all->first; i != NULL; i = i->next) {
            ctl_json_name(&b, i->key);
            json_row(&b, i);
        }
        buf_append_char(&b, '}');
    }
    ctl_print_line(&b);
}

/* --- for people --- */

static void
help_text(const struct cli_value *row, struct buf *b)
{
    const char *help = ctl_text(row, "Help"), *unit = ctl_text(row, "Unit");

    buf_append_str(b, help != NULL ? help : "");
    if (is_kind(row, "histogram"))
        buf_append_str(b, " (on average)");
    else if (unit != NULL && unit[0] != '\0')
        buf_appendf(b, " (%s)", unit);
}

static void
print_table(const struct stat_view *v, const struct cli_value *all)
{
    struct ctl_table t;
    char text[64];

    ctl_table_init(&t, v->watch ? 4 : 3, NULL);
    for (const struct cli_value *i = all->first; i != NULL; i = i->next) {
        struct buf help = {0};

        ctl_table_add(&t, i->key);
        value_text(i, text);
        ctl_table_add(&t, text);
        rate_text(v, i, text);
        if (v->watch)
            ctl_table_add(&t, text);
        help_text(i, &help);
        ctl_table_add(&t, buf_cstr(&help));
        buf_clear(&help);
    }
    ctl_table_print(&t);
}

static void
print(const struct stat_view *v, const struct cli_value *all)
{
    char text[64];

    if (v->c->json) {
        print_json(v, all);
    } else if (v->n_names == 1 && !v->watch && all->first != NULL) {
        value_text(all->first, text);
        puts(text);
    } else {
        if (v->watch && isatty(STDOUT_FILENO))
            fputs("\033[H\033[2J", stdout);
        print_table(v, all);
    }
}

/* --- running --- */

static int
ask(struct stat_view *v, const struct cli_value **all_r)
{
    struct buf b = {0};
    int r;

    buf_append_str(&b, "GETSTATTABLE");
    for (int i = 0; i < v->n_names; i++)
        ctl_line_arg(&b, v->names[i]);
    r = ctl_cli(v->c, &b, all_r);
    v->at = clock_mono();
    if (r == CTL_OK && (*all_r == NULL || (*all_r)->kind != CLI_DICTIONARY))
        return ctl_error(CTL_REFUSED, "the server sends no statistics");
    return r;
}

static void
rest(unsigned seconds)
{
    struct timespec left = {.tv_sec = seconds};

    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        continue;
}

/* Until the user ends it, the server, or who reads.  The results of two rounds are
 * kept. */
static int
watch(struct stat_view *v)
{
    struct arena *before = NULL, *outer = v->c->arena;
    const struct cli_value *all;
    int r = ctl_connect(v->c);

    if (r != CTL_OK)
        return r;
    for (;;) {
        v->c->arena = arena_new();
        r = ask(v, &all);
        if (r != CTL_OK)
            break;
        print(v, all);
        if (fflush(stdout) != 0) {
            r = ctl_error(CTL_LOCAL, "writing: %s", strerror(errno));
            break;
        }
        arena_free(&before);
        before = v->c->arena;
        v->before = all;
        v->before_at = v->at;
        rest(v->seconds);
    }
    arena_free(&before);
    arena_free(&v->c->arena);
    v->c->arena = outer;
    return r;
}

/* With --watch a number among the names is for how many seconds to rest. */
static int
take_seconds(struct stat_view *v)
{
    unsigned long long n;
    int kept = 0;

    v->seconds = WATCH_DEFAULT;
    for (int i = 0; i < v->n_names; i++) {
        if (v->names[i][0] < '0' || v->names[i][0] > '9')
            v->names[kept++] = v->names[i];
        else if (text_parse_u64(v->names[i], WATCH_MOST, &n) == 0 && n > 0)
            v->seconds = (unsigned)n;
        else
            return ctl_error(CTL_USAGE, "--watch takes 1 to %d seconds, not %s",
                             WATCH_MOST, v->names[i]);
    }
    v->n_names = kept;
    return CTL_OK;
}

int
ctl_stat_run(struct ctl *c, int argc, char **argv)
{
    struct stat_view v = {.c = c,
                          .n_names = argc,
                          .names = argv,
                          .watch = ctl_option(c, "watch") != NULL};
    const struct cli_value *all;
    int r = v.watch ? take_seconds(&v) : CTL_OK;

    if (r != CTL_OK)
        return r;
    if (v.watch)
        return watch(&v);
    r = ask(&v, &all);
    if (r == CTL_OK)
        print(&v, all);
    return r;
}
