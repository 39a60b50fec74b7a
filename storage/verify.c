/* SPDX-License-Identifier: BSD-2-Clause */

/* Checks a whole store: first the pages of each file, as Berkeley DB knows
 * how; when these are sound, every record, and that each thing the tables say
 * of each other is true in both directions. */
#include "config.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "storage/alert_set.h"
#include "storage/env.h"
#include "storage/store.h"
#include "storage/txn.h"
#include "util/text.h"

struct verify {
    struct env *env;
    struct store_txn *t;
    unsigned long findings;
    enum table table; /* being checked */

    /* Names of accounts: the domain being walked. */
    uint64_t domain, count, counted;
    /* Alerts: the set being walked. */
    struct alert_set *set;
};

static void PRINTF_LIKE(2, 3) finding(struct verify *v, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    v->findings++;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    env_report(v->env, "%s: %s", table_file[v->table], text);
}

/* --- pages --- */

static int
check_pages(struct verify *v, struct errbuf *err)
{
    for (v->table = 0; v->table < TABLE_COUNT; v->table++) {
        DB *db;
        int ret = db_create(&db, v->env->dbenv, 0);

        if (ret != 0)
            return err_set(err, "checking %s: %s", table_file[v->table],
                           db_strerror(ret));
        /* It closes the handle, whatever it finds. */
        ret = db->verify(db, table_file[v->table], NULL, NULL, 0);
        if (ret != 0)
            finding(v, "damaged: %s", db_strerror(ret));
        if (atomic_load(&v->env->panicked))
            break;
    }
    return 0;
}

/* --- helpers for records --- */

typedef void check_fn(struct verify *v, const struct slice *key,
                      const struct slice *value, struct errbuf *err);

static struct key
number_key(uint64_t number)
{
    struct key k = {0};

    key_u64(&k, number);
    return k;
}

static bool
exists(struct verify *v, enum table table, const struct key *k)
{
    struct errbuf err;

    return txn_exists(v->t, table, k, "checking", &err) == STORE_OK;
}

/* The record, or NULL; borrowed until the next one. */
static const struct slice *
get(struct verify *v, enum table table, const struct key *k,
    struct slice *value)
{
    struct errbuf err;

    if (txn_get(v->t, table, k, value, "checking", &err) != STORE_OK)
        return NULL;
    return value;
}

/* True if a name's entry is there and leads to the number. */
static bool
leads_to(struct verify *v, enum table table, const struct key *k,
         uint64_t number)
{
    struct errbuf err;
    struct slice value;
    uint64_t found;

    return get(v, table, k, &value) != NULL &&
           number_decode(value.data, value.len, &found, &err) == 0 &&
           found == number;
}

static unsigned long long
llu(uint64_t n)
{
    return n;
}

/* True if the key is a number alone. */
static bool
key_is_number(struct verify *v, const struct slice *key, uint64_t *number_r)
{
    if (key->len != 8) {
        finding(v, "a key of %zu bytes", key->len);
        return false;
    }
    *number_r = key_get_u64(key->data);
    return true;
}

/* --- a function for each table --- */

static void
check_meta(struct verify *v, const struct slice *key, const struct slice *value,
           struct errbuf *err)
{
    uint64_t number;
    char *text = NULL;

    if (key->len > 8 && memcmp(key->data, "counter/", 8) == 0) {
        if (number_decode(value->data, value->len, &number, err) != 0)
            finding(v, "counter: %s", err->text);
    } else if (key->len > 5 && memcmp(key->data, "text/", 5) == 0) {
        if (text_decode(value->data, value->len, &text, err) != 0)
            finding(v, "text: %s", err->text);
        free(text);
    }
}

static void
check_domain(struct verify *v, const struct slice *key,
             const struct slice *value, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct key name = {0};
    uint64_t number;

    if (!key_is_number(v, key, &number))
        return;
    if (domain_rec_decode(value->data, value->len, &d, err) != 0) {
        finding(v, "domain %llu: %s", llu(number), err->text);
        return;
    }
    if (number > v->t->counter[COUNTER_DOMAIN])
        finding(v, "domain %llu: a number not yet given out", llu(number));
    if (key_text(&name, d.name, true, err) != STORE_OK ||
        !leads_to(v, TABLE_DOMAIN_NAME, &name, number))
        finding(v, "domain %llu: its name does not lead to it", llu(number));
    domain_rec_clear(&d);
}

