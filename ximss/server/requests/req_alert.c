/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests about alerts.  Those that change the store go to its writer as jobs
 * and are answered when the commit is on disk and every worker has followed it;
 * those about one's own alerts are answered from the worker's memory. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/proto/xml_parse.h"
#include "ximss/proto/xml_write.h"
#include "ximss/server/live/alert.h"
#include "ximss/server/live/alert_page.h"
#include "ximss/server/live/job.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/watch.h"
#include "ximss/server/requests/req_tables.h"
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

/* The scope and, where the scope has one, the target.  -1: answered. */
static int
take_scope(struct req *r, const struct xml_elem *e, enum alert_scope *scope_r,
           const char **target_r)
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

static void
fill_context(struct admin_context *x, struct job *j, struct store_txn *t,
             const struct job_caller *caller)
{
    *x = (struct admin_context){.txn = t,
                                .caller = &caller->caller,
                                .now = clock_now(),
                                .effects = &j->effects,
                                .settings = &j->server->admin,
                                .budget = j->server->audit_budget};
}

/* --- alertPost --- */

struct post_job {
    struct job job;
    struct req *req;
    struct job_caller caller;
    struct post post; /* its texts are owned here */
    char *target, *key, *text, *lifetime;
    struct admin_parts parts;
    struct post_result result;
};

static enum store_result
post_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct post_job *p = (struct post_job *)j;
    struct admin_context x;
    struct effect *e;
    enum store_result r;

    fill_context(&x, j, t, &p->caller);
    x.parts = &p->parts;
    r = admin_alert_post(&x, &p->post, &p->result, err);
    if (r == STORE_OK && p->post.test && p->result.code == 200 &&
        !p->result.repeated) {
        e = effect_add(&j->effects, EFFECT_COUNT_AUDIENCE);
        e->alert.scope = p->post.scope;
        e->alert.target = p->result.target;
    }
    return r;
}

static void
post_job_free(struct post_job *p)
{
    job_caller_clear(&p->caller);
    job_clear(&p->job);
    admin_parts_clear(&p->parts);
    free(p->target);
    free(p->key);
    free(p->text);
    free(p->lifetime);
    free(p);
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
write_posted(struct req *r, const struct post_job *p)
{
    buf_append_str(&r->out, "<alertPosted");
    xml_write_attr(&r->out, "id", r->id);
    write_posted_alert(r, p);
    xml_write_attr_u64(&r->out, "sessions",
                       p->result.repeated ? 0 : p->job.sessions);
    if (p->post.test)
        xml_write_attr_u64(&r->out, "accounts", p->result.accounts);
    if (p->result.repeated)
        xml_write_attr(&r->out, "repeated", "yes");
    if (p->result.repeated && (p->result.over || p->job.sessions > 0))
        xml_write_attr(&r->out, "active", "no");
    buf_append(&r->out, "/>", sizeof "/>");
}

static void
post_finish(struct job *j)
{
    struct post_job *p = (struct post_job *)j;
    struct req *r = p->req;

    if (j->result != STORE_OK) {
        req_fail_store(r, j->result, &j->err);
    } else if (p->result.code != 200) {
        req_fail(r, (unsigned)p->result.code, p->result.text);
    } else {
        write_posted(r, p);
        req_ok(r);
    }
    req_finish(r);
    post_job_free(p);
}

/* -1: answered. */
static int
take_post(struct req *r, const struct xml_elem *e, struct post_job *p)
{
    const char *target, *until = xml_attr(e, "until");
    const char *severity = xml_attr_or(e, "severity", "warning");
    const char *test = xml_attr_or(e, "test", "no");
    const char *key = xml_attr(e, "key"), *lifetime = xml_attr(e, "lifetime");

    if (take_scope(r, e, &p->post.scope, &target) < 0)
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
    struct post_job *p = xcalloc(1, sizeof *p);
    struct session_caller caller;

    job_init(&p->job, r->worker->server, r->worker);
    p->job.lane = session_lane(r->session);
    if (take_post(r, e, p) < 0) {
        post_job_free(p);
        return REQ_DONE;
    }
    session_caller(r->session, &caller);
    job_caller_set(&p->caller, &caller.caller);
    p->req = r;
    p->job.body = post_body;
    p->job.finish = post_finish;
    job_submit(&p->job);
    return REQ_PENDING;
}

/* --- alertRemove --- */

struct remove_job {
    struct job job;
    struct req *req;
    struct job_caller caller;
    uint64_t id;
    bool report; /* the answer says what it was */
    struct withdrawn withdrawn;
    int code;
};

static enum store_result
remove_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct remove_job *p = (struct remove_job *)j;
    struct admin_context x;

    fill_context(&x, j, t, &p->caller);
    withdrawn_clear(&p->withdrawn); /* of a try before */
    return admin_alert_remove(&x, p->id, &p->withdrawn, &p->code, err);
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
    xml_write_attr_u64(&r->out, "sessions", p->job.sessions);
    buf_append(&r->out, "/>", sizeof "/>");
}

