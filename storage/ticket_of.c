/* SPDX-License-Identifier: BSD-2-Clause */
/* Tickets of one account that belong together: the session and its tickets,
 * everything that belongs to a device, and the tickets above the limit of the
 * account. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "storage/txn.h"
#include "util/xmalloc.h"

#define HASH_AT 16 /* in the key of an entry: behind the account and the time */

struct found {
    bool sessions, devices, waiting; /* all that are such are meant */
    bool limited;                    /* all but devices */
    uint64_t session, device;        /* ... or what is of these */
    struct ticket_rec *rec;          /* owned; what ends first comes first */
    size_t n, room;
    size_t others; /* that are not meant, but devices */
};

static bool
is_meant(const struct ticket_rec *k, const struct found *f)
{
    if (f->sessions)
        return k->is_session;
    if (f->devices)
        return k->is_device;
    if (f->limited)
        return !k->is_device;
    if (f->waiting)
        return k->is_session && k->is_waiting;
    if (f->device != 0 && k->device == f->device)
        return true;
    return f->session != 0 &&
           (k->is_session ? ticket_number(k->hash) : k->session) == f->session;
}

static void
keep(struct found *f, const struct ticket_rec *k)
{
    if (f->n == f->room) {
        f->room = 2 * f->room + 4;
        f->rec = xrealloc(f->rec, f->room * sizeof *f->rec);
    }
    f->rec[f->n++] = *k;
}

static enum store_result
find(struct store_txn *t, uint64_t account, struct found *f, struct errbuf *err)
{
    struct key from = {0};
    struct ticket_rec k;
    struct cursor c;
    enum store_result r;

    key_u64(&from, account);
    r = cursor_open(&c, t, TABLE_TICKET_ACCOUNT, &from,
                    "looking at the tickets of an account", err);
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    while (r == STORE_OK && cursor_at(&c, &from) &&
           c.key.len == HASH_AT + TICKET_HASH_BYTES) {
        r = txn_must_exist(ticket_find(t, c.key.data + HASH_AT, &k, err),
                           c.doing, err);
        if (r == STORE_OK && is_meant(&k, f))
            keep(f, &k);
        else if (r == STORE_OK && !k.is_device)
            f->others++;
        if (r == STORE_OK)
            r = cursor_next(&c, err);
    }
    cursor_close(&c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

enum store_result
ticket_drop_of(struct store_txn *t, uint64_t account, uint64_t session,
               uint64_t device, struct errbuf *err)
{
    struct found f = {.session = session, .device = device};
    enum store_result r = find(t, account, &f, err);

    for (size_t i = 0; i < f.n && r == STORE_OK; i++)
        r = ticket_drop(t, &f.rec[i], err);
    free(f.rec);
    return r;
}

enum store_result
ticket_sessions(struct store_txn *t, uint64_t account,
                struct ticket_rec **list_r, size_t *n_r, struct errbuf *err)
{
    struct found f = {.sessions = true};
    enum store_result r = find(t, account, &f, err);

    *list_r = f.rec;
    *n_r = f.n;
    return r;
}

enum store_result
ticket_devices(struct store_txn *t, uint64_t account,
               struct ticket_rec **list_r, size_t *n_r, struct errbuf *err)
{
    struct found f = {.devices = true};
    enum store_result r = find(t, account, &f, err);

    *list_r = f.rec;
    *n_r = f.n;
    return r;
}

/* The entries alone, which cost less than the tickets. */
static enum store_result
count(struct store_txn *t, uint64_t account, size_t *n_r, struct errbuf *err)
{
    struct key from = {0};
    struct cursor c;
    enum store_result r;

    *n_r = 0;
    key_u64(&from, account);
    r = cursor_open(&c, t, TABLE_TICKET_ACCOUNT, &from,
                    "counting the tickets of an account", err);
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    while (r == STORE_OK && cursor_at(&c, &from) &&
           c.key.len == HASH_AT + TICKET_HASH_BYTES) {
        ++*n_r;
        r = cursor_next(&c, err);
    }
    cursor_close(&c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

static bool
is_kept(const struct ticket_keep *keep, uint64_t number)
{
    for (size_t i = 0; i < keep->n; i++)
        if (keep->number[i] == number)
            return true;
    return false;
}

enum store_result
ticket_trim(struct store_txn *t, uint64_t account, size_t most,
            const struct ticket_keep *keep, struct errbuf *err)
{
    struct found f = {.limited = true};
    size_t left;
    enum store_result r = count(t, account, &left, err);

    if (r != STORE_OK || left <= most)
        return r;
    r = find(t, account, &f, err);
    left = f.n;
    for (size_t i = 0; i < f.n && r == STORE_OK && left > most; i++)
        if (!is_kept(keep, ticket_number(f.rec[i].hash))) {
            r = ticket_drop(t, &f.rec[i], err);
            left--;
        }
    free(f.rec);
    return r;
}

enum store_result
ticket_trim_waiting(struct store_txn *t, uint64_t account, size_t most,
                    uint64_t keep_number, struct errbuf *err)
{
    struct found f = {.waiting = true};
    enum store_result r = find(t, account, &f, err);
    size_t all = f.n + f.others;

    for (size_t i = 0; i < f.n && r == STORE_OK && all > most; i++)
        if (ticket_number(f.rec[i].hash) != keep_number) {
            r = ticket_drop(t, &f.rec[i], err);
            all--;
        }
    free(f.rec);
    return r;
}
