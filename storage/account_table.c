/* SPDX-License-Identifier: BSD-2-Clause */

/* Accounts by number, their names within domains, and their preferences.
 *
 * The table of names also holds each domain's count of accounts, under the
 * domain's number alone: it sorts before the names of that domain. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "storage/txn.h"
#include "util/text.h"
#include "util/xmalloc.h"

#define DOMAIN_BYTES 8 /* of a name's key, before the name */
#define FLAG_CRAM    0x01

void
account_rec_clear(struct account_rec *a)
{
    free(a->name);
    free(a->real_name);
    free(a->type);
    free(a->settings);
    free(a->rights);
    explicit_bzero(&a->cred, sizeof a->cred);
    memset(a, 0, sizeof *a);
}

void
account_rec_encode(struct buf *b, const struct account_rec *a)
{
    enc_u8(b, 1);
    enc_u64(b, a->domain);
    enc_i64(b, a->created);
    enc_u32(b, a->cred_serial);
    enc_u32(b, a->cred.iterations);
    enc_bytes(b, a->cred.salt, sizeof a->cred.salt);
    enc_bytes(b, a->cred.stored_key, sizeof a->cred.stored_key);
    enc_bytes(b, a->cred.server_key, sizeof a->cred.server_key);
    enc_u8(b, a->cred.has_cram ? FLAG_CRAM : 0);
    if (a->cred.has_cram)
        enc_bytes(b, a->cred.cram, sizeof a->cred.cram);
    enc_text(b, a->name);
    enc_text(b, a->real_name);
    enc_text(b, a->type);
    enc_text(b, a->settings);
    enc_text(b, a->rights);
}

int
account_rec_decode(const void *data, size_t len, struct account_rec *a,
                   struct errbuf *err)
{
    uint64_t number = a->number;
    uint8_t flags;
    struct dec in;

    memset(a, 0, sizeof *a);
    dec_init(&in, data, len);
    dec_version(&in, 1);
    a->domain = dec_u64(&in);
    a->created = dec_i64(&in);
    a->cred_serial = dec_u32(&in);
    a->cred.iterations = dec_u32(&in);
    dec_bytes(&in, a->cred.salt, sizeof a->cred.salt);
    dec_bytes(&in, a->cred.stored_key, sizeof a->cred.stored_key);
    dec_bytes(&in, a->cred.server_key, sizeof a->cred.server_key);
    flags = dec_u8(&in);
    if ((flags & ~FLAG_CRAM) != 0)
        in.bad = true;
    a->cred.has_cram = (flags & FLAG_CRAM) != 0;
    if (a->cred.has_cram)
        dec_bytes(&in, a->cred.cram, sizeof a->cred.cram);
    a->name = dec_text(&in);
    a->real_name = dec_text(&in);
    a->type = dec_text(&in);
    a->settings = dec_text(&in);
    a->rights = dec_text(&in);
    if (dec_end(&in, err) != 0) {
        account_rec_clear(a);
        return -1;
    }
    a->number = number;
    return 0;
}

static struct key
key_of(uint64_t number)
{
    struct key k = {0};

    key_u64(&k, number);
    return k;
}

static enum store_result
put_record(struct store_txn *t, uint64_t number, const struct account_rec *a,
           struct errbuf *err)
{
    struct key k = key_of(number);
    struct account_rec copy = *a;
    enum store_result r;

    copy.name = xstrdup(a->name);
    text_lower(copy.name);
    account_rec_encode(txn_record(t), &copy);
    free(copy.name);
    r = txn_put(t, TABLE_ACCOUNT, &k, "storing an account", err);
    explicit_bzero(&copy.cred, sizeof copy.cred);
    return r;
}

/* --- counts ---
 *
 * Accounts come by the thousand, and of one domain: its count is changed in
 * memory and written once per transaction. */

enum store_result
account_flush_count(struct store_txn *t, struct errbuf *err)
{
    const char *const doing = "counting accounts";
    struct key k = key_of(t->count_domain);
    enum store_result r;

    if (!t->count_changed)
        return STORE_OK;
    t->count_changed = false;
    if (t->count == 0) {
        r = txn_del(t, TABLE_ACCOUNT_NAME, &k, doing, err);
        return r == STORE_NOTFOUND ? STORE_OK : r;
    }
    number_encode(txn_record(t), t->count);
    return txn_put(t, TABLE_ACCOUNT_NAME, &k, doing, err);
}

