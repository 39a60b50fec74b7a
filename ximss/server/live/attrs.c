/* SPDX-License-Identifier: BSD-2-Clause */
/* What a request may have in its tag, checked against its row. */
#include "config.h"

#include "ximss/server/live/attrs.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "util/clock.h"
#include "util/text.h"
#include "ximss/proto/xml_parse.h"
#include "ximss/server/live/request.h"
#include "ximss/server/rules/alert_names.h"

const char *
attr_kind_text(enum attr_kind kind)
{
    switch (kind) {
    case ATTR_TEXT:
        return "";
    case ATTR_YES_NO:
        return "yes or no";
    case ATTR_NUMBER:
        return "number";
    case ATTR_ALERT:
        return "alert";
    case ATTR_TIME:
        return "time";
    case ATTR_SCOPE:
        return "scope";
    case ATTR_SEVERITY:
        return "severity";
    case ATTR_SEVERITIES:
        return "severities";
    }
    return "";
}

/* --- one value --- */

static int
parse_number(const char *text, uint64_t *number_r)
{
    unsigned long long n;

    if (text_parse_u64(text, UINT64_MAX, &n) < 0)
        return -1;
    *number_r = n;
    return 0;
}

static int
parse_time(const char *text, uint64_t *number_r)
{
    int64_t us;

    if (clock_parse_gmt(text, &us) < 0)
        return -1;
    *number_r = (uint64_t)us;
    return 0;
}

static int
parse_scope(const char *text, uint64_t *number_r)
{
    enum alert_scope scope;

    if (alert_scope_parse(text, &scope) < 0)
        return -1;
    *number_r = scope;
    return 0;
}

static int
parse_severity(const char *text, uint64_t *number_r)
{
    enum alert_severity severity;

    if (alert_severity_parse(text, &severity) < 0)
        return -1;
    *number_r = severity;
    return 0;
}

static int
parse_severities(const char *list, uint64_t *set_r)
{
    *set_r = 0;
    while (list != NULL) {
        size_t len = strcspn(list, ",");
        uint64_t severity;
        char name[16] = "";

        if (len < sizeof name)
            memcpy(name, list, len);
        if (parse_severity(name, &severity) < 0)
            return -1;
        *set_r |= 1U << severity;
        list = list[len] == ',' ? list + len + 1 : NULL;
    }
    return 0;
}

static int
parse(const struct attr_rule *rule, const char *text, union attr_value *v)
{
    switch (rule->kind) {
    case ATTR_TEXT:
        return rule->most == 0 || strlen(text) <= rule->most ? 0 : -1;
    case ATTR_YES_NO:
        return text_parse_bool(text, &v->yes);
    case ATTR_NUMBER:
    case ATTR_ALERT:
        return parse_number(text, &v->number);
    case ATTR_TIME:
        return parse_time(text, &v->number);
    case ATTR_SCOPE:
        return parse_scope(text, &v->number);
    case ATTR_SEVERITY:
        return parse_severity(text, &v->number);
    case ATTR_SEVERITIES:
        return parse_severities(text, &v->number);
    }
    return -1;
}

static int
refuse(struct req *r, const struct attr_rule *rule)
{
    switch (rule->kind) {
    case ATTR_TEXT:
        req_failf(r, ANSWER(TOO_LONG), rule->name, (int)rule->most);
        break;
    case ATTR_YES_NO:
        req_failf(r, ANSWER(YES_OR_NO), rule->name);
        break;
    case ATTR_NUMBER:
        req_failf(r, ANSWER(MUST_BE_NUMBER), rule->name);
        break;
    case ATTR_ALERT:
        req_failf(r, ANSWER(MUST_BE_ALERT), rule->name);
        break;
    case ATTR_TIME:
        req_failf(r, ANSWER(MUST_BE_TIME), rule->name);
        break;
    case ATTR_SCOPE:
        req_fail(r, ANSWER(BAD_SCOPE));
        break;
    case ATTR_SEVERITY:
        req_fail(r, ANSWER(BAD_SEVERITY));
        break;
    case ATTR_SEVERITIES:
        req_fail(r, ANSWER(BAD_SEVERITIES));
        break;
    }
    return -1;
}

/* --- all of them --- */

