/* SPDX-License-Identifier: BSD-2-Clause */

/* The records of the audit log.  Version 1 was written before format 8, and is
 * in no chain.  Version 2 has a number in the chain of hashes, and lines that
 * say whom they concern.  Version 3 is the same, and stands for the records
 * from `first` up to its number, which --salvage did not find. */
#include "config.h"

#include "storage/audit_record.h"

#include <stdlib.h>

#define FLAG_WIDE 1

void
audit_begin_encode(struct buf *b)
{
    enc_u8(b, AUDIT_LINES);
    enc_u64(b, 0); /* audit_number_set */
}

void
audit_gap_encode(struct buf *b, uint64_t first, uint64_t number)
{
    enc_u8(b, AUDIT_GAP);
    enc_u64(b, number);
    enc_u64(b, first);
}

void
audit_number_set(struct buf *b, uint64_t number)
{
    for (size_t i = AUDIT_HEAD_BYTES; i-- > 1; number >>= 8)
        b->data[i] = (char)(uint8_t)number;
}

void
audit_line_encode(struct buf *b, const struct audit_rec *a)
{
    enc_i64(b, a->time);
    enc_text(b, a->who);
    enc_text(b, a->from);
    enc_text(b, a->what);
    enc_text(b, a->outcome);
    enc_text(b, a->target);
    enc_u64(b, a->who_domain);
    enc_u64(b, a->domain);
    enc_u8(b, a->wide ? FLAG_WIDE : 0);
}

static void
decode_head(struct dec *in, struct audit_head *h)
{
    *h = (struct audit_head){.version = dec_version(in, AUDIT_GAP)};
    if (h->version >= AUDIT_LINES)
        h->number = h->first = dec_u64(in);
    if (h->version == AUDIT_GAP)
        h->first = dec_u64(in);
    in->bad |= h->first > h->number;
}

int
audit_head_decode(const void *data, size_t len, struct audit_head *h_r,
                  struct errbuf *err)
{
    struct dec in;

    dec_init(&in, data, len);
    decode_head(&in, h_r);
    in.left = 0;
    return dec_end(&in, err);
}

static void
decode_line(struct dec *in, uint8_t version, struct audit_rec *a)
{
    uint8_t flags;

    *a = (struct audit_rec){.time = dec_i64(in)};
    a->who = dec_text(in);
    a->from = dec_text(in);
    a->what = dec_text(in);
    a->outcome = dec_text(in);
    if (version < AUDIT_LINES)
        return;
    a->target = dec_text(in);
    a->who_domain = dec_u64(in);
    a->domain = dec_u64(in);
    flags = dec_u8(in);
    a->wide = flags == FLAG_WIDE;
    in->bad |= flags > FLAG_WIDE;
}

void
audit_line_clear(struct audit_rec *a)
{
    free((char *)(uintptr_t)a->who);
    free((char *)(uintptr_t)a->from);
    free((char *)(uintptr_t)a->what);
    free((char *)(uintptr_t)a->outcome);
    free((char *)(uintptr_t)a->target);
}

int
audit_decode(const void *data, size_t len, audit_walk_fn *fn, void *arg,
             struct errbuf *err)
{
    struct audit_head head;
    bool more = true;
    struct dec in;

    dec_init(&in, data, len);
    decode_head(&in, &head);
    while (!in.bad && in.left > 0 && more) {
        struct audit_rec a;

        decode_line(&in, head.version, &a);
        if (!in.bad && fn != NULL)
            more = fn(&a, arg);
        audit_line_clear(&a);
    }
    return more ? dec_end(&in, err) : 0;
}

struct audit_place
audit_place_at(const uint8_t key[AUDIT_KEY_BYTES])
{
    return (struct audit_place){
        .set = true,
        .time = key_get_time(key),
        .serial = (uint32_t)(key_get_u64(key + 4) & UINT32_MAX)};
}