static void
remove_finish(struct job *j)
{
    struct remove_job *p = (struct remove_job *)j;
    struct req *r = p->req;

    if (j->result != STORE_OK)
        req_fail_store(r, j->result, &j->err);
    else if (p->code != 200)
        req_fail(r, ANSWER(NO_ALERT));
    else if (p->report)
        write_withdrawn(r, p);
    if (j->result == STORE_OK && p->code == 200)
        req_ok(r);
    req_finish(r);
    withdrawn_clear(&p->withdrawn);
    job_caller_clear(&p->caller);
    job_clear(j);
    free(p);
}

static enum req_result
handle_remove(struct req *r, const struct xml_elem *e)
{
    struct session_caller caller;
    struct remove_job *p;
    bool report;
    uint64_t id;

    if (take_id(r, e, &id) < 0)
        return REQ_DONE;
    if (text_parse_bool(xml_attr_or(e, "report", "no"), &report) < 0) {
        req_failf(r, ANSWER(YES_OR_NO), "report");
        return REQ_DONE;
    }
    p = xcalloc(1, sizeof *p);
    p->report = report;
    job_init(&p->job, r->worker->server, r->worker);
    p->job.lane = session_lane(r->session);
    session_caller(r->session, &caller);
    job_caller_set(&p->caller, &caller.caller);
    p->req = r;
    p->id = id;
    p->job.body = remove_body;
    p->job.finish = remove_finish;
    job_submit(&p->job);
    return REQ_PENDING;
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

/* --- alertList --- */

struct list_state {
    struct alert_array alerts;
    uint32_t at;
    char *target; /* owned; NULL: not shown */
    bool posting;
    struct alert_page page;
    bool has_total;
    uint64_t total;
    struct scope_job *next; /* owned; brings the next piece; NULL: there is
                               none */
};

static void scope_job_free(struct scope_job *p);
static bool list_is_coming(const struct list_state *l);
static bool list_take_piece(struct list_state *l);
static void list_leave(struct list_state *l);

static void
list_free(void *p)
{
    struct list_state *l = p;

    list_leave(l);
    alert_page_clear(&l->page);
    alert_array_clear(&l->alerts);
    free(l->target);
    free(l);
}

static const struct alert *
list_at(const struct list_state *l)
{
    return l->alerts.v[l->page.down ? l->alerts.n - 1 - l->at : l->at];
}

static void
list_report(struct req *r, struct list_state *l, const struct alert *al)
{
    const struct account *a = r->session->account;
    struct alert_view view = {.id = r->id,
                              .zone = a != NULL ? a->zone : r->worker->zone,
                              .target = l->target,
                              .seen =
                                  a != NULL && account_was_shown(a, al->rec.id),
                              .posting = l->posting};

    alert_report(&r->out, &al->rec, &view);
}

/* Behind a page: how many there are in all, and where the next one begins. */
static void
write_listed(struct req *r, const struct list_state *l)
{
    if (!l->page.wanted)
        return;
    buf_append_str(&r->out, "<alertListed");
    xml_write_attr(&r->out, "id", r->id);
    if (l->has_total)
        xml_write_attr_u64(&r->out, "total", l->total);
    if (l->page.more)
        xml_write_attr_u64(&r->out, "next", l->page.last);
    buf_append(&r->out, "/>", sizeof "/>");
}

static enum req_step
list_step(struct req *r)
{
    struct list_state *l = r->state;
    size_t piece = r->worker->cfg->output_soft;

    if (list_is_coming(l))
        return STEP_WAIT;
    for (; l->at < l->alerts.n && r->out.len < piece; l->at++)
        list_report(r, l, list_at(l));
    if (l->at < l->alerts.n)
        return STEP_MORE;
    if (l->next != NULL)
        return list_take_piece(l) ? STEP_MORE : STEP_FAIL;
    write_listed(r, l);
    req_ok(r);
    return STEP_LAST;
}

static bool
is_listed(const struct account *a, const struct alert *al)
{
    return !account_has_dismissed(a, al->rec.id) && !al->delivered &&
           !al->generated;
}

static void
own_all(struct worker *w, struct account *a, struct list_state *l)
{
    int64_t now = clock_now();
    struct alert *al;

    for (uint64_t at = 0; (al = account_next_alert(w, a, at)) != NULL;
         at = al->rec.id)
        if (is_listed(a, al) && !alert_is_over(al, now))
            alert_array_add(&l->alerts, al);
}

/* Of alerts, for one page: it is not the turn of the session's next request. */
#define LOOKED_LONG (16 << 10)

static void
own_page(struct worker *w, struct account *a, struct list_state *l)
{
    struct alert_page *p = &l->page;
    enum alert_page_look look = PAGE_SKIP;
    int64_t now = clock_now();
    struct alert *al;

    for (uint64_t at = p->from; look != PAGE_FULL; at = al->rec.id) {
        al = p->down ? account_prev_alert(w, a, at)
                     : account_next_alert(w, a, at);
        if (al == NULL)
            return;
        look = alert_page_look(p, &al->rec, now, is_listed(a, al));
        if (look == PAGE_TAKE)
            alert_array_add(&l->alerts, al);
    }
}

/* 0, or -1: answered. */
static int
take_page(struct req *r, const struct xml_elem *e, struct alert_page *p)
{
    const struct config *cfg = r->worker->cfg;
    const struct alert_page_limits limits = {cfg->list_page, cfg->list_look};
    struct errbuf err;

    if (alert_page_parse(p, e, &limits, &err) == 0)
        return 0;
    req_fail(r, ANSWER_ARGUMENTS, err.text);
    alert_page_clear(p);
    return -1;
}

static enum req_result
list_own(struct req *r, const struct xml_elem *e)
{
    struct account *a = r->session->account;
    struct list_state *l;
    struct alert_page page;

    if (take_page(r, e, &page) < 0)
        return REQ_DONE;
    /* One does not see who wrote to oneself. */
    page.sees_authors = false;
    l = xcalloc(1, sizeof *l);
    l->page = page;
    if (a != NULL && page.wanted)
        own_page(r->worker, a, l);
    else if (a != NULL)
        own_all(r->worker, a, l);
    r->session->turn_over = l->page.looked >= LOOKED_LONG;
    req_stream(r, list_step, l, list_free);
    return REQ_PENDING;
}

struct scope_job {
    struct job job;
    struct req *req; /* NULL: nobody waits any more */
    struct job_caller caller;
    enum alert_scope scope;
    char *target; /* owned; NULL: none */
    bool watch, stop;
    uint64_t number, domain;
    bool posting;
    int code;
    struct alert_array
        alerts; /* of an account, which the board does not have: a piece */
    uint64_t after;
    bool more;
    struct alert_page page;
    uint64_t total; /* of an account, for a page */
    bool in_flight;
    struct store_txn *txn; /* while the body runs */
};

static void
scope_job_free(struct scope_job *p)
{
    job_caller_clear(&p->caller);
    job_clear(&p->job);
    alert_page_clear(&p->page);
    alert_array_clear(&p->alerts);
    free(p->target);
    free(p);
}

static void
add_copy(struct scope_job *p, const struct alert_rec *rec)
{
    struct alert_rec copy;
    struct alert *a;

    alert_rec_copy(&copy, rec);
    a = alert_new(&copy);
    alert_array_add(&p->alerts, a);
    alert_unref(&a);
}

static bool
take_listed(const struct alert_rec *rec, void *arg)
{
    struct scope_job *p = arg;

    add_copy(p, rec);
    p->more = store_tired(p->txn);
    return !p->more;
}

/* The alerts beyond `after`, until the job is tired. */
static enum store_result
piece_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct scope_job *p = (struct scope_job *)j;

    alert_array_clear(&p->alerts);
    p->more = false;
    p->txn = t;
    return alert_walk(t, ALERT_ACCOUNT, p->number, p->after, take_listed, p,
                      err);
}

