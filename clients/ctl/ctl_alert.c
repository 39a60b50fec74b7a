/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/ctl/ctl.h"
#include "clients/ctl/ctl_until.h"
#include "util/bom.h"
#include "util/clock.h"
#include "util/text.h"

/* alert post, list, remove: by the XIMSS requests, which can more than the
 * CLI's commands. */

#define SCOPE_OPTIONS                                        \
    {"server", NULL, "all accounts in local domains"},       \
        {"cluster", NULL, "all accounts in shared domains"}, \
        {"domain", "NAME", "all accounts of a domain"},      \
    {                                                        \
        "account", "NAME", "one account"                     \
    }

static const struct ctl_option post_options[] = {
    SCOPE_OPTIONS,
    {"severity", "LEVEL", "info, warning or critical (warning)"},
    {"until", "TIME", "when the alert ends: see above"},
    {"key", "TEXT", "post only once with this key, see below"},
    {"replace", NULL, "change the alert that has the key"},
    {"test", NULL, "as --dry-run"},
    CTL_OPTIONS_END};

static const struct ctl_option list_options[] = {
    SCOPE_OPTIONS,
    {"own", NULL, "the alerts of your own account"},
    CTL_OPTIONS_END};

static const struct ctl_option remove_options[] = {
    {"key", "TEXT", "the alert that you posted with this key"},
    CTL_OPTIONS_END};

/* The scope that the options name: at most one.  -1: told. */
static int
get_scope(const struct ctl *c, enum ximss_scope *scope_r, const char **target_r)
{
    static const char *const names[] = {"server", "cluster", "domain",
                                        "account"};
    unsigned n = 0;

    *scope_r = XIMSS_SCOPE_NONE;
    *target_r = NULL;
    for (unsigned i = 0; i < 4; i++) {
        const char *value = ctl_option(c, names[i]);

        if (value == NULL)
            continue;
        n++;
        *scope_r = (enum ximss_scope)(XIMSS_SCOPE_SERVER + (int)i);
        *target_r = value[0] != '\0' ? value : NULL;
        if (i >= 2 && *target_r == NULL)
            return ctl_error(-1, "--%s needs a name", names[i]);
    }
    if (n > 1)
        return ctl_error(-1, "only one of --server, --cluster, --domain and "
                             "--account");
    return 0;
}

static int
get_severity(const struct ctl *c, enum ximss_severity *severity_r)
{
    const char *name = ctl_option(c, "severity");

    *severity_r = XIMSS_WARNING;
    if (name != NULL && strcmp(name, "warn") == 0) /* as of a log */
        return 0;
    for (int i = XIMSS_INFO; name != NULL && i <= XIMSS_CRITICAL; i++)
        if (strcmp(name, ximss_severity_name((enum ximss_severity)i)) == 0) {
            *severity_r = (enum ximss_severity)i;
            return 0;
        }
    if (name == NULL)
        return 0;
    return ctl_error(-1, "--severity takes info, warning or critical, not %s",
                     name);
}

/* --- post --- */

static void
cut_line_end(struct buf *b)
{
    if (b->len == 0 || b->data[b->len - 1] != '\n')
        return;
    b->len--;
    if (b->len > 0 && b->data[b->len - 1] == '\r')
        b->len--;
}

/* Standard input up to its end, without the last line's end. */
static int
read_text(struct buf *b)
{
    const char *fault;
    char chunk[4096];
    size_t n;

    if (isatty(STDIN_FILENO))
        fputs("Type the alert; end with Ctrl-D on a line of its own.\n",
              stderr);
    while (b->len < (size_t)2 << 20 &&
           (n = fread(chunk, 1, sizeof chunk, stdin)) > 0)
        buf_append(b, chunk, n);
    if (ferror(stdin))
        return ctl_error(CTL_LOCAL, "reading standard input: %s",
                         strerror(errno));
    fault = bom_fault(buf_cstr(b), b->len);
    if (fault != NULL)
        return ctl_error(CTL_LOCAL, "standard input: %s", fault);
    n = bom_length(b->data, b->len);
    if (n > 0) {
        b->len -= n;
        memmove(b->data, b->data + n, b->len);
    }
    cut_line_end(b);
    return CTL_OK;
}

struct post_call {
    const struct ctl *c;
    bool test, lifetime, done;
    int code;
};

static void
json_text(struct buf *b, const char *name, const char *text)
{
    if (text[0] == '\0')
        return;
    ctl_json_name(b, name);
    ctl_json_string(b, text, strlen(text));
}

static void
json_time(struct buf *b, const char *name, int64_t seconds)
{
    char when[CTL_UTC_SIZE];

    if (seconds == 0)
        return;
    ctl_format_utc(seconds, when);
    json_text(b, name, when);
}

