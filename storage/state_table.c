/* SPDX-License-Identifier: BSD-2-Clause */

/* What each account has been shown, by the number of the account.  These
 * records are written far more often than any other, so no other record depends
 * on them. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "storage/txn.h"

void
account_state_clear(struct account_state *s)
{
    free(s->shown);
    free(s->dismissed);
    free(s->last_address);
    memset(s, 0, sizeof *s);
}

void
account_state_encode(struct buf *b, const struct account_state *s)
{
    enc_u8(b, 1);
    enc_u64(b, s->position);
    enc_i64(b, s->last_login);
    enc_text(b, s->last_address);
    enc_ids(b, s->shown, s->n_shown);
    enc_ids(b, s->dismissed, s->n_dismissed);
}

int
account_state_decode(const void *data, size_t len, struct account_state *s,
                     struct errbuf *err)
{
    struct dec in;

    memset(s, 0, sizeof *s);
    dec_init(&in, data, len);
    dec_version(&in, 1);
    s->position = dec_u64(&in);
    s->last_login = dec_i64(&in);
    s->last_address = dec_text(&in);
    s->shown = dec_ids(&in, &s->n_shown);
    s->dismissed = dec_ids(&in, &s->n_dismissed);
    if (dec_end(&in, err) == 0)
        return 0;
    account_state_clear(s);
    return -1;
}

enum store_result
state_get(struct store_txn *t, uint64_t account, struct account_state *s_r,
          struct errbuf *err)
{
    const char *const doing = "reading what an account was shown";
    struct key k = {0};
    struct slice value;
    enum store_result r;

    key_u64(&k, account);
    r = txn_get(t, TABLE_STATE, &k, &value, doing, err);
    if (r != STORE_OK && r != STORE_NOTFOUND)
        return r;
    account_state_clear(s_r);
    if (r == STORE_OK &&
        account_state_decode(value.data, value.len, s_r, err) != 0)
        return txn_damaged(doing, err);
    return STORE_OK;
}

enum store_result
state_put(struct store_txn *t, uint64_t account, const struct account_state *s,
          struct errbuf *err)
{
    const char *const doing = "storing what an account was shown";
    struct key k = {0};
    enum store_result r;

    key_u64(&k, account);
    r = txn_exists(t, TABLE_ACCOUNT, &k, doing, err);
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    account_state_encode(txn_record(t), s);
    return txn_put(t, TABLE_STATE, &k, doing, err);
}