static bool
is_ruled(const struct attr_rule *rules, const char *name)
{
    for (; rules != NULL && rules->name != NULL; rules++)
        if (strcmp(rules->name, name) == 0)
            return true;
    return false;
}

/* What is misspelt must not be taken for what is not there: a test would become
 * a post to everybody. */
static int
refuse_unknown(struct req *r, const struct req_desc *d,
               const struct xml_elem *e)
{
    for (unsigned i = 0; i < e->n_attrs; i++) {
        const char *name = e->attrs[i].name;

        if (strcmp(name, "id") != 0 && strcmp(name, "exeTime") != 0 &&
            !is_ruled(d->attrs, name)) {
            req_failf(r, ANSWER(UNKNOWN_ATTRIBUTE), name);
            return -1;
        }
    }
    if (e->first != NULL && (d->flags & REQ_ELEMENTS) == 0) {
        req_failf(r, ANSWER(UNKNOWN_CHILD), e->first->name);
        return -1;
    }
    return 0;
}

static int
take(struct attrs *in, unsigned i, struct req *r)
{
    const struct attr_rule *rule = &in->rules[i];

    in->text[i] = xml_attr(in->elem, rule->name);
    if (in->text[i] != NULL)
        return parse(rule, in->text[i], &in->value[i]) < 0 ? refuse(r, rule)
                                                           : 0;
    if (!rule->required)
        return 0;
    req_failf(r, ANSWER(MISSING), rule->name);
    return -1;
}

int
attrs_check(struct attrs *in, struct req *r, const struct req_desc *d,
            const struct xml_elem *e)
{
    in->elem = e;
    in->rules = d->attrs;
    if ((d->flags & REQ_LENIENT) == 0 && refuse_unknown(r, d, e) < 0)
        return -1;
    for (unsigned i = 0; d->attrs != NULL && d->attrs[i].name != NULL; i++) {
        assert(i < ATTRS_MOST);
        if (take(in, i, r) < 0)
            return -1;
    }
    return 0;
}

/* --- for handlers --- */

static unsigned
find(const struct attrs *in, const char *name)
{
    unsigned i = 0;

    while (in->rules[i].name != NULL && strcmp(in->rules[i].name, name) != 0)
        i++;
    assert(in->rules[i].name != NULL);
    return i;
}

/* Its value; NULL: it is not there. */
static const union attr_value *
value(const struct attrs *in, const char *name, enum attr_kind kind)
{
    unsigned i = find(in, name);

    assert(in->rules[i].kind == kind);
    return in->text[i] != NULL ? &in->value[i] : NULL;
}

bool
attrs_has(const struct attrs *in, const char *name)
{
    return attrs_text(in, name) != NULL;
}

const char *
attrs_text(const struct attrs *in, const char *name)
{
    return in->text[find(in, name)];
}

bool
attrs_yes(const struct attrs *in, const char *name, bool otherwise)
{
    const union attr_value *v = value(in, name, ATTR_YES_NO);

    return v != NULL ? v->yes : otherwise;
}

uint64_t
attrs_number(const struct attrs *in, const char *name, uint64_t otherwise)
{
    const union attr_value *v = value(in, name, ATTR_NUMBER);

    return v != NULL ? v->number : otherwise;
}

uint64_t
attrs_alert(const struct attrs *in, const char *name, uint64_t otherwise)
{
    const union attr_value *v = value(in, name, ATTR_ALERT);

    return v != NULL ? v->number : otherwise;
}

int64_t
attrs_time(const struct attrs *in, const char *name)
{
    const union attr_value *v = value(in, name, ATTR_TIME);

    return v != NULL ? (int64_t)v->number : 0;
}

enum alert_scope
attrs_scope(const struct attrs *in, const char *name)
{
    const union attr_value *v = value(in, name, ATTR_SCOPE);

    return v != NULL ? (enum alert_scope)v->number : 0;
}

enum alert_severity
attrs_severity(const struct attrs *in, const char *name,
               enum alert_severity otherwise)
{
    const union attr_value *v = value(in, name, ATTR_SEVERITY);

    return v != NULL ? (enum alert_severity)v->number : otherwise;
}

unsigned
attrs_severities(const struct attrs *in, const char *name)
{
    const union attr_value *v = value(in, name, ATTR_SEVERITIES);

    return v != NULL ? (unsigned)v->number : 0;
}
