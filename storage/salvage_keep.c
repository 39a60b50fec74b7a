/* SPDX-License-Identifier: BSD-2-Clause */

/* Which records of damaged tables are kept: those that can be decoded and whose
 * owner exists.  Only tables with original data are read; names, counts and
 * entries that lead to a record are rebuilt from it. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "storage/alert_table.h"
#include "storage/salvage.h"
#include "util/xmalloc.h"

static const char doing[] = "salvaging";

/* --- helpers --- */

static void
reach(struct salvage *s, enum counter c, uint64_t number)
{
    if (s->t->counter[c] < number)
        s->t->counter[c] = number;
}

static bool
take_key(struct key *k, const struct slice *key)
{
    *k = (struct key){0};
    if (key->len == 0 || key->len > sizeof k->data)
        return false;
    key_bytes(k, key->data, key->len);
    return true;
}

struct key
salvage_number_key(uint64_t number)
{
    struct key k = {0};

    key_u64(&k, number);
    return k;
}

static bool
is_there(struct salvage *s, enum table table, uint64_t number)
{
    struct key k = salvage_number_key(number);
    struct errbuf err;

    return txn_exists(s->t, table, &k, doing, &err) == STORE_OK;
}

/* As it is; of two with one key, which a page that was given back may have
 * left, the first. */
static enum store_result
put(struct salvage *s, enum table table, const struct key *k,
    const struct slice *value, struct errbuf *err)
{
    enum store_result r;

    buf_append(txn_record(s->t), value->data, value->len);
    r = txn_put_new(s->t, table, k, doing, err);
    return r == STORE_EXISTS ? STORE_REFUSED : r;
}

static enum store_result
put_nothing(struct salvage *s, enum table table, const struct key *k,
            struct errbuf *err)
{
    nothing_encode(txn_record(s->t));
    return txn_put(s->t, table, k, doing, err);
}

static enum store_result
put_name(struct salvage *s, enum table table, const struct key *k,
         uint64_t number, bool alias, struct errbuf *err)
{
    const struct name_rec n = {.number = number, .alias = alias};
    enum store_result r;

    name_rec_encode(txn_record(s->t), &n);
    r = txn_put_new(s->t, table, k, doing, err);
    return r == STORE_EXISTS ? STORE_REFUSED : r;
}

/* The name of a domain or an account that is not there yet: a page may have
 * left it under a name that it had before, and that must not lead to it. */
static enum store_result
put_first_name(struct salvage *s, enum table table, const struct key *k,
               enum table of, uint64_t number, struct errbuf *err)
{
    return is_there(s, of, number) ? STORE_REFUSED
                                   : put_name(s, table, k, number, false, err);
}

/* --- what is kept once --- */

static enum store_result
keep_number(struct salvage *s, const struct slice *key,
            const struct slice *value, struct errbuf *err)
{
    static const struct {
        const char *key;
        enum counter counter;
    } counters[] = {{"counter/alert", COUNTER_ALERT},
                    {"counter/domain", COUNTER_DOMAIN},
                    {"counter/account", COUNTER_ACCOUNT}};
    uint64_t number;

    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
        if (key->len == strlen(counters[i].key) &&
            memcmp(key->data, counters[i].key, key->len) == 0) {
            if (number_decode(value->data, value->len, &number, err) != 0)
                return STORE_REFUSED;
            reach(s, counters[i].counter, number);
        }
    return STORE_OK; /* the format is the new store's */
}

static enum store_result
keep_meta(struct salvage *s, const struct slice *key, const struct slice *value,
          struct errbuf *err)
{
    struct key k;
    char *text;

    if (!take_key(&k, key))
        return STORE_REFUSED;
    if (key->len > 5 && memcmp(key->data, "text/", 5) == 0) {
        if (text_decode(value->data, value->len, &text, err) != 0)
            return STORE_REFUSED;
        free(text);
        return put(s, TABLE_META, &k, value, err);
    }
    if (key->len > 6 && memcmp(key->data, "audit/", 6) == 0)
        return salvage_keep_audit_meta(s, &k, value, err);
    if (key->len == 6 && memcmp(key->data, "secret", 6) == 0) {
        if (value->len != 1 + STORE_SECRET_BYTES || value->data[0] != 1)
            return STORE_REFUSED;
        buf_append(txn_record(s->t), value->data, value->len);
        return txn_put(s->t, TABLE_META, &k, doing, err);
    }
    return keep_number(s, key, value, err);
}

