/* SPDX-License-Identifier: BSD-2-Clause */

/* The audit log of a damaged store.  The records that can be read keep their
 * numbers, and the chain of hashes is made anew over them.  Numbers of which
 * there is no record get one that says so, and the chain goes on behind it. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "storage/audit_chain.h"
#include "storage/salvage.h"

#define RECORDS_AT_ONCE 500

static const char doing[] = "salvaging";

/* --- what is kept --- */

/* The anchor as it is, if it can be read; of the head, the number. */
enum store_result
salvage_keep_audit_meta(struct salvage *s, const struct key *k,
                        const struct slice *value, struct errbuf *err)
{
    struct audit_anchor anchor;
    struct audit_link head;

    if (audit_link_decode(value->data, value->len, &head, err) == 0) {
        if (s->audit_number < head.number)
            s->audit_number = head.number;
        return STORE_OK;
    }
    if (audit_anchor_decode(value->data, value->len, &anchor, err) != 0)
        return STORE_REFUSED;
    buf_append(txn_record(s->t), value->data, value->len);
    return txn_put(s->t, TABLE_META, k, doing, err);
}

/* Records from before the chain are up to a key that the anchor has. */
static enum store_result
note_old(struct salvage *s, const struct key *k, struct errbuf *err)
{
    struct audit_anchor a;
    enum store_result r = audit_anchor_get(s->t, &a, err);

    if (r != STORE_OK && r != STORE_NOTFOUND)
        return r;
    if (memcmp(a.old, k->data, sizeof a.old) >= 0)
        return STORE_OK;
    memcpy(a.old, k->data, sizeof a.old);
    return audit_anchor_put(s->t, &a, err);
}

/* An entry without its hash, if there is none of that number. */
static enum store_result
note_number(struct salvage *s, const struct key *k, uint64_t number,
            struct errbuf *err)
{
    const struct audit_entry e = {.number = number, .record = *k};
    struct key n = key_number(number);
    enum store_result r = txn_exists(s->t, TABLE_AUDIT_CHAIN, &n, doing, err);

    if (r == STORE_NOTFOUND)
        return audit_entry_put(s->t, &e, err);
    return r == STORE_OK ? STORE_REFUSED : r;
}

enum store_result
salvage_keep_audit(struct salvage *s, const struct slice *key,
                   const struct slice *value, struct errbuf *err)
{
    struct audit_anchor a;
    struct audit_head head;
    struct key k = {0};
    enum store_result r;

    if (key->len != AUDIT_KEY_BYTES ||
        audit_decode(value->data, value->len, NULL, NULL, err) != 0 ||
        audit_head_decode(value->data, value->len, &head, err) != 0)
        return STORE_REFUSED;
    /* What was removed because it was old is not brought back. */
    r = audit_anchor_get(s->t, &a, err);
    if (r != STORE_OK && r != STORE_NOTFOUND)
        return r;
    if (r == STORE_OK && head.number != 0 && head.number <= a.link.number)
        return STORE_REFUSED;
    key_bytes(&k, key->data, key->len);
    r = txn_exists(s->t, TABLE_AUDIT, &k, doing, err);
    if (r == STORE_OK)
        return STORE_REFUSED;
    if (r == STORE_NOTFOUND)
        r = head.number == 0 ? note_old(s, &k, err)
                             : note_number(s, &k, head.number, err);
    if (r != STORE_OK)
        return r;
    buf_append(txn_record(s->t), value->data, value->len);
    return txn_put(s->t, TABLE_AUDIT, &k, doing, err);
}

/* --- the chain --- */

static enum store_result
put_gap(struct salvage *s, uint64_t first, uint64_t last, const char *what,
        struct errbuf *err)
{
    const struct audit_rec line = {.time = s->now,
                                   .who = "ximssd",
                                   .from = "--salvage",
                                   .what = what,
                                   .outcome = "missing"};
    enum store_result r;
    struct slice value;
    struct key k;

    s->lacks = true;
    fprintf(s->report, "audit.db: %s\n", what);
    audit_gap_encode(txn_record(s->t), first, last);
    audit_line_encode(&s->t->record, &line);
    do { /* no record that was kept is overwritten */
        k = (struct key){0};
        key_time(&k, s->now);
        key_u32(&k, s->t->audit_seq++);
        r = txn_put_new(s->t, TABLE_AUDIT, &k, doing, err);
    } while (r == STORE_EXISTS);
    value =
        (struct slice){(const uint8_t *)s->t->record.data, s->t->record.len};
    return r == STORE_OK ? audit_chain_add(s->t, &k, last, &value, err) : r;
}

static enum store_result
note_gap(struct salvage *s, uint64_t first, uint64_t last, struct errbuf *err)
{
    char what[100];

    snprintf(what, sizeof what, "audit records %llu to %llu are missing",
             (unsigned long long)first, (unsigned long long)last);
    return put_gap(s, first, last, what, err);
}

/* The next record that was kept gets its place in the chain. */
static enum store_result
link_record(struct salvage *s, const struct audit_entry *e, struct errbuf *err)
{
    uint64_t next = s->t->audit_head.number + 1;
    struct audit_head head;
    struct slice value;
    enum store_result r = txn_must_exist(
        txn_get(s->t, TABLE_AUDIT, &e->record, &value, doing, err), doing, err);

    if (r == STORE_OK &&
        audit_head_decode(value.data, value.len, &head, err) != 0)
        return txn_damaged(doing, err);
    if (r == STORE_OK && head.first > next) {
        r = note_gap(s, next, head.first - 1, err);
        if (r == STORE_OK) /* the value is gone with the next read */
            r = txn_get(s->t, TABLE_AUDIT, &e->record, &value, doing, err);
    }
    return r == STORE_OK
               ? audit_chain_add(s->t, &e->record, e->number, &value, err)
               : r;
}

static enum store_result
end_chain(struct salvage *s, struct errbuf *err)
{
    const uint64_t at = s->t->audit_head.number;

    if (at < s->audit_number)
        return note_gap(s, at + 1, s->audit_number, err);
    if ((s->log_lost || s->audit_number == 0) && at > 0)
        return put_gap(s, at + 1, at + 1, "newer audit records may be missing",
                       err);
    return STORE_OK;
}

/* Begins where removing old records has come to. */
static enum store_result
begin_chain(struct salvage *s, struct errbuf *err)
{
    struct audit_anchor a;
    enum store_result r = audit_anchor_get(s->t, &a, err);

    if (r == STORE_OK)
        s->t->audit_head = a.link;
    if (r == STORE_NOTFOUND)
        r = audit_anchor_put(s->t, &a, err);
    return r;
}

enum store_result
salvage_audit_chain(struct salvage *s, struct errbuf *err)
{
    unsigned n = 0;
    struct cursor c;
    struct key from;
    enum store_result r = STORE_OK;

    if (s->t->audit_head.number == 0)
        r = begin_chain(s, err);
    from = key_number(s->t->audit_head.number + 1);
    if (r == STORE_OK)
        r = cursor_open(&c, s->t, TABLE_AUDIT_CHAIN, &from, doing, err);
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? end_chain(s, err) : r;
    while (r == STORE_OK && n++ < RECORDS_AT_ONCE) {
        struct audit_entry e;

        r = audit_entry_decode(&c.key, &c.value, &e, err) == 0
                ? link_record(s, &e, err)
                : txn_damaged(doing, err);
        if (r == STORE_OK)
            r = cursor_next(&c, err);
    }
    cursor_close(&c);
    if (r == STORE_NOTFOUND)
        return end_chain(s, err);
    return r == STORE_OK ? STORE_AGAIN : r;
}
