/* SPDX-License-Identifier: BSD-2-Clause */
/* listFeatures: what a client can do before it logs in. */
#include "config.h"

#include "ximss/server/requests/req_features.h"

#include <stdlib.h>

#include "util/xmalloc.h"
#include "ximss/proto/xml_write.h"
#include "ximss/server/live/attrs.h"
#include "ximss/server/live/req_job.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/requests/login_private.h"
#include "ximss/server/rules/settings.h"

struct features {
    struct req_job q; /* first */
    char *domain;     /* owned; asked for, then found */
    bool cram;        /* the domain wants CRAM-MD5 */
};

/* A domain that is not there gets the answer of the main domain. */
static enum store_result
features_body(struct req_job *q, struct admin_context *x, struct errbuf *err)
{
    struct features *f = (struct features *)q;
    struct domain_rec d = {0};
    enum store_result r = domain_find(x->txn, f->domain, &d, err);

    if (r == STORE_NOTFOUND)
        r = domain_get(x->txn, q->job.server->main_domain_number, &d, err);
    if (r == STORE_OK) {
        free(f->domain);
        f->domain = xstrdup(d.name);
        r = settings_domain_cram(x->txn, &d, &f->cram, err);
    }
    domain_rec_clear(&d);
    return r;
}

static void
features_answer(struct req_job *q, struct req *r)
{
    const struct features *f = (struct features *)q;
    const struct session *s = r->session;

    buf_append_str(&r->out, "<features");
    xml_write_attr(&r->out, "id", r->id);
    xml_write_attr(&r->out, "domain", f->domain);
    buf_append_char(&r->out, '>');
    if (!session_is_encrypted(s) && session_worker(s)->tls != NULL)
        buf_append_str(&r->out, "<starttls/>");
    if (login_clear_is_allowed(s))
        buf_append_str(&r->out, "<sasl>LOGIN</sasl><sasl>PLAIN</sasl>");
    if (f->cram)
        buf_append_str(&r->out, "<sasl>CRAM-MD5</sasl>");
    buf_append_str(&r->out, "<sasl>SCRAM-SHA-256</sasl>");
    if (login_external_is_allowed(s))
        buf_append_str(&r->out, "<sasl>EXTERNAL</sasl>");
    buf_append(&r->out, "</features>", sizeof "</features>");
    req_ok(r);
}

static void
features_clear(struct req_job *q)
{
    free(((struct features *)q)->domain);
}

static const struct req_job_ops features_ops = {
    .body = features_body, .answer = features_answer, .clear = features_clear};

static enum req_result
handle_list_features(struct req *r, const struct attrs *in)
{
    const struct login *l = r->session->login;
    struct features *f;

    if (login_take_client(r, attrs_text(in, "clientAddress")) < 0)
        return REQ_DONE;
    f = req_job_new(r, &features_ops, sizeof *f);
    f->domain = l != NULL && l->domain != NULL
                    ? xstrdup(l->domain)
                    : server_main_domain(r->worker->server);
    return req_job_submit(&f->q);
}

static const struct attr_rule features_attrs[] = {
    ATTR_MAY("domain", ATTR_TEXT),
    ATTR_MAY("clientAddress", ATTR_TEXT),
    ATTRS_END,
};

const struct req_desc req_features_table[] = {
    {"listFeatures", REQ_BEFORE_LOGIN | REQ_IN_SESSION | REQ_LENIENT,
     handle_list_features, features_attrs},
    {NULL, 0, NULL, NULL},
};
