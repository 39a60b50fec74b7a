/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/lib/alert.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "clients/lib/link.h"
#include "clients/lib/ximss_private.h"
#include "util/clock.h"
#include "util/text.h"

/* Alerts between the wire and the caller: what is pushed, and the requests
 * about them. */

static const char *const scope_names[] = {
    [XIMSS_SCOPE_NONE] = "",           [XIMSS_SCOPE_SERVER] = "server",
    [XIMSS_SCOPE_CLUSTER] = "cluster", [XIMSS_SCOPE_DOMAIN] = "domain",
    [XIMSS_SCOPE_ACCOUNT] = "account",
};

static const char *const severity_names[] = {
    [XIMSS_INFO] = "info",
    [XIMSS_WARNING] = "warning",
    [XIMSS_CRITICAL] = "critical",
};

const char *
ximss_scope_name(enum ximss_scope scope)
{
    return (unsigned)scope <= XIMSS_SCOPE_ACCOUNT ? scope_names[scope] : "";
}

const char *
ximss_severity_name(enum ximss_severity severity)
{
    return (unsigned)severity <= XIMSS_CRITICAL ? severity_names[severity] : "";
}

/* --- from the wire --- */

static const char *
text_attr(const struct xml_elem *e, const char *name)
{
    const char *value = xml_attr(e, name);

    return value != NULL ? value : "";
}

static int64_t
time_attr(const struct xml_elem *e, const char *name)
{
    int64_t us;

    return clock_parse_gmt(text_attr(e, name), &us) == 0 ? us / CLOCK_SECOND
                                                         : 0;
}

static uint64_t
number_attr(const struct xml_elem *e, const char *name)
{
    unsigned long long n;

    return text_parse_u64(text_attr(e, name), ULLONG_MAX, &n) == 0 ? n : 0;
}

static int
flag_attr(const struct xml_elem *e, const char *name)
{
    bool yes;

    return text_parse_bool(text_attr(e, name), &yes) == 0 && yes;
}

static void
decode(const struct xml_elem *e, struct ximss_alert *a)
{
    const char *scope = text_attr(e, "scope"),
               *severity = text_attr(e, "severity");

    *a = (struct ximss_alert){
        .id = text_attr(e, "alertID"),
        .severity = XIMSS_WARNING,
        .gmt_time = time_attr(e, "gmtTime"),
        .local_time = text_attr(e, "localTime"),
        .text = e->text,
        .text_len = e->text_len,
        .until = time_attr(e, "until"),
        .seen = flag_attr(e, "seen"),
        .target = text_attr(e, "target"),
        .author = text_attr(e, "author"),
        .origin = text_attr(e, "origin"),
        .key = text_attr(e, "key"),
        .post_key = text_attr(e, "postKey"),
    };
    for (int i = XIMSS_SCOPE_SERVER; i <= XIMSS_SCOPE_ACCOUNT; i++)
        if (strcmp(scope, scope_names[i]) == 0)
            a->scope = (enum ximss_scope)i;
    for (int i = XIMSS_INFO; i <= XIMSS_CRITICAL; i++)
        if (strcmp(severity, severity_names[i]) == 0)
            a->severity = (enum ximss_severity)i;
}

static uint64_t
hash(uint64_t h, const char *s)
{
    for (; *s != '\0'; s++)
        h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
    return (h ^ 0xff) * UINT64_C(0x100000001b3);
}

/* True if the alert came before; remembers it.  Time and text count too: a
 * server whose store was made anew begins its ids again. */
static bool
is_repeated(struct ximss *x, const struct ximss_alert *a,
            const struct xml_elem *e)
{
    uint64_t h = hash(hash(hash(UINT64_C(0xcbf29ce484222325), a->id),
                           text_attr(e, "gmtTime")),
                      a->text);
    unsigned n =
        x->n_remembered < XIMSS_REMEMBERED ? x->n_remembered : XIMSS_REMEMBERED;

    if (a->id[0] == '\0')
        return false;
    for (unsigned i = 0; i < n; i++)
        if (x->remembered[i] == h)
            return true;
    x->remembered[x->n_remembered++ % XIMSS_REMEMBERED] = h;
    return false;
}

int
alert_push(struct ximss *x, const struct xml_elem *e)
{
    struct ximss_alert a;

    if (strcmp(e->name, "alert") == 0 && x->on.alert != NULL) {
        decode(e, &a);
        a.repeated = is_repeated(x, &a, e);
        x->on.alert(x, &a, x->on.alert_arg);
    } else if (strcmp(e->name, "alertReport") == 0 && x->on.report != NULL) {
        decode(e, &a);
        x->on.report(x, &a, x->on.report_arg);
    } else if (strcmp(e->name, "alertRemoved") == 0 && x->on.removed != NULL) {
        x->on.removed(x, text_attr(e, "alertID"), x->on.removed_arg);
    } else {
        return 0;
    }
    return 1;
}

/* --- requests with nothing but a response --- */

static void
on_simple_done(struct ximss *x, struct request *r,
               const struct ximss_result *result)
{
    if (r->u.plain.done != NULL)
        r->u.plain.done(x, result, r->arg);
}

