/* SPDX-License-Identifier: BSD-2-Clause */

/* The codec of records.  Reading is total: after an impossible field a reader
 * stays bad and returns zeros.  So a decoder reads all its fields in a row, and
 * checks once at the end whether everything was there. */
#include "config.h"

#include "storage/record.h"

#include <stdlib.h>
#include <string.h>

#include "util/xmalloc.h"

void
enc_u8(struct buf *b, uint8_t v)
{
    buf_append(b, &v, 1);
}

void
enc_u32(struct buf *b, uint32_t v)
{
    uint8_t p[4];

    for (int i = 3; i >= 0; i--, v >>= 8)
        p[i] = (uint8_t)v;
    buf_append(b, p, sizeof p);
}

void
enc_u64(struct buf *b, uint64_t v)
{
    uint8_t p[8];

    for (int i = 7; i >= 0; i--, v >>= 8)
        p[i] = (uint8_t)v;
    buf_append(b, p, sizeof p);
}

void
enc_i64(struct buf *b, int64_t v)
{
    enc_u64(b, (uint64_t)v);
}

void
enc_bytes(struct buf *b, const uint8_t *p, size_t n)
{
    buf_append(b, p, n);
}

void
enc_data(struct buf *b, const char *p, size_t n)
{
    enc_u32(b, (uint32_t)n);
    if (n > 0)
        buf_append(b, p, n);
}

void
enc_text(struct buf *b, const char *s)
{
    enc_data(b, s, s == NULL ? 0 : strlen(s));
}