static void
check_domain_name(struct verify *v, const struct slice *key,
                  const struct slice *value, struct errbuf *err)
{
    uint64_t number;
    struct key k;

    if (number_decode(value->data, value->len, &number, err) != 0) {
        finding(v, "%.*s: %s", (int)key->len, (const char *)key->data,
                err->text);
        return;
    }
    k = number_key(number);
    if (!exists(v, TABLE_DOMAIN, &k))
        finding(v, "%.*s: leads to no domain", (int)key->len,
                (const char *)key->data);
}

static void
check_account(struct verify *v, const struct slice *key,
              const struct slice *value, struct errbuf *err)
{
    struct account_rec a = {0};
    struct key name, domain;
    uint64_t number;

    if (!key_is_number(v, key, &number))
        return;
    if (account_rec_decode(value->data, value->len, &a, err) != 0) {
        finding(v, "account %llu: %s", llu(number), err->text);
        return;
    }
    if (number > v->t->counter[COUNTER_ACCOUNT])
        finding(v, "account %llu: a number not yet given out", llu(number));
    domain = name = number_key(a.domain);
    if (!exists(v, TABLE_DOMAIN, &domain))
        finding(v, "account %llu: its domain does not exist", llu(number));
    if (key_text(&name, a.name, true, err) != STORE_OK ||
        !leads_to(v, TABLE_ACCOUNT_NAME, &name, number))
        finding(v, "account %llu: its name does not lead to it", llu(number));
    account_rec_clear(&a);
}

/* A domain's count comes before its names; now another domain begins. */
static void
check_count(struct verify *v)
{
    if (v->count != v->counted)
        finding(v, "domain %llu: has %llu accounts, says %llu", llu(v->domain),
                llu(v->counted), llu(v->count));
    v->count = v->counted = 0;
}

static void
check_account_name(struct verify *v, const struct slice *key,
                   const struct slice *value, struct errbuf *err)
{
    struct account_rec a = {0};
    uint64_t number, domain;
    struct slice record;
    struct key k;

    if (key->len < 8 ||
        number_decode(value->data, value->len, &number, err) != 0) {
        finding(v, "a damaged name");
        return;
    }
    domain = key_get_u64(key->data);
    if (domain != v->domain)
        check_count(v);
    v->domain = domain;
    if (key->len == 8) {
        v->count = number;
        return;
    }
    v->counted++;
    k = number_key(number);
    if (get(v, TABLE_ACCOUNT, &k, &record) == NULL ||
        account_rec_decode(record.data, record.len, &a, err) != 0 ||
        a.domain != domain || strlen(a.name) != key->len - 8 ||
        memcmp(a.name, key->data + 8, key->len - 8) != 0)
        finding(v, "domain %llu, %.*s: leads to no account of that name",
                llu(domain), (int)key->len - 8, (const char *)key->data + 8);
    account_rec_clear(&a);
}

static void
check_prefs(struct verify *v, const struct slice *key,
            const struct slice *value, struct errbuf *err)
{
    struct key k;
    uint64_t account;
    char *text = NULL;

    if (!key_is_number(v, key, &account))
        return;
    k = number_key(account);
    if (text_decode(value->data, value->len, &text, err) != 0)
        finding(v, "account %llu: %s", llu(account), err->text);
    if (!exists(v, TABLE_ACCOUNT, &k))
        finding(v, "account %llu: does not exist", llu(account));
    free(text);
}

static bool
ascending(const uint64_t *ids, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (ids[i - 1] >= ids[i])
            return false;
    return true;
}

static void
check_state(struct verify *v, const struct slice *key,
            const struct slice *value, struct errbuf *err)
{
    struct account_state s = {0};
    uint64_t account;
    struct key k;

    if (!key_is_number(v, key, &account))
        return;
    k = number_key(account);
    if (account_state_decode(value->data, value->len, &s, err) != 0) {
        finding(v, "account %llu: %s", llu(account), err->text);
        return;
    }
    if (s.position > v->t->counter[COUNTER_ALERT])
        finding(v, "account %llu: a position beyond all alerts", llu(account));
    if (!ascending(s.shown, s.n_shown) ||
        !ascending(s.dismissed, s.n_dismissed))
        finding(v, "account %llu: ids that do not ascend", llu(account));
    if (!exists(v, TABLE_ACCOUNT, &k))
        finding(v, "account %llu: does not exist", llu(account));
    account_state_clear(&s);
}

