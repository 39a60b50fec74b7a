/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/ctl/ctl_line.h"
#include "clients/ctl/ctl_until.h"
#include "util/clock.h"
#include "util/text.h"
#include "util/xmalloc.h"

/* audit list, audit verify.  The list is fetched some hundred lines at a time,
 * so that it may be of any length. */

#define AT_ONCE      500
#define LIMIT_USUAL  1000
#define FOLLOW_EVERY 1 /* seconds */

static const struct ctl_option list_options[] = {
    {"since", "TIME", "not before it; like 8h: so long ago"},
    {"until", "TIME", "not after it"},
    {"actor", "NAME", "by NAME; @DOMAIN: by anybody of it"},
    {"target", "NAME", "about NAME; @DOMAIN: also its accounts"},
    {"action", "COMMAND", "only that command, or request"},
    {"outcome", "WHICH", "ok or refused"},
    {"domain", "NAME", "what concerns a domain"},
    {"oldest", NULL, "the oldest first"},
    {"limit", "N", "at most N lines (1000); 0: all"},
    {"follow", NULL, "then wait for new lines; ^C ends it"},
    CTL_OPTIONS_END};

/* --- what is asked for --- */

/* A time of RFC 3339 in UTC, as --json prints them, without its punctuation. */
static void
bare_stamp(const char *text, char *out, size_t size)
{
    size_t n = 0;

    for (; *text != '\0' && n + 1 < size; text++)
        if (*text != '-' && *text != ':')
            out[n++] = *text;
    out[n] = '\0';
}

/* As the server takes times: its own count of what is so long ago. */
static int
add_time(const struct ctl *c, const char *option, const char *word,
         struct buf *b)
{
    const char *text = ctl_option(c, option), *span;
    char stamp[64];
    int64_t us, seconds;

    if (text == NULL)
        return CTL_OK;
    bare_stamp(text, stamp, sizeof stamp);
    if (clock_parse_span(text, &us) == 0) {
        snprintf(stamp, sizeof stamp, "%s", text);
    } else if (strchr(text, 'Z') == NULL || clock_parse_gmt(stamp, &us) != 0) {
        if (ctl_until_parse(text, &seconds, &span) != 0 || span != NULL)
            return ctl_error(CTL_USAGE,
                             "--%s takes 2026-12-01, \"2026-12-01 06:00\", "
                             "2026-12-01T06:00:00Z or 8h, not %s",
                             option, text);
        clock_format_gmt(seconds * CLOCK_SECOND, stamp);
    }
    buf_appendf(b, " %s", word);
    ctl_line_arg(b, stamp);
    return CTL_OK;
}

static int
make_query(const struct ctl *c, struct buf *b)
{
    static const char *const names[][2] = {{"actor", "ACTOR"},
                                           {"target", "TARGET"},
                                           {"action", "ACTION"},
                                           {"outcome", "OUTCOME"},
                                           {"domain", "DOMAIN"}};
    int r;

    buf_append_str(b, "GETAUDIT");
    r = add_time(c, "since", "SINCE", b);
    if (r == CTL_OK)
        r = add_time(c, "until", "UNTIL", b);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = ctl_option(c, names[i][0]);

        if (value == NULL)
            continue;
        buf_appendf(b, " %s", names[i][1]);
        ctl_line_arg(b, value);
    }
    return r;
}

/* --- lines --- */

static int64_t
time_of(const struct cli_value *line)
{
    const char *text = ctl_text(line, "time");
    int64_t us = 0;

    return text != NULL && clock_parse_gmt(text, &us) == 0 ? us : 0;
}

static void
json_time(struct buf *b, const struct cli_value *line)
{
    char t[CLOCK_GMT_SIZE];

    clock_format_gmt(time_of(line), t);
    buf_appendf(b, "\"%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ\"", t, t + 4, t + 6, t + 9,
                t + 11, t + 13);
}

static void
print_json(const struct cli_value *line)
{
    struct buf b = {0};

    buf_append_char(&b, '{');
    ctl_json_name(&b, "time");
    json_time(&b, line);
    for (const struct cli_value *v = line->first; v != NULL; v = v->next)
        if (strcmp(v->key, "time") != 0) {
            ctl_json_name(&b, v->key);
            ctl_json_string(&b, v->text, v->text_len);
        }
    buf_append_char(&b, '}');
    ctl_print_line(&b);
}

static const char *
text_or_dash(const struct cli_value *line, const char *key)
{
    const char *text = ctl_text(line, key);

    return text != NULL && text[0] != '\0' ? text : "-";
}

static void
add_row(struct ctl_table *t, const struct cli_value *line)
{
    char when[CTL_TIME_SIZE];

    ctl_format_time(time_of(line) / CLOCK_SECOND, when);
    ctl_table_add(t, when);
    ctl_table_add_who(t, text_or_dash(line, "actor"));
    ctl_table_add(t, text_or_dash(line, "from"));
    ctl_table_add(t, text_or_dash(line, "target"));
    ctl_table_add(t, text_or_dash(line, "outcome"));
    ctl_table_add(t, text_or_dash(line, "action"));
}

/* The number of lines. */
static unsigned long long
print_lines(const struct ctl *c, const struct cli_value *lines, bool header)
{
    static const char *const names[] = {"TIME",   "ACTOR",   "FROM",
                                        "TARGET", "OUTCOME", "ACTION"};
    unsigned long long n = 0;
    struct ctl_table t;

    ctl_table_init(&t, 6, header && !c->json ? names : NULL);
    for (const struct cli_value *v = lines->first; v != NULL; v = v->next) {
        n++;
        if (c->json)
            print_json(v);
        else
            add_row(&t, v);
    }
    ctl_table_print(&t);
    fflush(stdout);
    return n;
}