static bool
take_on_page(const struct alert_rec *rec, void *arg)
{
    struct scope_job *p = arg;
    enum alert_page_look look =
        alert_page_look(&p->page, rec, clock_now(), true);

    if (look == PAGE_TAKE)
        add_copy(p, rec);
    if (look != PAGE_FULL && store_tired(p->txn)) {
        alert_page_stop(&p->page);
        return false;
    }
    return look != PAGE_FULL;
}

/* A page of an account's alerts, and how many it has.  STORE_AGAIN: counting
 * them takes longer. */
static enum store_result
page_body(struct scope_job *p, struct store_txn *t, struct errbuf *err)
{
    enum store_result r =
        alert_count(t, ALERT_ACCOUNT, p->number, &p->total, err);

    if (r != STORE_OK)
        return r;
    p->txn = t;
    p->page.found = 0; /* if it is run again */
    p->page.looked = 0;
    p->page.more = false;
    return p->page.down ? alert_walk_back(t, ALERT_ACCOUNT, p->number,
                                          p->page.from, take_on_page, p, err)
                        : alert_walk(t, ALERT_ACCOUNT, p->number, p->page.from,
                                     take_on_page, p, err);
}

static enum store_result
scope_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct scope_job *p = (struct scope_job *)j;
    struct admin_context x;
    struct account_rec account = {0};
    enum store_result r;

    alert_array_clear(&p->alerts);
    fill_context(&x, j, t, &p->caller);
    r = admin_scope_check(&x, p->scope, p->target, &p->number, &p->posting,
                          &p->code, err);
    if (r != STORE_OK || p->code != 200 || p->scope != ALERT_ACCOUNT) {
        p->domain = p->number;
        return r;
    }
    r = account_get(t, p->number, &account, err);
    p->domain = account.domain;
    account_rec_clear(&account);
    p->page.sees_authors = p->posting;
    if (r == STORE_OK && p->page.wanted)
        r = page_body(p, t, err);
    else if (r == STORE_OK && !p->watch)
        r = piece_body(j, t, err);
    return r;
}

