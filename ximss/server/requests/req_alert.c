/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests that change something about alerts.  Posts and removals go to the
 * writer of the store as jobs, and are answered when the commit is on disk and
 * every worker has followed it.  What users do with their own alerts is
 * recorded in the memory of the worker. */
#include "config.h"

#include "ximss/server/requests/req_alert.h"

#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/proto/xml_parse.h"
#include "ximss/proto/xml_write.h"
#include "ximss/server/base/stat.h"
#include "ximss/server/live/alert.h"
#include "ximss/server/live/attrs.h"
#include "ximss/server/live/door_told.h"
#include "ximss/server/live/req_job.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/rules/alert_names.h"
#include "ximss/server/rules/alert_request.h"

/* --- attributes --- */

/* The alert that a request is about; 0: there is none, and that is said. */
static uint64_t
take_id(struct req *r, const struct attrs *in)
{
    uint64_t id = attrs_alert(in, "alertID", 0);

    if (id == 0)
        req_fail(r, ANSWER(NO_ALERT));
    return id;
}

int
req_alert_place(struct req *r, const struct attrs *in,
                enum alert_scope *scope_r, const char **target_r)
{
    const char *target = attrs_text(in, "target");
    enum alert_scope scope = attrs_scope(in, "scope");
    bool has_target = scope == ALERT_DOMAIN || scope == ALERT_ACCOUNT;

    *scope_r = scope;
    *target_r = target;
    if (has_target && (target == NULL || target[0] == '\0'))
        req_failf(r, ANSWER(TARGET_MISSING), alert_scope_name(scope));
    else if (!has_target && target != NULL)
        req_failf(r, ANSWER(NO_TARGET), alert_scope_name(scope));
    else
        return 0;
    return -1;
}

/* --- alertPost --- */

struct post_job {
    struct req_job q; /* first */
    struct post post; /* its texts are owned here */
    char *target, *key, *text, *lifetime;
    struct post_result result;
};

static enum store_result
post_body(struct req_job *q, struct admin_context *x, struct errbuf *err)
{
    struct post_job *p = (struct post_job *)q;
    struct effect *e;
    enum store_result r = alert_request_post(x, &p->post, &p->result, err);

    if (r != STORE_OK)
        return r;
    if (p->result.code != ANSWER_OK) {
        req_job_refuse(q, p->result.code, p->result.text);
    } else if (p->post.test && !p->result.repeated) {
        e = effect_add(x->effects, EFFECT_COUNT_AUDIENCE);
        e->alert.scope = p->post.scope;
        e->alert.target = p->result.target;
    }
    return r;
}

static void
post_clear(struct req_job *q)
{
    struct post_job *p = (struct post_job *)q;

    free(p->target);
    free(p->key);
    free(p->text);
    free(p->lifetime);
}

/* What there is to know of an alert: not of a test that found none. */
static void
write_posted_alert(struct req *r, const struct post_job *p)
{
    char gmt[CLOCK_GMT_SIZE];

    if (p->post.test && !p->result.repeated)
        return;
    clock_format_gmt(p->result.posted, gmt);
    xml_write_attr_u64(&r->out, "alertID", p->result.id);
    xml_write_attr(&r->out, "gmtTime", gmt);
    if (p->lifetime != NULL && p->result.until != 0) {
        clock_format_gmt(p->result.until, gmt);
        xml_write_attr(&r->out, "until", gmt);
    }
}

static void
post_answer(struct req_job *q, struct req *r)
{
    const struct post_job *p = (const struct post_job *)q;

    buf_append_str(&r->out, "<alertPosted");
    xml_write_attr(&r->out, "id", r->id);
    write_posted_alert(r, p);
    xml_write_attr_u64(&r->out, "sessions",
                       p->result.repeated ? 0 : p->q.job.sessions);
    if (p->post.test)
        xml_write_attr_u64(&r->out, "accounts", p->result.accounts);
    if (p->result.replaced != 0)
        xml_write_attr_u64(&r->out, "replaced", p->result.replaced);
    if (p->result.repeated)
        xml_write_attr(&r->out, "repeated", "yes");
    if (p->result.repeated && (p->result.over || p->q.job.sessions > 0))
        xml_write_attr(&r->out, "active", "no");
    buf_append(&r->out, "/>", sizeof "/>");
    req_ok(r);
}

