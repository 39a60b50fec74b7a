/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/alert_page.h"

#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/fold.h"
#include "util/text.h"
#include "ximss/proto/xml_parse.h"
#include "ximss/server/rules/alert_names.h"

#define LIMIT_DEFAULT 50
/* What looking at an alert costs beside its text. */
#define LOOK_BYTES 64
/* A pattern is looked for in each alert. */
#define PATTERN_BYTES 200

static const char *const names[] = {"limit", "before",    "after",
                                    "text",  "severity",  "author",
                                    "ends",  "endsBefore"};

static bool
has_any(const struct xml_elem *e)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (xml_attr(e, names[i]) != NULL)
            return true;
    return false;
}

static int
parse_id(const struct xml_elem *e, const char *name, uint64_t *id_r,
         struct errbuf *err)
{
    const char *text = xml_attr(e, name);
    unsigned long long id;

    if (text == NULL)
        return 0;
    if (text_parse_u64(text, UINT64_MAX, &id) < 0) {
        err_set(err, "%s must be the number of an alert", name);
        return -1;
    }
    *id_r = id;
    return 0;
}

static int
parse_range(struct alert_page *p, const struct xml_elem *e,
            const struct alert_page_limits *limits, struct errbuf *err)
{
    const char *limit = xml_attr(e, "limit");
    unsigned long long n =
        limits->most < LIMIT_DEFAULT ? limits->most : LIMIT_DEFAULT;

    p->down = xml_attr(e, "after") == NULL;
    p->from = p->down ? UINT64_MAX : 0;
    if (!p->down && xml_attr(e, "before") != NULL) {
        err_set(err, "either before or after");
        return -1;
    }
    if (parse_id(e, p->down ? "before" : "after", &p->from, err) < 0)
        return -1;
    if (limit != NULL &&
        (text_parse_u64(limit, limits->most, &n) < 0 || n == 0)) {
        err_set(err, "limit must be a number from 1 to %u", limits->most);
        return -1;
    }
    p->limit = (unsigned)n;
    p->budget = limits->budget;
    return 0;
}

/* Names with commas between them. */
static int
parse_severities(struct alert_page *p, const char *list, struct errbuf *err)
{
    while (list != NULL) {
        size_t len = strcspn(list, ",");
        enum alert_severity severity;
        char name[16] = "";

        if (len < sizeof name)
            memcpy(name, list, len);
        if (alert_severity_parse(name, &severity) < 0) {
            err_set(err, "severity must be info, warning or critical, or "
                         "several with commas");
            return -1;
        }
        p->severities |= 1U << severity;
        list = list[len] == ',' ? list + len + 1 : NULL;
    }
    return 0;
}

static int
parse_ends(struct alert_page *p, const struct xml_elem *e, struct errbuf *err)
{
    const char *ends = xml_attr(e, "ends"), *before = xml_attr(e, "endsBefore");
    bool yes = true;

    if (ends != NULL && text_parse_bool(ends, &yes) < 0) {
        err_set(err, "ends must be yes or no");
        return -1;
    }
    if (ends != NULL)
        p->ends = yes ? ENDS_YES : ENDS_NO;
    if (before == NULL)
        return 0;
    if (!yes) {
        err_set(err, "either ends=\"no\" or endsBefore");
        return -1;
    }
    p->ends = ENDS_BEFORE;
    if (clock_parse_gmt(before, &p->ends_before) < 0) {
        err_set(err, "endsBefore must be a time like 20261201T060000Z");
        return -1;
    }
    return 0;
}

static int
parse_pattern(char **folded_r, const struct xml_elem *e, const char *name,
              struct errbuf *err)
{
    const char *text = xml_attr(e, name);

    if (text == NULL || *text == '\0')
        return 0;
    if (strlen(text) > PATTERN_BYTES) {
        err_set(err, "%s must have at most %d bytes", name, PATTERN_BYTES);
        return -1;
    }
    *folded_r = fold_text(text, strlen(text));
    return 0;
}

int
alert_page_parse(struct alert_page *p, const struct xml_elem *e,
                 const struct alert_page_limits *limits, struct errbuf *err)
{
    *p = (struct alert_page){.sees_authors = true};
    if (!has_any(e))
        return 0;
    p->wanted = true;
    if (parse_range(p, e, limits, err) < 0 ||
        parse_severities(p, xml_attr(e, "severity"), err) < 0 ||
        parse_ends(p, e, err) < 0 ||
        parse_pattern(&p->text, e, "text", err) < 0 ||
        parse_pattern(&p->author, e, "author", err) < 0)
        return -1;
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
