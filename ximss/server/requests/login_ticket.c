/* SPDX-License-Identifier: BSD-2-Clause */
/* Log-in by a ticket.  If the request also names a session, the ticket must be
 * one of that session, which continues. */
#include "config.h"

#include "ximss/server/requests/login_private.h"

#include <string.h>

#include "ximss/server/auth/ticket.h"
#include "ximss/server/requests/attempt.h"

/* The record of the session that is asked for.  known: the ticket is of it. */
static enum store_result
find_session_of(struct attempt *a, struct store_txn *t,
                const struct ticket_rec *shown, struct ticket_rec *session_r,
                struct errbuf *err)
{
    uint8_t hash[TICKET_HASH_BYTES];
    enum store_result r;

    a->known = lasting_hash(a->lasting.asked, hash) == 0 &&
               ticket_number(hash) == shown->session;
    if (!a->known)
        return STORE_OK;
    r = ticket_find(t, hash, session_r, err);
    a->known = r == STORE_OK && session_r->is_session &&
               session_r->account == shown->account;
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

/* known: the ticket that is shown is good and, where a session is asked for, of
 * that one.  Then the records of both. */
static enum store_result
find_ticket(struct attempt *a, struct store_txn *t, struct ticket_rec *k_r,
            struct ticket_rec *session_r, struct errbuf *err)
{
    enum store_result r = ticket_find(t, a->hash, k_r, err);

    a->known = false;
    if (r != STORE_OK || k_r->is_session || k_r->is_device)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    r = attempt_admit_owner(a, t, k_r, err);
    if (r == STORE_OK && a->known && a->lasting.asked[0] != '\0')
        r = find_session_of(a, t, k_r, session_r, err);
    return r;
}

static enum store_result
find_ticket_body(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    struct ticket_rec k = {0}, session = {0};

    return find_ticket(a, t, &k, &session, err);
}

/* The ticket's session goes on, or another one begins. */
static enum store_result
redeem_ticket_body(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    struct ticket_rec k = {0}, session = {0}, next;
    enum store_result r = find_ticket(a, t, &k, &session, err);

    if (r != STORE_OK || !a->known)
        return r;
    next = attempt_next_ticket(a, &k);
    if (!a->keep_ticket)
        r = ticket_take(t, a->hash, &k, err);
    if (r == STORE_OK && a->lasting.asked[0] != '\0')
        r = lasting_go_on(t, &a->lasting, &session, &next, err);
    else if (r == STORE_OK && a->lasting.wanted)
        r = lasting_put(t, &a->lasting, &next, err);
    return r == STORE_OK ? ticket_put(t, &next, err) : r;
}

static const struct attempt_way by_ticket = {
    find_ticket_body, redeem_ticket_body, attempt_refuse_shown};

enum req_result
login_with_ticket(struct req *r, const char *ticket)
{
    struct attempt *a = attempt_new(r, NULL, "ticket");
    bool asks = a->lasting.asked[0] != '\0';

    attempt_begin(a);
    if (ticket_hash(ticket, a->hash) < 0) { /* nobody's */
        attempt_refuse_shown(a);
        return REQ_PENDING;
    }
    attempt_make_ticket(a);
    if (a->lasting.wanted)
        attempt_make_session(a);
    if (asks)
        a->lasting.mode = LASTING_SAME;
    a->keep_ticket = login_of(r->session)->options.keep_ticket && !asks;
    a->grows = a->keep_ticket || a->lasting.id[0] != '\0';
    a->way = &by_ticket;
    attempt_find(a);
    return REQ_PENDING;
}