/* Makes it the domain whose count is in memory. */
static enum store_result
load_count(struct store_txn *t, uint64_t domain, struct errbuf *err)
{
    const char *const doing = "reading the number of accounts";
    struct key k = key_of(domain);
    struct slice value;
    enum store_result r;

    if (t->count_domain == domain)
        return STORE_OK;
    r = account_flush_count(t, err);
    if (r != STORE_OK)
        return r;
    t->count_domain = 0;
    t->count = 0;
    r = txn_get(t, TABLE_ACCOUNT_NAME, &k, &value, doing, err);
    if (r == STORE_OK &&
        number_decode(value.data, value.len, &t->count, err) != 0)
        return txn_damaged(doing, err);
    if (r != STORE_OK && r != STORE_NOTFOUND)
        return r;
    t->count_domain = domain;
    return STORE_OK;
}

enum store_result
account_count(struct store_txn *t, uint64_t domain, uint64_t *count_r,
              struct errbuf *err)
{
    enum store_result r = load_count(t, domain, err);

    *count_r = r == STORE_OK ? t->count : 0;
    return r;
}

static enum store_result
count_change(struct store_txn *t, uint64_t domain, bool more,
             struct errbuf *err)
{
    enum store_result r = load_count(t, domain, err);

    if (r != STORE_OK)
        return r;
    if (more)
        t->count++;
    else if (t->count > 0)
        t->count--;
    t->count_changed = true;
    return STORE_OK;
}

/* --- names --- */

static enum store_result
name_key(struct key *k, uint64_t domain, const char *name, struct errbuf *err)
{
    *k = key_of(domain);
    return key_text(k, name == NULL ? "" : name, true, err);
}

/* A name comes into a domain. */
static enum store_result
name_add(struct store_txn *t, uint64_t domain, const char *name,
         uint64_t number, struct errbuf *err)
{
    struct key k;
    enum store_result r = name_key(&k, domain, name, err);

    if (r != STORE_OK)
        return r;
    number_encode(txn_record(t), number);
    r = txn_put_new(t, TABLE_ACCOUNT_NAME, &k, "storing an account name", err);
    if (r == STORE_EXISTS)
        err_set(err, "there is an account of that name already");
    return r == STORE_OK ? count_change(t, domain, true, err) : r;
}

static enum store_result
name_remove(struct store_txn *t, uint64_t domain, const char *name,
            struct errbuf *err)
{
    const char *const doing = "removing an account name";
    struct key k;
    enum store_result r = name_key(&k, domain, name, err);

    if (r == STORE_OK)
        r = txn_must_exist(txn_del(t, TABLE_ACCOUNT_NAME, &k, doing, err),
                           doing, err);
    return r == STORE_OK ? count_change(t, domain, false, err) : r;
}

/* --- accounts --- */

static enum store_result
domain_must_exist(struct store_txn *t, uint64_t domain, struct errbuf *err)
{
    struct key k = key_of(domain);
    enum store_result r;

    if (t->count_domain == domain && t->count > 0)
        return STORE_OK; /* it has accounts, so it is there */
    r = txn_exists(t, TABLE_DOMAIN, &k, "reading a domain", err);
    if (r != STORE_NOTFOUND)
        return r;
    err_set(err, "there is no such domain");
    return STORE_REFUSED;
}

enum store_result
account_add(struct store_txn *t, const struct account_rec *a,
            uint64_t *number_r, struct errbuf *err)
{
    uint64_t number = t->counter[COUNTER_ACCOUNT] + 1;
    enum store_result r = domain_must_exist(t, a->domain, err);

    if (r == STORE_OK)
        r = name_add(t, a->domain, a->name, number, err);
    if (r == STORE_OK)
        r = meta_next(t, COUNTER_ACCOUNT, number_r, err);
    return r == STORE_OK ? put_record(t, number, a, err) : r;
}

enum store_result
account_get(struct store_txn *t, uint64_t number, struct account_rec *a_r,
            struct errbuf *err)
{
    const char *const doing = "reading an account";
    struct key k = key_of(number);
    struct slice value;
    enum store_result r = txn_get(t, TABLE_ACCOUNT, &k, &value, doing, err);

    if (r != STORE_OK)
        return r;
    account_rec_clear(a_r);
    a_r->number = number;
    if (account_rec_decode(value.data, value.len, a_r, err) != 0)
        return txn_damaged(doing, err);
    return STORE_OK;
}

enum store_result
account_find(struct store_txn *t, uint64_t domain, const char *name,
             struct account_rec *a_r, struct errbuf *err)
{
    const char *const doing = "reading an account name";
    struct slice value;
    uint64_t number;
    struct key k;
    enum store_result r = name_key(&k, domain, name, err);