static void
json_flag(struct buf *b, const char *name, bool yes)
{
    ctl_json_name(b, name);
    buf_append_str(b, yes ? "true" : "false");
}

static void
print_posted_json(const struct ximss_posted *p, bool test)
{
    struct buf b = {0};

    buf_append_char(&b, '{');
    json_flag(&b, "changed", !p->repeated);
    if (test)
        json_flag(&b, "dryRun", true);
    if (!test || p->repeated) {
        json_text(&b, "alertID", p->id);
        json_time(&b, "gmtTime", p->gmt_time);
        json_time(&b, "until", p->until);
        json_flag(&b, "repeated", p->repeated);
        json_flag(&b, "active", p->active);
    }
    json_text(&b, "replaced", p->replaced);
    ctl_json_name(&b, "sessions");
    buf_appendf(&b, "%llu", (unsigned long long)p->sessions);
    if (test) {
        ctl_json_name(&b, "accounts");
        buf_appendf(&b, "%llu", (unsigned long long)p->accounts);
    }
    buf_append_char(&b, '}');
    ctl_print_line(&b);
}

static const char *
plural(unsigned long long n)
{
    return n == 1 ? "" : "s";
}

static void
print_posted(const struct ximss_posted *p, bool test)
{
    unsigned long long sessions = p->sessions, accounts = p->accounts;
    const char *in_place = p->replaced[0] != '\0' ? " in the place of " : "";

    if (p->repeated)
        printf("nothing posted: alert %s has this key%s\n", p->id,
               p->active ? "" : " and is no longer active");
    else if (test)
        printf("nothing posted; it would go to %llu account%s%s%s, and be "
               "shown at once in %llu session%s\n",
               accounts, plural(accounts), in_place, p->replaced, sessions,
               plural(sessions));
    else
        printf("alert %s posted%s%s, %llu session%s told\n", p->id, in_place,
               p->replaced, sessions, plural(sessions));
}

static void
on_posted(struct ximss *x, const struct ximss_result *result,
          const struct ximss_posted *posted, void *arg)
{
    struct post_call *call = arg;

    (void)x;
    call->done = true;
    call->code = ctl_result(result);
    if (posted == NULL)
        return;
    if (call->lifetime && !call->test && !posted->repeated &&
        posted->until == 0)
        call->code = ctl_error(CTL_PARTLY,
                               "the server is older and does not support "
                               "lifetimes: the alert is posted without an end");
    if (call->c->json)
        print_posted_json(posted, call->test);
    else
        print_posted(posted, call->test);
}

static int
send_post(struct ctl *c, const struct ximss_post *post)
{
    struct post_call call = {
        .c = c, .test = post->test, .lifetime = post->lifetime != NULL};

    call.code = ctl_connect(c);
    if (call.code != CTL_OK)
        return call.code;
    if (ximss_post(c->x, post, on_posted, &call) < 0)
        return ctl_error(CTL_USAGE, "%s", ximss_error(c->x));
    ctl_wait(c, &call.done);
    return call.code;
}

static int
get_post(struct ctl *c, struct ximss_post *p)
{
    const char *until = ctl_option(c, "until");

    if (get_scope(c, &p->scope, &p->target) < 0 ||
        get_severity(c, &p->severity) < 0)
        return -1;
    if (p->scope == XIMSS_SCOPE_NONE)
        return ctl_error(-1, "say who it is for: --server, --cluster, "
                             "--domain NAME or --account NAME");
    if (until != NULL && ctl_until_parse(until, &p->until, &p->lifetime) < 0)
        return ctl_error(-1,
                         "--until takes +90m, +2h, +3d, 2026-12-01, "
                         "\"2026-12-01 06:00\" or 20261201T060000Z, not %s",
                         until);
    p->key = ctl_option(c, "key");
    p->replace = ctl_option(c, "replace") != NULL;
    if (p->replace && p->key == NULL)
        return ctl_error(-1, "--replace needs --key");
    p->test = c->dry_run || ctl_option(c, "test") != NULL;
    return 0;
}

static int
run_post(struct ctl *c, int argc, char **argv)
{
    struct ximss_post p = {.text = NULL};
    struct buf b = {0};
    int r = CTL_OK;

    if (get_post(c, &p) < 0)
        return CTL_USAGE;
    if (argc == 0 || strcmp(argv[0], "-") == 0)
        r = read_text(&b);
    else
        buf_append_str(&b, argv[0]);
    p.text = buf_cstr(&b);
    p.text_len = b.len;
    if (r == CTL_OK)
        r = send_post(c, &p);
    buf_clear(&b);
    return r;
}

/* --- list --- */

struct list_call {
    const struct ctl *c;
    struct ctl_table table;
    struct buf json;
    bool own, done;
    int code;
};

