/* SPDX-License-Identifier: BSD-2-Clause */

/* Accounts by number, and their preferences.  The names of accounts are in
 * account_name.c. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "storage/account_name.h"
#include "storage/txn.h"
#include "util/text.h"
#include "util/xmalloc.h"

#define FLAG_CRAM 0x01

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
    bool has_hash = a->cred.hash[0] != '\0';

    enc_u8(b, has_hash ? 2 : 1);
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
    if (has_hash)
        enc_text(b, a->cred.hash);
}

/* A foreign hash, which stands in the place of a verifier. */
static void
dec_hash(struct dec *in, struct credential *c)
{
    char *hash = dec_text(in);
    size_t len = hash == NULL ? 0 : strlen(hash);

    if (len == 0 || len >= sizeof c->hash || c->iterations > 0 || c->has_cram)
        in->bad = true;
    else
        memcpy(c->hash, hash, len + 1);
    if (hash != NULL)
        explicit_bzero(hash, len);
    free(hash);
}

int
account_rec_decode(const void *data, size_t len, struct account_rec *a,
                   struct errbuf *err)
{
    uint64_t number = a->number;
    uint8_t version, flags;
    struct dec in;

    memset(a, 0, sizeof *a);
    dec_init(&in, data, len);
    version = dec_version(&in, 2);
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
    if (version == 2)
        dec_hash(&in, &a->cred);
    if (dec_end(&in, err) != 0) {
        account_rec_clear(a);
        return -1;
    }
    a->number = number;
    return 0;
}

static enum store_result
put_record(struct store_txn *t, uint64_t number, const struct account_rec *a,
           struct errbuf *err)
{
    struct key k = key_number(number);
    struct account_rec copy = *a;
    enum store_result r;

    copy.name = xstrdup(a->name);
    text_lower(copy.name);
    account_rec_encode(txn_record(t), &copy);
    free(copy.name);
    r = txn_put(t, TABLE_ACCOUNT, &k, "storing an account", err);
    if (r == STORE_OK && copy.cred.hash[0] != '\0')
        meta_need_format(t, FORMAT_HASHES);
    explicit_bzero(&copy.cred, sizeof copy.cred);
    return r;
}

/* --- accounts --- */

static enum store_result
domain_must_exist(struct store_txn *t, uint64_t domain, struct errbuf *err)
{
    struct key k = key_number(domain);
    enum store_result r;

    if (account_name_any(t, domain))
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
        r = account_name_add(t, a->domain, a->name, number, err);
    if (r == STORE_OK)
        r = meta_next(t, COUNTER_ACCOUNT, number_r, err);
    return r == STORE_OK ? put_record(t, number, a, err) : r;
}

enum store_result
account_get(struct store_txn *t, uint64_t number, struct account_rec *a_r,
            struct errbuf *err)
{
    const char *const doing = "reading an account";
    struct key k = key_number(number);
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
    uint64_t number;
    enum store_result r = account_name_find(t, domain, name, &number, err);

    if (r != STORE_OK)
        return r;
    return txn_must_exist(account_get(t, number, a_r, err),
                          "reading an account name", err);
}

/* --- a sample --- */

/* Accounts that are looked at for one with a password. */
#define SAMPLE_STEPS 16

/* One of the numbers 1 to n: when n grows by one, all points but a few keep
 * theirs (as the buckets of linear hashing do). */
static uint64_t
number_at(uint64_t point, uint64_t n)
{
    uint64_t buckets = 1;

    while (buckets < n)
        buckets *= 2;
    return 1 + (point % buckets < n ? point % buckets : point % (buckets / 2));
}

enum store_result
account_sample_credential(struct store_txn *t, uint64_t point,
                          struct credential *cred_r, struct errbuf *err)
{
    const char *const doing = "looking at accounts";
    uint64_t last = t->counter[COUNTER_ACCOUNT];
    struct key from = key_number(last > 0 ? number_at(point, last) : 1);
    struct account_rec a = {0};
    struct cursor c;
    enum store_result r = cursor_open(&c, t, TABLE_ACCOUNT, &from, doing, err);

    *cred_r = (struct credential){0};
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    for (int i = 0; r == STORE_OK && !credential_is_set(cred_r); i++) {
        if (account_rec_decode(c.value.data, c.value.len, &a, err) != 0)
            r = txn_damaged(doing, err);
        *cred_r = a.cred;
        account_rec_clear(&a);
        if (r == STORE_OK)
            r = i < SAMPLE_STEPS ? cursor_next(&c, err) : STORE_NOTFOUND;
    }
    cursor_close(&c);
    if (!credential_is_set(cred_r))
        *cred_r = (struct credential){0};
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

/* The aliases that move with an account to another domain; STORE_EXISTS if they
 * cannot, or if its new name is among them. */
static enum store_result
aliases_to_move(struct store_txn *t, const struct account_rec *old,
                const struct account_rec *a, struct alias_list *l_r,
                struct errbuf *err)
{
    enum store_result r =
        account_name_get_aliases(t, old->domain, a->number, l_r, err);

