/* SPDX-License-Identifier: BSD-2-Clause */

/* Verification of alerts and other records that come and go: post keys,
 * tickets, trash. */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "storage/alert_table.h"
#include "storage/verify.h"

/* The alert's entries in the other tables, and its target. */
static void
check_alert_links(struct verify *v, const struct alert_rec *a,
                  struct errbuf *err)
{
    bool has_target = a->scope == ALERT_DOMAIN || a->scope == ALERT_ACCOUNT;
    struct key id = key_number(a->id), target = key_number(a->target);
    struct key until = {0}, set = {0};
    struct alert_ref ref;
    struct slice value;

    key_time(&until, a->until);
    key_u64(&until, a->id);
    if (a->until != 0 && !verify_exists(v, TABLE_ALERT_UNTIL, &until))
        verify_finding(v, "alert %llu: no entry for its end",
                       verify_llu(a->id));
    if (!has_target) {
        if (a->target != 0)
            verify_finding(v, "alert %llu: a target where none can be",
                           verify_llu(a->id));
        return;
    }
    if (verify_get(v, TABLE_ALERT_ID, &id, &value) == NULL ||
        alert_ref_decode(value.data, value.len, &ref, err) != 0 ||
        ref.scope != a->scope || ref.target != a->target)
        verify_finding(v, "alert %llu: its id does not lead to it",
                       verify_llu(a->id));
    key_u8(&set, (uint8_t)a->scope);
    key_u64(&set, a->target);
    if (!verify_exists(v,
                       a->scope == ALERT_DOMAIN ? TABLE_DOMAIN : TABLE_ACCOUNT,
                       &target) &&
        !verify_exists(v, TABLE_TRASH, &set))
        verify_finding(v, "alert %llu: its target does not exist",
                       verify_llu(a->id));
}

/* No two alerts of a set may have the same CLI key. */
static void
check_alert_key(struct verify *v, const struct alert_rec *a)
{
    const struct alert_ref ref = {a->scope, a->target};

    if (v->set == NULL || v->set->ref.scope != ref.scope ||
        v->set->ref.target != ref.target) {
        alert_set_free(&v->set);
        v->set = alert_set_new(ref);
    }
    if (alert_set_first_free(v->set, a->key) != a->key)
        verify_finding(v, "alert %llu: its key is another's too",
                       verify_llu(a->id));
    alert_set_insert(v->set, a->key, a->id);
}

void
verify_alert(struct verify *v, const struct slice *key,
             const struct slice *value, struct errbuf *err)
{
    struct alert_rec a = {0};
    struct alert_ref ref;

    if (alert_key_decode(key, &ref, &a.id, err) != 0) {
        verify_finding(v, "a damaged key");
        return;
    }
    a.scope = ref.scope;
    a.target = ref.target;
    if (alert_rec_decode(value->data, value->len, &a, err) != 0) {
        verify_finding(v, "alert %llu: %s", verify_llu(a.id), err->text);
        return;
    }
    if (a.id > v->t->counter[COUNTER_ALERT])
        verify_finding(v, "alert %llu: an id not yet given out",
                       verify_llu(a.id));
    if (a.post_key != NULL)
        verify_format(v, FORMAT_POST_KEYS);
    check_alert_links(v, &a, err);
    check_alert_key(v, &a);
    alert_rec_clear(&a);
}

/* True if the set has an alert of that id; its end too. */
static bool
alert_is_there(struct verify *v, const struct alert_ref *ref, uint64_t id,
               int64_t *until_r)
{
    struct alert_rec a = {0};
    struct errbuf err;
    struct slice value;
    struct key k = {0};

    key_u8(&k, (uint8_t)ref->scope);
    key_u64(&k, ref->target);
    key_u64(&k, id);
    if (verify_get(v, TABLE_ALERT, &k, &value) == NULL ||
        alert_rec_decode(value.data, value.len, &a, &err) != 0)
        return false;
    *until_r = a.until;
    alert_rec_clear(&a);
    return true;
}

void
verify_alert_id(struct verify *v, const struct slice *key,
                const struct slice *value, struct errbuf *err)
{
    struct alert_ref ref;
    int64_t until;
    uint64_t id;

    if (!verify_key_number(v, key, &id))
        return;
    if (alert_ref_decode(value->data, value->len, &ref, err) != 0 ||
        !alert_is_there(v, &ref, id, &until))
        verify_finding(v, "alert %llu: does not exist", verify_llu(id));
}

void
verify_alert_until(struct verify *v, const struct slice *key,
                   const struct slice *value, struct errbuf *err)
{
    struct alert_ref ref;
    int64_t until;

    if (key->len != 16 ||
        alert_ref_decode(value->data, value->len, &ref, err) != 0 ||
        !alert_is_there(v, &ref, key_get_u64(key->data + 8), &until) ||
        until != key_get_time(key->data))
        verify_finding(v, "an end that is no alert's");
}

