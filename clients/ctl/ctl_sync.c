/* SPDX-License-Identifier: BSD-2-Clause */
/* account sync: the users that a source of passwords outside has, and the accounts
 * that came from there.
 *
 * What is to be done is found out before anything is changed, of a list that
 * counts only as a whole.  Accounts that are to go go last, and the source is
 * asked about each once more right before. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/ctl/ctl_line.h"
#include "clients/ctl/ctl_sync.h"
#include "util/clock.h"

/* Names in a command; the server takes no more. */
#define BATCH 100
/* So many accounts may go without --force, and of a hundred so many. */
#define GO_MOST     10
#define GO_PER_CENT 10

/* --- comparing --- */

/* Both are sorted. */
static void
compare_lists(struct sync *s)
{
    size_t u = 0, a = 0;

    while (u < s->users.n || a < s->accounts.n) {
        int order = u == s->users.n ? 1
                    : a == s->accounts.n
                        ? -1
                        : strcmp(s->users.name[u], s->accounts.name[a]);

        if (order < 0)
            sync_names_add(&s->missing, s->users.name[u++]);
        else if (order > 0)
            sync_names_add(&s->absent, s->accounts.name[a++]);
        else
            sync_names_add(&s->both, s->users.name[u++]), a++;
    }
}

/* --- the terminal --- */

static void
draw(struct sync *s, const char *what, size_t more)
{
    int64_t now = clock_mono();

    s->looked += more;
    if (ctl_option(s->c, "quiet") != NULL || !isatty(STDERR_FILENO) ||
        (s->drawn != 0 && now - s->drawn < CLOCK_SECOND / 5))
        return;
    s->drawn = now;
    fprintf(stderr, "\r\033[K%s: %zu of %zu names", what, s->looked,
            s->to_look);
}

static void
draw_end(struct sync *s)
{
    if (s->drawn != 0)
        fputs("\r\033[K", stderr);
    s->drawn = 0;
    s->looked = s->to_look = 0;
}

/* --- asking the server --- */

static int
run_for_domain(struct sync *s, const char *command,
               const struct cli_value **value_r)
{
    struct buf b = {0};

    buf_append_str(&b, command);
    ctl_line_arg(&b, s->domain);
    return ctl_cli_source(s->c, &b, value_r);
}

/* COMMAND domain[ STATE] (names)[ DELETE] */
static int
run_for_names(struct sync *s, const char *command, const char *state,
              const struct sync_names *l, size_t from, size_t n,
              const struct cli_value **value_r)
{
    struct buf b = {0};

    buf_append_str(&b, command);
    ctl_line_arg(&b, s->domain);
    buf_appendf(&b, "%s (", state);
    for (size_t i = from; i < from + n; i++) {
        buf_append_str(&b, i > from ? "," : "");
        cli_data_write_string(&b, l->name[i], strlen(l->name[i]));
    }
    buf_append_char(&b, ')');
    if (s->deletes && strcmp(state, " ABSENT") == 0)
        buf_append_str(&b, " DELETE");
    return ctl_cli_source(s->c, &b, value_r);
}

static void
take_kept(struct sync *s, const struct cli_value *kept)
{
    if (kept == NULL || kept->kind != CLI_DICTIONARY)
        return;
    for (const struct cli_value *v = kept->first; v != NULL; v = v->next) {
        sync_names_add(&s->kept, v->key);
        sync_names_add(&s->why, v->kind == CLI_STRING ? v->text : "");
    }
}

/* The source has these accounts, by other names. */
static void
take_aliases(struct sync *s, const struct cli_value *aliases)
{
    if (aliases == NULL || aliases->kind != CLI_DICTIONARY)
        return;
    for (const struct cli_value *v = aliases->first; v != NULL; v = v->next)
        if (v->kind == CLI_STRING)
            sync_names_add(&s->named, v->text);
}

static void
take(struct sync *s, const struct cli_value *v)
{
    if (v == NULL || v->kind != CLI_DICTIONARY)
        return;
    sync_names_add_all(&s->made, cli_data_find(v, "made"));
    sync_names_add_all(&s->enabled, cli_data_find(v, "enabled"));
    sync_names_add_all(&s->disabled, cli_data_find(v, "disabled"));
    sync_names_add_all(&s->deleted, cli_data_find(v, "deleted"));
    take_kept(s, cli_data_find(v, "kept"));
    take_aliases(s, cli_data_find(v, "aliases"));
}

static int
for_some(struct sync *s, const char *what, const char *command,
         const char *state, const struct sync_names *l, size_t from, size_t n)
{
    const struct cli_value *v = NULL;
    int r = run_for_names(s, command, state, l, from, n, &v);

    if (r == CTL_OK)
        take(s, v);
    draw(s, what, n);
    return r;
}

static size_t
part_of(const struct sync_names *l, size_t from, size_t most)
{
    return l->n - from < most ? l->n - from : most;
}

static int
for_all(struct sync *s, const char *what, const char *command,
        const char *state, const struct sync_names *l)
{
    int r = CTL_OK;

    for (size_t from = 0; from < l->n && r == CTL_OK; from += BATCH)
        r = for_some(s, what, command, state, l, from, part_of(l, from, BATCH));
    return r;
}

/* --- what is to be done --- */

