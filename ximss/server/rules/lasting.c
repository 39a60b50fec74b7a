/* SPDX-License-Identifier: BSD-2-Clause */
/* The id has 119 random bits, and so has a key that is a cookie, so a plain
 * hash is enough (see ticket.c). */
#include "config.h"

#include "ximss/server/rules/lasting.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "util/log.h"

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
