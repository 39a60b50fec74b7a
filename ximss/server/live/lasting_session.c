/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/lasting_session.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"
#include "ximss/server/live/job.h"
#include "ximss/server/live/request.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/rules/revocation.h"

struct lasting *
lasting_session_new(const struct lasting_wish *w)
{
    struct lasting *l;

    if (w->id[0] == '\0')
        return NULL;
    l = xcalloc(1, sizeof *l);
    strcpy(l->id, w->id);
    memcpy(l->hash, w->hash, sizeof l->hash);
    strcpy(l->note, w->note);
    l->expires = w->expires;
    return l;
}

void
lasting_session_id(const struct session *s, char out[SESSION_ID_TEXT_SIZE])
{
    if (s->lasting != NULL)
        strcpy(out, s->lasting->id);
    else
        session_id_format(s->number, out);
}

bool
lasting_session_is(const struct session *s, const char *id)
{
    size_t len = strlen(id);

    return s->lasting != NULL && strlen(s->lasting->id) == len &&
           CRYPTO_memcmp(s->lasting->id, id, len) == 0;
}

/* --- ends --- */

struct end {
    struct job job;
    struct req *req; /* of bye; NULL: the connection was lost */
    uint64_t account;
    uint8_t hash[TICKET_HASH_BYTES];
    int64_t expires; /* of the record, unless somebody came meanwhile */
    int64_t then;
};

static void
end_free(struct end *e)
{
    job_clear(&e->job);
    free(e);
}

static struct end *
end_new(const struct session *s, struct req *r)
{
    struct worker *w = session_worker(s);
    struct end *e = xcalloc(1, sizeof *e);

    job_init(&e->job, w->server, w);
    e->job.lane = session_lane(s);
    e->req = r;
    e->account = s->account->number;
    memcpy(e->hash, s->lasting->hash, sizeof e->hash);
    e->expires = s->lasting->expires;
    e->then = clock_now() + w->cfg->session_resume_time;
    return e;
}

static enum store_result
bye_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct end *e = (struct end *)j;

    revocation_note();
    return ticket_drop_of(t, e->account, ticket_number(e->hash), 0, err);
}

static void
bye_finish(struct job *j)
{
    struct end *e = (struct end *)j;
    struct req *r = e->req;

    if (j->result == STORE_OK)
        req_ok(r);
    else
        req_fail_store(r, j->result, &j->err); /* it may be come back to */
    r->close = true;
    req_finish(r);
    end_free(e);
}

void
lasting_session_bye(struct req *r)
{
    struct session *s = r->session;
    struct end *e = end_new(s, r);

    s->lasting->over = true;
    e->job.body = bye_body;
    e->job.finish = bye_finish;
    job_submit(&e->job);
}

static enum store_result
lost_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    const struct end *e = (struct end *)j;
    struct ticket_rec k, sooner;
    enum store_result r = ticket_find(t, e->hash, &k, err);

    if (r != STORE_OK || k.expires != e->expires || k.expires <= e->then)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    sooner = k;
    sooner.expires = e->then;
    return ticket_change(t, &k, &sooner, err);
}

static void
lost_finish(struct job *j)
{
    if (j->result != STORE_OK)
        log_warn("a session whose connection is gone can be come back to for "
                 "longer than it should: %s",
                 j->err.text);
    end_free((struct end *)j);
}

void
lasting_session_lost(struct session *s)
{
    struct end *e;

    if (s->lasting == NULL || s->lasting->over || s->account == NULL ||
        session_worker(s)->draining)
        return;
    s->lasting->over = true;
    e = end_new(s, NULL);
    e->job.body = lost_body;
    e->job.finish = lost_finish;
    job_submit(&e->job);
}