/* --- the list --- */

struct list {
    char *query;
    char *cookie;  /* NULL: none */
    bool from_now; /* without one: what is new */
    bool oldest, all;
    unsigned long long limit, printed;
    bool more; /* there are more lines just now */
};

static int
fetch(struct ctl *c, struct list *l)
{
    unsigned long long n = AT_ONCE;
    const struct cli_value *v = NULL, *lines;
    const char *cookie, *more;
    struct buf b = {0};
    int r;

    if (!l->all && l->limit - l->printed < n)
        n = l->limit - l->printed;
    buf_appendf(&b, "%s ORDER %s LIMIT %llu", l->query,
                l->oldest ? "old" : "new", n);
    if (l->cookie != NULL) {
        buf_append_str(&b, " COOKIE");
        ctl_line_arg(&b, l->cookie);
    } else if (l->from_now) {
        buf_append_str(&b, " SINCE 1s");
    }
    r = ctl_cli(c, &b, &v);
    if (r != CTL_OK)
        return r;
    lines = v != NULL ? cli_data_find(v, "Lines") : NULL;
    if (lines == NULL || lines->kind != CLI_ARRAY)
        return ctl_error(CTL_REFUSED, "the server's answer has no lines");
    l->printed += print_lines(c, lines, l->printed == 0);
    cookie = ctl_text(v, "Cookie");
    if (cookie != NULL) {
        free(l->cookie);
        l->cookie = xstrdup(cookie);
    }
    more = ctl_text(v, "More");
    l->more = more != NULL && strcmp(more, "YES") == 0 && cookie != NULL;
    arena_free(&c->arena); /* of a list of any length */
    c->arena = arena_new();
    return CTL_OK;
}

static int
fetch_all(struct ctl *c, struct list *l)
{
    int r;

    do
        r = fetch(c, l);
    while (r == CTL_OK && l->more && (l->all || l->printed < l->limit));
    return r;
}

static int
follow(struct ctl *c, struct list *l)
{
    int r = CTL_OK;

    l->all = true;
    while (r == CTL_OK && ferror(stdout) == 0) {
        r = fetch_all(c, l);
        if (r == CTL_OK)
            sleep(FOLLOW_EVERY);
    }
    return r;
}

static int
run_list(struct ctl *c, int argc, char **argv)
{
    const char *limit = ctl_option(c, "limit");
    bool follows = ctl_option(c, "follow") != NULL;
    struct list l = {.oldest = ctl_option(c, "oldest") != NULL || follows,
                     .limit = LIMIT_USUAL};
    struct buf b = {0};
    int r = make_query(c, &b);

    (void)argc;
    (void)argv;
    if (r == CTL_OK && limit != NULL &&
        text_parse_u64(limit, 1000000000, &l.limit) < 0)
        r = ctl_error(CTL_USAGE, "--limit takes a number, not %s", limit);
    l.all = l.limit == 0;
    l.from_now = follows && ctl_option(c, "since") == NULL;
    l.query = xstrdup(buf_cstr(&b));
    if (r == CTL_OK)
        r = follows ? follow(c, &l) : fetch_all(c, &l);
    if (r == CTL_OK && l.more)
        ctl_error(CTL_OK, "there are more lines: see --limit");
    buf_clear(&b);
    free(l.query);
    free(l.cookie);
    return r;
}

/* --- the check --- */

static void
print_check(const struct cli_value *v, const struct cli_value *breaks)
{
    static const char *const names[][2] = {
        {"checked", "Checked"}, {"found", "Found"}, {"number", "Number"}};
    const char *hash = text_or_dash(v, "Hash");
    struct buf b = {0};

    buf_append_char(&b, '{');
    ctl_json_name(&b, "breaks");
    ctl_json_value(&b, breaks);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        unsigned long long n = 0;

        (void)!text_parse_u64(text_or_dash(v, names[i][1]), UINT64_MAX, &n);
        ctl_json_name(&b, names[i][0]);
        buf_append_u64(&b, n);
    }
    ctl_json_name(&b, "hash");
    ctl_json_string(&b, hash, strlen(hash));
    buf_append_char(&b, '}');
    ctl_print_line(&b);
}

static int
run_verify(struct ctl *c, int argc, char **argv)
{
    const struct cli_value *v = NULL, *breaks;
    struct buf b = {0};
    int r;

    (void)argc;
    (void)argv;
    buf_append_str(&b, "VERIFYAUDIT");
    r = ctl_cli(c, &b, &v);
    if (r != CTL_OK)
        return r;
    breaks = v != NULL ? cli_data_find(v, "Breaks") : NULL;
    if (breaks == NULL)
        return ctl_error(CTL_REFUSED, "the server's answer has no breaks");
    if (c->json) {
        print_check(v, breaks);
    } else {
        ctl_print_value(c, breaks);
        printf("%s records checked, %s breaks; record %s has the hash %s\n",
               ctl_text(v, "Checked"), ctl_text(v, "Found"),
               ctl_text(v, "Number"), ctl_text(v, "Hash"));
    }
    return breaks->first == NULL ? CTL_OK : CTL_BROKEN;
}

const struct ctl_command ctl_audit_commands[] = {
    {"audit", "list", "", "Lists who did what, or tried to, the newest first",
     .options = list_options, .run = run_list},
    {"audit", "verify", "", "Checks whether the audit log was altered",
     "Ends with status 11 if something is missing or was changed.\n",
     .run = run_verify},
    {0}};