    if (r == STORE_OK)
        r = account_name_check_aliases(t, a->domain, a->number, l_r, err);
    for (size_t i = 0; r == STORE_OK && i < l_r->n; i++) {
        if (text_equal_nocase(l_r->name[i], a->name == NULL ? "" : a->name)) {
            err_set(err, "the name %s is taken", l_r->name[i]);
            r = STORE_EXISTS;
        }
    }
    return r;
}

static enum store_result
rename_account(struct store_txn *t, const struct account_rec *old,
               const struct account_rec *a, struct errbuf *err)
{
    static const struct alias_list none = {0};
    struct alias_list aliases = {0};
    bool moves = old->domain != a->domain;
    enum store_result r = STORE_OK;

    if (moves)
        r = domain_must_exist(t, a->domain, err);
    if (r == STORE_OK && moves)
        r = aliases_to_move(t, old, a, &aliases, err);
    if (r == STORE_OK)
        r = account_name_add(t, a->domain, a->name, a->number, err);
    if (r == STORE_OK)
        r = account_name_remove(t, old->domain, old->name, err);
    if (r == STORE_OK && aliases.n > 0)
        r = account_name_set_aliases(t, old->domain, a->number, &none, err);
    if (r == STORE_OK && aliases.n > 0)
        r = account_name_set_aliases(t, a->domain, a->number, &aliases, err);
    alias_list_clear(&aliases);
    return r;
}

enum store_result
account_put(struct store_txn *t, const struct account_rec *a,
            struct errbuf *err)
{
    const char *name = a->name == NULL ? "" : a->name;
    struct account_rec old = {0};
    enum store_result r = account_get(t, a->number, &old, err);

    if (r == STORE_OK &&
        (old.domain != a->domain || !text_equal_nocase(old.name, name)))
        r = rename_account(t, &old, a, err);
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
    static const struct alias_list none = {0};
    struct key k = key_number(number);
    struct account_rec a = {0};
    enum store_result r = account_get(t, number, &a, err);

    if (r == STORE_OK)
        r = account_name_set_aliases(t, a.domain, number, &none, err);
    if (r == STORE_OK)
        r = account_name_remove(t, a.domain, a.name, err);
    if (r == STORE_OK)
        r = del_any(t, TABLE_ACCOUNT, &k, err);
    if (r == STORE_OK)
        r = del_any(t, TABLE_STATE, &k, err);
    if (r == STORE_OK)
        r = del_any(t, TABLE_PREFS, &k, err);
    if (r == STORE_OK)
        r = del_any(t, TABLE_USAGE, &k, err);
    if (r == STORE_OK)
        r = token_remove_all(t, number, err);
    /* Its tickets are void without it (ticket_take) and expire. */
    if (r == STORE_OK)
        r = alert_remove_set(t, ALERT_ACCOUNT, number, err);
    account_rec_clear(&a);
    return r;
}

/* --- aliases --- */

enum store_result
account_aliases_get(struct store_txn *t, uint64_t account,
                    struct alias_list *l_r, struct errbuf *err)
{
    struct account_rec a = {0};
    enum store_result r = account_get(t, account, &a, err);

    if (r == STORE_OK)
        r = account_name_get_aliases(t, a.domain, account, l_r, err);
    account_rec_clear(&a);
    return r;
}

enum store_result
account_aliases_set(struct store_txn *t, uint64_t account,
                    const struct alias_list *l, struct errbuf *err)
{
    struct account_rec a = {0};
    enum store_result r = account_get(t, account, &a, err);

    if (r == STORE_OK)
        r = account_name_set_aliases(t, a.domain, account, l, err);
    account_rec_clear(&a);
    return r;
}

/* --- preferences --- */

enum store_result
prefs_get(struct store_txn *t, uint64_t account, char **text_r,
          struct errbuf *err)
{
    struct key k = key_number(account);

    return txn_get_text(t, TABLE_PREFS, &k, text_r, "reading preferences", err);
}

enum store_result
prefs_put(struct store_txn *t, uint64_t account, const char *text,
          struct errbuf *err)
{
    const char *const doing = "storing preferences";
    struct key k = key_number(account);
    enum store_result r;

    r = txn_exists(t, TABLE_ACCOUNT, &k, doing, err);
    if (r != STORE_OK)
        return r;
    text_encode(txn_record(t), text);
    return txn_put(t, TABLE_PREFS, &k, doing, err);
}