static void
watch_scope(struct scope_job *p)
{
    struct req *r = p->req;
    struct watch_spec spec = {p->scope, p->number, p->domain, p->target};

    if (p->stop) {
        watch_remove(r->worker, r->session, &spec);
    } else if (!watch_add(r->worker, r->session, &spec)) {
        req_failf(r, ANSWER(TOO_MANY_WATCHES),
                  r->worker->cfg->max_session_watches);
        req_finish(r);
        return;
    }
    req_ok(r);
    req_finish(r);
}

static void
list_add(struct list_state *l, const struct alert_array *set)
{
    int64_t now = clock_now();

    for (uint32_t i = 0; set != NULL && i < set->n; i++)
        if (!alert_is_over(set->v[i], now))
            alert_array_add(&l->alerts, set->v[i]);
}

/* --- its pieces: the next one is asked for when one has been sent --- */

static bool
list_is_coming(const struct list_state *l)
{
    return l->next != NULL && l->next->in_flight;
}

static void
piece_finish(struct job *j)
{
    struct scope_job *p = (struct scope_job *)j;

    p->in_flight = false;
    if (p->req == NULL)
        scope_job_free(p);
    else
        req_run_steps(p->req->session);
}

static void
ask_for_piece(struct scope_job *p)
{
    p->in_flight = true;
    p->job.body = piece_body;
    p->job.finish = piece_finish;
    job_submit(&p->job);
}

/* What has come becomes the list, and the one after it is asked for.  False: the
 * store failed. */
static bool
list_take_piece(struct list_state *l)
{
    struct scope_job *p = l->next;

    if (p->job.result != STORE_OK) {
        log_error("a list broke off: %s", p->job.err.text);
        return false;
    }
    alert_array_clear(&l->alerts);
    l->at = 0;
    list_add(l, &p->alerts);
    if (p->more) {
        p->after = p->alerts.v[p->alerts.n - 1]->rec.id;
        ask_for_piece(p);
    } else {
        scope_job_free(p);
        l->next = NULL;
    }
    return true;
}

