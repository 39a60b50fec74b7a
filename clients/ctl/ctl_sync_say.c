/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "clients/ctl/ctl_sync.h"

struct word {
    const char *done, *planned, *key;
    const struct sync_names *names;
};

static void
print_json_names(struct buf *b, const struct word *w)
{
    ctl_json_name(b, w->key);
    buf_append_char(b, '[');
    for (size_t i = 0; i < w->names->n; i++) {
        buf_append_str(b, i > 0 ? "," : "");
        ctl_json_string(b, w->names->name[i], strlen(w->names->name[i]));
    }
    buf_append_char(b, ']');
}

/* Whether any list but that of what was kept has a name in it. */
static bool
changes(const struct word *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (words[i].names->n > 0)
            return true;
    return false;
}

static void
print_json(const struct sync *s, const struct word *words, size_t n)
{
    struct buf b = {0};

    buf_append_char(&b, '{');
    ctl_json_name(&b, "changed");
    buf_append_str(&b, changes(words, n) ? "true" : "false");
    ctl_json_name(&b, "domain");
    ctl_json_string(&b, s->domain, strlen(s->domain));
    ctl_json_name(&b, "dryRun");
    buf_append_str(&b, s->dry_run ? "true" : "false");
    for (size_t i = 0; i < n; i++)
        print_json_names(&b, &words[i]);
    ctl_json_name(&b, "kept");
    buf_append_char(&b, '{');
    for (size_t i = 0; i < s->kept.n; i++) {
        ctl_json_name(&b, s->kept.name[i]);
        ctl_json_string(&b, s->why.name[i], strlen(s->why.name[i]));
    }
    buf_append_str(&b, "}}");
    ctl_print_line(&b);
}

static void
print_name(const char *word, const char *name, const char *why)
{
    struct buf b = {0};

    buf_appendf(&b, "%s ", word);
    ctl_plain(&b, name, strlen(name));
    if (why != NULL)
        buf_appendf(&b, " (%s)", why);
    ctl_print_line(&b);
}

static void
print_people(const struct sync *s, const struct word *words, size_t n)
{
    struct buf b = {0};

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < words[i].names->n; k++)
            print_name(s->dry_run ? words[i].planned : words[i].done,
                       words[i].names->name[k], NULL);
    for (size_t i = 0; i < s->kept.n; i++)
        print_name("kept", s->kept.name[i], s->why.name[i]);
    buf_appendf(&b, "%s: %zu users, ", s->domain, s->users.n);
    for (size_t i = 0; i < n; i++)
        buf_appendf(&b, "%s%zu %s%s", i > 0 ? ", " : "", words[i].names->n,
                    s->dry_run ? "to " : "",
                    s->dry_run ? words[i].planned : words[i].done);
    ctl_print_line(&b);
}

void
ctl_sync_say(const struct sync *s)
{
    const struct word words[] = {
        {"made", "make", "made", &s->made},
        {"enabled", "enable", "enabled", &s->enabled},
        {"disabled", "disable", "disabled", &s->disabled},
        {"deleted", "delete", "deleted", &s->deleted},
    };
    size_t n = sizeof words / sizeof words[0];

    if (s->c->json)
        print_json(s, words, n);
    else
        print_people(s, words, n);
}
