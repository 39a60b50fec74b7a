/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/ctl/ctl_line.h"
#include "clients/ctl/ctl_usage.h"
#include "util/blank.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/proto/answer.h"

/* quota ...: what the storage of accounts holds, shown and reported.  import is
 * in ctl_quota_import.c. */

static const struct ctl_option list_options[] = {
    {"domain", "NAME", "only accounts of this domain"},
    {"over", "PERCENT", "only those that use at least this much"},
    {"limit", "N", "only the first N"},
    CTL_OPTIONS_END};

static const struct ctl_option import_options[] = {
    {"domain", "NAME", "the domain of names without one"},
    {"keep-going", NULL, "continue after a refused line"},
    {"from", "LINE", "begin at this line of the file"},
    {"window", "N", "reports in progress at once (64)"},
    {"quiet", NULL, "no progress bar"},
    CTL_OPTIONS_END};

static const struct ctl_option refresh_options[] = {
    {"no-wait", NULL, "do not wait for all of them"},
    {"quiet", NULL, "no progress"},
    CTL_OPTIONS_END};

static enum ctl_usage_style
choose_style(void)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

    if (!isatty(STDOUT_FILENO))
        return CTL_USAGE_PLAIN;
    if ((no != NULL && no[0] != '\0') || term == NULL ||
        strcmp(term, "dumb") == 0)
        return CTL_USAGE_BAR;
    return CTL_USAGE_COLOUR;
}

/* --- show --- */

/* "41.2 MB (43200000)" */
static void
add_size(struct ctl_table *t, const char *name, unsigned long long bytes)
{
    char size[TEXT_SIZE], text[2 * TEXT_SIZE + 4];

    text_format_size(bytes, size);
    if (bytes < 1024)
        snprintf(text, sizeof text, "%s", size);
    else
        snprintf(text, sizeof text, "%s (%llu)", size, bytes);
    ctl_table_add(t, name);
    ctl_table_add(t, text);
}

static void
add_level(struct ctl_table *t, const struct ctl_usage *u)
{
    char text[40] = "never";

    if (u->level != 0)
        snprintf(text, sizeof text, "%llu%%%s", u->level,
                 u->reached ? ", reached" : "");
    ctl_table_add(t, "Level");
    ctl_table_add(t, text);
}

/* Who reports, for people; --json has the server's word. */
static const char *
reporter(const char *source)
{
    static const char *const names[][2] = {
        {"admin", "an administrator"}, {"dict", "Dovecot"},
        {"doveadm", "Dovecot"},        {"warning", "Dovecot"},
        {"maildir", "Maildir"},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i][0], source) == 0)
            return names[i][1];
    return source;
}

static void
add_time(struct ctl_table *t, const char *name, int64_t seconds,
         const char *source)
{
    char when[CTL_TIME_SIZE] = "never", text[CTL_TIME_SIZE + 32];

    if (seconds != 0)
        ctl_format_time(seconds, when);
    snprintf(text, sizeof text, "%s%s%s", when,
             source[0] != '\0' ? ", by " : "", reporter(source));
    ctl_table_add(t, name);
    ctl_table_add(t, text);
}

static void
print_usage(const struct ctl_usage *u)
{
    struct ctl_table t;
    struct buf full = {0};

    ctl_table_init(&t, 2, NULL);
    ctl_table_add(&t, "Account");
    ctl_table_add(&t, u->account);
    add_size(&t, "Used", u->used);
    if (u->limit == 0) {
        ctl_table_add(&t, "Limit");
        ctl_table_add(&t, "unlimited");
    } else {
        add_size(&t, "Limit", u->limit);
        ctl_table_add(&t, "Full");
        ctl_usage_full(&full, u, choose_style());
        ctl_table_add_raw(&t, buf_cstr(&full));
    }
    add_level(&t, u);
    add_time(&t, "Reported", u->reported, u->source);
    add_time(&t, "Alerted", u->alerted, "");
    ctl_table_print(&t);
    buf_clear(&full);
}

static int
no_usage(void)
{
    return ctl_error(CTL_REFUSED, "the server's answer does not say how much "
                                  "is used");
}

static int
run_show(struct ctl *c, int argc, char **argv)
{
    const struct cli_value *v;
    struct buf b = {0};
    struct ctl_usage u;
    int r;

    (void)argc;
    buf_append_str(&b, "GETSTORAGEUSED");
    ctl_line_arg(&b, argv[0]);
    r = ctl_cli(c, &b, &v);
    if (r != CTL_OK)
        return r;
    if (v == NULL || ctl_usage_read(&u, argv[0], v) < 0)
        return no_usage();
    if (c->json) {
        ctl_usage_json(&b, &u);
        ctl_print_line(&b);
    } else {
        print_usage(&u);
    }
    ctl_usage_clear(&u);
    return CTL_OK;
}

/* --- list --- */

struct listing {
    struct ctl *c;
    const char *over;         /* or NULL */
    struct ctl_usage *usages; /* owned */
    size_t n, size;
};

static int
add_usage(struct listing *l, const char *name, const char *domain,
          const struct cli_value *v)
{
    char *account = xasprintf("%s@%s", name, domain);
    int r;

    if (l->n == l->size) {
        l->size = l->size > 0 ? 2 * l->size : 64;
        l->usages = xrealloc(l->usages, l->size * sizeof *l->usages);
    }
    r = ctl_usage_read(&l->usages[l->n], account, v);
    free(account);
    if (r < 0)
        return no_usage();
    l->n++;
    return CTL_OK;
}

/* The server's answer is kept no longer than it is read: those of all domains
 * could be large. */