static const struct request_handler simple_handler = {.on_done =
                                                          on_simple_done};

static int
request_simple(struct ximss *x, const char *name, const char *const *attrs,
               ximss_done_cb *done, void *arg)
{
    struct request_text text = {.name = name, .attrs = attrs};
    struct request *r = request_new(x, &text, &simple_handler);

    if (r == NULL)
        return -1;
    r->u.plain.done = done;
    r->arg = arg;
    return 0;
}

int
ximss_remove(struct ximss *x, const char *alert_id, ximss_done_cb *done,
             void *arg)
{
    const char *attrs[] = {"alertID", alert_id, NULL};

    return request_simple(x, "alertRemove", attrs, done, arg);
}

int
ximss_confirm(struct ximss *x, const char *alert_id, ximss_done_cb *done,
              void *arg)
{
    const char *attrs[] = {"alertID", alert_id, NULL};

    if (alert_id[0] == '\0')
        return 0;
    return request_simple(x, "alertConfirm", attrs, done, arg);
}

int
ximss_dismiss(struct ximss *x, const char *alert_id, ximss_done_cb *done,
              void *arg)
{
    const char *attrs[] = {"alertID", alert_id, NULL};

    return request_simple(x, "alertDismiss", attrs, done, arg);
}

int
ximss_watch(struct ximss *x, enum ximss_scope scope, const char *target, int on,
            ximss_done_cb *done, void *arg)
{
    const char *attrs[] = {"scope", ximss_scope_name(scope), "target", target,
                           "stop",  on ? NULL : "yes",       NULL};

    return request_simple(x, "alertWatch", attrs, done, arg);
}

/* --- posting --- */

static void
on_posted(struct ximss *x, struct request *r, const struct xml_elem *e)
{
    struct ximss_posted *p = &r->u.post.posted;

    (void)x;
    if (strcmp(e->name, "alertPosted") != 0)
        return;
    snprintf(r->u.post.id, sizeof r->u.post.id, "%s", text_attr(e, "alertID"));
    snprintf(r->u.post.replaced, sizeof r->u.post.replaced, "%s",
             text_attr(e, "replaced"));
    p->gmt_time = time_attr(e, "gmtTime");
    p->sessions = number_attr(e, "sessions");
    p->accounts = number_attr(e, "accounts");
    p->repeated = flag_attr(e, "repeated");
    p->active = strcmp(text_attr(e, "active"), "no") != 0;
    p->until = time_attr(e, "until");
}

static void
on_post_done(struct ximss *x, struct request *r,
             const struct ximss_result *result)
{
    r->u.post.posted.id = r->u.post.id;
    r->u.post.posted.replaced = r->u.post.replaced;
    if (r->u.post.done != NULL)
        r->u.post.done(x, result,
                       result->status == XIMSS_OK ? &r->u.post.posted : NULL,
                       r->arg);
}

static const struct request_handler post_handler = {.on_data = on_posted,
                                                    .on_done = on_post_done};

int
ximss_post(struct ximss *x, const struct ximss_post *post,
           ximss_posted_cb *done, void *arg)
{
    char until[CLOCK_GMT_SIZE];
    const char *attrs[] = {"scope",    ximss_scope_name(post->scope),
                           "target",   post->target,
                           "severity", ximss_severity_name(post->severity),
                           "until",    post->until != 0 ? until : NULL,
                           "lifetime", post->lifetime,
                           "key",      post->key,
                           "replace",  post->replace ? "yes" : NULL,
                           "test",     post->test ? "yes" : NULL,
                           NULL};
    struct request_text text = {.name = "alertPost",
                                .attrs = attrs,
                                .body = post->text,
                                .body_len = post->text_len};
    struct request *r;

    clock_format_gmt(post->until * CLOCK_SECOND, until);
    r = request_new(x, &text, &post_handler);
    if (r == NULL)
        return -1;
    r->u.post.done = done;
    r->arg = arg;
    return 0;
}

/* --- listing --- */

static void
on_listed(struct ximss *x, struct request *r, const struct xml_elem *e)
{
    struct ximss_alert a;

    if (strcmp(e->name, "alertReport") != 0)
        return;
    decode(e, &a);
    r->u.list.alert(x, &a, r->arg);
}

static void
on_list_done(struct ximss *x, struct request *r,
             const struct ximss_result *result)
{
    if (r->u.list.done != NULL)
        r->u.list.done(x, result, r->arg);
}

static const struct request_handler list_handler = {.on_data = on_listed,
                                                    .on_done = on_list_done};

int
ximss_list(struct ximss *x, enum ximss_scope scope, const char *target,
           ximss_alert_cb *alert, ximss_done_cb *done, void *arg)
{
    const char *attrs[] = {
        "scope", scope != XIMSS_SCOPE_NONE ? ximss_scope_name(scope) : NULL,
        "target", target, NULL};
    struct request_text text = {.name = "alertList", .attrs = attrs};
    struct request *r = request_new(x, &text, &list_handler);

    if (r == NULL)
        return -1;
    r->u.list.alert = alert;
    r->u.list.done = done;
    r->arg = arg;
    return 0;
}
