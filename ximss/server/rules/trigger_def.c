/* SPDX-License-Identifier: BSD-2-Clause */
/* Dictionaries of triggers and handlers: each key is a row with what reads its
 * value, so a key that is not there is refused, and never merely without effect. */
#include "config.h"

#include "ximss/server/rules/trigger_def.h"

#include <stdlib.h>
#include <string.h>

#include "notify/notice_text.h"
#include "notify/notify.h"
#include "util/clock.h"
#include "util/text.h"
#include "ximss/server/base/stat.h"
#include "ximss/server/rules/alert_names.h"

#define LIST_TEXT_MOST 512 /* bytes of an item */
#define PERIOD_MOST    (31 * 86400 * CLOCK_SECOND)

#define TEXT \
    "{name}: {element} is {value}, beyond {threshold}, since {since} ({server})"
#define OVER_TEXT "Over: {name}. {element} is {value} ({server})"
#define SUBJECT   "[{server}] {severity}: {name} {state}"

struct reading {
    struct arena *arena;
    const char *key;
    struct trigger_def *trigger;
    struct handler_def *handler;
    bool has_clear;
    unsigned tests;
    struct errbuf *err;
};

typedef int read_fn(struct reading *r, const struct cli_value *v);

struct key_row {
    const char *key;
    read_fn *read;
};

bool
trigger_list_has(const struct trigger_list *l, const char *name)
{
    for (unsigned i = 0; i < l->n; i++)
        if (text_equal_nocase(l->item[i], name))
            return true;
    return false;
}

/* --- values --- */

static int
wrong(struct reading *r, const char *what)
{
    return err_set(r->err, "%s must be %s", r->key, what);
}

static int
read_text(struct reading *r, const struct cli_value *v, size_t most,
          const char **text_r)
{
    if ((v->kind != CLI_STRING && v->kind != CLI_NUMBER) || v->text_len == 0 ||
        v->text_len > most || text_has_controls(v->text))
        return err_set(r->err, "%s must be a text of 1 to %zu bytes", r->key,
                       most);
    *text_r = v->text;
    return 0;
}

static int
read_template(struct reading *r, const struct cli_value *v, const char **text_r)
{
    struct errbuf why;

    if (v->kind != CLI_STRING && v->kind != CLI_NUMBER)
        return wrong(r, "a text");
    if (notice_text_check(v->text, &why) != 0)
        return err_set(r->err, "%s: %s", r->key, why.text);
    *text_r = v->text;
    return 0;
}

static int
read_number(struct reading *r, const struct cli_value *v, int64_t *n_r)
{
    unsigned long long n;

    if ((v->kind != CLI_STRING && v->kind != CLI_NUMBER) ||
        text_parse_u64(v->text, INT64_MAX, &n) != 0)
        return wrong(r, "a whole number");
    *n_r = (int64_t)n;
    return 0;
}

static int
read_span(struct reading *r, const struct cli_value *v, int64_t *us_r)
{
    if ((v->kind != CLI_STRING && v->kind != CLI_NUMBER) ||
        clock_parse_span(v->text, us_r) != 0 || *us_r > PERIOD_MOST)
        return wrong(r, "a time like 30s, 5m or 1h, up to 31d");
    return 0;
}

static int
read_bool(struct reading *r, const struct cli_value *v, bool *is_r)
{
    if (v->kind != CLI_STRING || text_parse_bool(v->text, is_r) != 0)
        return wrong(r, "YES or NO");
    return 0;
}

static int
read_severity(struct reading *r, const struct cli_value *v)
{
    if (v->kind != CLI_STRING ||
        alert_severity_parse(v->text, &r->trigger->severity) != 0)
        return wrong(r, "info, warning or critical");
    return 0;
}

static int
add_item(struct reading *r, const struct cli_value *v, size_t most,
         struct trigger_list *l)
{
    if (l->n == TRIGGER_LIST_MOST)
        return err_set(r->err, "%s has more than %d members", r->key,
                       TRIGGER_LIST_MOST);
    return read_text(r, v, most, &l->item[l->n++]);
}

/* An array; or one text with members between characters of `between`, as shells
 * and forms have it. */
static int
read_list(struct reading *r, const struct cli_value *v, size_t most,
          const char *between, struct trigger_list *l)
{
    const char *p = v->text;

    l->n = 0;
    l->item = arena_alloc(r->arena, (TRIGGER_LIST_MOST + 1) * sizeof *l->item);
    if (v->kind == CLI_ARRAY) {
        for (const struct cli_value *i = v->first; i != NULL; i = i->next)
            if (add_item(r, i, most, l) != 0)
                return -1;
    } else if (v->kind != CLI_STRING) {
        return wrong(r, "an array");
    } else {
        while (*(p += strspn(p, between)) != '\0') {
            size_t n = strcspn(p, between);

            if (add_item(r, cli_data_string(r->arena, p, n), most, l) != 0)
                return -1;
            p += n;
        }
    }
    l->item[l->n] = NULL;
    return 0;
}

/* --- keys of both --- */

