/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/room.h"

#include <string.h>

#include "clients/bridge/bridge.h"
#include "clients/bridge/client.h"
#include "clients/bridge/web_account.h"

#define BUSY   "too many requests at once, try again"
#define OLDEST 64 /* that are looked at for the one to give way */

/* --- who gives way --- */

static struct budget *
budget_of(struct bridge *b, const struct http_conn *h)
{
    return h->budget != NULL ? h->budget : &b->strangers;
}

static struct http_conn_list *
halves_of(struct bridge *b, const struct budget *of)
{
    return &b->halves[of == &b->members];
}

static void
forget_half(struct bridge *b, struct http_conn *h)
{
    if (h->is_half)
        TAILQ_REMOVE(halves_of(b, h->budget), h, half);
    h->is_half = false;
}

static void
note_half(struct bridge *b, struct http_conn *h)
{
    if (h->is_half || !http_is_half(h))
        return;
    TAILQ_INSERT_TAIL(halves_of(b, h->budget), h, half);
    h->is_half = true;
}

/* NULL: all requests are whole, and wait for us. */
static struct http_conn *
find_half(struct bridge *b, const struct http_conn *but)
{
    struct http_conn *h = TAILQ_FIRST(halves_of(b, but->budget)), *next;
    struct http_conn *found = NULL;
    unsigned n = 0;

    for (; h != NULL && n < OLDEST; h = next) {
        next = TAILQ_NEXT(h, half);
        if (!http_is_half(h)) { /* it has come whole since */
            forget_half(b, h);
            continue;
        }
        n++;
        if (h != but && (found == NULL || h->held.bytes > found->held.bytes))
            found = h;
    }
    return found;
}

/* As budget_hold. */
static bool
hold(struct bridge *b, struct http_conn *h, const uint8_t *key, size_t bytes)
{
    struct budget *of = budget_of(b, h);
    struct http_conn *away;
    bool ok;

    while (budget_is_full(of, &h->held, key, bytes) &&
           (away = find_half(b, h)) != NULL) {
        b->counts.crowded_out++;
        http_give_up(away, 503, BUSY);
    }
    ok = budget_hold(of, &h->held, key, bytes);
    if (ok)
        note_half(b, h);
    return ok;
}

/* --- what is held --- */

void
room_of_stranger(struct http_conn *h, const struct client *client)
{
    struct bridge *b = h->owner->arg;

    h->budget = &b->strangers;
    client_net(client->address, h->holder);
}

void
room_of_account(struct http_conn *h, const struct web_account *a)
{
    struct bridge *b = h->owner->arg;

    forget_half(b, h);
    budget_release(&b->strangers, &h->held);
    h->budget = &b->members;
    memcpy(h->holder, a->key, sizeof h->holder);
}

/* The head is not there yet.  Many share a proxy's address: then it counts in
 * all only. */
static bool
hold_unknown(struct bridge *b, struct http_conn *h, size_t bytes)
{
    char peer[INET6_ADDRSTRLEN];
    uint8_t net[CLIENT_NET];

    client_peer(h, peer);
    client_net(peer, net);
    return hold(b, h,
                config_nets_hold(&b->cfg->trusted_proxies,
                                 (const struct sockaddr *)h->peer)
                    ? NULL
                    : net,
                bytes);
}

bool
room_on_held(struct http_conn *h, size_t bytes)
{
    struct bridge *b = h->owner->arg;

    if (bytes > 0 && h->budget == NULL)
        return hold_unknown(b, h, bytes);
    if (bytes > 0)
        return hold(b, h, h->holder, bytes);
    forget_half(b, h);
    budget_release(budget_of(b, h), &h->held);
    budget_release(&b->logins, &h->login);
    h->budget = NULL;
    return true;
}

bool
room_take_login(struct bridge *b, struct http_conn *h)
{
    return budget_hold(&b->logins, &h->login, h->holder, 1);
}
