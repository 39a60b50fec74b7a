/* SPDX-License-Identifier: BSD-2-Clause */
/* The id has 119 random bits, and so has a key that is a cookie: a plain hash is
 * enough (see ticket.c).
 *
 * Somebody who ends a session must be sure that it is over.  The writer thread
 * removes its record and its tickets, counts the end, and then the workers look
 * for it.  A log-in that found the record before is not open yet when the worker
 * looks, but then it sees that there was an end meanwhile, and asks again. */
#include "config.h"

#include "ximss/server/lasting.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"
#include "ximss/server/job.h"
#include "ximss/server/request.h"
#include "ximss/server/server.h"
#include "ximss/server/session_private.h"

static atomic_uint ends;

unsigned
lasting_ends(void)
{
    return atomic_load(&ends);
}

void
lasting_count_end(void)
{
    atomic_fetch_add(&ends, 1);
}

/* --- ids and keys --- */

static void
hash(const char *text, size_t len, uint8_t hash_r[TICKET_HASH_BYTES])
{
    if (EVP_Digest(text, len, hash_r, NULL, EVP_sha256(), NULL) != 1)
        log_fatal("hashing the id of a session failed");
}

int
lasting_hash(const char *id, uint8_t hash_r[TICKET_HASH_BYTES])
{
    static const char secret[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789";
    size_t digits = strspn(id, "0123456789");
    const char *rest = id + digits + 1;

    if (digits == 0 || digits > 20 || id[digits] != '-' ||
        strlen(rest) != SESSION_ID_SECRET_CHARS ||
        strspn(rest, secret) != SESSION_ID_SECRET_CHARS)
        return -1;
    hash(id, strlen(id), hash_r);
    return 0;
}

bool
lasting_opens(const struct ticket_rec *k, const char *keys)
{
    uint8_t h[TICKET_HASH_BYTES];

    if (!k->has_key)
        return true;
    while (*keys != '\0') {
        size_t len = strcspn(keys, " ");

        hash(keys, len, h);
        if (len > 0 && CRYPTO_memcmp(h, k->key, sizeof h) == 0)
            return true;
        keys += len;
        keys += strspn(keys, " ");
    }
    return false;
}

static void
set_key(struct ticket_rec *k, const struct lasting_wish *w)
{
    k->has_key = w->new_key[0] != '\0';
    if (k->has_key)
        hash(w->new_key, strlen(w->new_key), k->key);
}

void
lasting_make_id(struct lasting_wish *w, uint64_t number)
{
    w->number = number;
    session_id_format(number, w->id);
    hash(w->id, strlen(w->id), w->hash);
}

/* --- records --- */

/* The record of the session that a ticket is for. */
static struct ticket_rec
record_of(const struct lasting_wish *w, const struct ticket_rec *ticket)
{
    struct ticket_rec k = *ticket;

    memcpy(k.hash, w->hash, sizeof k.hash);
    k.is_session = true;
    k.session = w->number;
    set_key(&k, w);
    strcpy(k.note, w->note);
    return k;
}

enum store_result
lasting_put(struct store_txn *t, struct lasting_wish *w,
            struct ticket_rec *ticket, struct errbuf *err)
{
    struct ticket_rec k = record_of(w, ticket);

    ticket->session = ticket_number(w->hash);
    w->expires = k.expires;
    return ticket_put(t, &k, err);
}

/* The id is the one that was asked for, whatever new one the wish has. */
static enum store_result
put_same(struct store_txn *t, struct lasting_wish *w, struct ticket_rec *k,
         struct ticket_rec *ticket, struct errbuf *err)
{
    strcpy(w->id, w->asked);
    memcpy(w->hash, k->hash, sizeof w->hash);
    w->number = 0;
    if (k->is_waiting) {
        k->is_waiting = false;
        set_key(k, w);
        strcpy(k->note, w->note);
    }
    strcpy(w->note, k->note);
    ticket->session = ticket_number(k->hash);
    k->expires = w->expires = ticket->expires;
    return ticket_put(t, k, err);
}

enum store_result
lasting_go_on(struct store_txn *t, struct lasting_wish *w,
              const struct ticket_rec *session, struct ticket_rec *ticket,
              struct errbuf *err)
{
    struct ticket_rec k = *session;
    bool same = k.is_waiting || w->mode == LASTING_SAME;
    enum store_result r = STORE_OK;

    ticket->device = k.device;
    if (!w->wanted)
        w->id[0] = '\0';
    if (!w->wanted || same || w->mode == LASTING_INSTEAD)
        r = ticket_drop_of(t, k.account, ticket_number(k.hash), 0, err);
    if (r != STORE_OK || !w->wanted)
        return r;
    if (same)
        return put_same(t, w, &k, ticket, err);
    return lasting_put(t, w, ticket, err);
}

/* --- sessions --- */

struct lasting *
lasting_new(const struct lasting_wish *w)
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
lasting_id(const struct session *s, char out[SESSION_ID_TEXT_SIZE])
{
    if (s->lasting != NULL)
        strcpy(out, s->lasting->id);
    else
        session_id_format(s->number, out);
}

bool
lasting_is(const struct session *s, const char *id)
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
    e->account = s->user->number;
    memcpy(e->hash, s->lasting->hash, sizeof e->hash);
    e->expires = s->lasting->expires;
    e->then = clock_now() + w->cfg->session_resume_time;
    return e;
}

static enum store_result
bye_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct end *e = (struct end *)j;

    lasting_count_end();
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
lasting_bye(struct req *r)
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
lasting_lost(struct session *s)
{
    struct end *e;

    if (s->lasting == NULL || s->lasting->over || s->user == NULL ||
        session_worker(s)->draining)
        return;
    s->lasting->over = true;
    e = end_new(s, NULL);
    e->job.body = lost_body;
    e->job.finish = lost_finish;
    job_submit(&e->job);
}