/* --- domains and accounts --- */

static enum store_result
keep_domain(struct salvage *s, const struct slice *key,
            const struct slice *value, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct key k, name = {0};
    enum store_result r = STORE_REFUSED;

    if (key->len == 8 && take_key(&k, key) &&
        domain_rec_decode(value->data, value->len, &d, err) == 0 &&
        key_text(&name, d.name, true, err) == STORE_OK) {
        r = put_first_name(s, TABLE_DOMAIN_NAME, &name, TABLE_DOMAIN,
                           key_get_u64(k.data), err);
        if (r == STORE_OK)
            r = put(s, TABLE_DOMAIN, &k, value, err);
        reach(s, COUNTER_DOMAIN, key_get_u64(k.data));
    }
    domain_rec_clear(&d);
    return r;
}

static enum store_result
keep_domain_name(struct salvage *s, const struct slice *key,
                 const struct slice *value, struct errbuf *err)
{
    struct key k, entry = {0};
    struct name_rec n;
    enum store_result r;

    if (key->len == 0 || key->data[0] == 0 || key->len > KEY_TEXT_BYTES)
        return key->len > 0 && key->data[0] == 0 ? STORE_OK : STORE_REFUSED;
    if (name_rec_decode(value->data, value->len, &n, err) != 0)
        return STORE_REFUSED;
    if (!n.alias)
        return STORE_OK; /* it came with its domain, or that is lost */
    if (!take_key(&k, key) || !is_there(s, TABLE_DOMAIN, n.number))
        return STORE_REFUSED;
    r = put_name(s, TABLE_DOMAIN_NAME, &k, n.number, true, err);
    key_u8(&entry, 0);
    key_u64(&entry, n.number);
    key_bytes(&entry, key->data, key->len);
    return r == STORE_OK ? put_nothing(s, TABLE_DOMAIN_NAME, &entry, err) : r;
}

static enum store_result
keep_account(struct salvage *s, const struct slice *key,
             const struct slice *value, struct errbuf *err)
{
    struct account_rec a = {0};
    struct key k, name;
    enum store_result r = STORE_REFUSED;

    if (key->len == 8 && take_key(&k, key) &&
        account_rec_decode(value->data, value->len, &a, err) == 0) {
        name = salvage_number_key(a.domain);
        reach(s, COUNTER_ACCOUNT, key_get_u64(k.data));
        if (is_there(s, TABLE_DOMAIN, a.domain) &&
            key_text(&name, a.name, true, err) == STORE_OK)
            r = put_first_name(s, TABLE_ACCOUNT_NAME, &name, TABLE_ACCOUNT,
                               key_get_u64(k.data), err);
        if (r == STORE_OK)
            r = put(s, TABLE_ACCOUNT, &k, value, err);
    }
    account_rec_clear(&a);
    return r;
}

/* True if the account is there and of that domain. */
static bool
account_is_of(struct salvage *s, uint64_t account, uint64_t domain)
{
    struct key k = salvage_number_key(account);
    struct account_rec a = {0};
    struct slice value;
    struct errbuf err;
    bool is =
        txn_get(s->t, TABLE_ACCOUNT, &k, &value, doing, &err) == STORE_OK &&
        account_rec_decode(value.data, value.len, &a, &err) == 0 &&
        a.domain == domain;

    account_rec_clear(&a);
    return is;
}

static enum store_result
keep_account_name(struct salvage *s, const struct slice *key,
                  const struct slice *value, struct errbuf *err)
{
    struct key k, entry = salvage_number_key(0);
    struct name_rec n;
    enum store_result r;

    /* Counts and entries are made anew. */
    if (key->len <= 8 || key_get_u64(key->data) == 0)
        return key->len >= 8 ? STORE_OK : STORE_REFUSED;
    if (!take_key(&k, key) ||
        name_rec_decode(value->data, value->len, &n, err) != 0)
        return STORE_REFUSED;
    if (!n.alias) /* it came with its account, or comes with its object */
        return STORE_OK;
    if (!account_is_of(s, n.number, key_get_u64(key->data)))
        return STORE_REFUSED;
    r = put_name(s, TABLE_ACCOUNT_NAME, &k, n.number, true, err);
    key_u64(&entry, n.number);
    key_bytes(&entry, key->data + 8, key->len - 8);
    return r == STORE_OK ? put_nothing(s, TABLE_ACCOUNT_NAME, &entry, err) : r;
}

