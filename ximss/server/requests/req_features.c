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
    struct domain_logins logins;
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
        r = settings_domain_logins(x->txn, &d, &x->settings->auth, &f->logins,
                                   err);
    }
    domain_rec_clear(&d);
    return r;
}

static bool
dovecot_offers(const struct features *f, const char *mechanism)
{
    return auth_list_has(&f->logins.auth, AUTH_DOVECOT) &&
           passdb_offers(f->q.job.server->passdb, PASSDB_DOVECOT, mechanism);
}

/* Programs choose SCRAM where they see it, so where passwords can be sent in clear
 * it is for domains all of whose users can use it. */
static bool
scram_is_offered(const struct features *f, bool clear)
{
    bool store = auth_list_has(&f->logins.auth, AUTH_STORE);
    bool dovecot = dovecot_offers(f, "SCRAM-SHA-256");

    if (!auth_list_is_outside(&f->logins.auth) || !clear)
        return store || dovecot;
    return dovecot && !auth_list_has(&f->logins.auth, AUTH_PAM);
}

static void
append_methods(const struct features *f, struct buf *out, bool clear)
{
    if (clear)
        buf_append_str(out, "<sasl>LOGIN</sasl><sasl>PLAIN</sasl>");
    if (f->logins.cram && auth_list_has(&f->logins.auth, AUTH_STORE))
        buf_append_str(out, "<sasl>CRAM-MD5</sasl>");
    if (scram_is_offered(f, clear))
        buf_append_str(out, "<sasl>SCRAM-SHA-256</sasl>");
    if (clear && dovecot_offers(f, "OAUTHBEARER"))
        buf_append_str(out, "<sasl>OAUTHBEARER</sasl>");
    if (clear && dovecot_offers(f, "XOAUTH2"))
        buf_append_str(out, "<sasl>XOAUTH2</sasl>");
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
    append_methods(f, &r->out, login_clear_is_allowed(s));
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