static int
list_domain(struct listing *l, const char *domain, int quiet)
{
    const struct cli_value *v;
    struct buf b = {0};
    int r;

    buf_append_str(&b, "LISTSTORAGEUSED");
    ctl_line_arg(&b, domain);
    if (l->over != NULL)
        buf_appendf(&b, " OVER %s", l->over);
    r = ctl_cli_but(l->c, &b, quiet, &v);
    if (r != CTL_OK || v == NULL)
        return r;
    for (v = v->first; r == CTL_OK && v != NULL; v = v->next)
        r = add_usage(l, v->key, domain, v);
    arena_reset(l->c->arena);
    return r;
}

/* One that is gone when its turn comes has no accounts. */
static int
list_domains(struct listing *l)
{
    const struct cli_value *v;
    struct buf b = {0}, names = {0};
    int r;

    buf_append_str(&b, "LISTDOMAINS");
    r = ctl_cli(l->c, &b, &v);
    for (v = v != NULL ? v->first : NULL; v != NULL; v = v->next)
        if (v->kind == CLI_STRING)
            buf_append(&names, v->text, v->text_len + 1);
    arena_reset(l->c->arena);
    for (size_t at = 0; r == CTL_OK && at < names.len;
         at += strlen(names.data + at) + 1)
        r = list_domain(l, names.data + at, ANSWER_NO_DOMAIN);
    buf_clear(&names);
    return r;
}

static void
print_list_json(const struct listing *l, size_t n)
{
    struct buf b = {0};

    putchar('[');
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            putchar(',');
        ctl_usage_json(&b, &l->usages[i]);
        fwrite(b.data, 1, b.len, stdout);
        b.len = 0;
    }
    buf_clear(&b);
    puts("]");
}

static void
add_row(struct ctl_table *t, const struct ctl_usage *u,
        enum ctl_usage_style style)
{
    char used[TEXT_SIZE], limit[TEXT_SIZE] = "unlimited";
    struct buf full = {0};

    text_format_size(u->used, used);
    if (u->limit != 0)
        text_format_size(u->limit, limit);
    ctl_usage_full(&full, u, style);
    ctl_table_add(t, u->account);
    ctl_table_add(t, used);
    ctl_table_add(t, limit);
    ctl_table_add_raw(t, buf_cstr(&full));
    buf_clear(&full);
}

static void
print_list(const struct listing *l, size_t n)
{
    static const char *const header[] = {"ACCOUNT", "USED", "LIMIT", "FULL"};
    enum ctl_usage_style style = choose_style();
    struct ctl_table t;

    ctl_table_init(&t, 4, header);
    for (size_t i = 0; i < n; i++)
        add_row(&t, &l->usages[i], style);
    ctl_table_print(&t);
}

static int
get_number(const struct ctl *c, const char *name, unsigned long long max,
           unsigned long long *n_r)
{
    const char *text = ctl_option(c, name);

    if (text == NULL || text_parse_u64(text, max, n_r) == 0)
        return 0;
    return ctl_error(-1, "--%s takes a number, not %s", name, text);
}

static int
run_list(struct ctl *c, int argc, char **argv)
{
    struct listing l = {.c = c, .over = ctl_option(c, "over")};
    const char *domain = ctl_option(c, "domain");
    unsigned long long over, limit = SIZE_MAX;
    char *bare;
    int r;

    (void)argc;
    (void)argv;
    if (get_number(c, "over", UINT32_MAX, &over) < 0 ||
        get_number(c, "limit", SIZE_MAX, &limit) < 0)
        return CTL_USAGE;
    bare = domain != NULL ? blank_trimmed(domain) : NULL;
    r = bare != NULL ? list_domain(&l, bare, 0) : list_domains(&l);
    free(bare);
    if (l.n > 0)
        qsort(l.usages, l.n, sizeof *l.usages, ctl_usage_compare);
    if (limit > l.n)
        limit = l.n;
    if (r == CTL_OK)
        (c->json ? print_list_json : print_list)(&l, (size_t)limit);
    for (size_t i = 0; i < l.n; i++)
        ctl_usage_clear(&l.usages[i]);
    free(l.usages);
    return r;
}

const struct ctl_command ctl_quota_commands[] = {
    {"quota", "show", "ACCOUNT", "Shows the storage that an account uses",
     .run = run_show, .min_args = 1, .max_args = 1},
    {"quota", "list", "", "Lists accounts, the fullest first",
     "Accounts without a report are left out. Without --domain: all domains "
     "that you\n"
     "may see.\n",
     list_options, .run = run_list},
    {"quota", "set", "ACCOUNT BYTES",
     "Reports the storage that an account uses",
     "BYTES is a number, or a size such as 50M.\n",
     .line = "SETSTORAGEUSED $1 $2", .takes = CTL_DRY_RUN, .done = "reported"},
    {"quota", "import", "FILE", "Reports for the accounts in a file",
     "Each line is ACCOUNT BYTES, with blanks, tabs or a comma between. "
     "Empty lines and\n"
     "comments (#) are skipped; \"-\" is standard input. The first refused "
     "line ends\n"
     "the import, unless --keep-going is given. Importing a file again does "
     "no harm.\n",
     import_options, .run = ctl_quota_import_run, .min_args = 1, .max_args = 1},
    {"quota", "refresh", "[ACCOUNT]",
     "Asks the mail server for usage and limits",
     "The sources that can be asked are Dovecot and Maildirs. Without "
     "ACCOUNT, asks\n"
     "about all accounts, in parts, and waits for the end.\n",
     refresh_options, .run = ctl_quota_refresh_run, .max_args = 1},
    {0}};
