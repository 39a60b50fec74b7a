/* SPDX-License-Identifier: BSD-2-Clause */

/* Tokens of accounts, by the number of the account and the name of the token.
 * An account has only a few, and they are removed with it. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "storage/txn.h"
#include "util/text.h"
#include "util/xmalloc.h"

void
token_rec_clear(struct token_rec *k)
{
    free(k->name);
    free(k->author);
    free(k->sealed);
    *k = (struct token_rec){0};
}

void
token_rec_encode(struct buf *b, const struct token_rec *k)
{
    enc_u8(b, 1);
    enc_u64(b, k->id);
    enc_text(b, k->name);
    enc_i64(b, k->created);
    enc_i64(b, k->expires);
    enc_text(b, k->author);
    enc_data(b, k->sealed, k->sealed_len);
}

int
token_rec_decode(const void *data, size_t len, struct token_rec *k,
                 struct errbuf *err)
{
    struct dec in;

    *k = (struct token_rec){0};
    dec_init(&in, data, len);
    dec_version(&in, 1);
    k->id = dec_u64(&in);
    k->name = dec_text(&in);
    k->created = dec_i64(&in);
    k->expires = dec_i64(&in);
    k->author = dec_text(&in);
    k->sealed = dec_data(&in, &k->sealed_len);
    if (dec_end(&in, err) == 0)
        return 0;
    token_rec_clear(k);
    return -1;
}

static struct key
prefix_of(uint64_t account)
{
    struct key k = {0};

    key_u64(&k, account);
    return k;
}

/* False: there is no such name. */
static bool
make_key(struct key *k, uint64_t account, const char *name)
{
    char lower[TOKEN_NAME_MOST + 1];
    size_t len = strlen(name);

    if (len == 0 || len > TOKEN_NAME_MOST)
        return false;
    memcpy(lower, name, len + 1);
    text_lower(lower);
    *k = prefix_of(account);
    key_bytes(k, (const uint8_t *)lower, len);
    return true;
}

enum store_result
token_put(struct store_txn *t, const struct token_rec *k, struct errbuf *err)
{
    const char *const doing = "storing a token";
    struct key account = prefix_of(k->account), key;
    enum store_result r;

    if (!make_key(&key, k->account, k->name))
        return STORE_REFUSED;
    r = txn_exists(t, TABLE_ACCOUNT, &account, doing, err);
    if (r != STORE_OK)
        return r;
    token_rec_encode(txn_record(t), k);
    r = txn_put_new(t, TABLE_TOKEN, &key, doing, err);
    if (r == STORE_OK)
        meta_need_format(t, FORMAT_TOKENS);
    return r;
}

enum store_result
token_get(struct store_txn *t, uint64_t account, const char *name,
          struct token_rec *k_r, struct errbuf *err)
{
    const char *const doing = "reading a token";
    struct slice value;
    struct key key;
    enum store_result r;

    if (!make_key(&key, account, name))
        return STORE_NOTFOUND;
    r = txn_get(t, TABLE_TOKEN, &key, &value, doing, err);
    if (r == STORE_OK && token_rec_decode(value.data, value.len, k_r, err) != 0)
        return txn_damaged(doing, err);
    k_r->account = account;
    return r;
}

enum store_result
token_remove(struct store_txn *t, uint64_t account, const char *name,
             struct errbuf *err)
{
    struct key key;

    if (!make_key(&key, account, name))
        return STORE_NOTFOUND;
    return txn_del(t, TABLE_TOKEN, &key, "removing a token", err);
}

/* fn NULL: removes them. */
static enum store_result
walk(struct store_txn *t, uint64_t account, token_walk_fn *fn, void *arg,
     struct errbuf *err)
{
    struct key from = prefix_of(account);
    struct token_rec k;
    struct cursor c;
    enum store_result r = cursor_open(&c, t, TABLE_TOKEN, &from,
                                      "reading the tokens of an account", err);

    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    while (r == STORE_OK && cursor_at(&c, &from)) {
        if (fn == NULL) {
            r = cursor_del(&c, err);
        } else if (token_rec_decode(c.value.data, c.value.len, &k, err) != 0) {
            r = txn_damaged(c.doing, err);
        } else {
            k.account = account;
            fn(&k, arg);
            token_rec_clear(&k);
        }
        if (r == STORE_OK)
            r = cursor_next(&c, err);
    }
    cursor_close(&c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

enum store_result
token_walk(struct store_txn *t, uint64_t account, token_walk_fn *fn, void *arg,
           struct errbuf *err)
{
    return walk(t, account, fn, arg, err);
}

enum store_result
token_remove_all(struct store_txn *t, uint64_t account, struct errbuf *err)
{
    return walk(t, account, NULL, NULL, err);
}