static int
read_enabled(struct reading *r, const struct cli_value *v)
{
    return read_bool(
        r, v, r->trigger != NULL ? &r->trigger->enabled : &r->handler->enabled);
}

static int
read_body(struct reading *r, const struct cli_value *v)
{
    return read_template(
        r, v, r->trigger != NULL ? &r->trigger->text : &r->handler->text);
}

static int
read_period(struct reading *r, const struct cli_value *v)
{
    return read_span(r, v,
                     r->trigger != NULL ? &r->trigger->rule.period_us
                                        : &r->handler->period_us);
}

/* --- keys of a trigger --- */

static int
read_element(struct reading *r, const struct cli_value *v)
{
    return read_text(r, v, TRIGGER_NAME_MOST, &r->trigger->element);
}

static int
read_of(struct reading *r, const struct cli_value *v)
{
    return read_text(r, v, TRIGGER_NAME_MOST, &r->trigger->of);
}

static int
read_test(struct reading *r, const struct cli_value *v)
{
    r->tests++;
    r->trigger->rule.test = strcmp(r->key, "Above") == 0   ? TRIGGER_ABOVE
                            : strcmp(r->key, "Below") == 0 ? TRIGGER_BELOW
                                                           : TRIGGER_GROWTH;
    return read_number(r, v, &r->trigger->rule.threshold);
}

static int
read_clear(struct reading *r, const struct cli_value *v)
{
    r->has_clear = true;
    return read_number(r, v, &r->trigger->rule.clear);
}

static int
read_for(struct reading *r, const struct cli_value *v)
{
    return read_span(r, v, &r->trigger->rule.for_us);
}

static int
read_handlers(struct reading *r, const struct cli_value *v)
{
    return read_list(r, v, TRIGGER_NAME_MOST, ", ", &r->trigger->handlers);
}

static int
read_over_text(struct reading *r, const struct cli_value *v)
{
    return read_template(r, v, &r->trigger->over_text);
}

static const struct key_row trigger_keys[] = {{"Enabled", read_enabled},
                                              {"Element", read_element},
                                              {"Of", read_of},
                                              {"Above", read_test},
                                              {"Below", read_test},
                                              {"Growth", read_test},
                                              {"Period", read_period},
                                              {"Clear", read_clear},
                                              {"For", read_for},
                                              {"Severity", read_severity},
                                              {"Handlers", read_handlers},
                                              {"Text", read_body},
                                              {"OverText", read_over_text}};

/* --- keys of a handler --- */

static int
read_masters(struct reading *r, const struct cli_value *v)
{
    return read_bool(r, v, &r->handler->masters);
}

static int
read_over(struct reading *r, const struct cli_value *v)
{
    return read_bool(r, v, &r->handler->over);
}

static int
read_json(struct reading *r, const struct cli_value *v)
{
    return read_bool(r, v, &r->handler->json);
}

static int
read_accounts(struct reading *r, const struct cli_value *v)
{
    return read_list(r, v, LIST_TEXT_MOST, ", ", &r->handler->accounts);
}

static int
read_command(struct reading *r, const struct cli_value *v)
{
    struct handler_def *h = r->handler;
    struct errbuf why;

    if (read_list(r, v, NOTICE_TEXT_MOST, " ", &h->command) != 0)
        return -1;
    if (h->command.n > 0 && h->command.item[0][0] != '/')
        return wrong(r, "a program by its absolute path, and its arguments");
    for (unsigned i = 0; i < h->command.n; i++)
        if (notice_text_check(h->command.item[i], &why) != 0)
            return err_set(r->err, "Command: argument %u: %s", i, why.text);
    return 0;
}

/* An array or a text of addresses with commas; kept as such a text. */
static int
read_mail(struct reading *r, const struct cli_value *v)
{
    struct trigger_list l = {0};
    struct buf b = {0};

    if (read_list(r, v, LIST_TEXT_MOST, ", ", &l) != 0)
        return -1;
    for (unsigned i = 0; i < l.n; i++)
        buf_appendf(&b, "%s%s", i > 0 ? ", " : "", l.item[i]);
    if (b.len > NOTIFY_TO_MOST) {
        buf_clear(&b);
        return err_set(r->err, "Mail has more than %d bytes", NOTIFY_TO_MOST);
    }
    if (b.len > 0)
        r->handler->mail = arena_strndup(r->arena, b.data, b.len);
    buf_clear(&b);
    return 0;
}

static int
read_url(struct reading *r, const struct cli_value *v)
{
    return read_template(r, v, &r->handler->url);
}

static int
read_secret(struct reading *r, const struct cli_value *v)
{
    return read_text(r, v, NOTIFY_SECRET_MOST, &r->handler->secret);
}

static int
read_subject(struct reading *r, const struct cli_value *v)
{
    return read_template(r, v, &r->handler->subject);
}

static int
read_limit(struct reading *r, const struct cli_value *v)
{
    int64_t n = 0;

    if (read_number(r, v, &n) != 0 || n < 1 || n > 10000)
        return wrong(r, "a number from 1 to 10000");
    r->handler->limit = (unsigned)n;
    return 0;
}

