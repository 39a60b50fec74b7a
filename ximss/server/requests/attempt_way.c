/* SPDX-License-Identifier: BSD-2-Clause */
/* What an attempt finds in the store of tickets, sessions and devices, and what
 * it changes there once it has a place. login_ticket.c, login_session.c and
 * login_device.c have what is special to each. */
#include "config.h"

#include "ximss/server/requests/attempt.h"

#include <string.h>

#include "util/clock.h"
#include "ximss/server/live/account.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/requests/login_private.h"
#include "ximss/server/rules/revocation.h"

/* --- whose it is --- */

static bool
admits(const struct attempt *a, const struct ticket_rec *k)
{
    return ticket_admits(k, &a->peer,
                         a->client.kind != PEER_NONE ? &a->client : NULL);
}

/* Its time is over, the domain is suspended, or the password is a new one. */
static bool
is_void(const struct ticket_rec *k, const struct account_rec *account,
        const struct domain_rec *domain)
{
    return k->expires <= clock_now() || domain->suspended ||
           account->cred_serial != k->cred_serial;
}

/* The caller clears the records, whatever the result. */
static enum store_result
owner_of(const struct ticket_rec *k, struct store_txn *t,
         struct account_rec *account, struct domain_rec *domain,
         struct errbuf *err)
{
    enum store_result r = account_get(t, k->account, account, err);

    return r == STORE_OK ? domain_get(t, account->domain, domain, err) : r;
}

static void
admit(struct attempt *a, const struct ticket_rec *k)
{
    a->known = true;
    a->ticket_bound = k->bound;
    a->account = k->account;
    a->serial = k->cred_serial;
    a->device = k->device;
}

enum store_result
attempt_admit_owner(struct attempt *a, struct store_txn *t,
                    const struct ticket_rec *k, struct errbuf *err)
{
    struct account_rec account = {0};
    struct domain_rec domain = {0};
    enum store_result r = owner_of(k, t, &account, &domain, err);

    a->known = false;
    if (r == STORE_OK && admits(a, k) && !is_void(k, &account, &domain))
        admit(a, k);
    account_rec_clear(&account);
    domain_rec_clear(&domain);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

static void
found(struct attempt *a)
{
    if (a->known)
        attempt_attach(a);
    else
        a->way->refuse(a);
}

void
attempt_find(struct attempt *a)
{
    attempt_ask(a, a->way->find, found);
}

/* --- what is given instead --- */

void
attempt_make_ticket(struct attempt *a)
{
    ticket_make(a->ticket, a->next_hash);
}

void
attempt_make_session(struct attempt *a)
{
    lasting_make_id(&a->lasting,
                    atomic_fetch_add(&a->job.server->next_session, 1));
}

struct ticket_rec
attempt_new_ticket(const struct attempt *a)
{
    struct ticket_rec k = {.account = a->account,
                           .cred_serial = a->serial,
                           .device = a->device,
                           .expires = clock_now() + a->ticket_time};

    memcpy(k.hash, a->next_hash, sizeof k.hash);
    return k;
}

struct ticket_rec
attempt_next_ticket(const struct attempt *a, const struct ticket_rec *shown)
{
    struct ticket_rec next = *shown;

    memcpy(next.hash, a->next_hash, sizeof next.hash);
    next.expires = clock_now() + a->ticket_time;
    next.is_session = next.is_waiting = next.has_key = false;
    next.note[0] = '\0';
    next.session = 0;
    return next;
}

const struct peer *
attempt_client(const struct attempt *a)
{
    return a->client.kind != PEER_NONE ? &a->client : &a->peer;
}

/* --- by a password --- */

static enum store_result
ticket_body(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    struct ticket_rec k = attempt_new_ticket(a);
    bool lasts = a->lasting.id[0] != '\0';
    enum store_result r = STORE_OK;

    a->known = true;
    if (a->device_wish.wanted && lasts)
        r = device_make(t, &a->device_wish, &a->device_rules, attempt_client(a),
                        &k, err);
    a->device = k.device;
    if (r == STORE_OK && lasts)
        r = lasting_put(t, &a->lasting, &k, err);
    return r == STORE_OK ? ticket_put(t, &k, err) : r;
}

static const struct attempt_way by_password = {.change = ticket_body};

static void
want_ticket(struct attempt *a)
{
    if (a->way != NULL || !a->req->session->login->options.ticket)
        return;
    attempt_make_ticket(a);
    if (a->lasting.wanted)
        attempt_make_session(a);
    a->grows = true;
    a->way = &by_password;
}

/* --- the change --- */

static enum store_result
change_body(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    enum store_result r = a->way->change(a, t, err);

    if (a->cli_token == NULL) /* else that was read before */
        a->revocations = revocation_count();
    if (r != STORE_OK || !a->known || !a->grows)
        return r;
    return ticket_trim(t, a->account, a->tickets_most, &a->keep, err);
}

/* The account is loaded again: it may have changed, or be gone, meanwhile. */
static void
change_done(struct attempt *a)
{
    if (a->known)
        attempt_load(a);
    else
        a->way->refuse(a);
}

static uint64_t
number_of_id(const char *id)
{
    uint8_t hash[TICKET_HASH_BYTES];

    return lasting_hash(id, hash) == 0 ? ticket_number(hash) : 0;
}

/* What must stay, however many tickets the account has. */
static void
keep_tickets(struct attempt *a, const struct account *account)
{
    const uint64_t keep[] = {
        ticket_number(a->next_hash),
        a->keep_ticket ? ticket_number(a->hash) : 0,
        a->lasting.id[0] != '\0' ? ticket_number(a->lasting.hash) : 0,
        number_of_id(a->lasting.asked),
    };

    ticket_keep_fill(&a->keep, account, keep, sizeof keep / sizeof keep[0]);
}

bool
attempt_change(struct attempt *a, const struct account *account)
{
    want_ticket(a);
    if (a->way == NULL || a->changed)
        return false;
    a->changed = true;
    keep_tickets(a, account);
    attempt_ask(a, change_body, change_done);
    return true;
}

void
attempt_forget_change(struct attempt *a)
{
    attempt_leave_place(a);
    a->changed = a->grows = false;
    a->way = NULL;
    a->ticket[0] = a->lasting.id[0] = '\0';
    a->device = 0;
}