static const struct req_job_ops post_ops = {
    .body = post_body, .answer = post_answer, .clear = post_clear};

static char *
copy(const char *text)
{
    return text != NULL ? xstrdup(text) : NULL;
}

/* -1: answered. */
static int
take_post(struct req *r, const struct attrs *in, struct post_job *p)
{
    const struct xml_elem *e = in->elem;
    struct post *post = &p->post;

    if (req_alert_place(r, in, &post->scope, &post->target) < 0)
        return -1;
    if (e->first != NULL) {
        req_fail(r, ANSWER(ALERT_HAS_ELEMENTS));
        return -1;
    }
    post->severity = attrs_severity(in, "severity", ALERT_WARNING);
    post->until = attrs_time(in, "until");
    post->replace = attrs_yes(in, "replace", false);
    post->test = attrs_yes(in, "test", false);
    post->target = p->target = copy(post->target);
    post->key = p->key = copy(attrs_text(in, "key"));
    post->lifetime = p->lifetime = copy(attrs_text(in, "lifetime"));
    post->text = p->text = xmemdup(e->text, e->text_len + 1);
    post->text_len = e->text_len;
    return 0;
}

static enum req_result
handle_post(struct req *r, const struct attrs *in)
{
    struct post_job *p = req_job_new(r, &post_ops, sizeof *p);

    if (take_post(r, in, p) == 0)
        return req_job_submit(&p->q);
    req_job_free(&p->q);
    return REQ_DONE;
}

/* --- alertRemove --- */

struct remove_job {
    struct req_job q; /* first */
    struct withdrawal what;
    char *key;   /* owned; that of it */
    bool report; /* the answer says what it was */
    struct withdrawn withdrawn;
};

static enum store_result
remove_body(struct req_job *q, struct admin_context *x, struct errbuf *err)
{
    struct remove_job *p = (struct remove_job *)q;
    enum store_result r;
    int code;

    withdrawn_clear(&p->withdrawn); /* of a try before */
    r = alert_request_remove(x, &p->what, &p->withdrawn, &code, err);
    if (r == STORE_OK && code == ANSWER_NO_RIGHTS)
        req_job_refuse(q, ANSWER(NO_RIGHTS));
    else if (r == STORE_OK && code != ANSWER_OK)
        req_job_refuse(q, ANSWER(NO_ALERT));
    return r;
}

static void
write_withdrawn(struct req *r, const struct remove_job *p)
{
    buf_append_str(&r->out, "<alertWithdrawn");
    xml_write_attr(&r->out, "id", r->id);
    xml_write_attr_u64(&r->out, "alertID", p->withdrawn.id);
    xml_write_attr(&r->out, "scope", alert_scope_name(p->withdrawn.scope));
    if (p->withdrawn.target != NULL)
        xml_write_attr(&r->out, "target", p->withdrawn.target);
    xml_write_attr_u64(&r->out, "sessions", p->q.job.sessions);
    buf_append(&r->out, "/>", sizeof "/>");
}

static void
remove_answer(struct req_job *q, struct req *r)
{
    const struct remove_job *p = (const struct remove_job *)q;

    if (p->report)
        write_withdrawn(r, p);
    req_ok(r);
}

static void
remove_clear(struct req_job *q)
{
    struct remove_job *p = (struct remove_job *)q;

    withdrawn_clear(&p->withdrawn);
    free(p->key);
}

static const struct req_job_ops remove_ops = {
    .body = remove_body, .answer = remove_answer, .clear = remove_clear};

static enum req_result
handle_remove(struct req *r, const struct attrs *in)
{
    const char *key = attrs_text(in, "key");
    bool has_id = xml_attr(in->elem, "alertID") != NULL;
    uint64_t id = 0;
    struct remove_job *p;

    if (has_id == (key != NULL)) {
        if (has_id)
            req_fail(r, ANSWER(ALERT_OR_KEY));
        else
            req_failf(r, ANSWER(MISSING), "alertID");
        return REQ_DONE;
    }
    if (has_id && (id = take_id(r, in)) == 0)
        return REQ_DONE;
    p = req_job_new(r, &remove_ops, sizeof *p);
    p->report = attrs_yes(in, "report", false);
    p->key = copy(key);
    p->what = (struct withdrawal){
        .id = id, .key = p->key, .test = attrs_yes(in, "test", false)};
    return req_job_submit(&p->q);
}