static const struct key_row handler_keys[] = {
    {"Enabled", read_enabled},   {"Masters", read_masters},
    {"Accounts", read_accounts}, {"Mail", read_mail},
    {"URL", read_url},           {"Secret", read_secret},
    {"JSON", read_json},         {"Command", read_command},
    {"Subject", read_subject},   {"Text", read_body},
    {"Over", read_over},         {"Limit", read_limit},
    {"Period", read_period}};

/* --- the whole --- */

static int
read_keys(struct reading *r, const struct cli_value *dict,
          const struct key_row *rows, size_t n)
{
    for (const struct cli_value *v = dict->first; v != NULL; v = v->next) {
        size_t i = 0;

        while (i < n && strcmp(rows[i].key, v->key) != 0)
            i++;
        if (i == n)
            return err_set(r->err, "unknown key %.100s", v->key);
        r->key = v->key;
        if (rows[i].read(r, v) != 0)
            return -1;
    }
    return 0;
}

/* What triggers themselves change must not set any off. */
static bool
is_of_triggers(const char *element)
{
    static const char *const prefixes[] = {
        "triggers", "notices", "alertsByTriggers", "alertsRemovedByTriggers"};
    char lower[TRIGGER_NAME_MOST + 1], prefix[TRIGGER_NAME_MOST + 1];

    strcpy(lower, element);
    text_lower(lower);
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        strcpy(prefix, prefixes[i]);
        text_lower(prefix);
        if (strncmp(lower, prefix, strlen(prefix)) == 0)
            return true;
    }
    return false;
}

/* A row that there is not is no error of what is built in: the program may be
 * built without it. */
static int
check_element(const struct trigger_def *d, const char *name, struct errbuf *err)
{
    enum stat_id s = stat_find(name);
    bool grows = d->rule.test == TRIGGER_GROWTH;

    if (s == STAT_N)
        return err_set(err, "there is no element %s", name);
    if (is_of_triggers(name))
        return err_set(err, "%s: triggers change it themselves", name);
    if (grows != (stat_row(s)->kind == STAT_COUNTER))
        return err_set(
            err, "%s is %s: %s", name, grows ? "an INTEGER" : "a COUNTER",
            grows ? "it needs Above or Below" : "it needs Growth and Period");
    return 0;
}

static int
check_trigger(struct reading *r)
{
    struct trigger_def *d = r->trigger;
    bool grows = d->rule.test == TRIGGER_GROWTH;

    if (d->element == NULL)
        return err_set(r->err, "Element is missing");
    if (r->tests != 1)
        return err_set(r->err, "one of Above, Below and Growth is needed");
    if (grows != (d->rule.period_us != 0))
        return err_set(r->err, grows ? "Growth needs Period"
                                     : "Period goes with Growth only");
    if (grows && d->of != NULL)
        return err_set(r->err, "Of goes with Above and Below only");
    if (!r->has_clear)
        d->rule.clear = d->rule.threshold;
    if (d->rule.test == TRIGGER_BELOW ? d->rule.clear < d->rule.threshold
                                      : d->rule.clear > d->rule.threshold)
        return err_set(r->err, "Clear must be on the good side of the "
                               "threshold");
    if (check_element(d, d->element, r->err) != 0)
        return -1;
    return d->of != NULL ? check_element(d, d->of, r->err) : 0;
}

static const char *
small(struct arena *arena, const char *name)
{
    char *copy = arena_strndup(arena, name, strlen(name));

    text_lower(copy);
    return copy;
}

int
trigger_def_read(struct arena *arena, const char *name,
                 const struct cli_value *dict, struct trigger_def *d,
                 struct errbuf *err)
{
    struct reading r = {.arena = arena, .trigger = d, .err = err};

    *d = (struct trigger_def){.name = small(arena, name),
                              .enabled = true,
                              .severity = ALERT_WARNING,
                              .text = TEXT,
                              .over_text = OVER_TEXT};
    if (read_keys(&r, dict, trigger_keys,
                  sizeof trigger_keys / sizeof trigger_keys[0]) != 0)
        return -1;
    return check_trigger(&r);
}

int
handler_def_read(struct arena *arena, const char *name,
                 const struct cli_value *dict, struct handler_def *d,
                 struct errbuf *err)
{
    struct reading r = {.arena = arena, .handler = d, .err = err};

    *d = (struct handler_def){.name = small(arena, name),
                              .enabled = true,
                              .over = true,
                              .subject = SUBJECT,
                              .limit = 20,
                              .period_us = 3600 * CLOCK_SECOND};
    if (read_keys(&r, dict, handler_keys,
                  sizeof handler_keys / sizeof handler_keys[0]) != 0)
        return -1;
    if (d->accounts.n == 0 && !d->masters && d->mail == NULL &&
        d->url == NULL && d->command.n == 0)
        return err_set(err, "it has no method: Accounts, Masters, Mail, URL or "
                            "Command");
    return 0;
}
