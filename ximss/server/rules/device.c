/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/rules/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"
#include "ximss/server/rules/revocation.h"

/* Tabs that come at once have the same secret. */
#define GRACE (60 * CLOCK_SECOND)

#define ID_CHARS (TICKET_TEXT_SIZE - 1)

/* --- tokens --- */

/* -1: it is none. */
static int
read_token(const char *token, uint8_t id_r[TICKET_HASH_BYTES],
           uint8_t secret_r[TICKET_HASH_BYTES])
{
    char id[TICKET_TEXT_SIZE];

    if (strlen(token) != DEVICE_TOKEN_SIZE - 1 || token[ID_CHARS] != '.')
        return -1;
    memcpy(id, token, ID_CHARS);
    id[ID_CHARS] = '\0';
    if (ticket_hash(id, id_r) < 0)
        return -1;
    return ticket_hash(token + ID_CHARS + 1, secret_r);
}

/* A new secret behind the id, and its hash. */
static void
give(struct device_wish *w, const char *id, uint8_t hash_r[TICKET_HASH_BYTES])
{
    char secret[TICKET_TEXT_SIZE];

    ticket_make(secret, hash_r);
    snprintf(w->given, sizeof w->given, "%.*s.%s", ID_CHARS, id, secret);
    OPENSSL_cleanse(secret, sizeof secret);
}

static void
set_address(struct ticket_rec *k, const struct peer *at)
{
    memcpy(k->address, at->address, sizeof k->address);
}

/* --- making one --- */

static enum store_result
make_room(struct store_txn *t, uint64_t account, unsigned most,
          struct errbuf *err)
{
    struct ticket_rec *list, *oldest;
    unsigned gone;
    size_t n;
    enum store_result r = ticket_devices(t, account, &list, &n, err);

    while (r == STORE_OK && n >= most && n > 0) {
        oldest = &list[0];
        for (size_t i = 1; i < n; i++)
            if (list[i].used < oldest->used)
                oldest = &list[i];
        r = device_revoke(t, account, oldest->device, &gone, err);
        *oldest = list[--n];
    }
    free(list);
    return r;
}

enum store_result
device_make(struct store_txn *t, struct device_wish *w,
            const struct device_rules *rules, const struct peer *at,
            struct ticket_rec *ticket, struct errbuf *err)
{
    const int64_t now = clock_now();
    struct ticket_rec k = {.account = ticket->account,
                           .cred_serial = ticket->cred_serial,
                           .expires = now + rules->life,
                           .is_device = true,
                           .has_key = true,
                           .created = now,
                           .used = now,
                           .given = now};
    char id[TICKET_TEXT_SIZE];
    enum store_result r;

    w->given[0] = '\0';
    if (rules->most == 0)
        return STORE_OK;
    r = make_room(t, k.account, rules->most, err);
    if (r != STORE_OK)
        return r;
    ticket_make(id, k.hash);
    give(w, id, k.key);
    OPENSSL_cleanse(id, sizeof id);
    k.device = ticket_number(k.hash) | 1; /* never 0 */
    set_address(&k, at);
    strcpy(k.note, w->name);
    ticket->device = k.device;
    return ticket_put(t, &k, err);
}

/* --- using one --- */

/* It was given up, and comes again: two have it. */
static enum store_result
end_stolen(struct store_txn *t, struct device_wish *w,
           const struct ticket_rec *k, struct errbuf *err)
{
    unsigned n;
    enum store_result r = device_revoke(t, k->account, k->device, &n, err);

    w->stolen = true;
    w->account = k->account;
    w->device = k->device;
    return r == STORE_OK ? STORE_NOTFOUND : r;
}

static bool
is_before(const struct device_wish *w, const struct ticket_rec *k,
          const uint8_t secret[TICKET_HASH_BYTES])
{
    return CRYPTO_memcmp(secret, k->before, sizeof k->before) == 0 &&
           (w->found || !k->is_used || clock_now() - k->given <= GRACE);
}

static bool
is_key(const struct ticket_rec *k, const uint8_t secret[TICKET_HASH_BYTES])
{
    return CRYPTO_memcmp(secret, k->key, sizeof k->key) == 0;
}

bool
device_is_token(const char *text)
{
    uint8_t id[TICKET_HASH_BYTES], secret[TICKET_HASH_BYTES];

    return read_token(text, id, secret) == 0;
}

enum store_result
device_find(struct store_txn *t, struct device_wish *w, struct ticket_rec *k_r,
            struct errbuf *err)
{
    uint8_t id[TICKET_HASH_BYTES], secret[TICKET_HASH_BYTES];
    enum store_result r;

    w->stolen = false;
    if (read_token(w->shown, id, secret) < 0)
        return STORE_NOTFOUND;
    r = ticket_find(t, id, k_r, err);
    if (r != STORE_OK || !k_r->is_device || k_r->expires <= clock_now())
        return r == STORE_OK ? STORE_NOTFOUND : r;
    if (is_key(k_r, secret) || is_before(w, k_r, secret)) {
        w->found = true;
        return STORE_OK;
    }
    return w->found ? STORE_NOTFOUND : end_stolen(t, w, k_r, err);
}

enum store_result
device_use(struct store_txn *t, struct device_wish *w,
           const struct device_rules *rules, const struct peer *at,
           const struct ticket_rec *found, struct errbuf *err)
{
    uint8_t id[TICKET_HASH_BYTES], secret[TICKET_HASH_BYTES];
    const int64_t now = clock_now();
    struct ticket_rec k = *found;
    bool is_new;

    w->given[0] = '\0';
    if (read_token(w->shown, id, secret) < 0)
        return STORE_NOTFOUND;
    is_new = is_key(&k, secret);
    k.is_used = k.is_used || is_new;
    if (now - k.given > GRACE) {
        if (is_new)
            memcpy(k.before, k.key, sizeof k.before);
        give(w, w->shown, k.key);
        k.given = now;
        k.is_used = false;
    }
    k.used = now;
    k.expires = now + rules->life;
    set_address(&k, at);
    return ticket_change(t, found, &k, err);
}

/* --- ending them --- */

enum store_result
device_revoke(struct store_txn *t, uint64_t account, uint64_t device,
              unsigned *n_r, struct errbuf *err)
{
    struct ticket_rec *list;
    size_t n;
    enum store_result r = ticket_devices(t, account, &list, &n, err);

    *n_r = 0;
    for (size_t i = 0; i < n && r == STORE_OK; i++)
        if (device == 0 || list[i].device == device) {
            r = ticket_drop_of(t, account, 0, list[i].device, err);
            ++*n_r;
        }
    if (*n_r > 0)
        revocation_note();
    free(list);
    return r;
}