/* --- alertConfirm, alertDismiss --- */

static enum req_result
handle_confirm(struct req *r, const struct attrs *in)
{
    struct account *a = r->session->account;
    const struct alert *news = NULL;
    uint64_t id = take_id(r, in);

    if (id == 0)
        return REQ_DONE;
    if (a != NULL && !account_was_shown(a, id))
        news = account_find_alert(r->worker, a, id);
    if (a == NULL || id > r->worker->board.last_id ||
        (news == NULL && !account_was_shown(a, id))) {
        req_fail(r, ANSWER(NO_ALERT));
        return REQ_DONE;
    }
    if (news != NULL)
        stat_add(STAT_ALERTS_CONFIRMED_TO + (news->rec.scope - ALERT_SERVER),
                 1);
    account_shown(r->worker, a, id);
    door_told_confirmed(r->worker, r->session);
    req_ok(r);
    return REQ_DONE;
}

static void
dismiss_saved(void *arg, enum store_result result, const struct errbuf *err)
{
    struct req *r = arg;

    if (result == STORE_OK)
        req_ok(r);
    else
        req_fail_store(r, result, err);
    req_finish(r);
}

/* For good: the answer comes when it is on disk. */
static enum req_result
handle_dismiss(struct req *r, const struct attrs *in)
{
    struct account *a = r->session->account;
    struct buf b = {0};
    uint64_t id = take_id(r, in);

    if (id == 0)
        return REQ_DONE;
    if (a != NULL && account_has_dismissed(a, id)) {
        if (!a->dirty && !a->being_saved) {
            req_ok(r);
            return REQ_DONE;
        }
        account_when_saved(r->worker, a, id, dismiss_saved, r);
        return REQ_PENDING;
    }
    if (a == NULL || id > r->worker->board.last_id ||
        (!account_was_shown(a, id) &&
         account_find_alert(r->worker, a, id) == NULL)) {
        req_fail(r, ANSWER(NO_ALERT));
        return REQ_DONE;
    }
    /* One that is over, or was the account's own, is perhaps still on the
     * screens that it was shown on. */
    if (account_find_alert(r->worker, a, id) != NULL)
        account_dismiss(r->worker, a, id);
    alert_removed(&b, id);
    session_send_changes(&a->sessions, b.data, b.len, r->session);
    buf_clear(&b);
    account_when_saved(r->worker, a, id, dismiss_saved, r);
    return REQ_PENDING;
}

static const struct attr_rule post_attrs[] = {
    ATTR_MUST("scope", ATTR_SCOPE),
    ATTR_MAY("target", ATTR_TEXT),
    ATTR_MAY("severity", ATTR_SEVERITY),
    ATTR_MAY("until", ATTR_TIME),
    ATTR_MAY("lifetime", ATTR_TEXT),
    ATTR_MAY("key", ATTR_TEXT),
    ATTR_MAY("replace", ATTR_YES_NO),
    ATTR_MAY("test", ATTR_YES_NO),
    ATTRS_END,
};
static const struct attr_rule remove_attrs[] = {
    ATTR_MAY("alertID", ATTR_ALERT),
    ATTR_MAY("key", ATTR_TEXT),
    ATTR_MAY("test", ATTR_YES_NO),
    ATTR_MAY("report", ATTR_YES_NO),
    ATTRS_END,
};
static const struct attr_rule own_attrs[] = {
    ATTR_MUST("alertID", ATTR_ALERT),
    ATTRS_END,
};

const struct req_desc req_alert_table[] = {
    {"alertPost", REQ_IN_SESSION | REQ_OVERLAP | REQ_ELEMENTS, handle_post,
     post_attrs},
    {"alertRemove", REQ_IN_SESSION | REQ_OVERLAP, handle_remove, remove_attrs},
    {"alertConfirm", REQ_IN_SESSION | REQ_AT_DOOR, handle_confirm, own_attrs},
    {"alertDismiss", REQ_IN_SESSION | REQ_OVERLAP, handle_dismiss, own_attrs},
    {NULL, 0, NULL, NULL},
};
