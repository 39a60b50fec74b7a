/* SPDX-License-Identifier: BSD-2-Clause */
/* The store has hashes of ids.  The id itself is computed from the number of
 * the session while this process runs.  Sessions of an earlier process are
 * found when somebody names their id, and listed when they are connected. */
#include "config.h"

#include "ximss/server/cli/admin_lasting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/text.h"
#include "ximss/server/auth/ticket.h"
#include "ximss/server/rules/lasting.h"
#include "ximss/server/rules/rights.h"

/* So long a session that was made waits for its user. */
#define WAIT_TIME (600 * CLOCK_SECOND)

/* --- by id --- */

static bool
may_act(const struct admin_call *c, const struct account_rec *a,
        const struct domain_rec *d)
{
    return (c->live->domain == 0 || c->live->domain == d->number) &&
           rights_administers(c->x->caller, d->number, RIGHT_SESSIONS) &&
           rights_cover(c->x->caller, d->number, rights_parse(a->rights));
}

static bool
is_good(const struct ticket_rec *k, uint32_t cred_serial, int64_t now)
{
    return k->is_session && k->cred_serial == cred_serial && k->expires > now;
}

enum store_result
admin_lasting_find(struct admin_call *c, struct ticket_rec *k_r,
                   const char **user_r, struct errbuf *err)
{
    uint8_t hash[TICKET_HASH_BYTES];
    struct account_rec a = {0};
    struct domain_rec d = {0};
    enum store_result r;

    if (lasting_hash(c->live->session, hash) < 0)
        return STORE_NOTFOUND;
    r = ticket_find(c->x->txn, hash, k_r, err);
    if (r == STORE_OK)
        r = account_get(c->x->txn, k_r->account, &a, err);
    if (r == STORE_OK)
        r = domain_get(c->x->txn, a.domain, &d, err);
    if (r == STORE_OK &&
        (!is_good(k_r, a.cred_serial, c->x->now) || !may_act(c, &a, &d)))
        r = STORE_NOTFOUND;
    if (r == STORE_OK) {
        size_t len = strlen(a.name) + 1 + strlen(d.name);
        char *user = arena_alloc(c->arena, len + 1);

        snprintf(user, len + 1, "%s@%s", a.name, d.name);
        *user_r = user;
    }
    account_rec_clear(&a);
    domain_rec_clear(&d);
    return r;
}

/* --- of an account --- */

static bool
is_at(const struct ticket_rec *k, const struct admin_session_filter *f)
{
    if (f->address.kind == PEER_NONE)
        return true;
    if (k->bound == 0 ||
        memcmp(k->address, f->address.address, sizeof k->address) != 0)
        return false;
    return f->proxied.kind == PEER_NONE
               ? k->bound == 1
               : k->bound == 2 && memcmp(k->origin, f->proxied.address,
                                         sizeof k->origin) == 0;
}

static bool
is_ximss(const char *asked)
{
    return asked[0] == '\0' || text_equal_nocase(asked, "XIMSS");
}

/* The id, if this process has given it out. */
static bool
id_of(const struct ticket_rec *k, char id[SESSION_ID_TEXT_SIZE])
{
    uint8_t hash[TICKET_HASH_BYTES];

    session_id_format(k->session, id);
    return lasting_hash(id, hash) == 0 &&
           memcmp(hash, k->hash, sizeof hash) == 0;
}

enum store_result
admin_lasting_list(struct admin_call *c, uint64_t account, uint32_t cred_serial,
                   struct errbuf *err)
{
    const struct admin_session_filter *f = &c->live->filter;
    struct cli_value *ids = cli_data_array(c->arena);
    char id[SESSION_ID_TEXT_SIZE];
    struct ticket_rec *list;
    size_t n;
    enum store_result r;

    r = ticket_sessions(c->x->txn, account, &list, &n, err);
    for (size_t i = 0; i < n && r == STORE_OK; i++)
        if (is_good(&list[i], cred_serial, c->x->now) && !f->nothing &&
            is_at(&list[i], f) && is_ximss(f->protocol) &&
            is_ximss(f->transport) && id_of(&list[i], id))
            cli_data_append(ids, cli_data_string(c->arena, id, strlen(id)));
    free(list);
    if (r == STORE_OK)
        admin_result(c, ids);
    return r;
}

/* --- made --- */

/* If the account has too many tickets, those go that were made like this before,
 * and wait. */
enum store_result
admin_lasting_make(struct admin_call *c, const struct account_rec *a,
                   const struct admin_session_filter *where, struct errbuf *err)
{
    struct ticket_rec k = {.account = a->number,
                           .cred_serial = a->cred_serial,
                           .expires = c->x->now + WAIT_TIME,
                           .is_session = true,
                           .is_waiting = true};
    struct lasting_wish w = {.wanted = true};
    enum store_result r;

    lasting_make_id(&w, atomic_fetch_add(c->x->settings->next_session, 1));
    memcpy(k.hash, w.hash, sizeof k.hash);
    k.session = w.number;
    ticket_bind(&k, &where->address,
                where->proxied.kind != PEER_NONE ? &where->proxied : NULL);
    r = ticket_put(c->x->txn, &k, err);
    if (r == STORE_OK)
        r = ticket_trim_waiting(c->x->txn, a->number,
                                c->x->settings->max_tickets,
                                ticket_number(k.hash), err);
    if (r == STORE_OK)
        admin_result_string(c, w.id);
    explicit_bzero(&w, sizeof w);
    return r;
}