static void
add_json(struct buf *b, const struct ximss_alert *a)
{
    buf_append_str(b, b->len > 1 ? ",{" : "{");
    json_text(b, "alertID", a->id);
    json_text(b, "scope", ximss_scope_name(a->scope));
    json_text(b, "target", a->target);
    json_text(b, "severity", ximss_severity_name(a->severity));
    json_time(b, "gmtTime", a->gmt_time);
    json_time(b, "until", a->until);
    json_text(b, "author", a->author);
    json_text(b, "origin", a->origin);
    json_text(b, "key", a->post_key);
    json_text(b, "stamp", a->key);
    json_flag(b, "seen", a->seen);
    ctl_json_name(b, "text");
    ctl_json_string(b, a->text, a->text_len);
    buf_append_char(b, '}');
}

static void
add_time(struct ctl_table *t, int64_t seconds)
{
    char text[CTL_TIME_SIZE] = "-";

    if (seconds != 0)
        ctl_format_time(seconds, text);
    ctl_table_add(t, text);
}

static void
on_alert(struct ximss *x, const struct ximss_alert *a, void *arg)
{
    struct list_call *call = arg;

    (void)x;
    if (call->c->json) {
        add_json(&call->json, a);
        return;
    }
    ctl_table_add(&call->table, a->id);
    add_time(&call->table, a->gmt_time);
    ctl_table_add(&call->table, ximss_severity_name(a->severity));
    add_time(&call->table, a->until);
    if (call->own)
        ctl_table_add(&call->table, ximss_scope_name(a->scope));
    else
        ctl_table_add_who(&call->table, a->author[0] != '\0' ? a->author : "-");
    ctl_table_add(&call->table, a->post_key[0] != '\0' ? a->post_key : "-");
    ctl_table_add(&call->table, a->text);
}

static void
on_listed(struct ximss *x, const struct ximss_result *result, void *arg)
{
    struct list_call *call = arg;

    (void)x;
    call->done = true;
    call->code = ctl_result(result);
}

static int
run_list(struct ctl *c, int argc, char **argv)
{
    struct list_call call = {.c = c, .own = ctl_option(c, "own") != NULL};
    const char *const header[] = {
        "ID",  "POSTED", "SEVERITY", "UNTIL", call.own ? "SCOPE" : "AUTHOR",
        "KEY", "TEXT"};
    enum ximss_scope scope;
    const char *target;

    (void)argc;
    (void)argv;
    if (get_scope(c, &scope, &target) < 0)
        return CTL_USAGE;
    if (call.own && scope != XIMSS_SCOPE_NONE)
        return ctl_error(CTL_USAGE, "either a scope or --own");
    if (!call.own && scope == XIMSS_SCOPE_NONE)
        scope = XIMSS_SCOPE_SERVER;
    call.code = ctl_connect(c);
    if (call.code != CTL_OK)
        return call.code;
    buf_append_char(&call.json, '[');
    ctl_table_init(&call.table, 7, header);
    if (ximss_list(c->x, scope, target, on_alert, on_listed, &call) < 0)
        call.code = ctl_error(CTL_USAGE, "%s", ximss_error(c->x));
    else
        ctl_wait(c, &call.done);
    buf_append_char(&call.json, ']');
    if (call.code == CTL_OK && c->json)
        ctl_print_line(&call.json);
    else if (call.code == CTL_OK)
        ctl_table_print(&call.table);
    buf_clear(&call.json);
    buf_clear(&call.table.cells);
    return call.code;
}

const struct ctl_command ctl_alert_commands[] = {
    {"alert", "post", "[TEXT]", "Posts an alert",
     "The text is the argument, or standard input if there is none or it is "
     "\"-\".\n"
     "One of --server, --cluster, --domain and --account says who it is "
     "for.\n"
     "TIME is +30m, +2h, +3d or +1w from the post, 2026-12-01 or "
     "\"2026-12-01 06:00\" in this\n"
     "machine's time zone, or 20261201T060000Z (GMT).\n"
     "A key is yours: a second post with it posts nothing as long as the alert "
     "is there,\n"
     "and for a day at least. With --replace, another text, severity or end "
     "takes the\n"
     "place of the alert that has the key.\n",
     post_options, .run = run_post, .max_args = 1, .takes = CTL_DRY_RUN},
    {"alert", "list", "", "Lists the active alerts of a scope",
     "Without a scope: --server.\n", list_options, .run = run_list},
    {"alert", "remove", "ID...|--key TEXT", "Withdraws alerts from everybody",
     "--key means the alert that you posted with that key.\n"
     "Prints for each what it was and how many sessions were told; with "
     "--json, one\n"
     "object per line.\n",
     remove_options, .run = ctl_remove_run, .max_args = -1,
     .takes = CTL_DRY_RUN | CTL_IF_EXISTS},
    {0}};
