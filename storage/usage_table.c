/* SPDX-License-Identifier: BSD-2-Clause */

/* The storage that each account uses, by the number of the account, and what
 * its user was told about it.  A report writes this one record; no other record
 * depends on it. */
#include "config.h"

#include <string.h>

#include "storage/txn.h"

enum usage_flag {
    USAGE_HAS_LIMIT = 1,
    USAGE_REACHED = 2,
    USAGE_TOLD = 4,
    USAGE_UNSHOWN = 8
};

#define USAGE_FLAGS \
    (USAGE_HAS_LIMIT | USAGE_REACHED | USAGE_TOLD | USAGE_UNSHOWN)

void
usage_rec_encode(struct buf *b, const struct usage_rec *u)
{
    unsigned flags = (u->has_limit ? USAGE_HAS_LIMIT : 0) |
                     (u->reached ? USAGE_REACHED : 0) |
                     (u->told ? USAGE_TOLD : 0) |
                     (u->unshown ? USAGE_UNSHOWN : 0);

    enc_u8(b, 1);
    enc_u64(b, u->used);
    enc_i64(b, u->reported);
    enc_u8(b, u->source);
    enc_u8(b, (uint8_t)flags);
    enc_u64(b, u->limit);
    enc_i64(b, u->alerted);
    enc_u64(b, u->alert);
}

int
usage_rec_decode(const void *data, size_t len, struct usage_rec *u,
                 struct errbuf *err)
{
    struct dec in;
    uint8_t flags;

    memset(u, 0, sizeof *u);
    dec_init(&in, data, len);
    dec_version(&in, 1);
    u->used = dec_u64(&in);
    u->reported = dec_i64(&in);
    u->source = dec_u8(&in);
    flags = dec_u8(&in);
    u->limit = dec_u64(&in);
    u->alerted = dec_i64(&in);
    u->alert = dec_u64(&in);
    u->has_limit = (flags & USAGE_HAS_LIMIT) != 0;
    u->reached = (flags & USAGE_REACHED) != 0;
    u->told = (flags & USAGE_TOLD) != 0;
    u->unshown = (flags & USAGE_UNSHOWN) != 0;
    if ((flags & ~USAGE_FLAGS) != 0)
        in.bad = true;
    if (dec_end(&in, err) == 0)
        return 0;
    memset(u, 0, sizeof *u);
    return -1;
}

enum store_result
usage_get(struct store_txn *t, uint64_t account, struct usage_rec *u_r,
          struct errbuf *err)
{
    const char *const doing = "reading the usage of an account";
    struct key k = {0};
    struct slice value;
    enum store_result r;

    memset(u_r, 0, sizeof *u_r);
    key_u64(&k, account);
    r = txn_get(t, TABLE_USAGE, &k, &value, doing, err);
    if (r == STORE_NOTFOUND)
        return STORE_OK;
    if (r == STORE_OK && usage_rec_decode(value.data, value.len, u_r, err) != 0)
        return txn_damaged(doing, err);
    return r;
}

enum store_result
usage_put(struct store_txn *t, uint64_t account, const struct usage_rec *u,
          struct errbuf *err)
{
    const char *const doing = "storing the usage of an account";
    struct key k = {0};
    enum store_result r;

    key_u64(&k, account);
    r = txn_exists(t, TABLE_ACCOUNT, &k, doing, err);
    if (r != STORE_OK)
        return r;
    usage_rec_encode(txn_record(t), u);
    meta_need_format(t, u->unshown ? FORMAT_UNSHOWN : FORMAT_USAGE);
    return txn_put(t, TABLE_USAGE, &k, doing, err);
}
