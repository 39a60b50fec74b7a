/* SPDX-License-Identifier: BSD-2-Clause */
/* listFeatures: what a client can do before it logs in. */
#include "config.h"

#include <stdlib.h>

#include "util/xmalloc.h"
#include "ximss/proto/xml_write.h"
#include "ximss/server/live/job.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/requests/login_private.h"
#include "ximss/server/requests/req_tables.h"
#include "ximss/server/rules/settings.h"

struct features_job {
    struct job job;
    struct req *req;
    char *domain; /* owned; asked for, then found */
    bool cram;
};

static enum store_result
features_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct features_job *f = (struct features_job *)j;
    struct domain_rec d = {0};
    enum store_result r = domain_find(t, f->domain, &d, err);

    if (r == STORE_NOTFOUND)
        r = domain_get(t, j->server->main_domain_number, &d, err);
    if (r == STORE_OK) {
        free(f->domain);
        f->domain = xstrdup(d.name);
        r = settings_domain_cram(t, &d, &f->cram, err);
    }
    domain_rec_clear(&d);
    return r;
}

static void
write_features(struct req *r, const struct features_job *f)
{
    struct session *s = r->session;

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
}

static void
features_finish(struct job *j)
{
    struct features_job *f = (struct features_job *)j;
    struct req *r = f->req;

    if (r->session != NULL) {
        if (j->result == STORE_OK) {
            write_features(r, f);
            req_ok(r);
        } else {
            req_fail_store(r, j->result, &j->err);
        }
    }
    req_finish(r);
    free(f->domain);
    job_clear(j);
    free(f);
}

static enum req_result
handle_list_features(struct req *r, const struct xml_elem *e)
{
    struct features_job *f;

    if (login_take_client(r, e) < 0)
        return REQ_DONE;
    f = xcalloc(1, sizeof *f);
    job_init(&f->job, r->worker->server, r->worker);
    f->job.lane = session_lane(r->session);
    f->req = r;
    f->domain = login_of(r->session)->domain != NULL
                    ? xstrdup(login_of(r->session)->domain)
                    : server_main_domain(r->worker->server);
    f->job.body = features_body;
    f->job.finish = features_finish;
    job_submit(&f->job);
    return REQ_PENDING;
}

const struct req_desc req_features_table[] = {
    {"listFeatures", REQ_BEFORE_LOGIN | REQ_IN_SESSION, handle_list_features},
    {NULL, 0, NULL},
};