static void
list_leave(struct list_state *l)
{
    if (l->next == NULL)
        return;
    l->next->req = NULL;
    if (!l->next->in_flight)
        scope_job_free(l->next);
    l->next = NULL;
}

/* A page of the job: what is in the store has been taken there. */
static void
list_page(struct scope_job *p, struct list_state *l)
{
    const struct alert_array *set =
        board_set(&p->req->worker->board, p->scope, p->number);

    p->page.sees_authors = p->posting;
    l->has_total = true;
    if (p->scope == ALERT_ACCOUNT) {
        l->total = p->total;
        l->alerts = p->alerts;
        p->alerts = (struct alert_array){0};
    } else {
        l->total = set != NULL ? set->n : 0;
        alert_page_set(&p->page, set, clock_now(), &l->alerts);
    }
    l->page = p->page;
    p->page = (struct alert_page){0};
    scope_job_free(p);
}

/* Keeps the job if there is more to come. */
static void
list_scope(struct scope_job *p)
{
    struct req *r = p->req;
    struct list_state *l = xcalloc(1, sizeof *l);

    l->target = p->target;
    l->posting = p->posting;
    p->target = NULL;
    if (p->page.wanted) {
        list_page(p, l);
    } else if (p->scope == ALERT_ACCOUNT) {
        l->next = p;
        list_take_piece(l);
    } else {
        list_add(l, board_set(&r->worker->board, p->scope, p->number));
        scope_job_free(p);
    }
    req_stream(r, list_step, l, list_free);
}

static void
scope_finish(struct job *j)
{
    struct scope_job *p = (struct scope_job *)j;
    struct req *r = p->req;

    if (r->session == NULL || j->result != STORE_OK || p->code != 200) {
        if (j->result != STORE_OK)
            req_fail_store(r, j->result, &j->err);
        else
            req_fail(r, (unsigned)p->code, answer_text(p->code));
        req_finish(r);
    } else if (p->watch) {
        watch_scope(p);
    } else {
        list_scope(p);
        return;
    }
    scope_job_free(p);
}

static enum req_result
start_scope(struct req *r, const struct xml_elem *e, bool watch)
{
    struct scope_job *p = xcalloc(1, sizeof *p);
    struct session_caller caller;
    const char *target, *stop = xml_attr_or(e, "stop", "no");

    job_init(&p->job, r->worker->server, r->worker);
    p->job.lane = session_lane(r->session);
    p->watch = watch;
    if (take_scope(r, e, &p->scope, &target) < 0) {
        scope_job_free(p);
        return REQ_DONE;
    }
    if (text_parse_bool(stop, &p->stop) < 0) {
        req_failf(r, ANSWER(YES_OR_NO), "stop");
        scope_job_free(p);
        return REQ_DONE;
    }
    if (!watch && take_page(r, e, &p->page) < 0) {
        scope_job_free(p);
        return REQ_DONE;
    }
    session_caller(r->session, &caller);
    job_caller_set(&p->caller, &caller.caller);
    p->req = r;
    p->target = target != NULL ? xstrdup(target) : NULL;
    if (p->target != NULL)
        text_lower(p->target);
    p->job.body = scope_body;
    p->job.finish = scope_finish;
    job_submit(&p->job);
    return REQ_PENDING;
}

static enum req_result
handle_list(struct req *r, const struct xml_elem *e)
{
    if (xml_attr(e, "scope") == NULL && xml_attr(e, "target") == NULL)
        return list_own(r, e);
    return start_scope(r, e, false);
}

static enum req_result
handle_watch(struct req *r, const struct xml_elem *e)
{
    return start_scope(r, e, true);
}

const struct req_desc req_alert_table[] = {
    {"alertPost", REQ_IN_SESSION | REQ_OVERLAP, handle_post},
    {"alertRemove", REQ_IN_SESSION | REQ_OVERLAP, handle_remove},
    {"alertConfirm", REQ_IN_SESSION, handle_confirm},
    {"alertDismiss", REQ_IN_SESSION | REQ_OVERLAP, handle_dismiss},
    {"alertList", REQ_IN_SESSION, handle_list},
    {"alertWatch", REQ_IN_SESSION, handle_watch},
    {NULL, 0, NULL},
};
