/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests that change something about alerts.  Posts and removals go to the
 * store's writer as jobs and are answered when the commit is on disk and every
 * worker has followed it; what one does with one's own alerts is noted in the
 * worker's memory. */
#include "config.h"

#include "ximss/server/requests/req_alert.h"

#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/proto/xml_parse.h"
#include "ximss/proto/xml_write.h"
#include "ximss/server/live/alert.h"
#include "ximss/server/live/req_job.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/rules/alert_names.h"
#include "ximss/server/rules/alert_request.h"

/* --- attributes --- */

static int
take_id(struct req *r, const struct xml_elem *e, uint64_t *id_r)
{
    const char *text = xml_attr(e, "alertID");
    unsigned long long id;

    if (text == NULL) {
        req_failf(r, ANSWER(MISSING), "alertID");
        return -1;
    }
    if (text_parse_u64(text, UINT64_MAX, &id) < 0 || id == 0) {
        req_fail(r, ANSWER(NO_ALERT));
        return -1;
    }
    *id_r = id;
    return 0;
}

int
req_alert_place(struct req *r, const struct xml_elem *e,
                enum alert_scope *scope_r, const char **target_r)
{
    const char *scope = xml_attr(e, "scope");

    *target_r = xml_attr(e, "target");
    if (scope == NULL) {
        req_failf(r, ANSWER(MISSING), "scope");
        return -1;
    }
    if (alert_scope_parse(scope, scope_r) < 0) {
        req_fail(r, ANSWER(BAD_SCOPE));
        return -1;
    }
    if (*scope_r == ALERT_DOMAIN || *scope_r == ALERT_ACCOUNT) {
        if (*target_r == NULL || (*target_r)[0] == '\0') {
            req_failf(r, ANSWER(TARGET_MISSING), scope);
            return -1;
        }
    } else if (*target_r != NULL) {
        req_failf(r, ANSWER(NO_TARGET), scope);
        return -1;
    }
    return 0;
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
    if (p->result.repeated)
        xml_write_attr(&r->out, "repeated", "yes");
    if (p->result.repeated && (p->result.over || p->q.job.sessions > 0))
        xml_write_attr(&r->out, "active", "no");
    buf_append(&r->out, "/>", sizeof "/>");
    req_ok(r);
}

static const struct req_job_ops post_ops = {
    .body = post_body, .answer = post_answer, .clear = post_clear};

/* -1: answered. */
static int
take_post(struct req *r, const struct xml_elem *e, struct post_job *p)
{
    const char *target, *until = xml_attr(e, "until");
    const char *severity = xml_attr_or(e, "severity", "warning");
    const char *test = xml_attr_or(e, "test", "no");
    const char *key = xml_attr(e, "key"), *lifetime = xml_attr(e, "lifetime");

    if (req_alert_place(r, e, &p->post.scope, &target) < 0)
        return -1;
    if (alert_severity_parse(severity, &p->post.severity) < 0) {
        req_fail(r, ANSWER(BAD_SEVERITY));
        return -1;
    }
    if (until != NULL && clock_parse_gmt(until, &p->post.until) < 0) {
        req_fail(r, ANSWER(BAD_UNTIL));
        return -1;
    }
    if (text_parse_bool(test, &p->post.test) < 0) {
        req_failf(r, ANSWER(YES_OR_NO), "test");
        return -1;
    }
    if (e->first != NULL) {
        req_fail(r, ANSWER(ALERT_HAS_ELEMENTS));
        return -1;
    }
    p->target = target != NULL ? xstrdup(target) : NULL;
    p->key = key != NULL ? xstrdup(key) : NULL;
    p->text = xmemdup(e->text, e->text_len + 1);
    p->lifetime = lifetime != NULL ? xstrdup(lifetime) : NULL;
    p->post.lifetime = p->lifetime;
    p->post.target = p->target;
    p->post.key = p->key;
    p->post.text = p->text;
    p->post.text_len = e->text_len;
    return 0;
}

static enum req_result
handle_post(struct req *r, const struct xml_elem *e)
{
    struct post_job *p = req_job_new(r, &post_ops, sizeof *p);

    if (take_post(r, e, p) == 0)
        return req_job_submit(&p->q);
    req_job_free(&p->q);
    return REQ_DONE;
}

/* --- alertRemove --- */

struct remove_job {
    struct req_job q; /* first */
    uint64_t id;
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
    r = alert_request_remove(x, p->id, &p->withdrawn, &code, err);
    if (r == STORE_OK && code != ANSWER_OK)
        req_job_refuse(q, ANSWER(NO_ALERT));
    return r;
}

static void
write_withdrawn(struct req *r, const struct remove_job *p)
{
    buf_append_str(&r->out, "<alertWithdrawn");
    xml_write_attr(&r->out, "id", r->id);
    xml_write_attr_u64(&r->out, "alertID", p->id);
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
    withdrawn_clear(&((struct remove_job *)q)->withdrawn);
}

static const struct req_job_ops remove_ops = {
    .body = remove_body, .answer = remove_answer, .clear = remove_clear};

static enum req_result
handle_remove(struct req *r, const struct xml_elem *e)
{
    struct remove_job *p;
    bool report;
    uint64_t id;

    if (take_id(r, e, &id) < 0)
        return REQ_DONE;
    if (text_parse_bool(xml_attr_or(e, "report", "no"), &report) < 0) {
        req_failf(r, ANSWER(YES_OR_NO), "report");
        return REQ_DONE;
    }
    p = req_job_new(r, &remove_ops, sizeof *p);
    p->report = report;
    p->id = id;
    return req_job_submit(&p->q);
}

/* --- alertConfirm, alertDismiss --- */

static enum req_result
handle_confirm(struct req *r, const struct xml_elem *e)
{
    struct account *a = r->session->account;
    uint64_t id;

    if (take_id(r, e, &id) < 0)
        return REQ_DONE;
    if (a == NULL || id > r->worker->board.last_id ||
        (!account_was_shown(a, id) &&
         account_find_alert(r->worker, a, id) == NULL)) {
        req_fail(r, ANSWER(NO_ALERT));
        return REQ_DONE;
    }
    account_shown(r->worker, a, id);
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
handle_dismiss(struct req *r, const struct xml_elem *e)
{
    struct account *a = r->session->account;
    struct buf b = {0};
    uint64_t id;

    if (take_id(r, e, &id) < 0)
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

const struct req_desc req_alert_table[] = {
    {"alertPost", REQ_IN_SESSION | REQ_OVERLAP, handle_post},
    {"alertRemove", REQ_IN_SESSION | REQ_OVERLAP, handle_remove},
    {"alertConfirm", REQ_IN_SESSION, handle_confirm},
    {"alertDismiss", REQ_IN_SESSION | REQ_OVERLAP, handle_dismiss},
    {NULL, 0, NULL},
};
