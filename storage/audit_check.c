/* SPDX-License-Identifier: BSD-2-Clause */

/* Checking the audit log: first along the chain, from the anchor to the head,
 * and then along the records, each of which must be in the chain.  Together
 * they find what was changed, removed, moved or put in between. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "storage/audit_chain.h"

static const char doing[] = "checking audit records";

struct checking {
    struct store_txn *t;
    struct audit_check *k;
    audit_break_fn *fn;
    void *arg;
};

static void PRINTF_LIKE(3, 4)
    say(struct checking *c, bool noted, const char *fmt, ...)
{
    char text[200];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    c->fn(text, noted, c->arg);
}

static void
tell_missing(struct checking *c, uint64_t first, uint64_t last)
{
    if (first == last)
        say(c, false, "record %llu is missing", (unsigned long long)first);
    else
        say(c, false, "records %llu to %llu are missing",
            (unsigned long long)first, (unsigned long long)last);
}

/* What was removed since because of its age need not be there any more. */
static enum store_result
follow_anchor(struct checking *c, struct errbuf *err)
{
    struct audit_anchor a;
    enum store_result r = audit_anchor_get(c->t, &a, err);

    if (r == STORE_OK && (!c->k->begun || a.link.number > c->k->link.number))
        c->k->link = a.link;
    c->k->begun = true;
    if (r == STORE_NOTFOUND && c->t->audit_head.number != 0)
        say(c, false, "the anchor is missing");
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

/* *first_r: of a gap that --salvage has noted; else the number itself. */
static enum store_result
check_record(struct checking *c, const struct audit_entry *e, uint64_t *first_r,
             struct errbuf *err)
{
    const unsigned long long n = e->number;
    uint8_t hash[AUDIT_HASH_BYTES];
    struct audit_head head;
    struct slice value;
    struct errbuf why;
    enum store_result r =
        txn_get(c->t, TABLE_AUDIT, &e->record, &value, doing, err);

    *first_r = e->number;
    if (r == STORE_NOTFOUND) {
        tell_missing(c, n, n);
        return STORE_OK;
    }
    if (r != STORE_OK)
        return r;
    store_charge(c->t, value.len / 256); /* of which a microsecond hashes */
    audit_hash(hash, c->k->link.hash, &e->record, &value);
    if (memcmp(hash, e->hash, sizeof hash) != 0)
        say(c, false, "record %llu was changed, or the one before it", n);
    else if (audit_head_decode(value.data, value.len, &head, &why) != 0 ||
             head.number != e->number)
        say(c, false, "record %llu has another number", n);
    else if (head.version == AUDIT_GAP)
        *first_r = head.first;
    return STORE_OK;
}

static enum store_result
check_entry(struct checking *c, const struct slice *key,
            const struct slice *value, struct errbuf *err)
{
    struct audit_entry e;
    uint64_t next = c->k->link.number + 1, first;
    struct errbuf why;
    enum store_result r;

    if (audit_entry_decode(key, value, &e, &why) != 0) {
        say(c, false, "an entry of the chain cannot be read: %s", why.text);
        return STORE_OK;
    }
    r = check_record(c, &e, &first, err);
    if (first > next)
        tell_missing(c, next, first - 1);
    else if (first < e.number)
        say(c, true,
            "records %llu to %llu are missing since a repair by --salvage",
            (unsigned long long)first, (unsigned long long)e.number);
    c->k->link.number = e.number;
    memcpy(c->k->link.hash, e.hash, sizeof e.hash);
    c->k->checked++;
    return r;
}

static void
check_end(struct checking *c)
{
    const struct audit_link *head = &c->t->audit_head;
    const struct audit_link *at = &c->k->link;

    if (at->number < head->number)
        tell_missing(c, at->number + 1, head->number);
    else if (at->number > head->number)
        say(c, false, "the head is of record %llu, and there is a record %llu",
            (unsigned long long)head->number, (unsigned long long)at->number);
    else if (memcmp(at->hash, head->hash, sizeof head->hash) != 0)
        say(c, false, "record %llu is not the one that the head names",
            (unsigned long long)head->number);
    c->k->at_records = true;
}

static enum store_result
check_chain(struct checking *c, struct errbuf *err)
{
    struct cursor at;
    struct key k;
    enum store_result r = follow_anchor(c, err);

    if (r != STORE_OK)
        return r;
    k = key_number(c->k->link.number + 1);
    r = cursor_open(&at, c->t, TABLE_AUDIT_CHAIN, &k, doing, err);
    if (r == STORE_NOTFOUND)
        check_end(c);
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    do {
        r = check_entry(c, &at.key, &at.value, err);
        if (r == STORE_OK)
            r = cursor_next(&at, err);
    } while (r == STORE_OK && !store_tired(c->t));
    cursor_close(&at);
    if (r == STORE_NOTFOUND)
        check_end(c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

/* --- along the records --- */

static enum store_result
check_is_in(struct checking *c, const struct cursor *at, struct errbuf *err)
{
    struct audit_head head;
    struct errbuf why;
    bool has = false;
    enum store_result r = STORE_OK;

    c->k->place = audit_place_at(at->key.data);
    if (audit_head_decode(at->value.data, at->value.len, &head, &why) == 0)
        r = audit_chain_has(c->t, &head, &at->key, &has, err);
    if (r == STORE_OK && !has)
        say(c, false, "a record is not in the chain: serial %lu of time %lld",
            (unsigned long)c->k->place.serial, (long long)c->k->place.time);
    return r;
}

static enum store_result
check_records(struct checking *c, struct errbuf *err)
{
    struct key from = {0};
    struct cursor at;
    enum store_result r;

    if (c->k->place.set) {
        key_time(&from, c->k->place.time);
        key_u32(&from, c->k->place.serial);
        key_u8(&from, 0); /* behind it */
    }
    r = cursor_open(&at, c->t, TABLE_AUDIT, &from, doing, err);
    c->k->done = r == STORE_NOTFOUND;
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    cursor_want_heads(&at, AUDIT_HEAD_BYTES + 8);
    do {
        if (at.key.len == AUDIT_KEY_BYTES)
            r = check_is_in(c, &at, err);
        else
            say(c, false, "a record has a key of %zu bytes", at.key.len);
        if (r == STORE_OK)
            r = cursor_next(&at, err);
    } while (r == STORE_OK && !store_tired(c->t));
    cursor_close(&at);
    c->k->done = r == STORE_NOTFOUND;
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

enum store_result
audit_check(struct store_txn *t, struct audit_check *k, audit_break_fn *fn,
            void *arg, struct errbuf *err)
{
    struct checking c = {.t = t, .k = k, .fn = fn, .arg = arg};
    enum store_result r = STORE_OK;

    if (!k->at_records)
        r = check_chain(&c, err);
    if (r == STORE_OK && k->at_records && !store_tired(t))
        r = check_records(&c, err);
    return r;
}
