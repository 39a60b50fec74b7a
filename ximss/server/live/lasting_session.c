/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/lasting_session.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"
#include "ximss/server/live/req_job.h"
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

/* --- by bye --- */

struct farewell {
    struct req_job q; /* first */
    uint8_t hash[TICKET_HASH_BYTES];
};

static enum store_result
bye_body(struct req_job *q, struct admin_context *x, struct errbuf *err)
{
    const struct farewell *f = (const struct farewell *)q;

    revocation_note();
    return ticket_drop_of(x->txn, x->caller->account, ticket_number(f->hash), 0,
                          err);
}

static const struct req_job_ops bye_ops = {.body = bye_body};

void
lasting_session_bye(struct req *r)
{
    struct session *s = r->session;
    struct farewell *f = req_job_new(r, &bye_ops, sizeof *f);

    s->lasting->over = true;
    r->close = true; /* also if it can still be come back to */
    memcpy(f->hash, s->lasting->hash, sizeof f->hash);
    req_job_submit(&f->q);
}

/* --- with its connection --- */

struct lost {
    struct job job;
    uint8_t hash[TICKET_HASH_BYTES];
    int64_t expires; /* of the record, unless somebody came meanwhile */
    int64_t then;
};

static void
lost_free(struct lost *e)
{
    job_clear(&e->job);
    free(e);
}

static enum store_result
lost_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    const struct lost *e = (struct lost *)j;
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
    lost_free((struct lost *)j);
}

static struct lost *
lost_new(const struct session *s)
{
    struct worker *w = session_worker(s);
    struct lost *e = xcalloc(1, sizeof *e);

    job_init(&e->job, w->server, w);
    e->job.lane = session_lane(s);
    e->job.body = lost_body;
    e->job.finish = lost_finish;
    memcpy(e->hash, s->lasting->hash, sizeof e->hash);
    e->expires = s->lasting->expires;
    e->then = clock_now() + w->cfg->session_resume_time;
    return e;
}

void
lasting_session_lost(struct session *s)
{
    if (s->lasting == NULL || s->lasting->over || s->account == NULL ||
        session_worker(s)->draining)
        return;
    s->lasting->over = true;
    job_submit(&lost_new(s)->job);
}