void
enc_ids(struct buf *b, const uint64_t *ids, size_t n)
{
    enc_u32(b, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        enc_u64(b, ids[i]);
}

void
dec_init(struct dec *d, const void *data, size_t len)
{
    d->p = data;
    d->left = len;
    d->bad = false;
}

/* The next n bytes, or NULL. */
static const uint8_t *
take(struct dec *d, size_t n)
{
    const uint8_t *p = d->p;

    if (d->bad || n > d->left) {
        d->bad = true;
        return NULL;
    }
    d->p += n;
    d->left -= n;
    return p;
}

static uint64_t
take_number(struct dec *d, size_t n)
{
    const uint8_t *p = take(d, n);
    uint64_t v = 0;

    for (size_t i = 0; p != NULL && i < n; i++)
        v = v << 8 | p[i];
    return v;
}

uint8_t
dec_u8(struct dec *d)
{
    return (uint8_t)take_number(d, 1);
}

uint32_t
dec_u32(struct dec *d)
{
    return (uint32_t)take_number(d, 4);
}

uint64_t
dec_u64(struct dec *d)
{
    return take_number(d, 8);
}

int64_t
dec_i64(struct dec *d)
{
    return (int64_t)take_number(d, 8);
}

void
dec_bytes(struct dec *d, uint8_t *out, size_t n)
{
    const uint8_t *p = take(d, n);

    if (p != NULL)
        memcpy(out, p, n);
    else
        memset(out, 0, n);
}

char *
dec_data(struct dec *d, size_t *len_r)
{
    size_t n = dec_u32(d);
    const uint8_t *p = take(d, n);
    char *copy;

    *len_r = 0;
    if (p == NULL)
        return NULL;
    copy = xmalloc(n + 1);
    memcpy(copy, p, n);
    copy[n] = 0;
    *len_r = n;
    return copy;
}

char *
dec_text(struct dec *d)
{
    size_t n = dec_u32(d);
    const uint8_t *p = take(d, n);

    if (p == NULL || memchr(p, 0, n) != NULL) {
        d->bad = true;
        return NULL;
    }
    return xstrndup((const char *)p, n);
}

uint64_t *
dec_ids(struct dec *d, size_t *n_r)
{
    size_t n = dec_u32(d);
    uint64_t *ids;

    *n_r = 0;
    if (d->bad || n > d->left / 8) {
        d->bad = true;
        return NULL;
    }
    if (n == 0)
        return NULL;
    ids = xcalloc(n, sizeof *ids);
    for (size_t i = 0; i < n; i++)
        ids[i] = dec_u64(d);
    *n_r = n;
    return ids;
}

uint8_t
dec_version(struct dec *d, uint8_t newest)
{
    uint8_t v = dec_u8(d);

    if (v < 1 || v > newest)
        d->bad = true;
    return v;
}

int
dec_end(const struct dec *d, struct errbuf *err)
{
    if (d->bad)
        return err_set(err, "damaged record");
    if (d->left > 0)
        return err_set(err, "damaged record: %zu bytes too many", d->left);
    return 0;
}

void
number_encode(struct buf *b, uint64_t number)
{
    enc_u8(b, 1);
    enc_u64(b, number);
}

int
number_decode(const void *data, size_t len, uint64_t *number_r,
              struct errbuf *err)
{
    struct dec d;

    dec_init(&d, data, len);
    dec_version(&d, 1);
    *number_r = dec_u64(&d);
    return dec_end(&d, err);
}

/* Names that are no aliases look as they did before there were aliases, and so
 * do counts where there are none: version 1 is not written anew.  The same holds
 * for version 2 and objects. */

#define NAME_ALIAS 1

void
name_rec_encode(struct buf *b, const struct name_rec *n)
{
    if (n->object != OBJECT_NONE) {
        enc_u8(b, 3);
        enc_u8(b, (uint8_t)n->object);
        return;
    }
    enc_u8(b, n->alias ? 2 : 1);
    if (n->alias)
        enc_u8(b, NAME_ALIAS);
    enc_u64(b, n->number);
}

bool
object_kind_is_known(unsigned kind)
{
    return kind == OBJECT_GROUP || kind == OBJECT_FORWARDER;
}

static enum object_kind
dec_kind(struct dec *d)
{
    uint8_t kind = dec_u8(d);

    if (!object_kind_is_known(kind))
        d->bad = true;
    return d->bad ? OBJECT_NONE : (enum object_kind)kind;
}

int
name_rec_decode(const void *data, size_t len, struct name_rec *n,
                struct errbuf *err)
{
    uint8_t version;
    struct dec d;

    *n = (struct name_rec){0};
    dec_init(&d, data, len);
    version = dec_version(&d, 3);
    if (version == 3) {
        n->object = dec_kind(&d);
        return dec_end(&d, err);
    }
    n->alias = version == 2;
    if (n->alias && dec_u8(&d) != NAME_ALIAS)
        d.bad = true;
    n->number = dec_u64(&d);
    return dec_end(&d, err);
}

void
name_count_encode(struct buf *b, const struct name_count *n)
{
    bool objects = n->groups > 0 || n->forwarders > 0;

    enc_u8(b, objects ? 3 : n->aliases > 0 ? 2 : 1);
    enc_u64(b, n->accounts);
    if (objects || n->aliases > 0)
        enc_u64(b, n->aliases);
    if (!objects)
        return;
    enc_u64(b, n->groups);
    enc_u64(b, n->forwarders);
}

int
name_count_decode(const void *data, size_t len, struct name_count *n,
                  struct errbuf *err)
{
    uint8_t version;
    struct dec d;

    memset(n, 0, sizeof *n);
    dec_init(&d, data, len);
    version = dec_version(&d, 3);
    n->accounts = dec_u64(&d);
    if (version >= 2)
        n->aliases = dec_u64(&d);
    if (version == 3) {
        n->groups = dec_u64(&d);
        n->forwarders = dec_u64(&d);
    }
    if ((version == 2 && n->aliases == 0) ||
        (version == 3 && n->groups == 0 && n->forwarders == 0))
        d.bad = true;
    return dec_end(&d, err);
}

void
text_encode(struct buf *b, const char *text)
{
    enc_u8(b, 1);
    enc_text(b, text);
}

int
text_decode(const void *data, size_t len, char **text_r, struct errbuf *err)
{
    struct dec d;

    dec_init(&d, data, len);
    dec_version(&d, 1);
    *text_r = dec_text(&d);
    if (dec_end(&d, err) == 0)
        return 0;
    free(*text_r);
    *text_r = NULL;
    return -1;
}

void
nothing_encode(struct buf *b)
{
    enc_u8(b, 1);
}

int
nothing_decode(const void *data, size_t len, struct errbuf *err)
{
    struct dec d;

    dec_init(&d, data, len);
    dec_version(&d, 1);
    return dec_end(&d, err);
}
