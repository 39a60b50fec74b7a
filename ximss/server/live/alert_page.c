/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/alert_page.h"

#include <stdlib.h>
#include <string.h>

#include "util/fold.h"

#define LIMIT_DEFAULT 50
/* What looking at an alert costs beside its text. */
#define LOOK_BYTES 64

static bool
has_any(const struct attrs *in)
{
    static const struct attr_rule mine[] = {ALERT_PAGE_ATTRS};

    for (size_t i = 0; i < sizeof mine / sizeof mine[0]; i++)
        if (attrs_has(in, mine[i].name))
            return true;
    return false;
}

static int
take_range(struct alert_page *p, const struct attrs *in,
           const struct alert_page_limits *limits, struct errbuf *err)
{
    uint64_t n = attrs_number(in, "limit",
                              limits->most < LIMIT_DEFAULT ? limits->most
                                                           : LIMIT_DEFAULT);

    p->down = !attrs_has(in, "after");
    if (!p->down && attrs_has(in, "before")) {
        err_set(err, "either before or after");
        return -1;
    }
    if (n == 0 || n > limits->most) {
        err_set(err, "limit must be a number from 1 to %u", limits->most);
        return -1;
    }
    p->from = p->down ? attrs_alert(in, "before", UINT64_MAX)
                      : attrs_alert(in, "after", 0);
    p->limit = (unsigned)n;
    p->budget = limits->budget;
    return 0;
}

static int
take_ends(struct alert_page *p, const struct attrs *in, struct errbuf *err)
{
    bool yes = attrs_yes(in, "ends", true);

    if (attrs_has(in, "ends"))
        p->ends = yes ? ENDS_YES : ENDS_NO;
    if (!attrs_has(in, "endsBefore"))
        return 0;
    if (!yes) {
        err_set(err, "either ends=\"no\" or endsBefore");
        return -1;
    }
    p->ends = ENDS_BEFORE;
    p->ends_before = attrs_time(in, "endsBefore");
    return 0;
}

/* An empty one is none. */
static char *
take_pattern(const struct attrs *in, const char *name)
{
    const char *text = attrs_text(in, name);

    return text != NULL && text[0] != '\0' ? fold_text(text, strlen(text))
                                           : NULL;
}

int
alert_page_take(struct alert_page *p, const struct attrs *in,
                const struct alert_page_limits *limits, struct errbuf *err)
{
    *p = (struct alert_page){.sees_authors = true};
    if (!has_any(in))
        return 0;
    p->wanted = true;
    if (take_range(p, in, limits, err) < 0 || take_ends(p, in, err) < 0)
        return -1;
    p->severities = attrs_severities(in, "severity");
    p->text = take_pattern(in, "text");
    p->author = take_pattern(in, "author");
    return 0;
}

void
alert_page_clear(struct alert_page *p)
{
    free(p->text);
    free(p->author);
    p->text = p->author = NULL;
}

/* --- looking --- */

static bool
ends_fit(const struct alert_page *p, int64_t until)
{
    switch (p->ends) {
    case ENDS_ANY:
        return true;
    case ENDS_NO:
        return until == 0;
    case ENDS_YES:
        return until != 0;
    case ENDS_BEFORE:
        return until != 0 && until < p->ends_before;
    }
    return false;
}

static bool
author_fits(const struct alert_page *p, const struct alert_rec *a)
{
    return p->author == NULL ||
           (p->sees_authors && a->author_name != NULL &&
            fold_contains(a->author_name, strlen(a->author_name), p->author));
}

/* What costs least comes first. */
static bool
fits(const struct alert_page *p, const struct alert_rec *a, int64_t now)
{
    return (a->until == 0 || a->until > now) &&
           (p->severities == 0 || (p->severities & 1U << a->severity) != 0) &&
           ends_fit(p, a->until) && author_fits(p, a) &&
           (p->text == NULL || fold_contains(a->text, a->text_len, p->text));
}

/* As bytes of what is quickly looked at. */
static size_t
cost_of(const struct alert_page *p, const struct alert_rec *a)
{
    size_t cost = LOOK_BYTES + a->text_len;

    if (p->text != NULL)
        cost += fold_cost(a->text, a->text_len) - a->text_len;
    if (p->author != NULL && a->author_name != NULL)
        cost += fold_cost(a->author_name, strlen(a->author_name));
    return cost;
}

/* At least one alert, or nobody would ever come past a long one. */
enum alert_page_look
alert_page_look(struct alert_page *p, const struct alert_rec *a, int64_t now,
                bool may)
{
    size_t cost = cost_of(p, a);

    if (p->found == p->limit ||
        (p->looked > 0 && p->looked + cost > p->budget)) {
        p->more = true;
        return PAGE_FULL;
    }
    p->looked += cost;
    p->last = a->id;
    if (!may || !fits(p, a, now))
        return PAGE_SKIP;
    p->found++;
    return PAGE_TAKE;
}

void
alert_page_stop(struct alert_page *p)
{
    p->more = true;
}

void
alert_page_set(struct alert_page *p, const struct alert_array *set, int64_t now,
               struct alert_array *out)
{
    uint32_t at;

    if (set == NULL)
        return;
    /* One behind the next to be looked at, if down; else the next. */
    at = alert_array_after(set, p->down && p->from > 0 ? p->from - 1 : p->from);
    while (p->down ? at > 0 : at < set->n) {
        struct alert *a = set->v[p->down ? at - 1 : at];
        enum alert_page_look look = alert_page_look(p, &a->rec, now, true);

        if (look == PAGE_FULL)
            return;
        if (look == PAGE_TAKE)
            alert_array_add(out, a);
        at = p->down ? at - 1 : at + 1;
    }
}