/* --- what accounts have --- */

static enum store_result
keep_of_account(struct salvage *s, const struct slice *key,
                const struct slice *value, bool is_whole, struct errbuf *err)
{
    struct key k;

    if (!is_whole || key->len != 8 || !take_key(&k, key) ||
        !is_there(s, TABLE_ACCOUNT, key_get_u64(k.data)))
        return STORE_REFUSED;
    return put(s, s->table, &k, value, err);
}

static enum store_result
keep_prefs(struct salvage *s, const struct slice *key,
           const struct slice *value, struct errbuf *err)
{
    char *text = NULL;
    bool is_whole = text_decode(value->data, value->len, &text, err) == 0;

    free(text);
    return keep_of_account(s, key, value, is_whole, err);
}

static bool
ascending(const uint64_t *ids, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (ids[i - 1] >= ids[i])
            return false;
    return true;
}

static enum store_result
keep_state(struct salvage *s, const struct slice *key,
           const struct slice *value, struct errbuf *err)
{
    struct account_state a = {0};
    bool is_whole =
        account_state_decode(value->data, value->len, &a, err) == 0 &&
        ascending(a.shown, a.n_shown) && ascending(a.dismissed, a.n_dismissed);

    if (is_whole)
        reach(s, COUNTER_ALERT, a.position);
    account_state_clear(&a);
    return keep_of_account(s, key, value, is_whole, err);
}

static enum store_result
keep_usage(struct salvage *s, const struct slice *key,
           const struct slice *value, struct errbuf *err)
{
    struct usage_rec u;
    bool is_whole = usage_rec_decode(value->data, value->len, &u, err) == 0;

    if (is_whole)
        reach(s, COUNTER_ALERT, u.alert);
    return keep_of_account(s, key, value, is_whole, err);
}

/* --- alerts, and what comes and goes --- */

static bool
target_is_there(struct salvage *s, const struct alert_ref *set)
{
    switch (set->scope) {
    case ALERT_SERVER:
    case ALERT_CLUSTER:
        return set->target == 0;
    case ALERT_DOMAIN:
        return is_there(s, TABLE_DOMAIN, set->target);
    case ALERT_ACCOUNT:
        return is_there(s, TABLE_ACCOUNT, set->target);
    }
    return false;
}

static enum store_result
put_alert_entries(struct salvage *s, const struct alert_ref *set, uint64_t id,
                  int64_t until, struct errbuf *err)
{
    enum store_result r = STORE_OK;
    struct key k;

    alert_ref_encode(txn_record(s->t), set);
    if (alert_has_id_entry(set->scope)) {
        k = key_number(id);
        r = txn_put(s->t, TABLE_ALERT_ID, &k, doing, err);
    }
    if (r == STORE_OK && until != 0) {
        k = alert_until_key(until, id);
        r = txn_put(s->t, TABLE_ALERT_UNTIL, &k, doing, err);
    }
    return r;
}

static enum store_result
keep_alert(struct salvage *s, const struct slice *key,
           const struct slice *value, struct errbuf *err)
{
    struct alert_rec a = {0};
    struct alert_ref set;
    struct key k;
    enum store_result r = STORE_REFUSED;

    if (take_key(&k, key) && alert_key_decode(key, &set, &a.id, err) == 0 &&
        alert_rec_decode(value->data, value->len, &a, err) == 0) {
        reach(s, COUNTER_ALERT, a.id);
        if (target_is_there(s, &set))
            r = put(s, TABLE_ALERT, &k, value, err);
        if (r == STORE_OK)
            r = put_alert_entries(s, &set, key_get_u64(k.data + k.len - 8),
                                  a.until, err);
    }
    alert_rec_clear(&a);
    return r;
}

