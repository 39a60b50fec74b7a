/* SPDX-License-Identifier: BSD-2-Clause */

/* Verifiers of aliases are stored in the entries that list the aliases of
 * accounts.  An entry becomes void, without being changed, when the account
 * gets another password: each new password has a new salt, and the entry
 * contains the salt of the password that it was made from. */
#include "config.h"

#include <string.h>

#include "storage/txn.h"

void
alias_rec_encode(struct buf *b, const struct alias_rec *a)
{
    bool has = a->cred.iterations > 0;

    enc_u8(b, has ? 2 : 1);
    if (!has)
        return;
    enc_bytes(b, a->of, sizeof a->of);
    enc_u32(b, a->cred.iterations);
    enc_bytes(b, a->cred.salt, sizeof a->cred.salt);
    enc_bytes(b, a->cred.stored_key, sizeof a->cred.stored_key);
    enc_bytes(b, a->cred.server_key, sizeof a->cred.server_key);
}

int
alias_rec_decode(const void *data, size_t len, struct alias_rec *a,
                 struct errbuf *err)
{
    struct dec in;

    memset(a, 0, sizeof *a);
    dec_init(&in, data, len);
    if (dec_version(&in, 2) == 2) {
        dec_bytes(&in, a->of, sizeof a->of);
        a->cred.iterations = dec_u32(&in);
        dec_bytes(&in, a->cred.salt, sizeof a->cred.salt);
        dec_bytes(&in, a->cred.stored_key, sizeof a->cred.stored_key);
        dec_bytes(&in, a->cred.server_key, sizeof a->cred.server_key);
        if (a->cred.iterations == 0)
            in.bad = true;
    }
    if (dec_end(&in, err) == 0)
        return 0;
    explicit_bzero(a, sizeof *a);
    return -1;
}

static struct key
prefix_of(uint64_t account)
{
    struct key k = {0};

    key_u64(&k, 0);
    key_u64(&k, account);
    return k;
}

/* A verifier of an older password is none. */
static int
decode_fresh(const struct slice *value, const struct credential *account,
             struct alias_rec *a, struct errbuf *err)
{
    if (alias_rec_decode(value->data, value->len, a, err) < 0)
        return -1;
    if (memcmp(a->of, account->salt, sizeof a->of) != 0)
        explicit_bzero(a, sizeof *a);
    return 0;
}

enum store_result
alias_verifier_find(struct store_txn *t, uint64_t account, const char *name,
                    struct credential *cred, struct errbuf *err)
{
    const char *const doing = "reading the verifier of an alias";
    struct key k = prefix_of(account);
    struct alias_rec a;
    struct slice value;
    enum store_result r = key_text(&k, name, true, err);

    if (r == STORE_OK)
        r = txn_get(t, TABLE_ACCOUNT_NAME, &k, &value, doing, err);
    if (r != STORE_OK)
        return r == STORE_NOTFOUND || r == STORE_REFUSED ? STORE_OK : r;
    if (decode_fresh(&value, cred, &a, err) < 0)
        return txn_damaged(doing, err);
    if (a.cred.iterations > 0) {
        a.cred.has_cram = cred->has_cram;
        memcpy(a.cred.cram, cred->cram, sizeof a.cred.cram);
        *cred = a.cred;
    }
    explicit_bzero(&a, sizeof a);
    return STORE_OK;
}

/* Adds what the cursor stands on, unless it is as it should be. */
static int
list_one(const struct cursor *c, size_t head, const struct credential *account,
         struct alias_verifier *v, size_t *n, struct errbuf *err)
{
    size_t len = c->key.len - head;
    struct alias_rec a;

    if (len >= sizeof v->name)
        return err_set(err, "a name that is too long");
    if (decode_fresh(&c->value, account, &a, err) < 0)
        return -1;
    if (a.cred.iterations != account->iterations) {
        v += (*n)++;
        memcpy(v->name, c->key.data + head, len);
        v->name[len] = '\0';
        v->cred = a.cred;
    }
    explicit_bzero(&a, sizeof a);
    return 0;
}

enum store_result
alias_verifier_list(struct store_txn *t, const struct account_rec *a,
                    struct alias_verifier *list_r, size_t most, size_t *n_r,
                    struct errbuf *err)
{
    struct key prefix = prefix_of(a->number);
    struct cursor c;
    uint64_t n;
    enum store_result r = account_alias_count(t, a->domain, &n, err);

    *n_r = 0;
    if (r != STORE_OK || n == 0 || a->cred.iterations == 0)
        return r;
    r = cursor_open(&c, t, TABLE_ACCOUNT_NAME, &prefix, "reading aliases", err);
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    while (r == STORE_OK && *n_r < most && cursor_at(&c, &prefix)) {
        if (list_one(&c, prefix.len, &a->cred, list_r, n_r, err) < 0)
            r = txn_damaged(c.doing, err);
        else
            r = cursor_next(&c, err);
    }
    cursor_close(&c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

enum store_result
alias_verifier_put(struct store_txn *t, const struct account_rec *account,
                   const struct alias_verifier *v, struct errbuf *err)
{
    const char *const doing = "storing the verifier of an alias";
    struct alias_rec a = {.cred = v->cred};
    struct key k = prefix_of(account->number);
    enum store_result r = key_text(&k, v->name, true, err);

    if (r == STORE_OK)
        r = txn_exists(t, TABLE_ACCOUNT_NAME, &k, doing, err);
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    memcpy(a.of, account->cred.salt, sizeof a.of);
    alias_rec_encode(txn_record(t), &a);
    explicit_bzero(&a, sizeof a);
    r = txn_put(t, TABLE_ACCOUNT_NAME, &k, doing, err);
    if (r == STORE_OK)
        meta_need_format(t, FORMAT_VERIFIERS);
    return r;
}