static int
get_lists(struct sync *s)
{
    const struct cli_value *users = NULL, *accounts = NULL;
    int r = run_for_domain(s, "LISTOUTSIDEUSERS", &users);

    if (r == CTL_OK)
        r = run_for_domain(s, "LISTACCOUNTS", &accounts);
    if (r != CTL_OK)
        return r;
    sync_names_add_all(&s->users, users);
    if (accounts != NULL)
        for (const struct cli_value *v = accounts->first; v != NULL;
             v = v->next)
            sync_names_add(&s->accounts, v->key);
    if (s->users.n == 0)
        return ctl_error(CTL_DOUBT,
                         "the source lists no user of %s: nothing was changed",
                         s->domain);
    sync_names_sort(&s->users);
    sync_names_sort(&s->accounts);
    compare_lists(s);
    return CTL_OK;
}

/* What went wrong outside may look as if users had gone.  Those that are disabled
 * already count among what --delete takes away. */
static int
check_share(const struct sync *s)
{
    size_t go = s->deletes ? s->deleted.n : s->disabled.n;
    size_t all = s->both.n + go;

    if (ctl_option(s->c, "force") != NULL || go <= GO_MOST ||
        go * 100 <= all * GO_PER_CENT)
        return CTL_OK;
    return ctl_error(CTL_DOUBT,
                     "the source lacks %zu of %zu users of %s: nothing was "
                     "changed. If they have really gone, use --force",
                     go, all, s->domain);
}

/* Users whom the source has by an alias are there. */
static void
move_named(struct sync *s)
{
    struct sync_names absent = s->absent;
    size_t k = 0;

    s->absent = (struct sync_names){0};
    sync_names_sort(&s->named);
    for (size_t i = 0; i < absent.n; i++) {
        const char *name = absent.name[i];

        while (k < s->named.n && strcmp(s->named.name[k], name) < 0)
            k++;
        sync_names_add(k < s->named.n && strcmp(s->named.name[k], name) == 0
                           ? &s->both
                           : &s->absent,
                       name);
    }
    sync_names_forget(&absent);
}

static int
plan(struct sync *s)
{
    int r;

    s->to_look = s->users.n + s->absent.n;
    r = for_all(s, "comparing", "PLANOUTSIDEUSERS", " PRESENT", &s->missing);
    if (r == CTL_OK)
        r = for_all(s, "comparing", "PLANOUTSIDEUSERS", " PRESENT", &s->both);
    sync_names_sort(&s->enabled); /* each once, of several names */
    move_named(s);
    if (r == CTL_OK)
        r = for_all(s, "comparing", "PLANOUTSIDEUSERS", " ABSENT", &s->absent);
    draw_end(s);
    return r == CTL_OK ? check_share(s) : r;
}

/* --- doing it --- */

/* Asks about them once more, and at once takes away those that the source still
 * says are no users. */
static int
take_away(struct sync *s, const char *what, const struct sync_names *l,
          size_t from, size_t n)
{
    const struct cli_value *v = NULL;
    struct sync_names go = {0};
    int r = run_for_names(s, "CHECKOUTSIDEUSERS", "", l, from, n, &v);

    if (r == CTL_OK)
        sync_names_add_all(&go, v);
    if (r == CTL_OK && go.n > 0)
        r = for_some(s, what, "SYNCOUTSIDEUSERS", " ABSENT", &go, 0, go.n);
    draw(s, what, n - go.n);
    sync_names_forget(&go);
    return r;
}

/* A deletion may take several parts, and is told by itself. */
static int
take_all_away(struct sync *s, const struct sync_names *l)
{
    const char *what = s->deletes ? "deleting" : "disabling";
    size_t most = s->deletes ? 1 : BATCH;
    int r = CTL_OK;

    for (size_t from = 0; from < l->n && r == CTL_OK; from += most)
        r = take_away(s, what, l, from, part_of(l, from, most));
    return r;
}

static int
carry_out(struct sync *s)
{
    struct sync_names make = s->made, enable = s->enabled;
    struct sync_names go = s->deletes ? s->deleted : s->disabled;
    int r;

    s->made = s->enabled = s->disabled = s->deleted = (struct sync_names){0};
    s->to_look = make.n + enable.n + go.n;
    r = for_all(s, "making", "SYNCOUTSIDEUSERS", " PRESENT", &make);
    if (r == CTL_OK)
        r = for_all(s, "enabling", "SYNCOUTSIDEUSERS", " PRESENT", &enable);
    if (r == CTL_OK)
        r = take_all_away(s, &go);
    draw_end(s);
    sync_names_forget(&make);
    sync_names_forget(&enable);
    sync_names_forget(&go);
    return r;
}

static int
run(struct sync *s)
{
    int r = get_lists(s);

    if (r == CTL_OK)
        r = plan(s);
    if (r == CTL_OK && !s->dry_run && s->deleted.n > 0 &&
        !ctl_confirm(s->c, "Delete %zu accounts of %s and their alerts?",
                     s->deleted.n, s->domain))
        return ctl_error(CTL_REFUSED, "nothing done");
    if (r != CTL_OK)
        return r;
    if (!s->dry_run)
        r = carry_out(s);
    ctl_sync_say(s); /* also what was done before something went wrong */
    return r;
}

int
ctl_sync_run(struct ctl *c, int argc, char **argv)
{
    struct sync s = {.c = c, .domain = argv[0]};
    struct sync_names *const all[] = {
        &s.users, &s.accounts, &s.missing,  &s.both,    &s.absent, &s.named,
        &s.made,  &s.enabled,  &s.disabled, &s.deleted, &s.kept,   &s.why};
    int r;

    (void)argc;
    s.dry_run = ctl_option(c, "dry-run") != NULL;
    s.deletes = ctl_option(c, "delete") != NULL;
    r = run(&s);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        sync_names_forget(all[i]);
    return r;
}