/* The alert's entries in the other tables, and its target. */
static void
check_alert_links(struct verify *v, const struct alert_rec *a,
                  struct errbuf *err)
{
    bool has_target = a->scope == ALERT_DOMAIN || a->scope == ALERT_ACCOUNT;
    struct key id = number_key(a->id), target = number_key(a->target);
    struct key until = {0}, set = {0};
    struct alert_ref ref;
    struct slice value;

    key_time(&until, a->until);
    key_u64(&until, a->id);
    if (a->until != 0 && !exists(v, TABLE_ALERT_UNTIL, &until))
        finding(v, "alert %llu: no entry for its end", llu(a->id));
    if (!has_target) {
        if (a->target != 0)
            finding(v, "alert %llu: a target where none can be", llu(a->id));
        return;
    }
    if (get(v, TABLE_ALERT_ID, &id, &value) == NULL ||
        alert_ref_decode(value.data, value.len, &ref, err) != 0 ||
        ref.scope != a->scope || ref.target != a->target)
        finding(v, "alert %llu: its id does not lead to it", llu(a->id));
    key_u8(&set, (uint8_t)a->scope);
    key_u64(&set, a->target);
    if (!exists(v, a->scope == ALERT_DOMAIN ? TABLE_DOMAIN : TABLE_ACCOUNT,
                &target) &&
        !exists(v, TABLE_TRASH, &set))
        finding(v, "alert %llu: its target does not exist", llu(a->id));
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
        finding(v, "alert %llu: its key is another's too", llu(a->id));
    alert_set_insert(v->set, a->key);
}

static void
check_alert(struct verify *v, const struct slice *key,
            const struct slice *value, struct errbuf *err)
{
    struct alert_rec a = {0};
    struct alert_ref ref;

    if (alert_key_decode(key, &ref, &a.id, err) != 0) {
        finding(v, "a damaged key");
        return;
    }
    a.scope = ref.scope;
    a.target = ref.target;
    if (alert_rec_decode(value->data, value->len, &a, err) != 0) {
        finding(v, "alert %llu: %s", llu(a.id), err->text);
        return;
    }
    if (a.id > v->t->counter[COUNTER_ALERT])
        finding(v, "alert %llu: an id not yet given out", llu(a.id));
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
    if (get(v, TABLE_ALERT, &k, &value) == NULL ||
        alert_rec_decode(value.data, value.len, &a, &err) != 0)
        return false;
    *until_r = a.until;
    alert_rec_clear(&a);
    return true;
}

static void
check_alert_id(struct verify *v, const struct slice *key,
               const struct slice *value, struct errbuf *err)
{
    struct alert_ref ref;
    int64_t until;
    uint64_t id;

    if (!key_is_number(v, key, &id))
        return;
    if (alert_ref_decode(value->data, value->len, &ref, err) != 0 ||
        !alert_is_there(v, &ref, id, &until))
        finding(v, "alert %llu: does not exist", llu(id));
}

static void
check_alert_until(struct verify *v, const struct slice *key,
                  const struct slice *value, struct errbuf *err)
{
    struct alert_ref ref;
    int64_t until;

    if (key->len != 16 ||
        alert_ref_decode(value->data, value->len, &ref, err) != 0 ||
        !alert_is_there(v, &ref, key_get_u64(key->data + 8), &until) ||
        until != key_get_time(key->data))
        finding(v, "an end that is no alert's");
}

static void
check_post_key(struct verify *v, const struct slice *key,
               const struct slice *value, struct errbuf *err)
{
    struct post_key_rec rec;
    struct key when = {0};

    if (key->len <= 8 || key->len > 8 + KEY_TEXT_BYTES ||
        post_key_decode(value->data, value->len, &rec, err) != 0) {
        finding(v, "a damaged record");
        return;
    }
    key_time(&when, rec.posted);
    key_bytes(&when, key->data, key->len);
    if (!exists(v, TABLE_POST_KEY_TIME, &when))
        finding(v, "a key of alert %llu has no entry by time", llu(rec.alert));
}

static void
check_post_key_time(struct verify *v, const struct slice *key,
                    const struct slice *value, struct errbuf *err)
{
    struct post_key_rec rec;
    struct slice record;
    struct key k = {0};

    if (key->len > 8 && key->len - 8 <= sizeof k.data)
        key_bytes(&k, key->data + 8, key->len - 8);
    if (nothing_decode(value->data, value->len, err) != 0 ||
        get(v, TABLE_POST_KEY, &k, &record) == NULL ||
        post_key_decode(record.data, record.len, &rec, err) != 0 ||
        rec.posted != key_get_time(key->data))
        finding(v, "an entry that leads to no key");
}