static enum store_result
keep_post_key(struct salvage *s, const struct slice *key,
              const struct slice *value, struct errbuf *err)
{
    struct post_key_rec rec;
    struct key k, when = {0};
    enum store_result r;

    if (key->len <= 8 || key->len > 8 + KEY_TEXT_BYTES || !take_key(&k, key) ||
        post_key_decode(value->data, value->len, &rec, err) != 0)
        return STORE_REFUSED;
    reach(s, COUNTER_ALERT, rec.alert);
    key_time(&when, post_key_entry(&rec));
    key_bytes(&when, k.data, k.len);
    r = put(s, TABLE_POST_KEY, &k, value, err);
    return r == STORE_OK ? put_nothing(s, TABLE_POST_KEY_TIME, &when, err) : r;
}

/* With its entries. */
static enum store_result
keep_ticket(struct salvage *s, const struct slice *key,
            const struct slice *value, struct errbuf *err)
{
    struct ticket_rec rec;
    enum store_result r;

    if (key->len != TICKET_HASH_BYTES ||
        ticket_rec_decode(value->data, value->len, &rec, err) != 0)
        return STORE_REFUSED;
    memcpy(rec.hash, key->data, sizeof rec.hash);
    r = ticket_put(s->t, &rec, err);
    return r == STORE_EXISTS ? STORE_REFUSED : r;
}

static enum store_result
keep_token(struct salvage *s, const struct slice *key,
           const struct slice *value, struct errbuf *err)
{
    struct token_rec rec;
    enum store_result r;

    if (key->len <= 8 ||
        token_rec_decode(value->data, value->len, &rec, err) != 0)
        return STORE_REFUSED;
    rec.account = key_get_u64(key->data);
    r = token_put(s->t, &rec, err);
    token_rec_clear(&rec);
    return r == STORE_EXISTS || r == STORE_NOTFOUND ? STORE_REFUSED : r;
}

static enum store_result
keep_object(struct salvage *s, const struct slice *key,
            const struct slice *value, struct errbuf *err)
{
    struct object_rec rec;
    enum store_result r;

    if (key->len <= 9 || !object_kind_is_known(key->data[8]) ||
        object_rec_decode(value->data, value->len, &rec, err) != 0)
        return STORE_REFUSED;
    rec.domain = key_get_u64(key->data);
    rec.kind = (enum object_kind)key->data[8];
    rec.name = xstrndup((const char *)key->data + 9, key->len - 9);
    r = object_add(s->t, &rec, err);
    object_rec_clear(&rec);
    return r == STORE_EXISTS ? STORE_REFUSED : r;
}

/* Of a state the newer alerts are not known; an alert that it names may be gone,
 * which is no harm. */
static enum store_result
keep_trigger(struct salvage *s, const struct slice *key,
             const struct slice *value, struct errbuf *err)
{
    struct key k;
    char *text = NULL;
    bool is_whole = trigger_key_is_sound(key) && take_key(&k, key) &&
                    text_decode(value->data, value->len, &text, err) == 0;

    free(text);
    return is_whole ? put(s, s->table, &k, value, err) : STORE_REFUSED;
}

/* In this order: owners first.  The others are made from these; what is in
 * the trash has no owner, and is left out. */
const struct salvage_source salvage_sources[SALVAGE_SOURCES] = {
    {TABLE_META, keep_meta},
    {TABLE_DOMAIN, keep_domain},
    {TABLE_DOMAIN_NAME, keep_domain_name},
    {TABLE_ACCOUNT, keep_account},
    {TABLE_ACCOUNT_NAME, keep_account_name},
    {TABLE_OBJECT, keep_object},
    {TABLE_PREFS, keep_prefs},
    {TABLE_STATE, keep_state},
    {TABLE_USAGE, keep_usage},
    {TABLE_ALERT, keep_alert},
    {TABLE_POST_KEY, keep_post_key},
    {TABLE_TICKET, keep_ticket},
    {TABLE_TOKEN, keep_token},
    {TABLE_AUDIT, salvage_keep_audit},
    {TABLE_TRIGGER, keep_trigger},
    {TABLE_HANDLER, keep_trigger},
};
