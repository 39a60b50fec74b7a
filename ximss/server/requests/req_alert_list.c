/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of alerts, and sessions that follow them.  A user's own list comes from
 * the memory of the worker.  For the list of a scope, the store is asked for
 * permission.  It also has the alerts to an account, which are sent in pieces,
 * as fast as the client reads them. */
#include "config.h"

#include "ximss/server/requests/req_alert_list.h"

#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/name.h"
#include "util/xmalloc.h"
#include "ximss/proto/xml_write.h"
#include "ximss/server/live/alert.h"
#include "ximss/server/live/alert_page.h"
#include "ximss/server/live/attrs.h"
#include "ximss/server/live/req_job.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/live/watch.h"
#include "ximss/server/requests/req_alert.h"
#include "ximss/server/rules/alert_request.h"

/* --- a list on its way out --- */

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
take_page(struct req *r, const struct attrs *in, struct alert_page *p)
{
    const struct config *cfg = r->worker->cfg;
    const struct alert_page_limits limits = {cfg->list_page, cfg->list_look};
    struct errbuf err;

    if (alert_page_take(p, in, &limits, &err) == 0)
        return 0;
    req_fail(r, ANSWER_ARGUMENTS, err.text);
    alert_page_clear(p);
    return -1;
}

static enum req_result
list_own(struct req *r, const struct attrs *in)
{
    struct account *a = r->session->account;
    struct list_state *l;
    struct alert_page page;

    if (take_page(r, in, &page) < 0)
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
    struct req_job q; /* first; req NULL: nobody waits any more */
    enum alert_scope scope;
    char *target; /* owned; NULL: none */
    bool stop;
    uint64_t number, domain;
    bool posting;
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
scope_clear(struct req_job *q)
{
    struct scope_job *p = (struct scope_job *)q;

    alert_page_clear(&p->page);
    alert_array_clear(&p->alerts);
    free(p->target);
}

static void
scope_job_free(struct scope_job *p)
{
    req_job_free(&p->q);
}

static void
add_copy(struct scope_job *p, const struct alert_rec *rec)
{
    struct alert *a = alert_new_copy(rec);

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
piece_body(struct req_job *q, struct admin_context *x, struct errbuf *err)
{
    struct scope_job *p = (struct scope_job *)q;

    alert_array_clear(&p->alerts);
    p->more = false;
    p->txn = x->txn;
    return alert_walk(x->txn, ALERT_ACCOUNT, p->number, p->after, take_listed,
                      p, err);
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

/* Whether it may be listed or followed, and what it is. */
static enum store_result
find_scope(struct scope_job *p, struct admin_context *x, struct errbuf *err)
{
    struct account_rec account = {0};
    enum store_result r;
    int code;

    r = alert_request_check(x, p->scope, p->target, &p->number, &p->posting,
                            &code, err);
    if (r == STORE_OK && code != ANSWER_OK)
        req_job_refuse(&p->q, code, answer_text(code));
    p->domain = p->number;
    if (r != STORE_OK || code != ANSWER_OK || p->scope != ALERT_ACCOUNT)
        return r;
    r = account_get(x->txn, p->number, &account, err);
    p->domain = account.domain;
    account_rec_clear(&account);
    return r;
}

static struct scope_job *
scope_job_new(struct req *r, const struct req_job_ops *ops,
              const struct attrs *in)
{
    struct scope_job *p = req_job_new(r, ops, sizeof *p);
    const char *target;

    if (req_alert_place(r, in, &p->scope, &target) < 0) {
        scope_job_free(p);
        return NULL;
    }
    if (target != NULL)
        p->target = p->scope == ALERT_DOMAIN ? name_domain_key(target)
                                             : name_key(target);
    return p;
}

/* --- alertWatch --- */

static enum store_result
watch_body(struct req_job *q, struct admin_context *x, struct errbuf *err)
{
    return find_scope((struct scope_job *)q, x, err);
}

static void
watch_answer(struct req_job *q, struct req *r)
{
    const struct scope_job *p = (const struct scope_job *)q;
    struct watch_spec spec = {p->scope, p->number, p->domain, p->target};

    if (p->stop) {
        watch_remove(r->worker, r->session, &spec);
    } else if (!watch_add(r->worker, r->session, &spec)) {
        req_failf(r, ANSWER(TOO_MANY_WATCHES),
                  r->worker->cfg->max_session_watches);
        return;
    }
    req_ok(r);
}

static const struct req_job_ops watch_ops = {
    .body = watch_body, .answer = watch_answer, .clear = scope_clear};

static enum req_result
handle_watch(struct req *r, const struct attrs *in)
{
    struct scope_job *p = scope_job_new(r, &watch_ops, in);

    if (p == NULL)
        return REQ_DONE;
    p->stop = attrs_yes(in, "stop", false);
    return req_job_submit(&p->q);
}

/* --- alertList of a scope --- */

static enum store_result
scope_body(struct req_job *q, struct admin_context *x, struct errbuf *err)
{
    struct scope_job *p = (struct scope_job *)q;
    enum store_result r;

    alert_array_clear(&p->alerts);
    r = find_scope(p, x, err);
    if (r != STORE_OK || q->code != ANSWER_OK || p->scope != ALERT_ACCOUNT)
        return r;
    p->page.sees_authors = p->posting;
    return p->page.wanted ? page_body(p, x->txn, err) : piece_body(q, x, err);
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
piece_finish(struct req_job *q)
{
    struct scope_job *p = (struct scope_job *)q;

    p->in_flight = false;
    if (q->req == NULL)
        scope_job_free(p);
    else
        req_run_steps(q->req->session);
}

static const struct req_job_ops piece_ops = {
    .body = piece_body, .finish = piece_finish, .clear = scope_clear};

static void
ask_for_piece(struct scope_job *p)
{
    p->in_flight = true;
    req_job_next(&p->q, &piece_ops);
}

/* What has come becomes the list, and the one after it is asked for.  False: the
 * store failed. */
static bool
list_take_piece(struct list_state *l)
{
    struct scope_job *p = l->next;

    if (p->q.job.result != STORE_OK) {
        log_error("a list broke off: %s", p->q.job.err.text);
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
    l->next->q.req = NULL;
    if (!l->next->in_flight)
        scope_job_free(l->next);
    l->next = NULL;
}

/* A page of the job: what is in the store has been taken there. */
static void
list_page(struct scope_job *p, struct list_state *l)
{
    const struct alert_array *set =
        board_set(&p->q.req->worker->board, p->scope, p->number);

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
list_scope(struct req_job *q)
{
    struct scope_job *p = (struct scope_job *)q;
    struct req *r = q->req;
    struct list_state *l;

    if (r->session == NULL) {
        req_job_answer(q);
        return;
    }
    l = xcalloc(1, sizeof *l);
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

static const struct req_job_ops list_ops = {
    .body = scope_body, .go_on = list_scope, .clear = scope_clear};

static enum req_result
handle_list(struct req *r, const struct attrs *in)
{
    struct scope_job *p;

    if (!attrs_has(in, "scope") && !attrs_has(in, "target"))
        return list_own(r, in);
    p = scope_job_new(r, &list_ops, in);
    if (p == NULL)
        return REQ_DONE;
    if (take_page(r, in, &p->page) == 0)
        return req_job_submit(&p->q);
    scope_job_free(p);
    return REQ_DONE;
}

static const struct attr_rule list_attrs[] = {
    ATTR_MAY("scope", ATTR_SCOPE),
    ATTR_MAY("target", ATTR_TEXT),
    ALERT_PAGE_ATTRS,
    ATTRS_END,
};
static const struct attr_rule watch_attrs[] = {
    ATTR_MUST("scope", ATTR_SCOPE),
    ATTR_MAY("target", ATTR_TEXT),
    ATTR_MAY("stop", ATTR_YES_NO),
    ATTRS_END,
};

const struct req_desc req_alert_list_table[] = {
    {"alertList", REQ_IN_SESSION, handle_list, list_attrs},
    {"alertWatch", REQ_IN_SESSION, handle_watch, watch_attrs},
    {NULL, 0, NULL, NULL},
};
