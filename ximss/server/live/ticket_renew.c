/* SPDX-License-Identifier: BSD-2-Clause */
/* A session may live longer than the ticket that would bring it back.  One that
 * was given a ticket is pushed another in time:
 *
 *   <ticket value="…"/>
 *
 * The one before stays good until its own end.  Were it void, the client would
 * be left without any when the connection breaks with the message on its way,
 * and that is when it needs one.  A session so has three of them at most, and if
 * the store fails there is a second try before the last one ends. */
#include "config.h"

#include "ximss/server/live/ticket_renew.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"
#include "ximss/proto/xml_write.h"
#include "ximss/server/auth/ticket.h"
#include "ximss/server/live/job.h"
#include "ximss/server/live/lasting_session.h"
#include "ximss/server/live/session_private.h"

struct renewal {
    struct job job;
    struct ticket_keep keep; /* owned */
    size_t most;             /* tickets of the account */
    uint64_t session; /* its number: it may be gone when the job is done */
    struct ticket_rec rec;
    int64_t life;
    bool lasts; /* the session: it has a record, too */
    uint8_t lasting[TICKET_HASH_BYTES];
    bool made;
    char ticket[TICKET_TEXT_SIZE];
};

uint32_t
ticket_due(const struct session *s)
{
    int64_t third = session_worker(s)->cfg->ticket_time / 3;

    return s->ticket_since +
           (uint32_t)((third + CLOCK_SECOND - 1) / CLOCK_SECOND);
}

void
ticket_keep_fill(struct ticket_keep *keep_r, const struct account *a,
                 const uint64_t *more, size_t n)
{
    const struct session *s;

    free(keep_r->number);
    keep_r->number = xcalloc(2 * a->n_sessions + n, sizeof keep_r->number[0]);
    keep_r->n = 0;
    for (size_t i = 0; i < n; i++)
        if (more[i] != 0)
            keep_r->number[keep_r->n++] = more[i];
    TAILQ_FOREACH(s, &a->sessions, of_account) {
        if (s->ticket_since != 0)
            keep_r->number[keep_r->n++] = s->ticket;
        if (s->lasting != NULL)
            keep_r->number[keep_r->n++] = ticket_number(s->lasting->hash);
    }
}

/* The record of a session that lasts, too; if that is gone, the session is
 * about to end. */
static enum store_result
renew_session(struct renewal *n, struct store_txn *t, struct errbuf *err)
{
    struct ticket_rec k, later;
    enum store_result r;

    if (!n->lasts)
        return STORE_OK;
    r = ticket_find(t, n->lasting, &k, err);
    n->made = r == STORE_OK;
    if (!n->made)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    later = k;
    later.expires = n->rec.expires;
    return ticket_change(t, &k, &later, err);
}

static enum store_result
renewal_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct renewal *n = (struct renewal *)j;
    struct account_rec account = {0};
    enum store_result r = account_get(t, n->rec.account, &account, err);

    n->made = r == STORE_OK && account.cred_serial == n->rec.cred_serial;
    account_rec_clear(&account);
    if (!n->made) /* deleted, or a new password: the worker hears of it soon */
        return r == STORE_NOTFOUND ? STORE_OK : r;
    n->rec.expires = clock_now() + n->life;
    r = renew_session(n, t, err);
    if (r != STORE_OK || !n->made)
        return r;
    r = ticket_put(t, &n->rec, err);
    if (r == STORE_OK)
        r = ticket_trim(t, n->rec.account, n->most, &n->keep, err);
    return r;
}

static struct session *
find(const struct renewal *n)
{
    const struct account *a = account_lookup(n->job.worker, n->rec.account);
    struct session *s;

    if (a == NULL)
        return NULL;
    TAILQ_FOREACH(s, &a->sessions, of_account)
        if (s->number == n->session && s->state == SESSION_OPEN)
            return s;
    return NULL;
}

static void
renewal_finish(struct job *j)
{
    struct renewal *n = (struct renewal *)j;
    struct session *s = find(n);
    struct buf b = {0};

    if (j->result != STORE_OK) {
        log_error("a ticket was not renewed: %s", j->err.text);
    } else if (n->made && s != NULL) {
        buf_append_str(&b, "<ticket");
        xml_write_attr(&b, "value", n->ticket);
        buf_append(&b, "/>", sizeof "/>");
        s->ticket = ticket_number(n->rec.hash);
        if (s->lasting != NULL)
            s->lasting->expires = n->rec.expires;
        session_tell(s, b.data, b.len);
        OPENSSL_cleanse(b.data, b.len);
        buf_clear(&b);
    }
    job_clear(j);
    free(n->keep.number);
    OPENSSL_cleanse(n, sizeof *n);
    free(n);
}

/* It was let in from there. */
static void
bind_as_before(const struct session *s, struct ticket_rec *k)
{
    if (s->ticket_bound == 1)
        ticket_bind(k, session_address(s), NULL);
    else if (s->ticket_bound == 2)
        ticket_bind(k, &s->peer, s->client);
}

void
ticket_renew(struct session *s)
{
    struct worker *w = session_worker(s);
    struct renewal *n = xcalloc(1, sizeof *n);
    uint64_t number;

    s->ticket_since = session_seconds();
    job_init(&n->job, w->server, w);
    n->job.lane = session_lane(s);
    n->session = s->number;
    n->life = w->cfg->ticket_time;
    n->most = w->cfg->max_account_tickets;
    n->rec.account = s->account->number;
    n->rec.cred_serial = s->account->cred_serial;
    n->rec.device = s->device;
    if (s->lasting != NULL) {
        n->lasts = true;
        memcpy(n->lasting, s->lasting->hash, sizeof n->lasting);
        n->rec.session = ticket_number(n->lasting);
    }
    bind_as_before(s, &n->rec);
    ticket_make(n->ticket, n->rec.hash);
    number = ticket_number(n->rec.hash);
    ticket_keep_fill(&n->keep, s->account, &number, 1);
    n->job.body = renewal_body;
    n->job.finish = renewal_finish;
    job_submit(&n->job);
}
