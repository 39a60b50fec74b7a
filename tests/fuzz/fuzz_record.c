/* SPDX-License-Identifier: BSD-2-Clause */
/* The first byte says what record the rest is.  What a decoder accepts, its
 * encoder writes again byte for byte. */
#include "config.h"

#include <string.h>

#include "storage/audit_record.h"
#include "storage/record.h"
#include "tests/fuzz/fuzz.h"

#define FUZZ_RECORD(kind, type, decode, encode, clear)                    \
    static bool kind(const uint8_t *data, size_t size, struct buf *again) \
    {                                                                     \
        struct errbuf err;                                                \
        struct type rec;                                                  \
                                                                          \
        memset(&rec, 0, sizeof rec);                                      \
        if (decode(data, size, &rec, &err) != 0)                          \
            return false;                                                 \
        encode(again, &rec);                                              \
        clear(&rec);                                                      \
        return true;                                                      \
    }

#define KEEP(rec) ((void)(rec))

FUZZ_RECORD(domain, domain_rec, domain_rec_decode, domain_rec_encode,
            domain_rec_clear)
FUZZ_RECORD(account, account_rec, account_rec_decode, account_rec_encode,
            account_rec_clear)
FUZZ_RECORD(state, account_state, account_state_decode, account_state_encode,
            account_state_clear)
FUZZ_RECORD(usage, usage_rec, usage_rec_decode, usage_rec_encode, KEEP)
FUZZ_RECORD(alert, alert_rec, alert_rec_decode, alert_rec_encode,
            alert_rec_clear)
FUZZ_RECORD(alert_ref, alert_ref, alert_ref_decode, alert_ref_encode, KEEP)
FUZZ_RECORD(post_key, post_key_rec, post_key_decode, post_key_encode, KEEP)
FUZZ_RECORD(ticket, ticket_rec, ticket_rec_decode, ticket_rec_encode, KEEP)
FUZZ_RECORD(token, token_rec, token_rec_decode, token_rec_encode,
            token_rec_clear)
FUZZ_RECORD(object, object_rec, object_rec_decode, object_rec_encode,
            object_rec_clear)
FUZZ_RECORD(name, name_rec, name_rec_decode, name_rec_encode, KEEP)
FUZZ_RECORD(alias, alias_rec, alias_rec_decode, alias_rec_encode, KEEP)
FUZZ_RECORD(name_count, name_count, name_count_decode, name_count_encode, KEEP)

static bool
number(const uint8_t *data, size_t size, struct buf *again)
{
    struct errbuf err;
    uint64_t n;

    if (number_decode(data, size, &n, &err) != 0)
        return false;
    number_encode(again, n);
    return true;
}

static bool
text(const uint8_t *data, size_t size, struct buf *again)
{
    struct errbuf err;
    char *s;

    if (text_decode(data, size, &s, &err) != 0)
        return false;
    text_encode(again, s);
    free(s);
    return true;
}

static bool
nothing(const uint8_t *data, size_t size, struct buf *again)
{
    struct errbuf err;

    if (nothing_decode(data, size, &err) != 0)
        return false;
    nothing_encode(again);
    return true;
}

static bool
encode_line(const struct audit_rec *a, void *arg)
{
    audit_line_encode(arg, a);
    return true;
}

/* Records of version 1 are read, and not written any more. */
static bool
audit(const uint8_t *data, size_t size, struct buf *again)
{
    struct audit_head head;
    struct errbuf err;

    if (audit_head_decode(data, size, &head, &err) != 0)
        return false;
    if (head.version == AUDIT_GAP) {
        audit_gap_encode(again, head.first, head.number);
    } else {
        audit_begin_encode(again);
        audit_number_set(again, head.number);
    }
    return audit_decode(data, size, encode_line, again, &err) == 0 &&
           head.version >= AUDIT_LINES;
}

typedef bool fuzz_fn(const uint8_t *data, size_t size, struct buf *again);

static fuzz_fn *const kinds[] = {
    domain,     account, state, alert,   alert_ref, post_key,
    ticket,     number,  text,  nothing, audit,     name,
    name_count, usage,   alias, token,   object};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf again = {0};

    if (size == 0)
        return 0;
    if (kinds[data[0] % (sizeof kinds / sizeof kinds[0])](data + 1, size - 1,
                                                          &again)) {
        FUZZ_CHECK(again.len == size - 1);
        FUZZ_CHECK(memcmp(again.data, data + 1, again.len) == 0);
    }
    buf_clear(&again);
    return 0;
}