void
verify_post_key(struct verify *v, const struct slice *key,
                const struct slice *value, struct errbuf *err)
{
    struct post_key_rec rec;
    struct key when = {0};

    if (key->len <= 8 || key->len > 8 + KEY_TEXT_BYTES ||
        post_key_decode(value->data, value->len, &rec, err) != 0) {
        verify_finding(v, "a damaged record");
        return;
    }
    if (rec.entry != 0)
        verify_format(v, FORMAT_LONG_KEYS);
    else if (rec.scope != 0)
        verify_format(v, FORMAT_POST_KEYS);
    key_time(&when, post_key_entry(&rec));
    key_bytes(&when, key->data, key->len);
    if (!verify_exists(v, TABLE_POST_KEY_TIME, &when))
        verify_finding(v, "a key of alert %llu has no entry by time",
                       verify_llu(rec.alert));
}

void
verify_post_key_time(struct verify *v, const struct slice *key,
                     const struct slice *value, struct errbuf *err)
{
    struct post_key_rec rec;
    struct slice record;
    struct key k = {0};

    if (key->len > 8 && key->len - 8 <= sizeof k.data)
        key_bytes(&k, key->data + 8, key->len - 8);
    if (nothing_decode(value->data, value->len, err) != 0 ||
        verify_get(v, TABLE_POST_KEY, &k, &record) == NULL ||
        post_key_decode(record.data, record.len, &rec, err) != 0 ||
        post_key_entry(&rec) != key_get_time(key->data))
        verify_finding(v, "an entry that leads to no key");
}

void
verify_ticket(struct verify *v, const struct slice *key,
              const struct slice *value, struct errbuf *err)
{
    struct ticket_rec rec;
    struct key when = {0};

    if (key->len != TICKET_HASH_BYTES ||
        ticket_rec_decode(value->data, value->len, &rec, err) != 0) {
        verify_finding(v, "a damaged record");
        return;
    }
    if (rec.is_session || rec.is_device || rec.session != 0 || rec.device != 0)
        verify_format(v, FORMAT_SESSIONS);
    else if (rec.bound != 0)
        verify_format(v, FORMAT_TICKETS);
    key_time(&when, rec.expires);
    key_bytes(&when, key->data, key->len);
    if (!verify_exists(v, TABLE_TICKET_TIME, &when))
        verify_finding(v, "a ticket of account %llu has no entry by time",
                       verify_llu(rec.account));
}

void
verify_ticket_time(struct verify *v, const struct slice *key,
                   const struct slice *value, struct errbuf *err)
{
    struct ticket_rec rec;
    struct slice record;
    struct key k = {0};

    if (key->len == 8 + TICKET_HASH_BYTES)
        key_bytes(&k, key->data + 8, key->len - 8);
    if (nothing_decode(value->data, value->len, err) != 0 ||
        verify_get(v, TABLE_TICKET, &k, &record) == NULL ||
        ticket_rec_decode(record.data, record.len, &rec, err) != 0 ||
        rec.expires != key_get_time(key->data))
        verify_finding(v, "an entry that leads to no ticket");
}

void
verify_ticket_account(struct verify *v, const struct slice *key,
                      const struct slice *value, struct errbuf *err)
{
    struct ticket_rec rec;
    struct slice record;
    struct key k = {0};

    if (key->len == 16 + TICKET_HASH_BYTES)
        key_bytes(&k, key->data + 16, key->len - 16);
    if (nothing_decode(value->data, value->len, err) != 0 ||
        verify_get(v, TABLE_TICKET, &k, &record) == NULL ||
        ticket_rec_decode(record.data, record.len, &rec, err) != 0 ||
        rec.account != key_get_u64(key->data) ||
        rec.expires != key_get_time(key->data + 8))
        verify_finding(v, "an entry that leads to no ticket");
    verify_format(v, FORMAT_TICKETS);
}

void
verify_token(struct verify *v, const struct slice *key,
             const struct slice *value, struct errbuf *err)
{
    struct token_rec rec = {0};
    struct key account;

    if (key->len <= 8 || token_rec_decode(value->data, value->len, &rec, err)) {
        verify_finding(v, "a damaged record");
        return;
    }
    account = key_number(key_get_u64(key->data));
    if (strlen(rec.name) != key->len - 8 ||
        strncasecmp(rec.name, (const char *)key->data + 8, key->len - 8) != 0)
        verify_finding(v, "a token under another name");
    if (!verify_exists(v, TABLE_ACCOUNT, &account))
        verify_finding(v, "a token of an account that is not there");
    verify_format(v, FORMAT_TOKENS);
    token_rec_clear(&rec);
}

void
verify_trash(struct verify *v, const struct slice *key,
             const struct slice *value, struct errbuf *err)
{
    if (key->len != 9)
        verify_finding(v, "a key of %zu bytes", key->len);
    if (nothing_decode(value->data, value->len, err) != 0)
        verify_finding(v, "%s", err->text);
}