static void
check_ticket(struct verify *v, const struct slice *key,
             const struct slice *value, struct errbuf *err)
{
    struct ticket_rec rec;
    struct key when = {0};

    if (key->len != TICKET_HASH_BYTES ||
        ticket_rec_decode(value->data, value->len, &rec, err) != 0) {
        finding(v, "a damaged record");
        return;
    }
    key_time(&when, rec.expires);
    key_bytes(&when, key->data, key->len);
    if (!exists(v, TABLE_TICKET_TIME, &when))
        finding(v, "a ticket of account %llu has no entry by time",
                llu(rec.account));
}

static void
check_ticket_time(struct verify *v, const struct slice *key,
                  const struct slice *value, struct errbuf *err)
{
    struct ticket_rec rec;
    struct slice record;
    struct key k = {0};

    if (key->len == 8 + TICKET_HASH_BYTES)
        key_bytes(&k, key->data + 8, key->len - 8);
    if (nothing_decode(value->data, value->len, err) != 0 ||
        get(v, TABLE_TICKET, &k, &record) == NULL ||
        ticket_rec_decode(record.data, record.len, &rec, err) != 0 ||
        rec.expires != key_get_time(key->data))
        finding(v, "an entry that leads to no ticket");
}

static void
check_audit(struct verify *v, const struct slice *key,
            const struct slice *value, struct errbuf *err)
{
    if (key->len != 12)
        finding(v, "a key of %zu bytes", key->len);
    if (audit_decode(value->data, value->len, NULL, NULL, err) != 0)
        finding(v, "%s", err->text);
}

static void
check_trash(struct verify *v, const struct slice *key,
            const struct slice *value, struct errbuf *err)
{
    if (key->len != 9)
        finding(v, "a key of %zu bytes", key->len);
    if (nothing_decode(value->data, value->len, err) != 0)
        finding(v, "%s", err->text);
}

static check_fn *const checks[TABLE_COUNT] = {
    [TABLE_META] = check_meta,
    [TABLE_DOMAIN] = check_domain,
    [TABLE_DOMAIN_NAME] = check_domain_name,
    [TABLE_ACCOUNT] = check_account,
    [TABLE_ACCOUNT_NAME] = check_account_name,
    [TABLE_PREFS] = check_prefs,
    [TABLE_STATE] = check_state,
    [TABLE_ALERT] = check_alert,
    [TABLE_ALERT_ID] = check_alert_id,
    [TABLE_ALERT_UNTIL] = check_alert_until,
    [TABLE_POST_KEY] = check_post_key,
    [TABLE_POST_KEY_TIME] = check_post_key_time,
    [TABLE_TICKET] = check_ticket,
    [TABLE_TICKET_TIME] = check_ticket_time,
    [TABLE_AUDIT] = check_audit,
    [TABLE_TRASH] = check_trash,
};

/* --- the whole --- */

static enum store_result
check_table(struct verify *v, enum table table, struct errbuf *err)
{
    struct errbuf detail;
    struct key from = {0};
    struct cursor c;
    enum store_result r =
        cursor_open(&c, v->t, table, &from, "checking records", err);

    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    v->table = table;
    while (r == STORE_OK) {
        checks[table](v, &c.key, &c.value, &detail);
        r = cursor_next(&c, err);
    }
    if (table == TABLE_ACCOUNT_NAME)
        check_count(v);
    cursor_close(&c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

static int
check_records(struct verify *v, struct errbuf *err)
{
    enum store_result r;

    if (env_open_tables(v->env, err) != 0)
        return -1;
    v->t = txn_new(v->env, 0, err);
    if (v->t == NULL)
        return -1;
    r = txn_begin(v->t, err);
    for (enum table i = 0; r == STORE_OK && i < TABLE_COUNT; i++)
        r = check_table(v, i, err);
    if (v->t->handle != NULL)
        txn_abort(v->t);
    alert_set_free(&v->set);
    txn_free(&v->t);
    return r == STORE_OK ? 0 : -1;
}

int
store_verify(const char *dir, FILE *report, struct errbuf *err)
{
    struct verify v = {0};
    int ret;

    v.env = env_open(dir, 0, err);
    if (v.env == NULL)
        return -1;
    v.env->report = report;
    ret = check_pages(&v, err);
    if (ret == 0 && v.findings == 0)
        ret = check_records(&v, err);
    env_close(&v.env);
    if (ret == 0 && v.findings > 0)
        ret = err_set(err, "the store is damaged: %lu findings", v.findings);
    return ret;
}