    if (r != STORE_OK)
        return STORE_NOTFOUND; /* no account can have that name */
    r = txn_get(t, TABLE_ACCOUNT_NAME, &k, &value, doing, err);
    if (r != STORE_OK)
        return r;
    if (number_decode(value.data, value.len, &number, err) != 0)
        return txn_damaged(doing, err);
    return txn_must_exist(account_get(t, number, a_r, err), doing, err);
}

enum store_result
account_put(struct store_txn *t, const struct account_rec *a,
            struct errbuf *err)
{
    const char *name = a->name == NULL ? "" : a->name;
    struct account_rec old = {0};
    enum store_result r = account_get(t, a->number, &old, err);

    if (r == STORE_OK && old.domain != a->domain)
        r = domain_must_exist(t, a->domain, err);
    if (r == STORE_OK &&
        (old.domain != a->domain || !text_equal_nocase(old.name, name))) {
        r = name_add(t, a->domain, name, a->number, err);
        if (r == STORE_OK)
            r = name_remove(t, old.domain, old.name, err);
    }
    account_rec_clear(&old);
    return r == STORE_OK ? put_record(t, a->number, a, err) : r;
}

/* Deletes what need not be there. */
static enum store_result
del_any(struct store_txn *t, enum table table, const struct key *k,
        struct errbuf *err)
{
    enum store_result r = txn_del(t, table, k, "removing an account", err);

    return r == STORE_NOTFOUND ? STORE_OK : r;
}

enum store_result
account_remove(struct store_txn *t, uint64_t number, struct errbuf *err)
{
    struct key k = key_of(number);
    struct account_rec a = {0};
    enum store_result r = account_get(t, number, &a, err);

    if (r == STORE_OK)
        r = name_remove(t, a.domain, a.name, err);
    if (r == STORE_OK)
        r = del_any(t, TABLE_ACCOUNT, &k, err);
    if (r == STORE_OK)
        r = del_any(t, TABLE_STATE, &k, err);
    if (r == STORE_OK)
        r = del_any(t, TABLE_PREFS, &k, err);
    /* Its tickets are void without it (ticket_take) and expire. */
    if (r == STORE_OK)
        r = alert_remove_set(t, ALERT_ACCOUNT, number, err);
    account_rec_clear(&a);
    return r;
}

/* Calls fn for the name that the cursor stands on; false in more_r ends. */
static enum store_result
walk_one(const struct cursor *c, account_walk_fn *fn, void *arg, bool *more_r,
         struct errbuf *err)
{
    uint64_t number;
    char *name;

    if (number_decode(c->value.data, c->value.len, &number, err) != 0)
        return txn_damaged(c->doing, err);
    name = xstrndup((const char *)c->key.data + DOMAIN_BYTES,
                    c->key.len - DOMAIN_BYTES);
    *more_r = fn(name, number, arg);
    free(name);
    return STORE_OK;
}

enum store_result
account_walk(struct store_txn *t, uint64_t domain, const char *after,
             account_walk_fn *fn, void *arg, struct errbuf *err)
{
    struct key prefix = key_of(domain), from = prefix;
    struct cursor c;
    bool more = true;
    enum store_result r = STORE_OK;

    if (after != NULL && *after != 0)
        r = key_text(&from, after, true, err);
    key_u8(&from, 0); /* behind it, or behind the count */
    if (r == STORE_OK)
        r = cursor_open(&c, t, TABLE_ACCOUNT_NAME, &from, "listing accounts",
                        err);
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    while (r == STORE_OK && more && cursor_at(&c, &prefix)) {
        r = walk_one(&c, fn, arg, &more, err);
        if (r == STORE_OK && more)
            r = cursor_next(&c, err);
    }
    cursor_close(&c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

/* --- preferences --- */

enum store_result
prefs_get(struct store_txn *t, uint64_t account, char **text_r,
          struct errbuf *err)
{
    const char *const doing = "reading preferences";
    struct key k = key_of(account);
    struct slice value;
    enum store_result r = txn_get(t, TABLE_PREFS, &k, &value, doing, err);

    *text_r = NULL;
    if (r == STORE_NOTFOUND) {
        *text_r = xstrdup("");
        return STORE_OK;
    }
    if (r == STORE_OK && text_decode(value.data, value.len, text_r, err) != 0)
        return txn_damaged(doing, err);
    return r;
}

enum store_result
prefs_put(struct store_txn *t, uint64_t account, const char *text,
          struct errbuf *err)
{
    const char *const doing = "storing preferences";
    struct key k = key_of(account);
    enum store_result r;

    r = txn_exists(t, TABLE_ACCOUNT, &k, doing, err);
    if (r != STORE_OK)
        return r;
    text_encode(txn_record(t), text);
    return txn_put(t, TABLE_PREFS, &k, doing, err);
}
